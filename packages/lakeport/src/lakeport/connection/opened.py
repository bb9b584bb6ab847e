"""A file of a lake, opened by a program with an event loop: Python's own file object, each call awaited."""

from __future__ import annotations

from collections import deque
from typing import IO, TYPE_CHECKING, Any

from lakeport.connection.threads import InTurn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterable
    from types import TracebackType

    from lakeport.lake.asynchronous import AsyncFileSystem

LINES_BYTES = 64 << 10
"""So much is read ahead for whoever goes through the lines, so that a line is no visit to a thread."""


class AsyncOpened:
    """What `AsyncFile.open` returns: await it, or use it by `async with`. One task uses it at a time.

    Text is `str` and bytes are `bytes`, by the mode. What is written appears, whole, when it is closed, and not at all when
    its `async with` block ends in an exception, or its task is cancelled there.

    Args:
        lake: The file system.
        opens: Opens the file as callers that wait have it.
    """

    def __init__(self, lake: AsyncFileSystem, opens: Callable[[], IO[Any]]) -> None:
        self._turn = InTurn(lake)
        self._opens = opens
        self._opened: IO[Any] | None = None
        self._lines: deque[Any] = deque()  # read ahead, from `_ahead_of` on, of which `_taken` were given
        self._ahead_of = 0
        self._taken = 0

    def __await__(self) -> Generator[Any, None, AsyncOpened]:
        return self._begun().__await__()

    async def __aenter__(self) -> AsyncOpened:
        return await self._begun()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._turn.do(self._file.__exit__, kind, error, trace)

    async def _begun(self) -> AsyncOpened:
        if self._opened is None:
            self._opened = await self._turn.do(self._opens)
        return self

    @property
    def _file(self) -> IO[Any]:
        if self._opened is None:
            raise ValueError("the file is not open yet: await it, or use it by async with")
        return self._opened

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._file.closed

    def readable(self) -> bool:
        """Tell whether it can be read."""
        return self._file.readable()

    def writable(self) -> bool:
        """Tell whether it can be written."""
        return self._file.writable()

    def seekable(self) -> bool:
        """Tell whether another place can be gone to."""
        return self._file.seekable()

    async def read(self, size: int = -1) -> Any:  # Any: text or bytes, by the mode
        """Return what comes next; nothing at the end.

        Args:
            size: How much, at most; negative: all.
        """
        return await self._do("read", size)

    async def readinto(self, buffer: bytearray | memoryview) -> int:
        """Read the bytes that come next into a buffer; return how many that were, 0 at the end.

        Args:
            buffer: Where to.
        """
        return int(await self._do("readinto", buffer))

    async def readline(self, size: int = -1) -> Any:  # Any: as above
        """Return the next line with its end; nothing at the file's.

        Args:
            size: How much, at most; negative: all of it.
        """
        return await self._do("readline", size)

    async def readlines(self) -> list[Any]:  # Any: as above
        """Return the lines that are left."""
        return list(await self._do("readlines"))

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:  # Any: as above
        if not self._lines:
            await self._turn.do(self._read_ahead)
        if not self._lines:
            raise StopAsyncIteration
        self._taken += 1
        return self._lines.popleft()

    async def write(self, data: Any) -> int:  # Any: as above
        """Take what comes next; return how much that is.

        Args:
            data: Text or bytes, by the mode.
        """
        return int(await self._do("write", data))

    async def writelines(self, lines: Iterable[Any]) -> None:  # Any: as above
        """Take what comes next, piece by piece; no line ends are added.

        Args:
            lines: Text or bytes, by the mode.
        """
        await self._do("writelines", lines)

    async def seek(self, offset: int, whence: int = 0) -> int:
        """Return the place that was gone to, from the beginning.

        Args:
            offset: How far from there.
            whence: 0: the beginning, 1: here, 2: the end.
        """
        return int(await self._do("seek", offset, whence))

    async def tell(self) -> int:
        """Return the place that was reached, from the beginning."""
        return int(await self._do("tell"))

    async def flush(self) -> None:
        """Hand on what was written; nothing of it is seen before the file is closed."""
        await self._do("flush")

    async def close(self) -> None:
        """Let what was written appear; a file that is closed stays so.

        Raises:
            Conflict: It may not replace what is there.
        """
        if self._opened is not None:
            await self._turn.do(self._opened.close)

    async def _do(self, name: str, *given: Any) -> Any:  # Any: what the file object takes and gives
        call = getattr(self._file, name)
        return await self._turn.do(self._settled, call, *given)

    def _settled(self, call: Callable[..., Any], *given: Any) -> Any:  # Any: as above
        """Go back to where the lines that were given end, and call."""
        if self._lines:
            self._file.seek(self._ahead_of)
            for _ in range(self._taken):
                self._file.readline()
            self._lines.clear()
        return call(*given)

    def _read_ahead(self) -> None:
        self._ahead_of, self._taken, size = self._file.tell(), 0, 0
        while size < LINES_BYTES and (line := self._file.readline()):
            self._lines.append(line)
            size += len(line)
