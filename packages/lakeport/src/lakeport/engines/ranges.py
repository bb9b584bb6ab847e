"""Ranges of files that are read together: what lies close is fetched at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 64 << 10
"""Bytes that nobody asked for cost less than another request, up to so many."""
MOST = 8 << 20
"""What is joined to more would have been read side by side."""


@dataclass(frozen=True)
class Wanted:
    """A range of a file; without an end, or counted from the file's end, it is read by itself."""

    path: str
    start: int | None
    end: int | None

    @property
    def is_plain(self) -> bool:
        """It begins and ends at known bytes."""
        return self.end is not None and self.end >= 0 and (self.start or 0) >= 0


def joined(wanted: Sequence[Wanted], gap: int | None = None) -> list[list[int]]:
    """Return which ranges are fetched by one request each: lists of their places.

    Args:
        wanted: The ranges, in any order.
        gap: How many bytes between two of a file are fetched for nothing; absent: 64 KiB.

    Example:
        >>> joined([Wanted("a", 0, 100), Wanted("b", 0, 1), Wanted("a", 200, 300)])
        [[0, 2], [1]]
    """
    most = GAP if gap is None else gap
    alone = [[number] for number, one in enumerate(wanted) if not one.is_plain]
    plain = [number for number, one in enumerate(wanted) if one.is_plain]
    plain.sort(key=lambda number: (wanted[number].path, wanted[number].start or 0))
    groups: list[list[int]] = []
    path, start, end = "", 0, 0
    for number in plain:
        one = wanted[number]
        begins, ends = one.start or 0, one.end or 0
        if groups and one.path == path and begins - end <= most and max(end, ends) - start <= MOST:
            groups[-1].append(number)
            end = max(end, ends)
        else:
            groups.append([number])
            path, start, end = one.path, begins, ends
    return [*groups, *alone]
