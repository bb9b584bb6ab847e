"""Waiting for something to happen, on a clock that is handed in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from lakeport.errors import NotYet

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.clock import Clock

T = TypeVar("T")


def until(
    look: Callable[[], T | None],
    clock: Clock,
    what: str,
    *,
    within: timedelta | None = timedelta(minutes=10),
    first: timedelta = timedelta(milliseconds=100),
    longest: timedelta = timedelta(seconds=5),
) -> T:
    """Look until there is an answer.

    Args:
        look: Returns the answer, or `None` to be asked again.
        clock: What the waits pass on.
        what: The awaited, for the error.
        within: How long at most; `None`: for ever.
        first: The first wait.
        longest: The longest wait.

    Raises:
        NotYet: The time is over.
    """
    began, pause = clock.now(), first
    while True:
        found = look()
        if found is not None:
            return found
        if within is not None and clock.now() - began + pause > within:
            seconds = within.total_seconds()
            spoken = f"{seconds / 60:g} minutes" if seconds >= 60 else f"{seconds:g} seconds"
            raise NotYet(f"{what} did not happen within {spoken}", hint="Next: run the same command again")
        clock.sleep(pause)
        pause = min(pause * 1.5, longest)
