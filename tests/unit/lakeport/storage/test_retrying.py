"""When a request is sent again: as the service asks, ever later, never for ever, and not when nobody waits any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lakeport.clock import FixedClock
from lakeport.storage.retrying import BEAT, LONGEST, Patience, rest


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"x-ms-retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "86400"}, LONGEST.total_seconds()),
        ({"retry-after": "inf"}, 0.25),
        ({"retry-after": "nan"}, 0.25),
        ({"retry-after": "soon"}, 0.25),
        ({}, 0.25),
    ],
)
def test_a_pause_is_what_the_service_asked_for_where_that_makes_sense(headers: dict[str, str], seconds: float) -> None:
    assert Patience().pause(1, headers, luck=0.5).total_seconds() == seconds


def test_pauses_grow_and_end() -> None:
    pauses = [Patience().pause(tried, {}, luck=0.5) for tried in range(1, 40)]
    assert pauses == sorted(pauses)
    assert (pauses[1], pauses[-1]) == (timedelta(seconds=0.5), LONGEST)


def test_a_rest_ends_when_it_is_of_no_use_any_more() -> None:
    clock = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
    rest(timedelta(seconds=1.1), clock, lambda: False)
    assert sum(clock.slept, timedelta()) == timedelta(seconds=1.1)
    clock.slept.clear()
    rest(timedelta(hours=1), clock, lambda: len(clock.slept) == 3)
    assert clock.slept == [BEAT] * 3
