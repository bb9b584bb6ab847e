"""The dfs API's append, flush and changes of properties.

Source: storage.md 2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.access import storage as actions
from lakeport_local.access.acl import READ, WRITE
from lakeport_local.core import Response
from lakeport_local.storage.answers import content_headers, stamps
from lakeport_local.storage.checks import check_hashes, decoded_md5
from lakeport_local.storage.encryption import check_key, encryption_fields
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.leasing import lease_around_write, with_lease
from lakeport_local.storage.metadata import metadata_json, properties_of

if TYPE_CHECKING:
    from lakeport_local.access import Action
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path


def append(call: Call) -> Response:
    """Answer Path - Update with `action=append`: keep the body for its position until a flush."""
    path = _with_lease(call, admitted_append(call), is_flushed=call.flag("flush"))
    position = _position(call)
    if not call.chunk.size_bytes:
        raise refusal("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue="0")
    echo = check_hashes(call.request.headers, call.chunk)
    chunk = call.lake.contents.keep(call.chunk)
    call.lake.staging.put_segment(path, position, chunk)
    fields = [("x-ms-request-server-encrypted", "true"), *encryption_fields(path), *echo]
    if call.flag("flush"):
        fields += stamps(_flushed(call, path, position + chunk.size_bytes))
    return Response(202, fields)


def admitted_append(call: Call) -> Path:
    """Return the file that a request appends to, if it may.

    Raises:
        ServiceError: 403, 404, 409, 412.
    """
    path = _file(call, actions.ADD, "InvalidAppendOperation")
    check_key(call, path)
    lease_around_write(call, call.lease_of(path), is_flushed=False)
    return path


def flush(call: Call) -> Response:
    """Answer Path - Update with `action=flush`: make what was appended up to the position visible."""
    path = _file(call, actions.ADD, "InvalidFlushOperation")
    check_key(call, path)
    position = _position(call)
    call.flag("close")  # for who listens for events; true or false all the same
    call.conditions.check_write(path, on_existing=(304, "ConditionNotMet"))
    path = _with_lease(call, path, is_flushed=True)
    changed = _flushed(call, path, position)
    # Recorded so: of a flush, which brings no bytes, only a key of the client's own makes it true.
    fields = encryption_fields(changed)
    encrypted = str("x-ms-encryption-key-sha256" in dict(fields)).lower()
    return Response(200, [*stamps(changed), ("x-ms-request-server-encrypted", encrypted), *fields])


def _with_lease(call: Call, path: Path, *, is_flushed: bool) -> Path:
    """Return the file with the lease that a write leaves on it, if the lease there allows the write."""
    before = call.lease_of(path)
    after = lease_around_write(call, before, is_flushed=is_flushed)
    if after == before:
        return path
    return call.lake.paths.change(path, touch=False, details=with_lease(path.details, after))


def _flushed(call: Call, path: Path, end: int) -> Path:
    extents = call.lake.staging.take_segments(path, end, retain=call.flag("retainUncommittedData"))
    headers = content_headers(call, "x-ms-") if call.parameter("action") == "flush" else {}
    md5 = call.header("x-ms-content-md5")
    if not (extents or headers or md5):
        return path
    content, size = path.content, path.size_bytes
    if extents:
        content, size = call.lake.contents.extend(path.content, path.size_bytes, extents)
    return call.lake.paths.change(
        path,
        content=content,
        size_bytes=size,
        md5=decoded_md5(md5) if md5 else None,
        headers=orjson.dumps(headers).decode() if headers else path.headers,
    )


def set_properties(call: Call) -> Response:
    """Answer Path - Update with `action=setProperties`: replace the metadata, change content headers given."""
    call.demand(actions.WRITE, lambda: call.place.steps(item=WRITE))
    path = _existing(call)
    call.conditions.check_write(path)
    call.check_lease(path)
    headers = orjson.loads(path.headers) | content_headers(call, "x-ms-")
    pairs = properties_of(call.header("x-ms-properties") or "")
    changed = call.lake.paths.change(path, headers=orjson.dumps(headers).decode(), metadata=metadata_json(pairs))
    return Response(200, stamps(changed))


def _file(call: Call, action: Action, refused: str) -> Path:
    call.demand(action, lambda: call.place.steps(item=READ | WRITE))
    path = _existing(call)
    if path.is_directory:
        raise refusal("PathConflict")
    if path.made_by != "dfs":
        raise refusal(refused)
    return path


def _existing(call: Call) -> Path:
    if call.place.item is None:
        raise refusal("PathNotFound")
    return call.place.item


def _position(call: Call) -> int:
    position = call.number("position")
    if position is None:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="position")
    if not 0 <= position < 1 << 60:
        raise refusal("OutOfRangeQueryParameterValue", QueryParameterName="position")
    return position
