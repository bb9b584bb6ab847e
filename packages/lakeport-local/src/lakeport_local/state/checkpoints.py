"""Checkpoints beside the event loop: what the write-ahead log holds goes into the database in a thread.

SQLite by itself makes one inside the commit that made the log long: everybody then waits while thousands of pages are written,
and until the disk has them. Here that happens only where no thread got so far.

Source: https://www.sqlite.org/wal.html, "Checkpointing".
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

LONGEST_LOG_PAGES = 16_000
"""A commit that finds the log so long makes a checkpoint itself; afterwards the log begins anew."""
_EVERY = 4_000
"""Changed rows between two checkpoints."""


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="checkpoints")


class Checkpoints:
    """The checkpoints of one database.

    Args:
        database: Its file.
        db: Who writes to it.
    """

    def __init__(self, database: Path, db: sqlite3.Connection) -> None:
        self._database = database
        self._db = db
        self._seen = db.total_changes
        self._running: Future[None] | None = None

    def look(self) -> None:
        """Begin one where much was committed since the last; wait for nothing."""
        changes = self._db.total_changes
        if changes - self._seen >= _EVERY and (self._running is None or self._running.done()):
            self._seen = changes
            self._running = _thread().submit(self._run)

    def _run(self) -> None:
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._database, timeout=0)) as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")  # one that fails, as on a full disk, is made up by the next

    def close(self) -> None:
        """Wait for the one under way."""
        if self._running is not None:
            self._running.result()
