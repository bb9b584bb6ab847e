"""The blob API's page blobs: made at their full length, written in pages of 512 bytes anywhere in it. Flat accounts have them.

What was never written, or cleared, is a hole in the content, which reads as zeros; the ranges of pages are what is no hole.

Source: "Put Blob", "Put Page", "Get Page Ranges", "Set Blob Properties".
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from lakeport_local.access.acl import READ, WRITE
from lakeport_local.access.storage import READ as READ_DATA
from lakeport_local.access.storage import WRITE as WRITE_DATA
from lakeport_local.core import Response
from lakeport_local.storage.answers import in_xml, stamps
from lakeport_local.storage.blob.blobs import admitted, blob_columns, changed_headers, put_file, writable
from lakeport_local.storage.checks import check_hashes
from lakeport_local.storage.content import HOLE, Extent
from lakeport_local.storage.encryption import check_use, encryption_fields
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.keeping import version_fields
from lakeport_local.storage.kept import moment_of

if TYPE_CHECKING:
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.chunks import ChunkSink
    from lakeport_local.storage.paths import Path

_PAGE = 512
_MOST = 8 * 1024**4
_MOST_WRITTEN = 4 * 1024**2
_ENCRYPTED = ("x-ms-request-server-encrypted", "true")
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})", re.ASCII)
_LENGTH, _SEQUENCE = "x-ms-blob-content-length", "x-ms-blob-sequence-number"


def put_page_blob(call: Call) -> Response:
    """Answer Put Blob for a page blob, which is made of zeros."""
    if not call.is_flat:
        raise refusal("BlobTypeNotSupported")
    if call.chunk.size_bytes:
        raise refusal("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue=str(call.chunk.size_bytes))
    old, size = admitted(call), _size(call)
    columns = blob_columns(call, fall_back=True) | {"made_by": "page"}
    details = orjson.loads(columns["details"]) | {"sequence": _number(call, _SEQUENCE) or 0}
    columns["details"] = orjson.dumps(details).decode()
    columns["content"], columns["size_bytes"] = call.lake.contents.make([Extent(HOLE, 0, size)])
    made = put_file(call, old, columns)
    return Response(201, [*stamps(made), *version_fields(made), *encryption_fields(made), _ENCRYPTED])


def _size(call: Call) -> int:
    size = _number(call, _LENGTH)
    if size is None:
        raise refusal("MissingRequiredHeader", HeaderName=_LENGTH)
    if size % _PAGE or size > _MOST:
        raise refusal("InvalidHeaderValue", HeaderName=_LENGTH, HeaderValue=str(size))
    return size


def _number(call: Call, name: str) -> int | None:
    text = call.header(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise refusal("InvalidHeaderValue", HeaderName=name, HeaderValue=text)
    return int(text)


def admitted_page(call: Call) -> Path:
    """Return the page blob that a request writes to, if it may.

    Raises:
        ServiceError: 403, 404, 409, 412.
    """
    call.demand(WRITE_DATA, lambda: call.place.steps(item=WRITE))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    _check_kind(call, path)
    call.conditions.check_write(path)
    call.check_lease(path)
    check_use(call, path)
    sequence = int(path.detail("sequence") or 0)
    limits = {word: _number(call, f"x-ms-if-sequence-number-{word}") for word in ("le", "lt", "eq")}
    le, lt, eq = limits["le"], limits["lt"], limits["eq"]
    if (le is not None and sequence > le) or (lt is not None and sequence >= lt) or eq not in {None, sequence}:
        raise refusal("SequenceNumberConditionNotMet")
    return path


def _check_kind(call: Call, path: Path) -> None:
    if not call.is_flat:
        raise refusal("BlobTypeNotSupported")
    if path.made_by != "page":
        raise refusal("InvalidBlobType")


def put_page(call: Call) -> Response:
    """Answer Put Page: writes pages, or clears them."""
    path = admitted_page(call)
    start, end = written_range(call, path)
    kind = (call.header("x-ms-page-write") or "").lower()
    if kind not in {"update", "clear"}:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-page-write", HeaderValue=kind)
    size = call.chunk.size_bytes
    if size != (end - start if kind == "update" else 0):
        raise refusal("InvalidHeaderValue", HeaderName="Content-Length", HeaderValue=str(size))
    if kind == "clear":
        return written(_overwritten(call, path, start, [Extent(-call.lake.stamps.next()[0], 0, end - start)]), [])
    echo = check_hashes(call.request.headers, call.chunk)
    sums = {"x-ms-content-crc64": base64.b64encode(call.chunk.crc64).decode(), **dict(echo)}
    return written(write_pages(call, path, start, call.chunk), list(sums.items()))


def written(path: Path, sums: Fields) -> Response:
    """Return the answer to pages written."""
    sequence = (_SEQUENCE, str(path.detail("sequence") or 0))
    return Response(201, [*stamps(path), *sums, sequence, *encryption_fields(path), _ENCRYPTED])


def write_pages(call: Call, path: Path, start: int, sink: ChunkSink) -> Path:
    """Write a complete sink into a page blob."""
    chunk = call.lake.contents.keep(sink)
    return _overwritten(call, path, start, [Extent(chunk.id, 0, chunk.size_bytes)])


def written_range(call: Call, path: Path) -> tuple[int, int]:
    """Return where a request writes: first byte, and the one behind the last.

    Raises:
        ServiceError: 400 `InvalidHeaderValue`; 416 `InvalidPageRange`; 413 `RequestBodyTooLarge`.
    """
    name = "x-ms-range" if call.header("x-ms-range") else "Range"
    text = call.header(name)
    match = _RANGE.fullmatch(text or "")
    if match is None:
        raise refusal("InvalidHeaderValue" if text else "MissingRequiredHeader", HeaderName=name)
    start, end = int(match[1]), int(match[2]) + 1
    if start % _PAGE or end % _PAGE or end <= start:
        raise refusal("InvalidHeaderValue", HeaderName=name, HeaderValue=text or "")
    if end > path.size_bytes:
        raise refusal("InvalidPageRange")
    if (call.header("x-ms-page-write") or "").lower() != "clear" and end - start > _MOST_WRITTEN:
        raise refusal("RequestBodyTooLarge")
    return start, end


def _overwritten(call: Call, path: Path, start: int, parts: list[Extent]) -> Path:
    size = sum(part.size_bytes for part in parts)
    before, after = _extents(call, path, 0, start), _extents(call, path, start + size, path.size_bytes)
    content, _ = call.lake.contents.make(_joined([*before, *parts, *after]))
    return call.lake.paths.change(path, content=content, md5=None)


def _extents(call: Call, path: Path, start: int, end: int) -> list[Extent]:
    if path.content is None or end <= start:
        return []
    return call.lake.contents.extents(path.content, start, end - start)


def _joined(extents: list[Extent]) -> list[Extent]:
    """Join holes that lie side by side."""
    found: list[Extent] = []
    for extent in extents:
        if found and found[-1].chunk == extent.chunk <= HOLE:
            found[-1] = replace(found[-1], size_bytes=found[-1].size_bytes + extent.size_bytes)
        else:
            found.append(extent)
    return found


def get_page_ranges(call: Call) -> Response:
    """Answer Get Page Ranges, of all or part of a blob, or of what changed since a snapshot."""
    call.demand(READ_DATA, lambda: call.place.steps(item=READ))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    _check_kind(call, path)
    call.conditions.check_read(path)
    start, end = _asked_range(call, path)
    before = _previous(call)
    if before is None:
        found = [("PageRange", first, last) for first, last, chunk in _runs(call, path, start, end) if chunk > HOLE]
    else:
        found = _changes(call, before, path, start, end)
    found, marker = _page_of(call, _merged(found))
    items = "".join(f"<{kind}><Start>{first}</Start><End>{last - 1}</End></{kind}>" for kind, first, last in found)
    more = f"<NextMarker>{marker}</NextMarker>" if call.parameter("maxresults") else ""
    return in_xml(f"<PageList>{items}{more}</PageList>", *stamps(path), (_LENGTH, str(path.size_bytes)))


def _asked_range(call: Call, path: Path) -> tuple[int, int]:
    match = re.fullmatch(r"bytes=(\d{1,15})-(\d{0,15})", call.header("x-ms-range") or call.header("Range") or "")
    if match is None:
        return 0, path.size_bytes
    start, end = int(match[1]), int(match[2] or path.size_bytes) + 1
    if start >= path.size_bytes:
        raise refusal("InvalidRange")
    return start // _PAGE * _PAGE, min(-(-end // _PAGE) * _PAGE, path.size_bytes)


def _previous(call: Call) -> Path | None:
    url = urlsplit(call.header("x-ms-previous-snapshot-url") or "")
    text = call.parameter("prevsnapshot") or dict(parse_qsl(url.query)).get("snapshot")
    if text is None:
        return None
    moment = moment_of(text)
    kept = None if moment is None else call.lake.kept.find(call.file_system.id, call.address.path, "snapshot", moment)
    if kept is None or kept.deleted is not None:
        raise refusal("PreviousSnapshotNotFound")
    return kept.path


def _runs(call: Call, path: Path, start: int, end: int) -> list[tuple[int, int, int]]:
    """Return first byte, end and chunk of each run of a blob."""
    found, at = [], start
    for extent in _extents(call, path, start, end):
        found.append((at, at + extent.size_bytes, extent.chunk))
        at += extent.size_bytes
    return found


def _changes(call: Call, before: Path, path: Path, start: int, end: int) -> list[tuple[str, int, int]]:
    """Return which pages were written and which were cleared since a snapshot."""
    runs = [{first: (last, extent) for first, last, extent in _placed(call, one, start, end)} for one in (before, path)]
    cuts = sorted({at for one in runs for first, (last, _) in one.items() for at in (first, last)})
    found = []
    for first, last in pairwise(cuts):
        was, now = (_at(one, first) for one in runs)
        if was != now:
            found.append(("PageRange" if now and now[0] > HOLE else "ClearRange", first, last))
    return found


def _placed(call: Call, path: Path, start: int, end: int) -> list[tuple[int, int, Extent]]:
    found, at = [], start
    for extent in _extents(call, path, start, min(end, path.size_bytes)):
        found.append((at, at + extent.size_bytes, extent))
        at += extent.size_bytes
    return found


def _at(runs: dict[int, tuple[int, Extent]], at: int) -> tuple[int, int] | None:
    """Return which byte of which chunk is at a place, of a hole its number alone; None for nothing."""
    for first, (last, extent) in runs.items():
        if first <= at < last:
            return extent.chunk, 0 if extent.chunk <= HOLE else extent.chunk_start + at - first
    return None


def _merged(found: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    joined: list[tuple[str, int, int]] = []
    for kind, first, last in found:
        if joined and joined[-1][0] == kind and joined[-1][2] == first:
            joined[-1] = (kind, joined[-1][1], last)
        else:
            joined.append((kind, first, last))
    return joined


def _page_of(call: Call, found: list[tuple[str, int, int]]) -> tuple[list[tuple[str, int, int]], str]:
    """Return the ranges of one page of the answer, and where the next begins."""
    after = call.number("marker") or 0
    rest = [one for one in found if one[1] >= after]
    if call.parameter("maxresults") is None:
        return rest, ""
    most = call.page_size("maxresults")
    return rest[:most], str(rest[most][1]) if len(rest) > most else ""


def page_columns(call: Call, path: Path) -> dict[str, Any]:  # Any: SQLite's values
    """Return the columns that Set Blob Properties changes of a page blob: its length, its sequence number.

    Raises:
        ServiceError: 400, 409.
    """
    size, action = _number(call, _LENGTH), (call.header("x-ms-sequence-number-action") or "").lower()
    if size is None and not action:
        return {}
    _check_kind(call, path)
    columns: dict[str, Any] = {}  # Any: SQLite's values
    if size is not None:
        size = _size(call)
        kept = _extents(call, path, 0, min(size, path.size_bytes))
        grown = [Extent(HOLE, 0, size - path.size_bytes)] if size > path.size_bytes else []
        columns["content"], columns["size_bytes"] = call.lake.contents.make(_joined([*kept, *grown]))
    if action:
        details = orjson.loads(path.details) | {"sequence": _next_sequence(call, path, action)}
        columns["details"] = orjson.dumps(details).decode()
    return columns


def _next_sequence(call: Call, path: Path, action: str) -> int:
    current, given = int(path.detail("sequence") or 0), _number(call, _SEQUENCE)
    if action not in {"max", "update", "increment"} or (given is None) != (action == "increment"):
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-sequence-number-action", HeaderValue=action)
    if given is None:
        return current + 1
    return max(current, given) if action == "max" else given


def set_headers(call: Call) -> Response:
    """Answer Set Blob Properties: replaces the content headers; of a page blob, its length or sequence number alone."""
    path = writable(call)
    columns = page_columns(call, path)
    if not columns:
        return changed_headers(call, path, {})
    changed = call.lake.paths.change(path, **columns)
    return Response(200, [*stamps(changed), (_SEQUENCE, str(changed.detail("sequence") or 0))])
