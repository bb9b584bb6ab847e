"""Etags and instants of the namespace, as rows keep them and as headers spell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from lakeport_local.core import http_date

if TYPE_CHECKING:
    from lakeport_local.core import Clock

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS_AT_UNIX = 621_355_968_000_000_000
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (at - _UNIX) // _MICROSECOND


def instant(value: int) -> datetime:
    """Return the instant that a row keeps as microseconds since 1970."""
    return _UNIX + timedelta(microseconds=value)


@lru_cache(maxsize=4096)
def second_text(second: int) -> str:
    """Spell a whole second since 1970 as HTTP does: listings name few seconds many times."""
    return http_date(instant(second * 1_000_000))


def etag_text(etag: int) -> str:
    """Spell an etag as listings do, without quotes.

    Example:
        >>> etag_text(639_000_000_000_000_000)
        '0x8DE2F1D4B798000'
    """
    return f"0x{etag:X}"


class Stamps:
    """Gives each change its etag and instant; two changes never share an etag."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self, previous: int = 0) -> tuple[int, int]:
        """Return an etag greater than `previous` and than every one given before, and the instant."""
        now = microseconds(self._clock.now())
        self._last = max(_TICKS_AT_UNIX + now * 10, self._last + 1, previous + 1)
        return self._last, now

    def take(self, count: int) -> tuple[int, int]:
        """Return the first of so many etags, one after the other, and the instant."""
        first, now = self.next()
        self._last += max(count - 1, 0)
        return first, now
