"""The engine behind Data Share: carries queued runs on, and starts those whose schedule falls due."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

from lakeport_local.core import parse_instant
from lakeport_local.datashare import links, pace
from lakeport_local.datashare.errors import error_info
from lakeport_local.datashare.nouns import MAPPINGS, SETTINGS, SHARES, SUBSCRIPTIONS, TRIGGERS
from lakeport_local.datashare.provider import provider
from lakeport_local.datashare.runs import SnapshotFailed
from lakeport_local.datashare.schedule import last_slot, next_slot
from lakeport_local.datashare.snapshot import carry, fail
from lakeport_local.datashare.synchronizations import enqueue
from lakeport_local.datashare.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from lakeport_local.access import Access
    from lakeport_local.arm import Provider
    from lakeport_local.core import Clock, Ids
    from lakeport_local.datashare.runs import Run
    from lakeport_local.entra import Directory
    from lakeport_local.state import Resource, Resources, Store
    from lakeport_local.storage import Lake

_log = logging.getLogger(__name__)
_SCHEDULING = (SHARES, SETTINGS, SUBSCRIPTIONS, MAPPINGS, TRIGGERS)
"""The types on which depends what falls due when."""


class DataShare:
    """Microsoft.DataShare of one local Azure: its provider for the control plane, and the engine that runs snapshots.

    `provider()` goes into the control plane's table; `run()` is a task for as long as the server lives. Runs that a killed process left
    unfinished are taken up by the first `run()` or `drain()`.

    Moving the clock: an operator who moves it by hand awaits `advance(to, move)` instead of moving it alone. It moves the clock, by
    calling `move`, to every slot of a schedule up to `to` in turn, runs what falls due there to its end, and moves it to `to` last; each
    slot runs once, whether or not `run()` is at work meanwhile. Without `advance`, slots that passed more than a minute ago are missed,
    as they are when the server was down: there is no catching up.

    Args:
        store: The state folder.
        resources: The control plane's documents.
        directory: Where the share accounts' identities are.
        access: Decides what those identities may do.
        lake: What is copied.
        clock: The local Azure's clock.
        ids: Ids of runs.
    """

    def __init__(
        self,
        *,
        store: Store,
        resources: Resources,
        directory: Directory,
        access: Access,
        lake: Lake,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._world = World(store, resources, directory, access, lake, clock, ids)
        self._clock = clock
        self._seen = clock.now()
        self._state: tuple[int, ...] = ()
        self._due: datetime | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    def provider(self) -> Provider:
        """Return the entry of the control plane's table."""
        return provider(self.wake)

    def wake(self) -> None:
        """Let `run()` look at once: something was queued or cancelled, or the clock moved."""
        self._woken.set()
        self._world.hold.look()

    def hold(self, after_files: int | None) -> None:
        """Let every data set of a snapshot copy so many files and then wait, until None lets them all go on.

        A snapshot that waits is under way: it can be cancelled, and whoever waits for its end waits, `advance` too.
        """
        self._world.hold.set(after_files)

    @property
    def held_after(self) -> int | None:
        """After how many files snapshots wait, or None."""
        return self._world.hold.after_files

    async def run(self) -> None:
        """Run snapshots as they are asked for and as they fall due, until cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    self._look(self._clock.now())
                    self._start()
                except sqlite3.Error:
                    _log.exception("Data Share could not look at its schedules and runs; it tries again")
                await self._wait()
        finally:
            left = list(self._tasks.values())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _look(self, now: datetime) -> None:
        """Queue what fell due; schedules are read again only when one fell due or something of them changed."""
        state = tuple(self._world.resources.generation(name) for name in _SCHEDULING)
        if state == self._state and (self._due is None or now < self._due):
            return
        self._queue_due(max(self._seen, now - pace.PUNCTUAL), now)
        self._state, self._due = state, self.next_due()

    async def _wait(self) -> None:
        """Wait until woken or until a schedule falls due, but look at the schedules every now and then: they change."""
        left = pace.LOOK if self._due is None else min(self._due - self._clock.now(), pace.LOOK)
        try:
            async with asyncio.timeout(max(left.total_seconds(), 0.0)):
                await self._woken.wait()
        except TimeoutError:
            return

    def next_due(self) -> datetime | None:
        """Return the next instant at which a schedule falls due, or None."""
        return self._first_after(max(self._seen, self._clock.now() - pace.PUNCTUAL))

    def _first_after(self, after: datetime) -> datetime | None:
        """Return the first instant later than another at which a schedule falls due, or None."""
        slots = (
            next_slot(*_rule(trigger), max(after, _created(trigger))) for trigger, _ in self._active_triggers(after)
        )
        return min(slots, default=None)

    async def run_due(self, at: datetime) -> None:
        """Queue what fell due up to an instant, within the last minute, then run everything queued to its end."""
        self._queue_due(max(self._seen, at - pace.PUNCTUAL), at)
        await self.drain()

    async def advance(self, to: datetime, move: Callable[[datetime], None]) -> None:
        """Move the clock, stopping at every slot on the way to run what falls due there.

        Args:
            to: Where the clock shall stand in the end.
            move: Moves the clock to an instant, which is never in its past.
        """
        done = self._clock.now()
        while (slot := self._first_after(done)) is not None and slot <= to:
            if slot > self._clock.now():
                move(slot)
            self._queue_due(done, slot)
            await self.drain()
            done = slot
        if to > self._clock.now():
            move(to)
        self.wake()

    def _queue_due(self, after: datetime, until: datetime) -> None:
        """Queue the schedules' runs that fall due later than one instant, up to another; each slot once."""
        self._seen = max(self._seen, until)
        with self._world.store.transaction():
            for trigger, subscription in self._active_triggers(until):
                slot = last_slot(*_rule(trigger), until)
                if slot is not None and slot > max(after, _created(trigger)):
                    mode, run_id = str(trigger.properties["synchronizationMode"]), self._world.ids.guid()
                    enqueue(self._world.runs, subscription, run_id, mode, self._clock.now(), slot=slot)
            self._world.runs.forget(until)

    def _active_triggers(self, now: datetime) -> Iterator[tuple[Resource, Resource]]:
        """Yield the triggers that may start runs, each with its subscription; one that maps nothing has nothing to run."""
        resources = self._world.resources
        for trigger in resources.under("", TRIGGERS):
            subscription = links.subscription_above(resources, trigger)
            if subscription is None or links.subscription_status(resources, subscription, now) != "Active":
                continue
            ready_at = max(now, parse_instant(trigger.internal["ready_at"]))
            is_active = links.trigger_status(resources, subscription, trigger, ready_at) == "Active"
            if is_active and resources.children(subscription.id, MAPPINGS):
                yield trigger, subscription

    async def drain(self) -> None:
        """Carry on everything that is queued or unfinished, until nothing is.

        Raises:
            Exception: A run could not even be ended, such as for a full disk; it is taken up again later.
        """
        while self._start():
            done, _ = await asyncio.wait(list(self._tasks.values()), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled():
                    task.result()

    def _start(self) -> bool:
        """Start what may run now; tell whether anything runs."""
        busy = set(self._tasks)
        for run in self._world.runs.startable(busy, pace.RUNS_AT_ONCE - len(busy)):
            task = asyncio.create_task(self._carry(run), name=f"snapshot {run.id}")
            self._tasks[run.subscription_uid] = task
            task.add_done_callback(partial(self._finished, run.subscription_uid))
        return bool(self._tasks)

    def _finished(self, subscription_uid: int, task: asyncio.Task[None]) -> None:
        """The subscription's next run may start; after a run that could not even be failed, not at once."""
        del self._tasks[subscription_uid]
        if task.cancelled():
            return
        if task.exception() is None:
            self.wake()
        else:
            _log.error("%s could not be ended; it is taken up again", task.get_name(), exc_info=task.exception())

    async def _carry(self, run: Run) -> None:
        """Carry one run; whatever goes wrong ends that run only."""
        try:
            await carry(self._world, run)
        except SnapshotFailed as failure:
            self._fail(run, failure.error)
        except Exception:  # noqa: BLE001  # the edge of a background task
            _log.exception("snapshot %s failed", run.id)
            self._fail(run, error_info("94099", "The snapshot failed inside the local Azure; its log says why"))

    def _fail(self, run: Run, error: dict[str, object]) -> None:
        with self._world.store.transaction():
            fail(self._world, run, error)


def _rule(trigger: Resource) -> tuple[str, datetime]:
    own = trigger.properties
    return str(own["recurrenceInterval"]), parse_instant(own["synchronizationTime"])


def _created(trigger: Resource) -> datetime:
    return parse_instant(trigger.properties["createdAt"])
