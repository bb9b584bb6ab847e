"""Time as an input: whatever waits or compares instants is handed a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Return when the duration has passed."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """Sleep."""
        time.sleep(max(0.0, duration.total_seconds()))


class FixedClock:
    """A clock that stands still; sleeping moves it, at once. For tests.

    Attributes:
        slept: Every duration slept, in order.
    """

    def __init__(self, at: datetime) -> None:
        self._at = at
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._at

    def sleep(self, duration: timedelta) -> None:
        """Move the clock forward."""
        self.slept.append(duration)
        self._at += duration
