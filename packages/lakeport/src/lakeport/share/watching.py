"""Keeping a side in step for as long as a program lives: look, mend, wait, again.

The command `lakeport receive watch`, the Azure Function and a library call all run `round_of` on their own terms.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport.errors import LakeportError
from lakeport.share.steps import Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from lakeport.clock import Clock
    from lakeport.share.glance import Glance
    from lakeport.share.session import Session
    from lakeport.share.steps import Step


def _deaf(_heard: object) -> None:
    return


class Stopping(BaseException):
    """The program was asked to end while something waited; what was done so far stays, and the next run continues."""


class StoppableClock:
    """The machine's clock, whose waits end at once when the program is asked to end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped = threading.Event()

    def now(self) -> datetime:
        """Return the current instant, aware, UTC."""
        return self._clock.now()

    def sleep(self, duration: timedelta) -> None:
        """Return when the duration has passed.

        Raises:
            Stopping: The program was asked to end.
        """
        if self._stopped.wait(max(0.0, duration.total_seconds())):
            raise Stopping

    def stop(self) -> None:
        """End every wait, now and later. Safe in a signal handler."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the program was asked to end."""
        return self._stopped.is_set()


@dataclass(frozen=True)
class Round:
    """One look and what was mended.

    Attributes:
        steps: The steps done, in order.
        plan: What was left to say: notes, and what is held by others.
        error: Why the round ended early, or `None`.
        took: How long it took.
    """

    at: datetime
    took: timedelta
    steps: tuple[Step, ...] = ()
    plan: Plan = field(default_factory=Plan)
    error: LakeportError | None = None

    @property
    def is_good(self) -> bool:
        """Whether the side is in step, but for what others hold."""
        return self.error is None


def look_of(session: Session, glance: Glance | None = None) -> Round:
    """Look at a side and change nothing; the plan says what would be done, and a failure is an answer.

    Args:
        session: The side.
        glance: What is asked once for several sides of the same account.
    """
    began = session.clock.now()
    try:
        return Round(began, session.clock.now() - began, plan=session.plan(glance))
    except LakeportError as error:
        return Round(began, session.clock.now() - began, error=error)


def round_of(session: Session, told: Callable[[Step], None] = _deaf) -> Round:
    """Bring a side in step once, and tell how it went; a failure is an answer, not an exception.

    Args:
        session: The side.
        told: Hears of every step that was done.
    """
    began = session.clock.now()
    done: list[Step] = []

    def hear(step: Step) -> None:
        done.append(step)
        told(step)

    try:
        applied = session.apply(hear)
    except LakeportError as error:
        return Round(began, session.clock.now() - began, tuple(done), error=error)
    return Round(began, session.clock.now() - began, tuple(done), applied.plan)


def pause(every: timedelta, jitter: float, failures: int, drawn: float) -> timedelta:
    """Return how long to wait for the next round.

    Args:
        every: The wished interval.
        jitter: The part of it by which a wait may be shorter or longer, so that many watchers do not come together.
        failures: How many rounds failed in a row: each doubles the wait, up to eight times the interval.
        drawn: A number from 0 to 1.

    Example:
        >>> from datetime import timedelta
        >>> pause(timedelta(minutes=5), 0.2, 0, 0.0).total_seconds(), pause(timedelta(minutes=5), 0.2, 1, 1.0).total_seconds()
        (240.0, 720.0)
    """
    factor: float = min(2**failures, 8) * (1 - jitter + 2 * jitter * drawn)
    return every * factor


@dataclass
class Watcher:
    """Runs rounds until it is asked to end.

    Attributes:
        begin: Makes a session for a round: a new one each, so that the file is read anew.
        clock: What the waits pass on.
        every: The interval between rounds.
        jitter: The part of the interval by which waits differ.
        heard: Hears of every round.
        told: Hears of every step.
        draw: Draws numbers from 0 to 1.
    """

    begin: Callable[[], Session]
    clock: StoppableClock
    every: timedelta
    jitter: float = 0.2
    heard: Callable[[Round], None] = _deaf
    told: Callable[[Step], None] = _deaf
    draw: Callable[[], float] = random.random

    def run(self, rounds: int | None = None) -> None:
        """Run so many rounds, or for ever; returns when it is asked to end, after the request under way."""
        failures = count = 0
        try:
            while not self.clock.is_stopped:
                found = self._round()
                self.heard(found)
                failures = 0 if found.is_good else failures + 1
                count += 1
                if count == rounds:
                    return
                self.clock.sleep(pause(self.every, self.jitter, failures, self.draw()))
        except Stopping:
            return

    def _round(self) -> Round:
        began = self.clock.now()
        try:
            session = self.begin()
        except (
            LakeportError
        ) as error:  # the file is wrong for now, or the cloud cannot be reached: the next round looks again
            return Round(began, self.clock.now() - began, error=error)
        return round_of(session, self._step)

    def _step(self, step: Step) -> None:
        self.told(step)
        if self.clock.is_stopped:
            raise Stopping
