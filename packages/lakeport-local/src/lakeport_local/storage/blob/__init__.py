"""The blob API: a table of its operations, one small function each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.storage import expiry, path_leases, reading
from lakeport_local.storage.blob import (
    account,
    appending,
    batch,
    blobs,
    blocks,
    containers,
    copying,
    history,
    listing,
    pages,
    service_properties,
    tagging,
)
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.operations import MIB, Operation, stored, unsupported

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call

_BOTH = frozenset({"md5", "crc64"})
_OF_THE_PAST = {
    *(("GET", word) for word in ("", "metadata", "properties", "blocklist", "pagelist", "tags")),
    *(("PUT", word) for word in ("tier", "tags", "legalhold", "immutabilitypolicies")),
    *(("HEAD", ""), ("DELETE", ""), ("DELETE", "immutabilitypolicies"), ("POST", "query")),
}
"""Method and word of what may be asked of a snapshot or version."""
_PUTS = {"AppendBlob": "put-append", "PageBlob": "put-page"}
_COPIES = {"appendblock": "append-copy", "block": "block-copy", "page": "page-copy"}
_OF_SERVICE = {"properties", "stats"}
_MOST_PUT = 5000 * MIB
_MOST_BLOCK = 4000 * MIB
_MOST_APPENDED = 100 * MIB

_PUT_BLOB = stored(_MOST_PUT, always=_BOTH)
_APPEND_BLOCK = stored(_MOST_APPENDED, always=frozenset({"crc64"}))
_PUT_PAGE = stored(4 * MIB, always=frozenset({"crc64"}))
_PUT_BLOCK = stored(_MOST_BLOCK, always=frozenset({"crc64"}))

OPERATIONS: dict[tuple[str, str, str], Operation] = {
    ("account", "GET", "list"): Operation(containers.list_containers),
    ("account", "GET", "properties"): Operation(account.account_information),
    ("account", "HEAD", "properties"): Operation(account.account_information),
    ("account", "POST", "userdelegationkey"): Operation(account.user_delegation_key),
    ("account", "POST", "batch"): Operation(batch.run_batch),
    ("account", "GET", "service-properties"): Operation(service_properties.get_service_properties),
    ("account", "PUT", "service-properties"): Operation(service_properties.set_service_properties),
    ("account", "GET", "service-stats"): Operation(service_properties.service_statistics),
    ("container", "PUT", ""): Operation(containers.create_container),
    ("container", "GET", ""): Operation(containers.container_properties),
    ("container", "HEAD", ""): Operation(containers.container_properties),
    ("container", "DELETE", ""): Operation(containers.delete_container),
    ("container", "PUT", "undelete"): Operation(containers.restore_container),
    ("container", "PUT", "rename"): Operation(containers.rename_container),
    ("container", "PUT", "metadata"): Operation(containers.set_container_metadata),
    ("container", "GET", "metadata"): Operation(containers.container_properties),
    ("container", "HEAD", "metadata"): Operation(containers.container_properties),
    ("container", "GET", "acl"): Operation(containers.container_policies),
    ("container", "HEAD", "acl"): Operation(containers.container_policies),
    ("container", "PUT", "acl"): Operation(containers.set_container_policies),
    ("container", "PUT", "lease"): Operation(containers.lease_container),
    ("container", "GET", "list"): Operation(listing.list_blobs),
    ("container", "POST", "batch"): Operation(batch.run_batch),
    ("path", "PUT", "put"): Operation(blobs.put_blob, _PUT_BLOB, blobs.admitted),
    ("path", "PUT", "put-append"): Operation(appending.put_append_blob, _PUT_BLOB, blobs.admitted),
    ("path", "PUT", "appendblock"): Operation(appending.append_block, _APPEND_BLOCK, appending.admitted_append),
    ("path", "PUT", "seal"): Operation(appending.seal),
    ("path", "PUT", "copy"): Operation(copying.copy_blob),
    ("path", "PUT", "put-page"): Operation(pages.put_page_blob, _PUT_BLOB, blobs.admitted),
    ("path", "PUT", "page"): Operation(pages.put_page, _PUT_PAGE, pages.admitted_page),
    ("path", "PUT", "page-copy"): Operation(copying.put_page_from_url, commits=True),
    ("path", "GET", "pagelist"): Operation(pages.get_page_ranges),
    ("path", "PUT", "append-copy"): Operation(copying.append_block_from_url, commits=True),
    ("path", "PUT", "block"): Operation(blocks.put_block, _PUT_BLOCK, blocks.admitted_block),
    ("path", "PUT", "block-copy"): Operation(copying.put_block_from_url, commits=True),
    ("path", "PUT", "blocklist"): Operation(blocks.put_block_list),
    ("path", "GET", "blocklist"): Operation(blocks.get_block_list),
    ("path", "PUT", "metadata"): Operation(blobs.set_metadata),
    ("path", "GET", "metadata"): Operation(reading.head),
    ("path", "PUT", "properties"): Operation(pages.set_headers),
    ("path", "PUT", "tier"): Operation(blobs.set_tier),
    ("path", "PUT", "lease"): Operation(path_leases.lease_path),
    ("account", "GET", "blobs"): Operation(tagging.find_by_tags),
    ("container", "GET", "blobs"): Operation(tagging.find_by_tags),
    ("path", "GET", "tags"): Operation(tagging.get_tags),
    ("path", "PUT", "tags"): Operation(tagging.set_tags),
    ("path", "PUT", "snapshot"): Operation(history.snapshot_blob),
    ("path", "PUT", "undelete"): Operation(history.undelete_blob),
    ("path", "PUT", "expiry"): Operation(expiry.set_expiry),
    ("path", "GET", "properties"): Operation(account.account_information),
    ("path", "GET", ""): Operation(reading.read),
    ("path", "HEAD", ""): Operation(reading.head),
    ("path", "DELETE", ""): Operation(blobs.delete_blob),
}
"""By what is addressed, method, and `comp`, or what a bare PUT puts."""
_METHODS = frozenset(method for _, method, _ in OPERATIONS)
_REFUSALS: dict[tuple[str, str, str], Operation] = {
    ("path", "PUT", "abort"): Operation(copying.abort_copy),
    ("path", "PUT", "incrementalcopy"): Operation(copying.incremental_copy),
}
"""What is known and always refused: there is never a copy to abort, and no copy of what changed between two snapshots."""


def operation_of(call: Call) -> Operation:
    """Return the operation that a request asks for.

    Raises:
        ServiceError: 400 or 405: there is none.
    """
    level = _level(call)
    key = (level, call.method, _word(call, level))
    found = OPERATIONS.get(key) or _REFUSALS.get(key)
    if found is None:
        raise unsupported(call.method, _METHODS)
    if call.moment is not None and key[1:] not in _OF_THE_PAST:
        raise refusal("InvalidQueryParameterValue", QueryParameterName=call.moment[0].replace("version", "versionid"))
    call.request.operation = ("blob", *key)
    return found


def _level(call: Call) -> str:
    level = call.address.level(call.request)
    return "container" if level == "file_system" else level


def _word(call: Call, level: str) -> str:
    comp = (call.parameter("comp") or "").lower()
    if comp in _OF_SERVICE and (call.parameter("restype") or "").lower() == "service":
        return f"service-{comp}"
    if call.method != "PUT" or level != "path":
        return "abort" if comp == "copy" else comp
    has_source = call.header("x-ms-copy-source") is not None
    if not comp:
        return "copy" if has_source else _PUTS.get(call.header("x-ms-blob-type") or "", "put")
    if comp == "copy":
        return "abort"
    return _COPIES.get(comp, comp) if has_source else comp
