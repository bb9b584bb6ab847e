"""The blob API's snapshots and undeletion of blobs.

Source: storage.md 2.9, 3.2; "Snapshot Blob", "Undelete Blob".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access.acl import EXECUTE, WRITE
from lakeport_local.access.storage import SNAPSHOT, UNDELETE
from lakeport_local.core import Response, http_date
from lakeport_local.storage.answers import stamps
from lakeport_local.storage.encryption import check_use
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import keep_changed, take_snapshot, version_fields
from lakeport_local.storage.kept import deletion_id, moment_text
from lakeport_local.storage.metadata import metadata_json, metadata_of
from lakeport_local.storage.names import decoded, normal_path
from lakeport_local.storage.settings import keeps_versions

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.kept import Kept
    from lakeport_local.storage.place import Place


def snapshot_blob(call: Call) -> Response:
    """Answer Snapshot Blob."""
    place = call.place
    call.demand(SNAPSHOT, lambda: place.steps(item=WRITE))
    path = place.item
    if path is None or not place.path:
        raise refusal("PathNotFound")
    if path.is_directory:
        raise refusal("OperationNotSupportedOnDirectory")
    call.conditions.check_write(path)
    if call.header("x-ms-lease-id"):
        call.check_lease(path)
    check_use(call, path)
    pairs = metadata_of(call.request.headers)
    metadata = metadata_json(pairs, is_flat=call.is_flat) if pairs else path.metadata
    taken = take_snapshot(call, path, metadata=metadata)
    if keeps_versions(call.account):
        path = call.lake.paths.change(path, touch=False, details=keep_changed(call, path))
    fields = [("x-ms-snapshot", moment_text(taken.moment)), *version_fields(path)]
    encrypted = ("x-ms-request-server-encrypted", str(bool(pairs)).lower())
    return Response(201, [*stamps(path), *fields, encrypted])


def undelete_blob(call: Call) -> Response:
    """Answer Undelete Blob: of one name there is one blob, or on an account with directories, any of those deleted."""
    place = call.place
    call.demand(UNDELETE, lambda: place.steps(parent=WRITE | EXECUTE))
    return _undelete_flat(call, place) if call.is_flat else _undelete_path(call, place)


def _undelete_flat(call: Call, place: Place) -> Response:
    kept = call.lake.kept
    found = [one for one in kept.of(place.file_system.id, place.path) if one.deleted is not None]
    if not found and place.item is None and not kept.of(place.file_system.id, place.path, "version"):
        raise refusal("PathNotFound")
    for one in found:
        if one.kind != "deleted":
            kept.revive(one)
        elif place.item is None:
            kept.restore(one, place.trail[0], place.path)
    return Response(200)


def _undelete_path(call: Call, place: Place) -> Response:
    """Put a deleted file or directory back, with everything below it; its parent must be there."""
    one = _deleted(call, place)
    if one is None:
        raise refusal("PathNotFound")
    if place.item is not None:
        raise refusal("PathAlreadyExists")
    if place.parent is None or not place.parent.is_directory:
        raise refusal("PathNotFound")
    path = call.lake.kept.restore(one, place.parent, place.name)
    kind = "directory" if path.is_directory else "file"
    created = ("x-ms-creation-time", http_date(path.created_at))
    return Response(200, [*stamps(path), ("x-ms-resource-type", kind), created])


def _deleted(call: Call, place: Place) -> Kept | None:
    """Return what is to come back: that of the deletion named, or else the last one of this name."""
    raw, _, query = (call.header("x-ms-undelete-source") or "").partition("?")
    name = normal_path(decoded(raw)) if raw else place.path
    if name != place.path:
        there = call.place_of(place.file_system, name)
        caller = call.caller_at(place.file_system.name, name)
        call.demand(UNDELETE, lambda: there.steps(parent=WRITE | EXECUTE), place=there, caller=caller)
    wanted = dict(part.partition("=")[::2] for part in query.split("&")).get("deletionid")
    found = [one for one in call.lake.kept.of(place.file_system.id, name, "deleted") if one.deleted is not None]
    return next((one for one in reversed(found) if wanted in {None, deletion_id(one.moment)}), None)
