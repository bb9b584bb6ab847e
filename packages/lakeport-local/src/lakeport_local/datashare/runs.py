"""Snapshot runs as rows: queued, carried on, ended, listed for both sides.

Source: data-share.md 1.12, 2.1, 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare import pace
from lakeport_local.datashare.errors import error_info

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from lakeport_local.state import Store

OPEN = ("Queued", "InProgress")


@dataclass(frozen=True, slots=True)
class Run:
    """One snapshot run.

    Attributes:
        number: Its place in the order of all runs.
        id: The `synchronizationId`.
        subscription_id: ARM id of the share subscription.
        subscription_uid: Its uid, and the share's in `share_uid`.
        mode: `Incremental` or `FullSync`.
        status: `Queued`, `InProgress`, `Succeeded`, `Failed` or `Cancelled`.
        is_cancelling: True once somebody asked to cancel it.
        started_at: When it began, or None; `ended_at` likewise.
        error: Why it failed, in the service's form, or None.
        consumer: Name, mail and tenant name of the consumer, as the provider sees them.
    """

    number: int
    id: str
    subscription_id: str
    subscription_uid: int
    share_uid: int
    mode: str
    status: str
    is_cancelling: bool
    started_at: datetime | None
    ended_at: datetime | None
    error: dict[str, Any] | None  # Any: the service's error object
    consumer: dict[str, str]


class Runs:
    """The runs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db

    def add(
        self,
        *,
        run_id: str,
        subscription_id: str,
        subscription_uid: int,
        share_uid: int,
        mode: str,
        consumer: dict[str, str],
        at: datetime,
        slot: datetime | None = None,
    ) -> bool:
        """Queue a run; False when the slot of its schedule was already run."""
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO data_share_runs"
            " (id, subscription_id, subscription_uid, share_uid, mode, status, slot, queued_at, consumer)"
            " VALUES (?, ?, ?, ?, ?, 'Queued', ?, ?, ?)",
            (
                run_id,
                subscription_id,
                subscription_uid,
                share_uid,
                mode,
                None if slot is None else iso_instant(slot),
                iso_instant(at),
                orjson.dumps(consumer).decode(),
            ),
        )
        return cursor.rowcount == 1

    def get(self, run_id: str) -> Run | None:
        """Return a run, or None."""
        row = self._db.execute("SELECT * FROM data_share_runs WHERE id = ?", (run_id.lower(),)).fetchone()
        return None if row is None else _run(row)

    def of_subscription(self, uid: int, now: datetime) -> list[Run]:
        """Return a subscription's runs of the last 30 days, newest first."""
        return self._listed("subscription_uid", uid, now)

    def of_share(self, uid: int, now: datetime) -> list[Run]:
        """Return the runs of all subscriptions to a share, of the last 30 days, newest first."""
        return self._listed("share_uid", uid, now)

    def _listed(self, column: str, uid: int, now: datetime) -> list[Run]:
        rows = self._db.execute(
            f"SELECT * FROM data_share_runs WHERE {column} = ? ORDER BY number DESC",  # noqa: S608  # one of two names
            (uid,),
        )
        since = now - pace.HISTORY
        return [_run(row) for row in rows if row["ended_at"] is None or parse_instant(row["ended_at"]) > since]

    def startable(self, busy: set[int], most: int) -> list[Run]:
        """Return runs to carry on, oldest first: one a subscription, none of a subscription in `busy`."""
        rows = self._db.execute(
            "SELECT * FROM data_share_runs WHERE number IN (SELECT min(number) FROM data_share_runs"
            " WHERE status IN ('Queued', 'InProgress') GROUP BY subscription_uid) ORDER BY number"
        )
        return [run for run in map(_run, rows) if run.subscription_uid not in busy][: max(most, 0)]

    def begin(self, run: Run, at: datetime) -> None:
        """Mark a run as in progress."""
        self._db.execute(
            "UPDATE data_share_runs SET status = 'InProgress', started_at = ? WHERE number = ?",
            (iso_instant(at), run.number),
        )

    def end(
        self, run: Run, status: str, at: datetime, error: dict[str, Any] | None = None
    ) -> None:  # Any: error object
        """Mark a run as ended."""
        self._db.execute(
            "UPDATE data_share_runs SET status = ?1, started_at = coalesce(started_at, ?2), ended_at = ?2, error = ?3"
            " WHERE number = ?4",
            (status, iso_instant(at), None if error is None else orjson.dumps(error).decode(), run.number),
        )

    def cancel(self, run: Run, at: datetime) -> None:
        """Cancel a run: at once when it has not begun, else at its next batch."""
        if run.status == "Queued":
            self.end(run, "Cancelled", at)
        self._db.execute("UPDATE data_share_runs SET is_cancelling = 1 WHERE number = ?", (run.number,))

    def cancel_all(self, subscription_uid: int, at: datetime) -> None:
        """Cancel what a subscription has queued or running."""
        rows = self._db.execute(
            "SELECT * FROM data_share_runs WHERE subscription_uid = ? AND status IN ('Queued', 'InProgress')",
            (subscription_uid,),
        ).fetchall()
        for run in map(_run, rows):
            self.cancel(run, at)

    def is_cancelling(self, run: Run) -> bool:
        """Tell whether somebody asked to cancel a run."""
        row = self._db.execute("SELECT is_cancelling FROM data_share_runs WHERE number = ?", (run.number,)).fetchone()
        return row is None or bool(row["is_cancelling"])

    def forget(self, now: datetime) -> None:
        """Drop what ended longer ago than the history is kept."""
        self._db.execute(
            "DELETE FROM data_share_runs WHERE ended_at < ?",
            (iso_instant(now - pace.HISTORY),),
        )


def _run(row: sqlite3.Row) -> Run:
    return Run(
        row["number"],
        row["id"],
        row["subscription_id"],
        row["subscription_uid"],
        row["share_uid"],
        row["mode"],
        row["status"],
        bool(row["is_cancelling"]),
        None if row["started_at"] is None else parse_instant(row["started_at"]),
        None if row["ended_at"] is None else parse_instant(row["ended_at"]),
        None if row["error"] is None else orjson.loads(row["error"]),
        orjson.loads(row["consumer"]),
    )


class SnapshotFailed(Exception):
    """A data set, and with it its run, cannot be copied.

    Attributes:
        error: Why, in the service's form.
    """

    def __init__(self, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.error = error_info(code, message, target)
