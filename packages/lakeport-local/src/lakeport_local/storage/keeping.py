"""What an account keeps of a blob that is overwritten, changed or deleted, by how its blob service is set.

Source: storage.md 2.9, 3.2; "Soft delete for blobs", "Blob versioning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.storage.errors import refusal
from lakeport_local.storage.kept import deletion_id, moment_text
from lakeport_local.storage.retention import check_removal
from lakeport_local.storage.settings import is_hierarchical, keeps_versions, retention_of_blobs, retention_of_containers

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.state import Resource
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.kept import Kept
    from lakeport_local.storage.lake import Lake
    from lakeport_local.storage.paths import Path

VERSION = "version"
"""The member of a row's details that names the version it is."""


def version_fields(path: Path, *, is_current: bool = False) -> Fields:
    """Return which version something is, when versions are kept of it."""
    moment = path.detail(VERSION)
    if moment is None:
        return []
    current = [("x-ms-is-current-version", "true")] if is_current else []
    return [("x-ms-version-id", moment_text(moment)), *current]


def keeps_overwritten(account: Resource) -> bool:
    """Tell whether what a blob was is kept when another takes its place; never where there are directories."""
    return not is_hierarchical(account) and (keeps_versions(account) or retention_of_blobs(account) is not None)


def with_version(lake: Lake, account: Resource, details: str) -> str:
    """Return the details of a row that becomes a new version, if the account keeps versions."""
    if not keeps_versions(account):
        return details
    return orjson.dumps(orjson.loads(details) | {VERSION: lake.stamps.next()[0]}).decode()


def keep_overwritten(call: Call, old: Path | None) -> None:
    """Take what the blob addressed was out of the way of what it becomes, and keep it if the account does."""
    keep_replaced(call.lake, call.account, (call.place.file_system.id, call.place.path), old, call.request.at)


def keep_replaced(lake: Lake, account: Resource, place: tuple[int, str], old: Path | None, now: datetime) -> None:
    """Take what a blob was out of the way of what it becomes, whoever makes it, and keep it if the account does.

    Args:
        lake: Where.
        account: Whose.
        place: The id of its file system and its full path.
        old: What it was.
        now: From when on it is kept.
    """
    if is_hierarchical(account):
        return
    for one in lake.kept.of(*place, "deleted"):
        lake.kept.rename(one, "snapshot")  # what was deleted before stays behind the new blob, as a deleted snapshot
    if old is None or old.is_directory:
        return
    if keeps_versions(account):
        _retire_version(lake, place, old)
    elif (kept_for := retention_of_blobs(account)) is not None:
        lake.kept.retire(*place, _unleased(lake, old), "snapshot", kept_for=kept_for, now=now)


def _retire_version(lake: Lake, place: tuple[int, str], old: Path) -> None:
    moment = int(old.detail(VERSION) or old.etag)
    details = orjson.dumps(_plain(old) | {VERSION: moment}).decode()
    old = lake.paths.change(old, touch=False, details=details)
    lake.kept.retire(*place, old, "version", moment=moment)


def _plain(path: Path) -> dict[str, Any]:  # Any: a JSON object
    """Return a row's details without what only a blob itself has."""
    return {name: value for name, value in orjson.loads(path.details).items() if name != "lease"}


def _unleased(lake: Lake, path: Path) -> Path:
    if path.detail("lease") is None:
        return path
    return lake.paths.change(path, touch=False, details=orjson.dumps(_plain(path)).decode())


def keep_changed(call: Call, path: Path) -> str:
    """Keep what a blob is before its metadata change; return the details of what it becomes."""
    if not keeps_versions(call.account):
        return path.details
    moment = int(path.detail(VERSION) or path.etag)
    details = orjson.dumps(_plain(path) | {VERSION: moment}).decode()
    place = call.place
    call.lake.kept.remember(place.file_system.id, place.path, path, "version", moment=moment, details=details)
    return with_version(call.lake, call.account, path.details)


def take_snapshot(call: Call, path: Path, **columns: Any) -> Kept:  # Any: SQLite's values
    """Keep what a blob is now as a snapshot."""
    place = call.place
    details = {name: value for name, value in _plain(path).items() if name != VERSION}
    columns["details"] = orjson.dumps(details).decode()
    return call.lake.kept.remember(place.file_system.id, place.path, path, "snapshot", **columns)


def remove(call: Call, path: Path) -> Fields:
    """Take a path out of the namespace, and keep it if the account does; return what the answer says of it."""
    place, kept, kept_for = call.place, call.lake.kept, retention_of_blobs(call.account)
    file_system = place.file_system.id
    call.lake.staging.drop_blocks(file_system, place.path, is_flat=place.is_flat)
    if not call.is_flat and path.is_directory:
        kept.drop_snapshots_below(file_system, place.path)
    if keeps_versions(call.account):
        _retire_version(call.lake, (file_system, place.path), path)
        return [("x-ms-delete-type-permanent", "false")]
    if kept_for is None:
        call.lake.paths.detach(path)
        return [("x-ms-delete-type-permanent", "true")]
    if call.is_flat:
        for one in kept.of(file_system, place.path, "deleted"):
            kept.rename(one, "snapshot")
    gone = kept.retire(
        file_system, place.path, _unleased(call.lake, path), "deleted", kept_for=kept_for, now=call.request.at
    )
    named = [] if call.is_flat else [("x-ms-deletion-id", deletion_id(gone.moment))]
    return [("x-ms-delete-type-permanent", "false"), *named]


def remove_snapshots(call: Call, path: Path) -> bool:
    """Delete the snapshots of a blob as its deletion asks; tell whether they are all that it asks to delete.

    Raises:
        ServiceError: 409 `SnapshotsPresent`: it says nothing of them, and there are some; 400 `InvalidHeaderValue`.
    """
    asked = (call.header("x-ms-delete-snapshots") or "").lower()
    if asked not in {"", "include", "only"}:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-delete-snapshots", HeaderValue=asked)
    place = call.place
    found = [one for one in call.lake.kept.of(place.file_system.id, place.path, "snapshot") if one.deleted is None]
    if found and not asked:
        raise refusal("SnapshotsPresent")
    if path.is_directory and asked:
        raise refusal("OperationNotSupportedOnDirectory")
    call.lake.kept.delete(found, retention_of_blobs(call.account), call.request.at)
    return asked == "only"


def remove_past(call: Call) -> Fields:
    """Delete the snapshot or version addressed.

    Raises:
        ServiceError: 404 `PathNotFound`; 403 `OperationNotAllowedOnRootBlob`: it is the blob itself; 400.
    """
    if call.header("x-ms-delete-snapshots"):
        raise refusal("InvalidQueryParameterValue", QueryParameterName="snapshot")
    if call.past is None:
        if call.place.item is not None:
            raise refusal("OperationNotAllowedOnRootBlob")
        raise refusal("PathNotFound")
    kept_for = retention_of_blobs(call.account)
    call.lake.kept.delete([call.past], kept_for, call.request.at)
    return [("x-ms-delete-type-permanent", "true" if kept_for is None else "false")]


def delete_kept(call: Call) -> None:
    """Remove the file system addressed, and keep it if the account keeps deleted ones."""
    found = call.file_system
    check_removal(found, is_empty=not call.lake.paths.has_children(call.lake.paths.row(found.root)))
    kept_for = retention_of_containers(call.account)
    version = call.lake.ids.token(8).hex().upper()
    call.lake.file_systems.delete(found, version=version, kept_for=kept_for)
