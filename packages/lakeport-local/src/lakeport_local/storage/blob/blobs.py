"""The blob API's operations on one blob: put, delete, metadata, headers, tier.

Source: storage.md 3.2.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import orjson

from lakeport_local.access import storage as actions
from lakeport_local.access.acl import EXECUTE, WRITE
from lakeport_local.core import Response
from lakeport_local.storage.answers import content_headers, stamps
from lakeport_local.storage.checks import check_hashes, claimed_md5, decoded_md5
from lakeport_local.storage.encryption import check_use, encryption_details, encryption_fields
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import (
    keep_changed,
    keep_overwritten,
    remove,
    remove_past,
    remove_snapshots,
    version_fields,
    with_version,
)
from lakeport_local.storage.metadata import FOLDER_MARK, metadata_json, metadata_of
from lakeport_local.storage.tags import tags_in_header
from lakeport_local.storage.tiers import asked_priority, check_tier_conditions, checked_tier, tier_of, with_tier

if TYPE_CHECKING:
    from typing import Any

    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path

_ENCRYPTED = ("x-ms-request-server-encrypted", "true")


def admitted(call: Call) -> Path | None:
    """Return what the blob addressed is now, if the caller may put one there and the conditions hold.

    Raises:
        ServiceError: 403, 409, 412.
    """
    place, old = call.place, call.place.item
    if not place.path:
        raise refusal("InvalidUri")
    if old is None or (call.conditions.wants_nothing and call.header("x-ms-lease-id") is None):
        call.demand(actions.CREATE, lambda: place.steps(parent=WRITE | EXECUTE))
    else:
        call.demand(actions.WRITE, lambda: place.steps(item=WRITE))
    holds_lease = call.header("x-ms-lease-id") is not None
    if holds_lease:
        call.check_lease(old)
    if not (holds_lease and call.conditions.wants_nothing):  # who holds the blob's lease knows that it is there
        call.conditions.check_write(old, on_existing=(409, "PathAlreadyExists"))
        call.check_lease(old)
    return old


def blob_columns(call: Call, *, fall_back: bool) -> dict[str, Any]:
    """Return the columns that headers of a put set: content headers, metadata, tier."""
    tier = call.header("x-ms-access-tier")
    if tier is not None:
        is_copied_page = call.header("x-ms-copy-source") is not None and tier.startswith("P")
        checked_tier(tier, is_page=is_copied_page or call.header("x-ms-blob-type") == "PageBlob")
    tags = tags_in_header(call.header("x-ms-tags"))
    if tags:
        call.demand(actions.WRITE_TAGS, lambda: call.place.steps(parent=WRITE | EXECUTE))
    details = ({"tier": tier} if tier else {}) | ({"tags": tags} if tags else {}) | encryption_details(call)
    return {
        "headers": orjson.dumps(content_headers(call, "x-ms-blob-", fall_back=fall_back)).decode(),
        "metadata": metadata_json(metadata_of(call.request.headers), is_flat=call.is_flat),
        "details": orjson.dumps(details).decode(),
        "made_by": "blob",
    }


def put_file(call: Call, old: Path | None, columns: dict[str, Any]) -> Path:
    """Make the blob addressed, in place of what it is now; a lease on that one stays."""
    place = call.place
    if old is not None and old.detail("lease"):
        details = orjson.loads(columns["details"]) | {"lease": old.detail("lease")}
        columns["details"] = orjson.dumps(details).decode()
    columns["details"] = with_version(call.lake, call.account, columns["details"])
    keep_overwritten(call, old)
    parent = call.lake.paths.make_parents(place.file_system.root, place.path, owner=call.owner)
    made = call.lake.paths.replace_file(parent, place.name, owner=call.owner, **columns)
    call.lake.staging.drop_blocks(place.file_system.id, place.path, is_flat=place.is_flat)
    return made


def put_blob(call: Call) -> Response:
    """Answer Put Blob."""
    kind = call.header("x-ms-blob-type")
    if kind is None:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-blob-type")
    if kind not in {"BlockBlob", "PageBlob"}:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-blob-type", HeaderValue=kind)
    if kind == "PageBlob":
        raise refusal("BlobTypeNotSupported")
    if call.header("content-length") is None and not call.chunk.size_bytes:
        raise refusal("MissingContentLengthHeader")
    old = admitted(call)
    echo = check_hashes(call.request.headers, call.chunk)
    if _is_directory_mark(call):
        return _put_directory(call, old)
    columns = blob_columns(call, fall_back=True)
    given = call.header("x-ms-blob-content-md5")
    if given and decoded_md5(given) != call.chunk.md5:
        raise refusal("Md5Mismatch")
    columns["md5"] = call.chunk.md5
    columns["content"], columns["size_bytes"] = call.lake.contents.take(call.chunk)
    made = put_file(call, old, columns)
    sums = [] if echo else [("Content-MD5", base64.b64encode(call.chunk.md5).decode())]
    sums += [("x-ms-content-crc64", base64.b64encode(call.chunk.crc64).decode())]
    return Response(
        201, [*stamps(made), *version_fields(made), *encryption_fields(made), *dict([*sums, *echo]).items(), _ENCRYPTED]
    )


def _is_directory_mark(call: Call) -> bool:
    """Tell whether a blob stands for a directory: it is empty, and says so by its metadata or a slash at its end."""
    if call.chunk.size_bytes or call.is_flat:
        return False
    marks = [name for name, _ in metadata_of(call.request.headers) if name.lower() == FOLDER_MARK]
    return bool(marks) or call.request.raw_path.endswith("/")


def _put_directory(call: Call, old: Path | None) -> Response:
    """Make a directory, as a zero-length blob with the mark of a folder stands for one."""
    if old is not None and not old.is_directory:
        raise refusal("PathConflict")
    place, paths = call.place, call.lake.paths
    metadata = metadata_json(metadata_of(call.request.headers))
    if old is not None:
        return Response(201, [*stamps(paths.change(old, metadata=metadata)), _ENCRYPTED])
    parent = paths.make_parents(place.file_system.root, place.path, owner=call.owner)
    made = paths.make(parent, place.name, is_directory=True, owner=call.owner, metadata=metadata)
    return Response(201, [*stamps(made), _ENCRYPTED])


def delete_blob(call: Call) -> Response:
    """Answer Delete Blob; a directory goes only when it is empty."""
    place = call.place
    action = actions.DELETE if call.moment is None else actions.DELETE_VERSION
    call.demand(action, lambda: place.removal_steps(parent=WRITE | EXECUTE, below=0))
    path = place.item
    if path is None or not place.path:
        raise refusal("PathNotFound")
    call.conditions.check_write(path)
    check_tier_conditions(path, call.request.headers, call.request.at)
    if call.moment is not None:
        return Response(202, remove_past(call))
    call.check_lease(path)
    if remove_snapshots(call, path):
        return Response(202, [("x-ms-delete-type-permanent", "true")])
    if path.is_directory and call.lake.paths.has_children(path):
        raise refusal("DirectoryNotEmpty")
    return Response(202, remove(call, path))


def writable(call: Call) -> Path:
    """Return the blob that a request changes, if it may.

    Raises:
        ServiceError: 403, 404, 412.
    """
    call.demand(actions.WRITE, lambda: call.place.steps(item=WRITE))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    call.conditions.check_write(path)
    call.check_lease(path)
    return path


def set_metadata(call: Call) -> Response:
    """Answer Set Blob Metadata: replaces all of it."""
    path = writable(call)
    check_use(call, path)
    metadata = metadata_json(metadata_of(call.request.headers), is_flat=call.is_flat)
    changed = call.lake.paths.change(path, metadata=metadata, details=keep_changed(call, path))
    return Response(200, [*stamps(changed), *version_fields(changed), *encryption_fields(changed), _ENCRYPTED])


def changed_headers(call: Call, path: Path, columns: dict[str, Any]) -> Response:
    """Replace the content headers of a blob, and whatever else of its row changes with them."""
    md5 = call.header("x-ms-blob-content-md5")
    changed = call.lake.paths.change(
        path,
        headers=orjson.dumps(content_headers(call, "x-ms-blob-")).decode(),
        md5=claimed_md5(md5) if md5 else None,
        **columns,
    )
    is_page = changed.made_by == "page"
    sequence = [("x-ms-blob-sequence-number", str(changed.detail("sequence") or 0))] if is_page else []
    return Response(200, [*stamps(changed), *sequence])


def set_tier(call: Call) -> Response:
    """Answer Set Blob Tier; the etag stays."""
    call.demand(actions.WRITE, lambda: call.place.steps(item=WRITE))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    call.conditions.check_write(path)
    if call.header("x-ms-lease-id"):
        call.check_lease(path)
    tier = checked_tier(call.header("x-ms-access-tier"), is_page=path.made_by == "page")
    if path.is_directory:
        raise refusal("OperationNotSupportedOnDirectory")
    if path.made_by == "append":
        raise refusal("InvalidBlobType")
    details = with_tier(path, tier, asked_priority(call.request.headers), call.request.at)
    changed = call.lake.paths.change(path, touch=False, details=details)
    return Response(202 if tier_of(changed, call.request.at).target else 200)
