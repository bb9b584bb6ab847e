"""The dfs API's Path - Create.

Source: storage.md 2.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.access.acl import EXECUTE, WRITE, Acl, inherited, parse_acl, parse_mode, parse_umask
from lakeport_local.access.storage import CREATE, SET_OWNER, SET_PERMISSIONS
from lakeport_local.access.storage import WRITE as WRITE_DATA
from lakeport_local.core import Response, ServiceError
from lakeport_local.storage.answers import content_headers, stamps
from lakeport_local.storage.call import Demand
from lakeport_local.storage.dfs.access_control import given_id, new_owner_demands
from lakeport_local.storage.encryption import encryption_details, encryption_fields
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.expiry import asked_expiry, with_expiry
from lakeport_local.storage.keeping import keep_overwritten
from lakeport_local.storage.leasing import lease_on_creation, with_lease
from lakeport_local.storage.metadata import metadata_json, properties_of
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path

_MOST_CONTEXT = 1024
_ENCRYPTED = ("x-ms-request-server-encrypted", "true")


def create_file(call: Call) -> Response:
    """Answer Path - Create for a file."""
    old = _admitted(call, is_directory=False)
    place = call.place
    if old is not None and old.is_directory:
        raise refusal("PathConflict")
    columns = _columns(call)
    expires = asked_expiry(call, microseconds(call.request.at)) if call.header("x-ms-expiry-option") else None
    keep_overwritten(call, old)
    parent = call.lake.paths.make_parents(place.file_system.root, place.path, owner=call.owner)
    made = call.lake.paths.replace_file(
        parent,
        place.name,
        owner=columns.pop("owner", call.owner),
        acl=_acl(call, call.lake.paths.acl(parent), is_directory=False),
        details=with_expiry(_leased(call, old, _context(call)), expires),
        **columns,
    )
    call.lake.staging.drop_blocks(place.file_system.id, place.path, is_flat=place.is_flat)
    return Response(201, [*stamps(made), *encryption_fields(made), _ENCRYPTED])


def create_directory(call: Call) -> Response:
    """Answer Path - Create for a directory; one that exists stays, with what it holds."""
    old = _admitted(call, is_directory=True)
    place = call.place
    if old is not None and not old.is_directory:
        raise refusal("PathConflict")
    columns = _columns(call)
    if old is not None:
        made = call.lake.paths.change(old, details=_leased(call, old, old.details), **columns)
    else:
        parent = call.lake.paths.make_parents(place.file_system.root, place.path, owner=call.owner)
        made = call.lake.paths.make(
            parent,
            place.name,
            is_directory=True,
            owner=columns.pop("owner", call.owner),
            acl=_acl(call, call.lake.paths.acl(parent), is_directory=True),
            details=_leased(call, None, orjson.dumps(encryption_details(call)).decode()),
            **columns,
        )
    return Response(201, [*stamps(made), _ENCRYPTED])


def _context(call: Call) -> str:
    """Return details with how the file is encrypted, and the context that the service keeps for its client and never reads."""
    text = call.header("x-ms-encryption-context")
    if text is not None and len(text) > _MOST_CONTEXT:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-encryption-context")
    return orjson.dumps(encryption_details(call) | ({"context": text} if text else {})).decode()


def _leased(call: Call, old: Path | None, details: str) -> str:
    """Return details with the lease: that of what had the path, or the one that is acquired."""
    return with_lease(details, lease_on_creation(call, call.lease_of(old)))


def _admitted(call: Call, *, is_directory: bool) -> Path | None:
    """Return what has the path already, if the caller may create or overwrite there and the conditions hold."""
    place, old = call.place, call.place.item
    if old is None:
        call.demand(CREATE, lambda: place.steps(parent=WRITE | EXECUTE))
    elif call.conditions.wants_nothing:
        call.demand(CREATE, lambda: place.steps(parent=EXECUTE))
    else:
        call.demand(WRITE_DATA, lambda: place.steps(item=0 if is_directory else WRITE))
    if is_directory and call.header("x-ms-expiry-option"):
        raise refusal("UnsupportedHeader", HeaderName="x-ms-expiry-option")
    call.demand_all(*_owner_demands(call))
    _check_conditions(call, old)
    call.check_lease(old)
    return old


def _owner_demands(call: Call) -> list[Demand]:
    """Return what an owner, group or list given at creation asks: what changing it afterwards would ask of the owner."""
    owner, group = given_id(call, "x-ms-owner"), given_id(call, "x-ms-group")
    demands = [Demand(SET_PERMISSIONS, tuple)] if call.header("x-ms-acl") else []
    demands += [Demand(SET_OWNER, tuple)] if owner or group else []
    return demands + new_owner_demands(call, owner, group, before=(call.owner, ""))


def _check_conditions(call: Call, old: Path | None) -> None:
    try:
        call.conditions.check_write(old, on_existing=(409, "PathAlreadyExists"))
    except ServiceError as error:
        if error.status == 409 and old is not None:
            error.headers["x-ms-existing-resource-type"] = "directory" if old.is_directory else "file"
        raise


def _columns(call: Call) -> dict[str, Any]:  # Any: SQLite's values
    columns: dict[str, Any] = {  # Any: SQLite's values
        "headers": orjson.dumps(content_headers(call, "x-ms-")).decode(),
        "metadata": metadata_json(properties_of(call.header("x-ms-properties") or "")),
    }
    owner, group = given_id(call, "x-ms-owner"), given_id(call, "x-ms-group")
    return columns | ({"owner": owner} if owner else {}) | ({"owning_group": group} if group else {})


def _acl(call: Call, parent: Acl, *, is_directory: bool) -> Acl:
    """Return the list of what is made: given, or inherited with the permissions and umask given."""
    text, permissions, umask = (call.header(f"x-ms-{name}") for name in ("acl", "permissions", "umask"))
    if text and (permissions or umask):
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-acl", HeaderValue=text)
    try:
        if text:
            acl = parse_acl(text)
            if acl.default and not is_directory:
                raise refusal("InvalidHeaderValue", HeaderName="x-ms-acl", HeaderValue=text)
            return acl
        return inherited(
            parent,
            is_directory=is_directory,
            mode=parse_mode(permissions) if permissions else None,
            umask=parse_umask(umask) if umask else 0o027,
        )
    except ValueError:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-acl or x-ms-permissions") from None
