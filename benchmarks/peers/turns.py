"""Two programs measured in turns, so that the machine's moods strike both."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TURNS = 5


def compared(
    what: str,
    unit: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    *,
    against: str,
    turns: int = TURNS,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Iterator[Figure]:
    """Yield our median, the peer's, and their ratio."""
    pairs = [(ours(), peer()) for _ in range(turns)]
    mine, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    yield Figure(what, mine, unit)
    yield Figure(f"{what}: {against}", theirs, unit)
    yield Figure(f"{what}, of {against}", mine / theirs, "times", at_most=at_most, at_least=at_least)
