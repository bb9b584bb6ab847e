"""Instants in the spellings that Azure's services use."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from math import floor

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILE_TIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_DAY = 86_400
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)


def iso_instant(at: datetime) -> str:
    """Spell an instant as ARM and Data Share do: UTC, `Z`, trailing zeros of the fraction trimmed.

    Example:
        >>> iso_instant(datetime(2021, 3, 11, 2, 46, 23, 442200, tzinfo=UTC))
        '2021-03-11T02:46:23.4422Z'
    """
    utc = at.astimezone(UTC)
    fraction = f".{utc.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{utc:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant, with up to nine fraction digits; no zone means UTC.

    Raises:
        ValueError: `text` is no instant.

    Example:
        >>> iso_instant(parse_instant("2020-04-05T10:50:00.000Z"))
        '2020-04-05T10:50:00Z'
    """
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an instant: {text[:64]!r}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    microsecond = int((match[7] or "0").ljust(6, "0")[:6])
    zone = match[8] or "Z"
    offset = timedelta()
    if zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC) - offset
    except OverflowError:
        raise ValueError(f"not an instant: {text[:64]!r}") from None


def http_date(at: datetime) -> str:
    """Spell an instant as HTTP does (RFC 9110, IMF-fixdate), whole seconds.

    Example:
        >>> http_date(datetime(2030, 1, 1, tzinfo=UTC))
        'Tue, 01 Jan 2030 00:00:00 GMT'
    """
    return _spelled(floor(at.timestamp()))


@lru_cache(maxsize=8192)
def _spelled(second: int) -> str:
    minute, seconds = divmod(second % _DAY, 60)
    return f"{_day(second // _DAY)} {minute // 60:02}:{minute % 60:02}:{seconds:02} GMT"


@lru_cache(maxsize=8192)
def _day(day: int) -> str:
    return format_datetime(_UNIX_EPOCH + timedelta(days=day), usegmt=True)[:-13]


def parse_http_date(text: str) -> datetime:
    """Read an HTTP date.

    Raises:
        ValueError: `text` is no HTTP date.
    """
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, TypeError):
        raise ValueError(f"not an HTTP date: {text[:64]!r}") from None


def file_time(at: datetime) -> int:
    """Return an instant as Windows FILETIME: units of 100 ns since 1601-01-01 UTC.

    Example:
        >>> file_time(datetime(1601, 1, 1, 0, 0, 1, tzinfo=UTC))
        10000000
    """
    return (at - _FILE_TIME_EPOCH) // timedelta(microseconds=1) * 10
