"""The dfs API's rename: Path - Create with `x-ms-rename-source`.

Source: storage.md 2.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
from msgspec import structs

from lakeport_local.access.acl import EXECUTE, WRITE
from lakeport_local.access.storage import MOVE, MOVE_OVER, MOVE_TO
from lakeport_local.core import Headers, Response
from lakeport_local.storage.answers import stamps
from lakeport_local.storage.call import Demand
from lakeport_local.storage.conditions import conditions_of
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.names import decoded, normal_path
from lakeport_local.storage.retention import check_move

if TYPE_CHECKING:
    from lakeport_local.access import Caller
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.place import Place

_WAY = WRITE | EXECUTE


def rename(call: Call) -> Response:
    """Answer a rename: one row moves, whatever is below it moves with it."""
    mode = (call.parameter("mode") or "posix").lower()
    if mode not in {"legacy", "posix"}:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="mode", QueryParameterValue=mode)
    source, caller = _source(call)
    target = _landing(call, source)
    call.demand_all(
        Demand(MOVE, lambda: source.removal_steps(parent=_WAY, below=0), source, caller), _landing_demand(call, target)
    )
    call.require_reach(source, caller)
    if source.item is None:
        raise refusal("SourcePathNotFound")
    conditions_of(call.request.headers, "x-ms-source-").check_write(
        source.item, on_existing=(412, "SourceConditionNotMet"), code="SourceConditionNotMet"
    )
    call.check_lease(source.item, "x-ms-source-lease-id")
    _check_target(call, source, target)
    parent = target.parent
    if parent is None:
        raise refusal("RenameDestinationParentPathNotFound")
    if not parent.is_directory:
        raise refusal("PathConflict")
    check_move(call, source, target)
    if target.item is not None:
        call.lake.paths.detach(target.item)
    moved = call.lake.paths.move(_without_lease(call, source.item), parent.id, target.name)
    call.lake.kept.move((source.file_system.id, source.path), (target.file_system.id, target.path))
    call.lake.staging.drop_blocks(source.file_system.id, source.path)
    return Response(201, stamps(moved))


def _without_lease(call: Call, path: Path) -> Path:
    """Return the moved item without its lease: it must not come out leased."""
    details = orjson.loads(path.details)
    if details.pop("lease", None) is None:
        return path
    return call.lake.paths.change(path, touch=False, details=orjson.dumps(details).decode())


def _source(call: Call) -> tuple[Place, Caller]:
    """Return what is renamed, and who asks for it: the signature in the source, or the sender."""
    raw, _, query = (call.header("x-ms-rename-source") or "").partition("?")
    if not raw.startswith("/"):
        raise refusal("InvalidSourceUri")
    name, _, rest = decoded(raw).lstrip("/").partition("/")
    systems, account = call.lake.file_systems, call.account
    if name == account.name and systems.find(account.uid, name) is None:
        name, _, rest = rest.partition("/")
    path = normal_path(rest)
    if not path:
        raise refusal("InvalidSourceUri")
    file_system = systems.find(account.uid, name)
    if file_system is None:
        raise refusal("SourcePathNotFound")
    if query:
        signed = replace(call.request, raw_query=query, headers=Headers([("x-ms-version", call.version)]))
        address = structs.replace(call.address, file_system=name, path=path)
        caller = call.authenticate(signed, account, address)
    else:
        caller = call.caller_at(name, path)
    return call.place_of(file_system, path), caller


def _landing(call: Call, source: Place) -> Place:
    """Return where the source goes: a directory that holds something, and the root, take it inside."""
    target, item = call.place, source.item
    old = target.item
    if old is None or item is None or not (old.is_directory and item.is_directory):
        return target
    if target.path and (target.path == source.path or not call.lake.paths.has_children(old)):
        return target
    return call.place_of(target.file_system, f"{target.path}/{source.name}".lstrip("/"))


def _landing_demand(call: Call, target: Place) -> Demand:
    """Return what is asked of who puts something there."""
    caller = call.caller if target.path == call.place.path else call.caller_at(target.file_system.name, target.path)
    if target.item is None or target.path != call.place.path:
        return Demand(MOVE_TO, lambda: target.steps(parent=_WAY), target, caller)
    return Demand(MOVE_OVER, lambda: target.removal_steps(parent=_WAY, below=0), target, caller)


def _check_target(call: Call, source: Place, target: Place) -> None:
    """Refuse what cannot be in this place.

    Raises:
        ServiceError: 409 or 412.
    """
    asked, old = call.place, call.place.item
    is_same_tree = asked.file_system.id == source.file_system.id
    if is_same_tree and f"{asked.path}/".startswith(f"{source.path}/"):
        raise refusal("InvalidRenameSourcePath")
    call.conditions.check_write(old, on_existing=(409, "PathAlreadyExists"))
    call.check_lease(old)
    if old is not None and source.item is not None and old.is_directory != source.item.is_directory:
        raise refusal("InvalidSourceOrDestinationResourceType")
    if target.path != asked.path and target.item is not None:
        raise refusal("PathAlreadyExists")
