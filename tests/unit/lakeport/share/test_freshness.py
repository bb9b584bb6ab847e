"""How old the newest good snapshot is, and whether that is too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lakeport.share import freshness
from lakeport.share.freshness import Freshness, judge
from lakeport.share.resources import Run, Setting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURLY, DAILY = Setting(recurrence_interval="Hour"), Setting(recurrence_interval="Day")


def good(hours: float) -> Run:
    return Run(status="Succeeded", start_time=(NOW - timedelta(hours=hours)).isoformat())


def fresh(
    *runs: Run, schedule: Setting | None = DAILY, since: float = 100, limit: timedelta | None = None
) -> Freshness:
    received = (NOW - timedelta(hours=since)).isoformat()
    return judge("sales", "contoso", runs, schedule=schedule, since=received, now=NOW, stale_after=limit)


@pytest.mark.parametrize(
    ("found", "is_stale"),
    [
        (fresh(good(25)), False),
        (fresh(good(31)), True),
        (fresh(good(1.4), schedule=HOURLY), False),
        (fresh(good(2), good(40), schedule=HOURLY), True),
        (fresh(good(900), schedule=None), False),
        (fresh(good(3), schedule=None, limit=timedelta(hours=2)), True),
        (fresh(good(40), limit=timedelta(days=2)), False),
        (fresh(Run(status="Failed", start_time=NOW.isoformat())), True),
        (fresh(since=2), False),
    ],
    ids=[
        "in time",
        "a day missed",
        "hourly",
        "an hour missed",
        "no schedule",
        "limit",
        "longer limit",
        "failed",
        "new",
    ],
)
def test_a_snapshot_is_stale_when_a_newer_one_is_overdue(found: Freshness, is_stale: bool) -> None:
    assert found.is_stale is is_stale


def test_the_error_names_the_share_the_sender_and_the_age() -> None:
    error = freshness.stale([fresh(good(1)), fresh(good(75))])
    assert "share sales (contoso): newest good snapshot 3 d 3 h old, stale after 1 d 6 h" in str(error)
    assert freshness.stale([fresh(good(1))]) is None
