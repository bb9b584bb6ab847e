"""Containers whose blobs are kept: under legal holds, or for some days since they were made.

The control plane sets it (`details["kept"]`); the data plane refuses what would change or remove a blob that is kept.

Source: "Overview of immutable storage for blob data"; "Container-level write once, read many policies".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from lakeport_local.core import ServiceError
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.stamps import microseconds
from lakeport_local.storage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lakeport_local.storage.call import Call
    from lakeport_local.storage.file_systems import FileSystem
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.place import Place

Kept: TypeAlias = "dict[str, Any]"  # Any: a JSON object
MEMBER = "kept"
_DAY = 86_400_000_000
_HARMLESS = {
    "directory",
    "lease",
    "tier",
    "snapshot",
    "undelete",
    "tags",
    "setaccesscontrol",
    "setaccesscontrolrecursive",
}
_APPENDING = {"append", "flush", "appendblock", "append-copy"}
_RENAME = "rename"
"""Asks for itself: it is about two paths."""


def retention_of(found: FileSystem) -> Kept:
    """Return a container's holds (`holds`, `holds_appends`) and policy (`policy`); empty when it has neither."""
    return found.detail(MEMBER) or {}


def has_hold(found: FileSystem) -> bool:
    """Tell whether a container is under a legal hold."""
    return bool(retention_of(found).get("holds"))


def has_policy(found: FileSystem) -> bool:
    """Tell whether a container keeps its blobs for some time."""
    return bool(retention_of(found).get("policy"))


def refused_change(call: Call) -> ServiceError | None:
    """Return why a request must not change or remove a blob, which its container keeps; None when it may.

    That is 409 `BlobImmutableDueToLegalHold` or `BlobImmutableDueToPolicy`.
    """
    _, level, method, word = call.request.operation
    if level != "path" or method == "POST" or word in _HARMLESS or word == _RENAME:
        return None
    found = call.lake.file_systems.find(call.account.uid, call.address.file_system)
    if found is None or not retention_of(found):
        return None
    try:
        check_place(call, call.place, word=word, is_removal=method == "DELETE")
    except ServiceError as error:
        return error
    return None


def check_move(call: Call, source: Place, target: Place) -> None:
    """Refuse to move what is kept, or to put something in its place.

    Raises:
        ServiceError: 409 `BlobImmutableDueToLegalHold`, `BlobImmutableDueToPolicy`.
    """
    check_place(call, source, is_moved=True)
    check_place(call, target)


def check_place(call: Call, place: Place, *, word: str = "", is_removal: bool = False, is_moved: bool = False) -> None:
    """Refuse to change a path, or to remove or move it with what is below it.

    Raises:
        ServiceError: 409 `BlobImmutableDueToLegalHold`, `BlobImmutableDueToPolicy`.
    """
    kept = retention_of(place.file_system)
    if not kept or place.item is None:
        return
    now = microseconds(call.request.at)
    for path in _files(place, below=is_removal or is_moved):
        refused = _refused(kept, path, now, word=word, is_removal=is_removal)
        if refused is not None:
            raise refused


def check_overwrite(found: FileSystem, path: Path, at: datetime) -> None:
    """Refuse to put something in a file's place, whoever does it.

    Raises:
        ServiceError: 409 `BlobImmutableDueToLegalHold`, `BlobImmutableDueToPolicy`.
    """
    refused = _refused(retention_of(found), path, microseconds(at), word="", is_removal=False)
    if refused is not None and not path.is_directory:
        raise refused


def check_removal(found: FileSystem, *, is_empty: bool) -> None:
    """Refuse to delete a container that is under a legal hold, or keeps blobs.

    [A]: the service refuses with 409; which of its codes it gives is not documented.

    Raises:
        ServiceError: 409.
    """
    if has_hold(found):
        raise refusal("BlobImmutableDueToLegalHold")
    if has_policy(found) and not is_empty:
        raise refusal("BlobImmutableDueToPolicy")


def _files(place: Place, *, below: bool) -> Iterator[Path]:
    item = place.item
    if item is None:
        return
    if not item.is_directory:
        yield item
    elif below:
        yield from (path for _, path in walk(place.paths, item, place.path, recursive=True) if not path.is_directory)


def _refused(kept: Kept, path: Path, now: int, *, word: str, is_removal: bool) -> ServiceError | None:
    """Return why a file must stay as it is; None when it need not.

    What has no content yet may be written ([A]: a file is made by one request of the dfs API and written by others).
    A file whose days are over may be removed, and nothing else.
    """
    policy = kept.get("policy") or {}
    if word in _APPENDING and not path.size_bytes:
        return None
    if kept.get("holds") and not (word in _APPENDING and kept.get("holds_appends")):
        return refusal("BlobImmutableDueToLegalHold")
    if not policy or (word in _APPENDING and _may_append(policy, path)):
        return None
    since = path.modified if policy.get("appends") or policy.get("appends_all") else path.created
    is_over = now >= since + int(policy["days"]) * _DAY
    return None if is_removal and is_over else refusal("BlobImmutableDueToPolicy")


def _may_append(policy: dict[str, Any], path: Path) -> bool:  # Any: a JSON object
    return bool(policy.get("appends_all")) or (bool(policy.get("appends")) and path.made_by == "append")
