"""Schedules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lakeport.share import schedules
from lakeport.share.schedules import Schedule

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


def test_a_new_schedule_starts_at_the_next_time_it_is_due() -> None:
    day = schedules.properties(Schedule("day", 2 * 3600), NOW)
    assert day == {"recurrenceInterval": "Day", "synchronizationTime": "2026-11-23T02:00:00Z"}
    hour = schedules.properties(Schedule("hour", 45 * 60), NOW)
    assert hour == {"recurrenceInterval": "Hour", "synchronizationTime": "2026-11-22T15:45:00Z"}


@pytest.mark.parametrize(
    ("wished", "interval", "at", "met"),
    [
        (Schedule("day", 7200), "Day", "2020-01-01T02:00:00Z", True),
        (Schedule("day", 7200), "Day", "2020-01-01T02:00:00.0000001+00:00", True),
        (Schedule("day", 7200), "Day", "2020-01-01T03:00:00+01:00", True),
        (Schedule("day", 7200), "Day", "2020-01-01T02:01:00Z", False),
        (Schedule("hour", 7200 + 300), "Hour", "2020-01-01T09:05:00Z", True),
        (Schedule("hour", 300), "Day", "2020-01-01T09:05:00Z", False),
        (Schedule("day"), "Day", "2020-01-01T09:05:00Z", True),
    ],
)
def test_a_schedule_is_met_when_interval_and_phase_are(wished: Schedule, interval: str, at: str, met: bool) -> None:
    assert schedules.is_met(wished, interval, at) is met


@pytest.mark.parametrize("text", ["02:00", "24:00Z", "2Z", "02:00+01:00", "120"])
def test_a_time_that_is_not_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UTC"):
        schedules.parse_at(text)
