"""Structured messages: bodies in segments, each with its checksum, taken apart on the way in and made on the way out.

Source: storage.md 3.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.storage.checksums import crc64
from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Generator

    from lakeport_local.core import BodySource, Headers, ServiceError
    from lakeport_local.storage.chunks import ChunkSink

HEADER, LENGTH_HEADER = "x-ms-structured-body", "x-ms-structured-content-length"
_KIND = "XSM/1.0; properties=crc64"
_MESSAGE_HEAD, _SEGMENT_HEAD, _CHECKSUM = 13, 10, 8
_SEGMENT_BYTES = 4 * 1024 * 1024
_MOST_SEGMENTS = 0xFFFF
_END = 1 << 62


def is_structured(headers: Headers) -> bool:
    """Tell whether a request has, or asks for, a structured body.

    Raises:
        ServiceError: 400 `UnsupportedHeader`: of a kind that is not known.
    """
    given = headers.get(HEADER)
    if not given:
        return False
    if given.replace(" ", "").lower() != _KIND.replace(" ", "").lower():
        raise refusal("UnsupportedHeader", HeaderName=HEADER, HeaderValue=given)
    return True


def content_length_of(headers: Headers) -> int:
    """Return how many bytes a structured body stands for.

    Raises:
        ServiceError: 400 `MissingRequiredHeader` or `InvalidHeaderValue`.
    """
    text = headers.get(LENGTH_HEADER)
    if not text:
        raise refusal("MissingRequiredHeader", HeaderName=LENGTH_HEADER)
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise refusal("InvalidHeaderValue", HeaderName=LENGTH_HEADER, HeaderValue=text)
    return int(text)


def _malformed() -> ServiceError:
    return refusal("InvalidInput")


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


class StructuredSink:
    """Takes a structured message and passes what it stands for on.

    Args:
        inner: Takes the bytes.
        size_bytes: How many they are.

    Attributes:
        inner: Takes the bytes.
    """

    def __init__(self, inner: ChunkSink, size_bytes: int) -> None:
        self.inner = inner
        self._size_bytes = size_bytes
        self._head = bytearray()
        self._taken = 0
        self._total = 0
        self._segment = 0
        self._content_left = 0
        self._steps = self._parse()
        self._wanted = next(self._steps)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the message.

        Raises:
            ServiceError: 400 `InvalidInput`, `Crc64Mismatch`.
        """
        view = memoryview(data)
        self._taken += len(view)
        while view:
            if self._wanted == _END:
                raise _malformed()
            if self._content_left:
                part = view[: self._content_left]
                self._pass_on(part)
            else:
                part = view[: self._wanted - len(self._head)]
                self._head += part
                if len(self._head) == self._wanted:
                    self._next()
            view = view[len(part) :]

    def _pass_on(self, part: memoryview) -> None:
        self.inner.write(part)
        self._segment = crc64(part, self._segment)
        self._content_left -= len(part)
        if not self._content_left:
            self._next()

    def _next(self) -> None:
        try:
            self._wanted = next(self._steps)
        except StopIteration:
            return
        self._head.clear()

    def _parse(self) -> Generator[int, None, None]:
        """Yield how long the next part of the frame is; 0 while content passes."""
        yield _MESSAGE_HEAD
        head = bytes(self._head)
        flags, count = _number(head[9:11]), _number(head[11:13])
        self._message_bytes = _number(head[1:9])
        if head[0] != 1 or flags not in {0, 1}:
            raise _malformed()
        for number in range(1, count + 1):
            yield _SEGMENT_HEAD
            size = _number(bytes(self._head[2:10]))
            if _number(bytes(self._head[:2])) != number or self.inner.size_bytes + size > self._size_bytes:
                raise _malformed()
            self._segment, self._content_left = 0, size
            if size:
                yield 0
            if flags:
                yield from self._check(self._segment)
        if flags:
            yield from self._check(_number(self.inner.crc64))
        yield _END

    def _check(self, computed: int) -> Generator[int, None, None]:
        yield _CHECKSUM
        if _number(bytes(self._head)) != computed:
            raise refusal("Crc64Mismatch")

    def finish(self) -> None:
        """The message is complete.

        Raises:
            ServiceError: 400 `InvalidInput`: it is not.
        """
        is_whole = self._wanted == _END and not self._head and self._taken == self._message_bytes
        if not is_whole or self.inner.size_bytes != self._size_bytes:
            raise _malformed()
        self.inner.finish()

    def abort(self) -> None:
        """Release everything that was not kept."""
        self.inner.abort()


class StructuredSource:
    """Gives a body as a structured message.

    Args:
        inner: The body.
    """

    def __init__(self, inner: BodySource) -> None:
        self._inner = inner
        whole = inner.size_bytes
        self._segment_bytes = max(_SEGMENT_BYTES, -(-whole // _MOST_SEGMENTS))
        self._count = max(-(-whole // self._segment_bytes), 1)
        self.size_bytes = _MESSAGE_HEAD + self._count * (_SEGMENT_HEAD + _CHECKSUM) + whole + _CHECKSUM
        self._steps = self._pieces(whole)
        self._limit = 0
        self._rest = b""

    def read(self, limit_bytes: int) -> bytes:
        """Return the next bytes, at most `limit_bytes`; empty at the end."""
        self._limit = limit_bytes
        data = self._rest or next(self._steps, b"")
        data, self._rest = data[:limit_bytes], data[limit_bytes:]
        return data

    def _pieces(self, whole: int) -> Generator[bytes, None, None]:
        yield b"\x01" + self.size_bytes.to_bytes(8, "little") + b"\x01\x00" + self._count.to_bytes(2, "little")
        total = 0
        for number in range(1, self._count + 1):
            left = min(self._segment_bytes, whole - (number - 1) * self._segment_bytes)
            yield number.to_bytes(2, "little") + left.to_bytes(8, "little")
            segment = 0
            while left:
                piece = self._inner.read(min(left, self._limit))
                if not piece:
                    raise EOFError("a content is shorter than its row says")
                segment, total = crc64(piece, segment), crc64(piece, total)
                left -= len(piece)
                yield piece
            yield segment.to_bytes(8, "little")
        yield total.to_bytes(8, "little")

    def close(self) -> None:
        """Release what the source holds."""
        self._inner.close()
