"""The loop that keeps a side in step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakeport.clock import FixedClock
from lakeport.errors import Unreachable
from lakeport.share.apply import Applied
from lakeport.share.metrics import Metrics
from lakeport.share.steps import Plan, Step
from lakeport.share.watching import Round, StoppableClock, Stopping, Watcher

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEP = Step("create", "mapping", ("sales", "raw"), "it is new")


class Side:
    """A side of which each round does what is next on a list."""

    def __init__(self, clock: FixedClock, *rounds: int | Exception) -> None:
        self.clock, self.rounds = clock, list(rounds)

    def apply(self, told: Callable[[Step], None]) -> Applied:
        now = self.rounds.pop(0) if self.rounds else 0
        if isinstance(now, Exception):
            raise now
        for _ in range(now):
            told(STEP)
        return Applied((STEP,) * now, Plan())


class Waiting(StoppableClock):
    """Notes the waits in place of waiting."""

    def __init__(self) -> None:
        super().__init__(FixedClock(AT))
        self.waits: list[float] = []

    def sleep(self, duration: timedelta) -> None:
        self.waits.append(duration.total_seconds())
        if self.is_stopped:
            raise Stopping


def watched(side: Any, clock: Waiting, rounds: int | None = None, **more: Any) -> list[Round]:
    heard: list[Round] = []
    Watcher(lambda: side, clock, timedelta(minutes=5), 0.0, heard.append, **more).run(rounds)
    return heard


def test_a_failing_round_is_told_and_the_next_one_comes_later() -> None:
    clock = Waiting()
    side = Side(FixedClock(AT), Unreachable("nothing answers"), Unreachable("still"), 2)
    rounds = watched(side, clock, 4)
    assert [(one.is_good, len(one.steps)) for one in rounds] == [(False, 0), (False, 0), (True, 2), (True, 0)]
    assert clock.waits == [600.0, 1200.0, 300.0]


def test_it_ends_at_the_next_request_boundary_when_asked() -> None:
    clock = Waiting()
    side = Side(FixedClock(AT), 3)
    steps: list[Step] = []

    def told(step: Step) -> None:
        steps.append(step)
        clock.stop()

    assert watched(side, clock, told=told) == []
    assert len(steps) == 1


def test_a_wait_ends_when_it_is_asked_to_end() -> None:
    clock = StoppableClock(FixedClock(AT))
    clock.stop()
    heard: list[Round] = []
    side: Any = Side(FixedClock(AT), 1)
    Watcher(lambda: side, clock, timedelta(days=1), heard=heard.append).run()
    assert heard == []


def test_the_numbers_say_what_the_rounds_were() -> None:
    metrics = Metrics()
    metrics.add(Round(AT, timedelta(seconds=2), (STEP,)))
    metrics.add(Round(AT + timedelta(hours=1), timedelta(seconds=1), error=Unreachable("nothing answers")))
    lines = metrics.text().splitlines()
    assert "lakeport_rounds_total 2" in lines
    assert "lakeport_failed_rounds_total 1" in lines
    assert "lakeport_steps_total 1" in lines
    assert "lakeport_in_step 0" in lines
    assert f"lakeport_last_good_round_timestamp_seconds {AT.timestamp():.0f}" in lines
