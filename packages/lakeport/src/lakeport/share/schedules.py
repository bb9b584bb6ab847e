"""Snapshot schedules: hourly or daily, at a time in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

_AT = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(:(?P<second>[0-5]\d))?Z")
INTERVALS = {"hour": "Hour", "day": "Day"}


class Schedule(msgspec.Struct, frozen=True):
    """A wished schedule.

    Attributes:
        every: `hour` or `day`.
        at: Seconds after midnight; for `hour` only what is below an hour counts. `None`: any time will do.
    """

    every: str
    at: int | None = None


def parse_at(text: str) -> int:
    """Return the seconds after midnight UTC of `HH:MMZ` or `HH:MM:SSZ`.

    Raises:
        ValueError: It has another form; the service knows UTC only.

    Example:
        >>> parse_at("02:00Z")
        7200
    """
    found = _AT.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is no time of day in UTC; write it like "02:00Z"')
    return int(found["hour"]) * 3600 + int(found["minute"]) * 60 + int(found["second"] or 0)


_SPAN = re.compile(r"(?P<number>\d+)(?P<unit>[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_span(text: str) -> timedelta:
    """Return the duration of `30m`, `36h` or `2d`.

    Raises:
        ValueError: It has another form.

    Example:
        >>> parse_span("36h")
        datetime.timedelta(days=1, seconds=43200)
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration; write it like 30m, 36h or 2d")
    return timedelta(**{_UNITS[found["unit"]]: int(found["number"])})


def parse_instant(text: str) -> datetime:
    """Return the instant of a service's text, which may have seven digits of a second and any offset."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def phase(every: str, instant: datetime) -> int:
    """Return the seconds into the hour or day at which a schedule fires."""
    seconds = instant.hour * 3600 + instant.minute * 60 + instant.second
    return seconds % 3600 if every == "hour" else seconds


def is_met(wished: Schedule, interval: str, synchronization_time: str) -> bool:
    """Tell if a schedule of the service is the wished one: same interval, same phase."""
    if INTERVALS[wished.every] != interval:
        return False
    if wished.at is None:
        return True
    wanted = wished.at % 3600 if wished.every == "hour" else wished.at
    return phase(wished.every, parse_instant(synchronization_time)) == wanted


def properties(wished: Schedule, now: datetime) -> dict[str, str]:
    """Return what to send for a wished schedule: its first run is the next one due after `now`."""
    step = timedelta(hours=1) if wished.every == "hour" else timedelta(days=1)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + timedelta(seconds=wished.at or 0)
    while first <= now:
        first += step
    return {"recurrenceInterval": INTERVALS[wished.every], "synchronizationTime": first.strftime("%Y-%m-%dT%H:%M:%SZ")}


def spoken(interval: str, synchronization_time: str) -> str:
    """Return a schedule as people say it.

    Example:
        >>> spoken("Day", "2026-11-23T02:00:00Z"), spoken("Hour", "2026-11-23T02:05:00Z")
        ('every day at 02:00Z', 'every hour at :05')
    """
    instant = parse_instant(synchronization_time)
    if interval == "Hour":
        return f"every hour at :{instant.minute:02}"
    return f"every {interval.lower()} at {instant:%H:%M}Z"
