"""Schedules on the server's clock: every slot once, in order, none before the trigger exists, none caught up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.datashare import pace
from lakeport_local.datashare.schedule import last_slot, next_slot

if TYPE_CHECKING:
    from collections.abc import Callable

HOURLY = {"recurrenceInterval": "Hour", "synchronizationTime": "2029-01-01T00:30:00Z"}


@pytest.fixture
def hourly(contoso: Any, fabrikam: Any, mapped: str) -> str:
    """`mapped`, with an hourly trigger at half past."""
    contoso.put("shares/sales/synchronizationSettings/hourly", {"kind": "ScheduleBased", "properties": HOURLY})
    answer = fabrikam.put(f"{mapped}/triggers/hourly", {"kind": "ScheduleBased", "properties": HOURLY})
    assert answer.status == 201, answer.response
    return mapped


@pytest.fixture
def move(world: Any) -> Callable[[datetime], None]:
    """Moves the clock to an instant."""
    return lambda to: world.clock.advance(to - world.clock.now())


async def until(happened: Callable[[], object]) -> None:
    """Give way to the engine until something has happened."""
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110  # the engine has no event for it
            await asyncio.sleep(0)


def started(org: Any, path: str) -> list[str]:
    """When the runs began, oldest first, to the minute."""
    listed = org.post(f"{path}/listSynchronizations").body["value"]
    return [one["startTime"][:16] for one in reversed(listed)]


def test_slots_of_a_day_keep_their_time_over_years_and_daylight_saving() -> None:
    begins = datetime(2020, 2, 29, 23, 30, tzinfo=UTC)
    assert next_slot("Day", begins, datetime(2024, 3, 31, 0, 0, tzinfo=UTC)) == datetime(
        2024, 3, 31, 23, 30, tzinfo=UTC
    )
    assert last_slot("Day", begins, datetime(2024, 3, 31, 0, 0, tzinfo=UTC)) == datetime(
        2024, 3, 30, 23, 30, tzinfo=UTC
    )
    assert last_slot("Day", begins, datetime(2020, 1, 1, tzinfo=UTC)) is None


async def test_a_new_trigger_starts_nothing_before_its_first_slot(world: Any, fabrikam: Any, hourly: str) -> None:
    await world.share.run_due(world.clock.now())
    assert started(fabrikam, hourly) == []
    assert world.share.next_due() == datetime(2030, 1, 1, 12, 30, tzinfo=UTC)


async def test_advancing_a_day_fires_every_hour_once_in_order(
    world: Any, fabrikam: Any, hourly: str, move: Callable[[datetime], None]
) -> None:
    await world.share.advance(world.clock.now() + timedelta(days=1), move)
    first = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)
    assert started(fabrikam, hourly) == [f"{first + timedelta(hours=n):%Y-%m-%dT%H:%M}" for n in range(24)]
    assert world.clock.now() == datetime(2030, 1, 2, 12, 2, 0, 442200, tzinfo=UTC)
    await world.share.run_due(world.clock.now())
    assert len(started(fabrikam, hourly)) == 24


async def test_advancing_to_just_before_a_slot_fires_nothing_and_onto_it_fires_once(
    world: Any, fabrikam: Any, hourly: str, move: Callable[[datetime], None]
) -> None:
    slot = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)
    await world.share.advance(slot - timedelta(microseconds=1), move)
    assert started(fabrikam, hourly) == []
    await world.share.advance(slot, move)
    await world.share.advance(slot + timedelta(seconds=1), move)
    assert started(fabrikam, hourly) == ["2030-01-01T12:30"]


async def test_what_was_missed_is_not_caught_up(world: Any, fabrikam: Any, hourly: str) -> None:
    world.clock.advance(timedelta(hours=5))
    await world.share.run_due(world.clock.now())
    assert started(fabrikam, hourly) == []
    assert world.share.next_due() == datetime(2030, 1, 1, 17, 30, tzinfo=UTC)


async def test_a_slot_that_passed_within_the_minute_is_run(world: Any, fabrikam: Any, hourly: str) -> None:
    world.clock.advance(timedelta(minutes=28, seconds=30))
    await world.share.run_due(world.clock.now())
    assert len(started(fabrikam, hourly)) == 1
    await type(world)(world.store, world.clock, world.ids).share.run_due(world.clock.now())
    assert len(started(fabrikam, hourly)) == 1


async def test_no_slot_is_run_once_the_provider_deleted_the_schedule_even_if_it_is_made_again(
    world: Any, contoso: Any, fabrikam: Any, hourly: str, move: Callable[[datetime], None]
) -> None:
    path = "shares/sales/synchronizationSettings/hourly"
    contoso.delete(path)
    contoso.put(path, {"kind": "ScheduleBased", "properties": HOURLY})
    await world.share.advance(world.clock.now() + timedelta(hours=3), move)
    trigger = fabrikam.get(f"{hourly}/triggers/hourly")["properties"]
    assert trigger["triggerStatus"] == "SourceSynchronizationSettingDeleted"
    assert started(fabrikam, hourly) == []


async def test_no_slot_is_run_while_the_subscription_is_revoked(
    world: Any, contoso: Any, fabrikam: Any, hourly: str, move: Callable[[datetime], None]
) -> None:
    (view,) = contoso.get("shares/sales/providerShareSubscriptions")["value"]
    one = f"shares/sales/providerShareSubscriptions/{view['properties']['shareSubscriptionObjectId']}"
    contoso.post(f"{one}/revoke")
    await world.share.advance(world.clock.now() + timedelta(hours=1), move)
    assert started(fabrikam, hourly) == []
    contoso.post(f"{one}/reinstate")
    await world.share.advance(world.clock.now() + timedelta(hours=1), move)
    assert len(started(fabrikam, hourly)) == 1


async def test_a_trigger_that_differs_from_the_providers_schedule_is_refused(
    contoso: Any, fabrikam: Any, mapped: str
) -> None:
    other = {**HOURLY, "recurrenceInterval": "Day"}
    contoso.put("shares/sales/synchronizationSettings/hourly", {"kind": "ScheduleBased", "properties": HOURLY})
    answer = fabrikam.put(f"{mapped}/triggers/hourly", {"kind": "ScheduleBased", "properties": other})
    assert answer.status == 400


async def test_a_trigger_without_a_body_is_refused_with_400(fabrikam: Any, mapped: str) -> None:
    assert fabrikam.send("PUT", f"{mapped}/triggers/hourly").status == 400


async def test_the_engine_runs_a_slot_when_the_clock_reaches_it(
    world: Any, fabrikam: Any, hourly: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LOOK", timedelta())
    engine = asyncio.create_task(world.share.run())
    try:
        for _ in range(5):
            await asyncio.sleep(0)
        assert started(fabrikam, hourly) == []
        world.clock.advance(timedelta(minutes=28))
        await until(lambda: world.share._world.runs.startable(set(), 1) == [] and started(fabrikam, hourly))
        assert started(fabrikam, hourly) == ["2030-01-01T12:30"]
    finally:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)
