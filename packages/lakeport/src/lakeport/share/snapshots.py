"""Taking a snapshot: asked for, followed by its own id to its end, told as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport.errors import NotFound, SnapshotFailed
from lakeport.share import resources, waiting
from lakeport.share.consumer import why_inactive
from lakeport.share.resources import Detail, Run, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.clock import Clock
    from lakeport.share.control import Control

ENDED = frozenset({"Succeeded", "Failed", "Cancelled", "Canceled"})
MODES = {"incremental": "Incremental", "full": "FullSync"}


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that has ended."""

    subscription: str
    run: Run
    details: tuple[Detail, ...]

    @property
    def files(self) -> int:
        """How many files were written."""
        return sum(one.files_written for one in self.details)

    @property
    def size_bytes(self) -> int:
        """How many bytes were written."""
        return sum(one.size_written for one in self.details)

    def check(self) -> None:
        """Do nothing when it succeeded.

        Raises:
            SnapshotFailed: It did not; the text names the first data set that failed, and why.
        """
        if self.run.status == "Succeeded":
            return
        failed = next((one for one in self.details if one.status == "Failed"), None)
        why = f"data set {failed.name}: {failed.message}" if failed and failed.message else self.run.message
        raise SnapshotFailed(
            f"the snapshot of {self.subscription} ended as {self.run.status}{': ' if why else ''}{why}",
            request_id=self.run.synchronization_id,
            hint="Next: lakeport receive status",
        )


@dataclass(frozen=True)
class Taker:
    """What snapshots are taken with.

    Attributes:
        talk: Hears of progress.
        within: How long to wait for the end; `None`: for ever.
    """

    control: Control
    clock: Clock
    talk: Callable[[str], None]
    within: timedelta | None = None

    def take(self, name: str, mode: str) -> Snapshot:
        """Take a snapshot of a received share and wait for its end.

        Args:
            name: The subscription.
            mode: `Incremental` or `FullSync`.

        Raises:
            NotFound: There is no such subscription.
            Revoked: Its provider took it back.
            NotYet: It did not end in time; it goes on without us.
        """
        found = self.control.get("subscription", name)
        if found is None:
            raise NotFound(f"there is no received share {name!r}", hint="Next: lakeport receive list")
        subscription = resources.read(Subscription, found)
        if subscription.share_subscription_status not in {"", "Active"}:
            raise why_inactive(subscription)
        started = resources.read(Run, self.control.synchronize(name, mode))
        return self._follow(name, started.synchronization_id)

    def cancel(self, name: str, synchronization_id: str | None = None) -> list[Run]:
        """End the snapshots of a received share that are under way, and wait until they are over.

        Args:
            name: The subscription.
            synchronization_id: Only this one.

        Returns:
            How each ended: one that was just done may have succeeded.
        """
        meant = self.under_way(name, synchronization_id)
        for one in meant:
            self.control.cancel(name, one.synchronization_id)
        return [self._follow(name, one.synchronization_id).run for one in meant]

    def under_way(self, name: str, synchronization_id: str | None = None) -> list[Run]:
        """Return the snapshots of a received share that have not ended; with an id, that one alone if it is one of them."""
        wanted = synchronization_id.lower() if synchronization_id else None
        going = [one for one in self.runs(name) if one.status not in ENDED]
        return [one for one in going if wanted in {None, one.synchronization_id.lower()}]

    def runs(self, name: str) -> list[Run]:
        """Return the snapshots of a received share that the service remembers."""
        return [resources.read(Run, one) for one in self.control.runs(name)]

    def details(self, name: str, synchronization_id: str) -> tuple[Detail, ...]:
        """Return what a snapshot did, data set by data set."""
        return tuple(resources.read(Detail, one) for one in self.control.run_details(name, synchronization_id))

    def _follow(self, name: str, synchronization_id: str) -> Snapshot:
        said = ""

        def look() -> Snapshot | None:
            nonlocal said
            run = self._run(name, synchronization_id)
            if run is None:
                return None
            ended = run.status in ENDED
            details = self.details(name, synchronization_id) if ended or run.status == "InProgress" else ()
            snapshot = Snapshot(name, run, details)
            now_said = f"{name}: {run.status} (files: {snapshot.files}, bytes: {snapshot.size_bytes})"
            if now_said != said:
                self.talk(now_said)
                said = now_said
            return snapshot if ended else None

        what = f"the end of snapshot {synchronization_id} of {name}"
        return waiting.until(look, self.clock, what, within=self.within, longest=timedelta(seconds=10))

    def _run(self, name: str, synchronization_id: str) -> Run | None:
        return next(
            (one for one in self.runs(name) if one.synchronization_id.lower() == synchronization_id.lower()), None
        )
