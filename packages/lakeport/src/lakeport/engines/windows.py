"""Which bytes of a file are fetched when some are read, and which are kept: few requests, and little that nobody wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsspec.caching import BaseCache, register_cache

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST = 64 << 10
"""As much as comes for the price of the request."""
SMALL = 256 << 10
"""A file of this size is fetched whole."""
TAIL = 64 << 10
"""Whoever reads at the end, where tables have their directories, gets this much of it."""
MOST_AHEAD = 16 << 20


@dataclass(frozen=True)
class Read:
    """What is wanted of a file, from `start` to before `stop`."""

    start: int
    stop: int


def fetched(want: Read, size: int, ahead: int) -> Read:
    """Return what to fetch so that somebody may read.

    Args:
        want: What is read, inside the file.
        size: The file's, in bytes.
        ahead: How much behind it is likely to be read next.

    Example:
        >>> fetched(Read(9_999_992, 10_000_000), 10_000_000, 0)
        Read(start=9934464, stop=10000000)
        >>> fetched(Read(5_000_000, 5_200_000), 10_000_000, 0)
        Read(start=5000000, stop=5200000)
    """
    if size <= SMALL:
        return Read(0, size)
    if want.stop > size - TAIL:
        return Read(min(want.start, size - TAIL), size)
    return Read(want.start, min(max(want.stop + ahead, want.start + LEAST), size))


class Windows(BaseCache):  # type: ignore[misc]  # fsspec has no types
    """Reads ahead of whoever reads on, twice as far each time; else fetches what is asked for.

    The end of the file and what was fetched last are kept.
    """

    name = "lakeport"

    def __init__(self, blocksize: int, fetcher: Callable[[int, int], bytes], size: int) -> None:
        super().__init__(blocksize, fetcher, size)
        self._windows: list[tuple[int, bytes]] = []
        self._next = 0
        self._ahead = LEAST

    def _fetch(self, start: int | None, stop: int | None) -> bytes:
        want = Read(start or 0, self.size if stop is None else min(stop, self.size))
        if want.start >= want.stop:
            return b""
        reads_on, self._next = want.start == self._next, want.stop
        for at, data in self._windows:
            if at <= want.start and want.stop <= at + len(data):
                self.hit_count += 1
                return data[want.start - at : want.stop - at]
        self.miss_count += 1
        return self._missed(want, reads_on=reads_on)

    def _missed(self, want: Read, *, reads_on: bool) -> bytes:
        have = self._beginning(want) if reads_on else b""
        self._ahead = min(self._ahead * 2, MOST_AHEAD) if reads_on else LEAST // 2
        found = fetched(Read(want.start + len(have), want.stop), self.size, self._ahead if reads_on else 0)
        data: bytes = self.fetcher(found.start, found.stop)
        self.total_requested_bytes += len(data)
        tail = [one for one in self._windows if one[0] + len(one[1]) == self.size][:1]
        if len(data) <= 2 * MOST_AHEAD:
            self._windows = [(found.start, data), *(tail if found.stop < self.size else [])]
        at = want.start + len(have) - found.start
        return have + data[at : want.stop - found.start]

    def _beginning(self, want: Read) -> bytes:
        """Return what of it is at hand, if that is how it begins."""
        for at, data in self._windows:
            if at <= want.start < at + len(data):
                return data[want.start - at :]
        return b""


register_cache(Windows, clobber=True)
