"""Time as an input: every room takes a `Clock`, tests and `lakeport local clock` move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time of this local Azure."""

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        ...

    def client_now(self) -> datetime:
        """Return the instant on a client's clock, aware, UTC: clients do not follow when an operator moves this one.

        What a client dates by its own clock (a signed assertion, a signed request) is judged by it.
        """
        ...


class ShiftableClock:
    """The machine's clock plus an offset that an operator may move forward.

    The offset is kept by whoever owns the state folder; this class only applies it.
    """

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Return the machine's time shifted by the offset, aware, UTC."""
        return datetime.now(UTC) + self.offset

    def client_now(self) -> datetime:
        """Return the machine's time, aware, UTC."""
        return datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock forward.

        Raises:
            ValueError: `by` is negative; issued tokens and leases would become younger than their birth.
        """
        if by < timedelta():
            raise ValueError("the clock moves forward only")
        self.offset += by


class FixedClock:
    """A clock that stands still until it is told to move; for tests."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._at

    def client_now(self) -> datetime:
        """Return the same instant: nobody's clock moves by itself."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self._at += by
