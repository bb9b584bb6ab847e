"""Files to a plain socket without a copy through this process.

The event loops lend no way to do it on a transport of theirs (uvloop has none), so the socket's descriptor is duplicated
and the system asked directly, whenever nothing else waits to be written.

Source: performance.md 2.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from lakeport_local.core import FileSource

WORTHWHILE_BYTES = 1024 * 1024
_AT_ONCE_BYTES = 4 * 1024 * 1024


class Sending:
    """A source's files on their way to a socket.

    Args:
        loop: The event loop.
        socket: A descriptor of the socket, which this closes.
        source: Whose bytes.
        writable: Called whenever the socket takes more, until this is closed.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, socket: int, source: FileSource, writable: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._socket = socket
        self._source = source
        loop.add_writer(socket, writable)

    def send(self) -> int:
        """Send what the socket takes of the next part, but not so much that others wait; return how many bytes.

        Raises:
            OSError: The connection is gone.
            EOFError: A file is shorter than it must be.
        """
        part = self._source.part()
        if part is None:
            return 0
        file, offset, size = part
        try:
            count = os.sendfile(self._socket, file, offset, min(size, _AT_ONCE_BYTES))
        except BlockingIOError:
            return 0
        if not count:
            raise EOFError("a chunk is shorter than its row says")
        self._source.skip(count)
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._loop.remove_writer(self._socket)
        with suppress(OSError):
            os.close(self._socket)
