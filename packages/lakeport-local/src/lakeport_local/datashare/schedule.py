"""The slots of a schedule: pure arithmetic over UTC.

Source: data-share.md 3 (Hour keeps the minute, Day the time of day, no daylight saving; no slot before the schedule's own time).
"""

from __future__ import annotations

from datetime import datetime, timedelta

_EVERY = {"Hour": timedelta(hours=1), "Day": timedelta(days=1)}


def next_slot(interval: str, begins_at: datetime, after: datetime) -> datetime:
    """Return the first slot later than an instant.

    Args:
        interval: `Hour` or `Day`.
        begins_at: The schedule's `synchronizationTime`, the first slot of all.
        after: The slot is later than this.

    Example:
        >>> from datetime import UTC
        >>> begins = datetime(2024, 1, 1, 8, 30, tzinfo=UTC)
        >>> next_slot("Hour", begins, datetime(2024, 5, 1, 12, 30, tzinfo=UTC)).isoformat()
        '2024-05-01T13:30:00+00:00'
        >>> next_slot("Day", begins, datetime(2023, 1, 1, tzinfo=UTC)).isoformat()
        '2024-01-01T08:30:00+00:00'
    """
    if after < begins_at:
        return begins_at
    every = _EVERY[interval]
    return begins_at + ((after - begins_at) // every + 1) * every


def last_slot(interval: str, begins_at: datetime, until: datetime) -> datetime | None:
    """Return the last slot that is not later than an instant, or None."""
    if until < begins_at:
        return None
    every = _EVERY[interval]
    return begins_at + (until - begins_at) // every * every
