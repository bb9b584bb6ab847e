"""A chunked request body, decoded without copying it.

Source: RFC 9112, section 7.1.
"""

from __future__ import annotations

import re

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_LINE_BYTES = 4096
_TRAILER_BYTES = 16 * 1024


class BadChunk(Exception):
    """A body that is not chunked as it must be; where it ends can no longer be told."""


class ChunkDecoder:
    """Finds the data in a chunked body.

    Attributes:
        done: The last chunk and the trailer have been taken.
    """

    __slots__ = ("_left_bytes", "_line", "_take", "_trailer_bytes", "done")

    def __init__(self) -> None:
        self.done = False
        self._line = bytearray()
        self._left_bytes = 0
        self._trailer_bytes = 0
        self._take = self._take_size

    def take(self, data: memoryview) -> tuple[int, memoryview]:
        """Consume the next part of the body.

        Args:
            data: What has arrived, not empty.

        Returns:
            How many bytes were consumed, at least one, and the part of them that is body (may be empty).

        Raises:
            BadChunk: The coding is broken.
        """
        return self._take(data)

    def _take_size(self, data: memoryview) -> tuple[int, memoryview]:
        consumed = self._take_line(data)
        if self._line.endswith(b"\n"):
            match = _SIZE.fullmatch(self._line)
            if match is None:
                raise BadChunk
            self._left_bytes = int(match[1], 16)
            self._line.clear()
            self._take = self._take_data if self._left_bytes else self._take_trailer
        return consumed, data[:0]

    def _take_data(self, data: memoryview) -> tuple[int, memoryview]:
        part = data[: self._left_bytes]
        self._left_bytes -= len(part)
        if not self._left_bytes:
            self._take = self._take_end
        return len(part), part

    def _take_end(self, data: memoryview) -> tuple[int, memoryview]:
        consumed = min(2 - len(self._line), len(data))
        self._line += data[:consumed]
        if not b"\r\n".startswith(self._line):
            raise BadChunk
        if len(self._line) == 2:
            self._line.clear()
            self._take = self._take_size
        return consumed, data[:0]

    def _take_trailer(self, data: memoryview) -> tuple[int, memoryview]:
        """Drop the trailer: nothing here reads one."""
        consumed = self._take_line(data)
        self._trailer_bytes += consumed
        if self._trailer_bytes > _TRAILER_BYTES:
            raise BadChunk
        if self._line.endswith(b"\n"):
            if not self._line.endswith(b"\r\n") or self._line.startswith((b" ", b"\t")):
                raise BadChunk
            self.done = self._line == b"\r\n"
            self._line.clear()
        return consumed, data[:0]

    def _take_line(self, data: memoryview) -> int:
        """Add to the line up to its end, or as much as has arrived."""
        room = bytes(data[: _LINE_BYTES - len(self._line)])
        if not room:
            raise BadChunk
        end = room.find(b"\n")
        consumed = len(room) if end < 0 else end + 1
        self._line += room[:consumed]
        return consumed
