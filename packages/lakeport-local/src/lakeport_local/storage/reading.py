"""Reads and HEAD of a path, for both APIs.

Source: storage.md 2.8 and 3.2.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from lakeport_local.access import SharedAccess
from lakeport_local.access import storage as actions
from lakeport_local.access.acl import READ
from lakeport_local.core import Response
from lakeport_local.storage.answers import path_fields
from lakeport_local.storage.checksums import crc64
from lakeport_local.storage.content import PIECE_BYTES
from lakeport_local.storage.encryption import check_key
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.ranges import range_of
from lakeport_local.storage.structured import HEADER, LENGTH_HEADER, StructuredSource, is_structured
from lakeport_local.storage.tiers import check_online

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.core import BodySource
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path

_MOST_HASHED = 4 * 1024 * 1024


def readable(call: Call) -> Path:
    """Return the path addressed, if the caller may read it and the conditions hold; no lease is needed, but one that is named must hold.

    Raises:
        ServiceError: 403, 404, 304 or 412.
    """
    call.demand(actions.READ, lambda: call.place.steps(item=READ))
    path = call.place.item
    if path is None:
        raise refusal("PathNotFound")
    call.conditions.check_read(path)
    check_key(call, path)
    if call.header("x-ms-lease-id") is not None:
        call.check_lease(path)
    return path


def head(call: Call) -> Response:
    """Answer a HEAD: properties without content."""
    path = readable(call)
    return Response(200, [("Content-Length", str(path.size_bytes)), *path_fields(call, path)])


def read(call: Call) -> Response:
    """Answer a GET of a file, whole or in part; a directory reads as empty."""
    path = readable(call)
    check_online(path, call.request.at)
    part = range_of(call.request.headers, path.size_bytes)
    fields = path_fields(call, path)
    if not part.is_partial and any(_wants(call, name) for name in _SUMS):
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-range-get-content-md5", HeaderValue="true")
    if part.is_partial:
        last = part.start + part.size_bytes - 1
        fields = [(name, value) for name, value in fields if name != "Content-MD5"]
        fields.append(("Content-Range", f"bytes {part.start}-{last}/{path.size_bytes}"))
        fields += _whole_md5(call, path)
    name = _sum_wanted(call, part.size_bytes)
    body: bytes | BodySource = call.lake.contents.body(path.content, part.start, part.size_bytes)
    if name is not None:
        pieces = list(_pieces(body))
        fields.append(_SUMS[name](pieces))
        body = Pieces(pieces)
    fields = _overridden(call, fields)
    if is_structured(call.request.headers):
        fields += [(HEADER, call.header(HEADER) or ""), (LENGTH_HEADER, str(part.size_bytes))]
        body = StructuredSource(Pieces([body]) if isinstance(body, bytes) else body)
    return Response(206 if part.is_partial else 200, fields, body)


_OVERRIDES = {
    "rscc": "Cache-Control",
    "rscd": "Content-Disposition",
    "rsce": "Content-Encoding",
    "rscl": "Content-Language",
    "rsct": "Content-Type",
}
"""Parameters of a signature, which signs them, and the headers that they set in the answer."""


def _overridden(call: Call, fields: Fields) -> Fields:
    if not (isinstance(call.caller, SharedAccess) and call.parameter("sig") and call.parameter("sr")):
        return fields  # neither nobody's word nor an account's signature covers them
    given = {header: text for name, header in _OVERRIDES.items() if (text := call.parameter(name))}
    return [(name, value) for name, value in fields if name not in given] + list(given.items())


def _whole_md5(call: Call, path: Path) -> list[tuple[str, str]]:
    name = "x-ms-content-md5" if call.address.api == "dfs" else "x-ms-blob-content-md5"
    return [] if path.md5 is None else [(name, base64.b64encode(path.md5).decode())]


def _md5_of(pieces: list[bytes]) -> tuple[str, str]:
    md5 = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        md5.update(piece)
    return "Content-MD5", base64.b64encode(md5.digest()).decode()


def _crc64_of(pieces: list[bytes]) -> tuple[str, str]:
    crc = 0
    for piece in pieces:
        crc = crc64(piece, crc)
    return "x-ms-content-crc64", base64.b64encode(crc.to_bytes(8, "little")).decode()


_SUMS = {"md5": _md5_of, "crc64": _crc64_of}
"""The checksums of a range that a request may ask for, and the header that tells each."""


def _sum_wanted(call: Call, size_bytes: int) -> str | None:
    """Return which checksum of its range a request asks for: of one that is not too large."""
    wanted = [name for name in _SUMS if _wants(call, name)]
    if len(wanted) > 1:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-range-get-content-crc64", HeaderValue="true")
    if wanted and size_bytes > _MOST_HASHED:
        raise refusal("OutOfRangeInput")
    return wanted[0] if wanted else None


def _wants(call: Call, name: str) -> bool:
    """Tell whether a request asks for a checksum of its range."""
    return (call.header(f"x-ms-range-get-content-{name}") or "").lower() == "true"


def _pieces(body: bytes | BodySource) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    try:
        while piece := body.read(PIECE_BYTES):
            yield piece
    finally:
        body.close()


class Pieces:
    """A body that was read already, to be summed."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.size_bytes = sum(map(len, pieces))
        self._pieces = pieces[::-1]

    def read(self, limit_bytes: int) -> bytes:
        """Return the next bytes, at most `limit_bytes`; empty at the end."""
        if not self._pieces:
            return b""
        piece = self._pieces.pop()
        if len(piece) > limit_bytes:
            self._pieces.append(piece[limit_bytes:])
            piece = piece[:limit_bytes]
        return piece

    def close(self) -> None:
        """Let go of what was not asked for."""
        self._pieces.clear()
