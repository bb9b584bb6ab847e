"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakeport.clock import Clock

PASSING = frozenset({408, 429, 500, 502, 503, 504})
LONGEST = timedelta(seconds=60)
DAMAGED = frozenset({"Md5Mismatch", "Crc64Mismatch"})
"""What a service calls bytes that arrived as others: sent again, they may arrive."""
BEAT = timedelta(milliseconds=250)
"""How often somebody who waits looks if it is still of use."""


@dataclass(frozen=True)
class Patience:
    """How often and how long somebody tries.

    Attributes:
        tries: How often in all.
        first: The first pause, doubled each time, up to a half more or less.
        stall: How long nothing may come or go before a connection counts as broken.
    """

    tries: int = 8
    first: timedelta = timedelta(milliseconds=250)
    stall: timedelta = timedelta(seconds=60)

    def pause(self, tried: int, headers: Mapping[str, str], *, luck: float | None = None) -> timedelta:
        """Return how long to wait after a failure: what the service asked for, or ever longer.

        Args:
            tried: How many tries have failed, one at least.
            headers: The refusal's, by lower-case name; empty for a broken connection.
            luck: Between 0 and 1; absent: random.

        Example:
            >>> Patience().pause(2, {}, luck=0.5), Patience().pause(1, {"retry-after": "7"})
            (datetime.timedelta(microseconds=500000), datetime.timedelta(seconds=7))
        """
        asked = _asked(headers)
        if asked is not None:
            return min(asked, LONGEST)
        chance = random.random() if luck is None else luck  # noqa: S311  (spreads load)
        longer = self.first.total_seconds() * 2.0 ** (tried - 1) * (0.5 + chance)
        return min(timedelta(seconds=longer), LONGEST)


def rest(duration: timedelta, clock: Clock, is_over: Callable[[], bool]) -> None:
    """Wait, but no longer than it is of use."""
    while duration > timedelta() and not is_over():
        beat = min(duration, BEAT)
        clock.sleep(beat)
        duration -= beat


def _asked(headers: Mapping[str, str]) -> timedelta | None:
    for name, unit in (("x-ms-retry-after-ms", 0.001), ("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return timedelta(seconds=float(headers[name]) * unit)
        except (KeyError, ValueError, OverflowError):
            continue
    return None
