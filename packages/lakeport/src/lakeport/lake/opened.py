"""A file of a lake, opened: read at any place, or written and there only when it is whole.

A written file is blocks, which nobody sees before their list is committed (storage.md 3.3); what is appended is not
seen before it is flushed (storage.md 2.4).
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, cast

from lakeport.errors import Conflict, Misused
from lakeport.lake.blocks import Addition, Blocks
from lakeport.lake.deeds import done

if TYPE_CHECKING:
    from types import TracebackType

    from lakeport.lake.client import FileSystem
    from lakeport.lake.values import Entry

READ_AHEAD_BYTES = 4 << 20
MODES = ("rb", "wb", "xb", "ab")


class Reader(io.RawIOBase):
    """The bytes of a file as they were when it was opened, each read a request; wrap it in a buffer.

    Args:
        lake: Where it lies.
        found: The file. When another takes its place, reading raises `Conflict`.
    """

    def __init__(self, lake: FileSystem, found: Entry) -> None:
        super().__init__()
        self._lake = lake
        self._found = found
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True: each read asks for a range."""
        return True

    def tell(self) -> int:
        """Return the place that was reached, from the beginning."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; return it, from the beginning."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._found.size_bytes}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:  # Any: whatever has a writable buffer
        """Fill a buffer from here on; return how many bytes that were, 0 at the end."""
        view = memoryview(buffer).cast("B")
        data = self._take(len(view))
        view[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Return what is left."""
        return self._take(self._found.size_bytes - self._at)

    def _take(self, most: int) -> bytes:
        if self.closed:
            raise ValueError("read of closed file")
        length = min(most, self._found.size_bytes - self._at)
        if length <= 0:
            return b""
        data = self._lake.read(self._found, self._at, length)
        self._at += len(data)
        return data


class Writer(io.RawIOBase):
    """Takes a file's bytes, in order; the file is there, whole, once this is closed, and not at all after an exception.

    Args:
        lake: Where to.
        path: What.
        is_new: Nothing may be there.
    """

    def __init__(self, lake: FileSystem, path: str, *, is_new: bool = False) -> None:
        super().__init__()
        self._lake = lake
        self._path = path
        self._blocks = Blocks(lake, path, is_new=is_new)

    @property
    def name(self) -> str:
        """The path."""
        return self._path

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place that was reached, from the beginning."""
        return self._blocks.size_bytes

    def write(self, data: Any) -> int:  # Any: whatever has a buffer
        """Take bytes; return how many, which is all of them."""
        if self.closed:
            raise ValueError("write to closed file")
        return done(self._blocks.write(data))

    def close(self) -> None:
        """Let the file appear.

        Raises:
            Conflict: It may not replace what is there.
            LakeportError: The lake refuses; nothing has appeared.
        """
        if self.closed:
            return
        try:
            done(self._blocks.commit())
        finally:
            super().close()

    def abort(self) -> None:
        """Let go of what was written; nothing appears."""
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()
        self.close()

    def __del__(self) -> None:
        self.abort()  # only who closes it says that it is whole


class Appender(Writer):
    """Takes what comes after a file's last byte; readers see all of it at once when this is closed.

    Args:
        lake: Where to.
        path: What; made when it is not there.

    Raises:
        Conflict: On closing: the file has changed meanwhile.
    """

    def __init__(self, lake: FileSystem, path: str) -> None:
        super().__init__(lake, path)
        self._blocks: Addition = Addition(lake, path)
        done(self._blocks.begin())

    def tell(self) -> int:
        """Return the place that was reached, from the beginning."""
        return self._blocks.begins_at + self._blocks.size_bytes


class TextWriter(io.TextIOWrapper):
    """Text on its way into a `Writer`; it appears when this is closed, and not at all after an exception."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._abort()
        self.close()

    def __del__(self) -> None:
        if not self.closed:
            self._abort()

    def _abort(self) -> None:
        raw = self.buffer
        assert isinstance(raw, Writer)
        raw.abort()


def opened(
    lake: FileSystem,
    path: str,
    mode: str = "rb",
    *,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
) -> IO[Any]:  # Any: text or bytes, by the mode
    """Return a file of a lake as Python's file objects are: buffered bytes, or text.

    Args:
        lake: Where it lies.
        path: Which.
        mode: `r`, `w`, `x` or `a`, with `b` for bytes or `t`, or nothing, for text.
        encoding: Of text; absent: UTF-8.
        errors: What becomes of text that cannot be decoded or encoded; as `open`'s.
        newline: As `open`'s.

    Raises:
        Misused: There is no such mode.
        NotFound: There is no such file, to be read.
        Conflict: A directory is there.
    """
    is_text, plain = "b" not in mode, mode.replace("t", "").replace("b", "") + "b"
    if plain not in MODES or ("b" in mode and "t" in mode):
        raise Misused(f"{mode!r} is no mode to open a file in", hint="Modes: r, w, x, a, each with b for bytes")
    if plain == "rb":
        found = lake.entry(path)
        if found.is_directory:
            raise Conflict(f"{path} is a directory")
        raw: io.BufferedReader = io.BufferedReader(Reader(lake, found), READ_AHEAD_BYTES)
        return io.TextIOWrapper(raw, encoding or "utf-8", errors, newline) if is_text else raw
    if plain == "ab":
        sink: Writer = Appender(lake, path)
    else:
        sink = Writer(lake, path, is_new=plain == "xb")
    if is_text:
        return TextWriter(sink, encoding or "utf-8", errors, newline)
    return cast("IO[bytes]", sink)
