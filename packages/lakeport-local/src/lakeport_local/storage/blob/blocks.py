"""The blob API's blocks: put, commit, list.

Source: storage.md 3.2.
"""

from __future__ import annotations

import base64
import binascii
from itertools import groupby
from typing import TYPE_CHECKING

from lakeport_local.access.acl import EXECUTE, READ, WRITE
from lakeport_local.access.storage import READ as READ_DATA
from lakeport_local.access.storage import STAGE
from lakeport_local.core import Response
from lakeport_local.storage.answers import in_xml, stamps
from lakeport_local.storage.blob.blobs import admitted, blob_columns, put_file
from lakeport_local.storage.blob.documents import block_list_of, block_list_xml
from lakeport_local.storage.checks import check_hashes, decoded_md5
from lakeport_local.storage.checksums import crc64
from lakeport_local.storage.content import Extent
from lakeport_local.storage.encryption import encryption_details, encryption_fields
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import version_fields

if TYPE_CHECKING:
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.chunks import ChunkSink
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.staging import Block

_ENCRYPTED = ("x-ms-request-server-encrypted", "true")
_MOST_BLOCKS = 50_000


def put_block(call: Call) -> Response:
    """Answer Put Block."""
    block = admitted_block(call)
    if not call.chunk.size_bytes:
        raise refusal("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue="0")
    echo = check_hashes(call.request.headers, call.chunk)
    stage(call, block, call.chunk)
    sums = {**dict(echo), "x-ms-content-crc64": base64.b64encode(call.chunk.crc64).decode()}
    return Response(201, [*sums.items(), *block_encryption_fields(call), _ENCRYPTED])


def block_encryption_fields(call: Call) -> Fields:
    """Return the headers that tell how a block is encrypted, as its request says."""
    named = {"key": "x-ms-encryption-key-sha256", "scope": "x-ms-encryption-scope"}
    return [(named[name], value) for name, value in encryption_details(call).items()]


def admitted_block(call: Call) -> str:
    """Return the id of the block that a request puts, if the caller may put blocks there.

    Raises:
        ServiceError: 400, 403, 409, 412.
    """
    place, old = call.place, call.place.item
    if old is None:
        call.demand(STAGE, lambda: place.steps(parent=WRITE | EXECUTE))
    else:
        call.demand(STAGE, lambda: place.steps(item=WRITE))
    _check_extensible(old)
    call.check_lease(old)
    block = call.parameter("blockid")
    if block is None:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="blockid")
    try:
        raw = base64.b64decode(block, validate=True)
    except (binascii.Error, ValueError):
        raise refusal("InvalidQueryParameterValue", QueryParameterName="blockid") from None
    if not 1 <= len(raw) <= 64:
        raise refusal("OutOfRangeQueryParameterValue", QueryParameterName="blockid")
    other = call.lake.staging.any_block(place.file_system.id, place.path)
    if other is not None and len(base64.b64decode(other)) != len(raw):
        raise refusal("InvalidBlobOrBlock")
    return block


def stage(call: Call, block: str, sink: ChunkSink) -> None:
    """Keep a complete sink as a block of the blob addressed."""
    chunk = call.lake.contents.keep(sink)
    place, encryption = call.place, _encryption(call)
    call.lake.staging.put_block(place.file_system.id, place.path, block, chunk, encryption=encryption)


def _encryption(call: Call) -> str:
    """Return the digest of the key, or the scope, that a request gives."""
    return "".join(encryption_details(call).values())


def _check_extensible(old: Path | None) -> None:
    if old is not None and old.made_by in {"append", "page"}:
        raise refusal("InvalidBlobType")
    if old is not None and (old.is_directory or old.made_by != "blob"):
        raise refusal("BlobOperationNotSupported")


def put_block_list(call: Call) -> Response:
    """Answer Put Block List: the blob is what its blocks are, in this order."""
    old = admitted(call)
    _check_extensible(old)
    listed = block_list_of(call.data)
    if len(listed) > _MOST_BLOCKS:
        raise refusal("InvalidBlockList")
    extents = _extents(call, old, listed)
    columns = blob_columns(call, fall_back=False)
    md5 = call.header("x-ms-blob-content-md5")
    columns["md5"] = decoded_md5(md5) if md5 else None
    columns["content"], columns["size_bytes"] = call.lake.contents.make(extents)
    made = put_file(call, old, columns)
    checksum = base64.b64encode(crc64(call.data).to_bytes(8, "little")).decode()
    return Response(
        201,
        [*stamps(made), *version_fields(made), *encryption_fields(made), ("x-ms-content-crc64", checksum), _ENCRYPTED],
    )


def _extents(call: Call, old: Path | None, listed: list[tuple[str, str]]) -> list[Extent]:
    encryption, used = _encryption(call), {block for kind, block in listed if kind != "Committed"}
    if any(block.encryption != encryption for block in _staged(call) if block.id in used):
        raise refusal("BlobUsesCustomerSpecifiedEncryption")
    staged = {block.id: [Extent(block.chunk, 0, block.size_bytes, block.id)] for block in _staged(call)}
    committed = dict(_committed(call, old))
    sources = {"Latest": {**committed, **staged}, "Committed": committed, "Uncommitted": staged}
    found: list[Extent] = []
    for kind, block in listed:
        if block not in sources[kind]:
            raise refusal("InvalidBlockList")
        found += sources[kind][block]
    return found


def _staged(call: Call) -> list[Block]:
    return call.lake.staging.blocks(call.place.file_system.id, call.place.path)


def _committed(call: Call, path: Path | None) -> list[tuple[str, list[Extent]]]:
    """Return the blocks that a blob consists of, in order; none when it was not put in blocks."""
    if path is None or path.content is None:
        return []
    extents = call.lake.contents.extents(path.content, 0, path.size_bytes)
    return [(block, list(group)) for block, group in groupby(extents, lambda extent: extent.block) if block]


def get_block_list(call: Call) -> Response:
    """Answer Get Block List."""
    call.demand(READ_DATA, lambda: call.place.steps(item=READ))
    kind = (call.parameter("blocklisttype") or "committed").lower()
    if kind not in {"committed", "uncommitted", "all"}:
        raise refusal("InvalidQueryParameterValue", QueryParameterName="blocklisttype", QueryParameterValue=kind)
    path, staged = call.place.item, _staged(call)
    if path is None and not staged:
        raise refusal("PathNotFound")
    if path is not None and path.is_directory:
        raise refusal("BlobOperationNotSupported")
    if path is not None:
        call.conditions.check_read(path)
    blocks = [(name, sum(part.size_bytes for part in parts)) for name, parts in _committed(call, path)]
    document = block_list_xml(
        None if kind == "uncommitted" else blocks,
        None if kind == "committed" else [(block.id, block.size_bytes) for block in staged],
    )
    fields = [("x-ms-blob-content-length", str(0 if path is None else path.size_bytes))]
    return in_xml(document, *fields, *([] if path is None else stamps(path)))
