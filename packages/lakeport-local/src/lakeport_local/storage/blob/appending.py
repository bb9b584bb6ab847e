"""The blob API's append blobs: made empty, extended by a block at a time, sealed.

Source: storage.md 3.2.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import orjson

from lakeport_local.access.acl import WRITE
from lakeport_local.access.storage import ADD
from lakeport_local.core import Response
from lakeport_local.storage.answers import stamps
from lakeport_local.storage.blob.blobs import admitted, blob_columns, put_file
from lakeport_local.storage.checks import check_hashes
from lakeport_local.storage.content import Extent
from lakeport_local.storage.encryption import check_use, encryption_fields
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import version_fields

if TYPE_CHECKING:
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.chunks import ChunkSink
    from lakeport_local.storage.paths import Path

_ENCRYPTED = ("x-ms-request-server-encrypted", "true")
_MOST_BLOCKS = 50_000


def put_append_blob(call: Call) -> Response:
    """Answer Put Blob for an append blob, which is made empty."""
    if call.chunk.size_bytes:
        raise refusal("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue=str(call.chunk.size_bytes))
    old = admitted(call)
    columns = blob_columns(call, fall_back=True) | {"made_by": "append"}
    made = put_file(call, old, columns)
    return Response(201, [*stamps(made), *version_fields(made), *encryption_fields(made), _ENCRYPTED])


def admitted_append(call: Call) -> Path:
    """Return the append blob that a request extends or seals, if it may.

    Raises:
        ServiceError: 403, 404, 409, 412.
    """
    call.demand(ADD, lambda: call.place.steps(item=WRITE))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    if path.made_by != "append":
        raise refusal("InvalidBlobType")
    call.conditions.check_write(path)
    call.check_lease(path)
    check_use(call, path)
    position = _number(call, "x-ms-blob-condition-appendpos")
    if position not in {None, path.size_bytes}:
        raise refusal("AppendPositionConditionNotMet")
    return path


def append_block(call: Call) -> Response:
    """Answer Append Block."""
    path, chunk = admitted_append(call), call.chunk
    if not chunk.size_bytes:
        raise refusal("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue="0")
    echo = check_hashes(call.request.headers, chunk)
    changed, fields = extended(call, path, chunk)
    sums = {"x-ms-content-crc64": base64.b64encode(chunk.crc64).decode(), **dict(echo)}
    return Response(201, [*stamps(changed), *fields, *encryption_fields(changed), *sums.items(), _ENCRYPTED])


def extended(call: Call, path: Path, chunk: ChunkSink) -> tuple[Path, Fields]:
    """Append a complete sink to a blob; return what it is then, and what the answer says of the block.

    Raises:
        ServiceError: 409 `BlobIsSealed` or `BlockCountExceedsLimit`, 412 `MaxBlobSizeConditionNotMet`.
    """
    details = orjson.loads(path.details)
    count = details.get("blocks", 0) + 1
    if details.get("sealed"):
        raise refusal("BlobIsSealed")
    if count > _MOST_BLOCKS:
        raise refusal("BlockCountExceedsLimit")
    most = _number(call, "x-ms-blob-condition-maxsize")
    if most is not None and path.size_bytes + chunk.size_bytes > most:
        raise refusal("MaxBlobSizeConditionNotMet")
    kept = call.lake.contents.keep(chunk)
    content, size = call.lake.contents.extend(path.content, path.size_bytes, [Extent(kept.id, 0, kept.size_bytes)])
    noted = orjson.dumps(details | {"blocks": count}).decode()
    changed = call.lake.paths.change(path, content=content, size_bytes=size, details=noted)
    return changed, [
        ("x-ms-blob-append-offset", str(path.size_bytes)),
        ("x-ms-blob-committed-block-count", str(count)),
    ]


def seal(call: Call) -> Response:
    """Answer Append Blob Seal: nothing is appended from now on."""
    path = admitted_append(call)
    details = orjson.dumps(orjson.loads(path.details) | {"sealed": True}).decode()
    return Response(200, [*stamps(call.lake.paths.change(path, details=details)), ("x-ms-blob-sealed", "true")])


def _number(call: Call, name: str) -> int | None:
    text = call.header(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise refusal("InvalidHeaderValue", HeaderName=name, HeaderValue=text)
    return int(text)
