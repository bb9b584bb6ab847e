"""The MD5 of a large body, computed in a thread that follows the body's file while it is still being written.

It costs more than everything else that is done with a body; beside the event loop it costs nobody's time but a second core's. The
file itself is what waits for it, so that no bytes are kept in memory.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future
    from hashlib import _Hash
    from pathlib import Path

_THREADS = 2
_PIECE_BYTES = 256 * 1024
_WORTHWHILE_BYTES = 1024 * 1024


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="hashing")


class Following:
    """A hash that goes on with what is written behind what it has taken.

    Args:
        file: The file.
        taken: The hash, which has taken the file's first bytes.
        size_bytes: How many it has taken.
    """

    def __init__(self, file: Path, taken: _Hash, size_bytes: int) -> None:
        self._descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._hash = taken
        self._at = self._end = size_bytes
        self._lock = Lock()
        self._job: Future[None] | None = None

    def reach(self, size_bytes: int) -> None:
        """Hash up to there, some time soon: the file holds so many bytes now."""
        self._end = size_bytes
        if size_bytes - self._at >= _WORTHWHILE_BYTES and (self._job is None or self._job.done()):
            self._job = _threads().submit(self._run)

    def finish(self) -> Future[None]:
        """Hash the rest; return what is done when nothing is left."""
        return _threads().submit(self._close, is_whole=True)

    def abort(self) -> None:
        """Let go of the file; what it would have hashed is of no use."""
        self._end = 0
        _threads().submit(self._close, is_whole=False)

    def _run(self) -> None:
        with self._lock:
            memory = memoryview(bytearray(_PIECE_BYTES))
            while (left := self._end - self._at) > 0:
                count = os.preadv(self._descriptor, [memory[:left]], self._at)
                if not count:
                    raise EOFError("a body's file is shorter than what was written")
                self._hash.update(memory[:count])
                self._at += count

    def _close(self, *, is_whole: bool) -> None:
        try:
            if is_whole:
                self._run()
        finally:
            with self._lock:
                os.close(self._descriptor)
