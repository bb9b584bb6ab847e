"""What holds a transfer back on purpose."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.clock import Clock


class Limit(Protocol):
    """Holds somebody back."""

    def take(self, size_bytes: int) -> timedelta:
        """Return how long to wait before so many bytes may be moved."""
        ...


class Unlimited:
    """As fast as it goes."""

    def take(self, size_bytes: int) -> timedelta:
        """Return no time."""
        return timedelta()


class Bandwidth:
    """So many bytes a second, for all workers together.

    Args:
        rate: Bytes a second.
        clock: The time.
    """

    def __init__(self, rate: int, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock.now()

    def take(self, size_bytes: int) -> timedelta:
        """Return how long to wait before so many bytes may be moved."""
        with self._lock:
            now = self._clock.now()
            start = max(self._free_at, now)
            self._free_at = start + timedelta(seconds=size_bytes / self._rate)
        return start - now


class Buffers:
    """Memory that parts pass through, bounded for all workers together.

    Args:
        most_bytes: How much is lent at once; a buffer that is larger by itself is lent alone.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._lent = 0
        self._free: list[bytearray] = []
        self._given = threading.Condition()

    @contextmanager
    def lent(self, size_bytes: int) -> Iterator[memoryview]:
        """Lend a buffer of a size, when there is room for it."""
        with self._given:
            while self._lent and self._lent + size_bytes > self._most:
                self._given.wait()
            self._lent += size_bytes
            own = next((one for one in self._free if len(one) >= size_bytes), None)
            if own is not None:
                self._free.remove(own)
            elif self._free:
                self._free.pop()  # too small for what comes now
        buffer = bytearray(size_bytes) if own is None else own
        try:
            yield memoryview(buffer)[:size_bytes]
        finally:
            with self._given:
                self._lent -= size_bytes
                self._free.append(buffer)
                self._given.notify()
