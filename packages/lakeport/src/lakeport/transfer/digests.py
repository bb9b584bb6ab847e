"""The MD5 of a large file, computed beside its transfer.

An MD5 is of bytes in order, and parts move in any order; so a thread reads the file of this machine, from its beginning,
as far as it is there. What it reads was moved a moment ago and is still in memory.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Literal

from lakeport.errors import LakeportError

if TYPE_CHECKING:
    from collections.abc import Iterable

    Wanted = Literal["auto", "always", "never"]

CHUNK = 1 << 20
LAG_BYTES = 64 << 20
"""How far an MD5 that nobody insists on may stay behind; more where a sixteenth of the file is more."""


class Digest:
    """The MD5 of one file that is on its way.

    Args:
        path: Where it lies on this machine.
        size_bytes: How long it will be.
        part_bytes: How long its parts are.
        there: Which parts are there already.
        insists: Wait for it; else it is given up where it holds the transfer up.
    """

    def __init__(
        self, path: str, size_bytes: int, part_bytes: int, there: Iterable[int] = (), *, insists: bool
    ) -> None:
        self._path = path
        self._size = size_bytes
        self._part = part_bytes
        self._insists = insists
        self._there = set(there)
        self._front = 0
        self._done = 0
        self._moved = threading.Condition()
        self._is_over = False
        self._failure: OSError | None = None
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._advance()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def arrived(self, part: int) -> None:
        """Say that a part is there."""
        with self._moved:
            self._there.add(part)
            self._advance()
            if not self._insists and self._front - self._done > max(LAG_BYTES, self._size // 16):
                self._is_over = True
            self._moved.notify()

    def result(self) -> str:
        """Return the MD5 of the whole file in hex, when all parts are there; empty when it was given up.

        Raises:
            LakeportError: The file cannot be read.
        """
        self._thread.join()
        if self._failure is not None:
            raise LakeportError(f"cannot read {self._path}: {self._failure.strerror}") from self._failure
        return self._md5.hexdigest() if self._done == self._size else ""

    def stop(self) -> None:
        """Give it up."""
        with self._moved:
            self._is_over = True
            self._moved.notify()
        self._thread.join()

    def _advance(self) -> None:
        while self._front < self._size and self._front // self._part in self._there:
            self._there.discard(self._front // self._part)
            self._front = min(self._front + self._part, self._size)

    def _work(self) -> None:
        buffer = memoryview(bytearray(CHUNK))
        try:
            with open(self._path, "rb", buffering=0) as file:  # noqa: PTH123
                while self._done < self._size:
                    room = self._wait()
                    got = file.readinto(buffer[:room]) if room else 0
                    if not got:
                        return
                    self._md5.update(buffer[:got])
                    self._done += got
        except OSError as error:
            self._failure = error

    def _wait(self) -> int:
        """Return how much may be read now; 0 when it is given up."""
        with self._moved:
            while self._front <= self._done and not self._is_over:
                self._moved.wait()
            return 0 if self._is_over else min(CHUNK, self._front - self._done)
