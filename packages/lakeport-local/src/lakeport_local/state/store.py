"""The folder and the database.

What is committed survives the death of the process (SQLite in WAL mode, `synchronous=NORMAL`). The connection belongs
to the thread that opened the store, which is the event loop's.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import weakref
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport_local.state.checkpoints import LONGEST_LOG_PAGES, Checkpoints
from lakeport_local.state.lock import FolderLock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Store:
    """One state folder, opened for one process.

    Args:
        folder: The state folder, made when absent; None keeps everything in memory and in a temporary folder.
        is_durable: What is kept is to survive the loss of power too: files are on the disk before rows name them, and
            `Syncing` brings commits there.

    Attributes:
        undone: How many transactions that had changed something were undone; caches of what a store holds forget it then.

    Raises:
        FolderHeld: Another process owns the folder.
        ValueError: The folder was written by a newer version, or its database is broken.
    """

    def __init__(self, folder: Path | None, *, is_durable: bool = False) -> None:
        self.undone = 0
        self.is_durable = is_durable and folder is not None
        self.is_memory = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="lakeport-local-")) if folder is None else folder
        if folder is None:  # also when nobody closes the store
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FolderLock(self.folder)
        self.content_folder = self.folder / "content"
        self._wiped = self.folder / "content.wiped"
        if self._wiped.exists():
            shutil.rmtree(self._wiped)
        self.content_folder.mkdir(exist_ok=True, mode=0o700)
        database = self.folder / "state.db"
        if not self.is_memory:
            database.touch(mode=0o600)  # it holds secrets, and the folder may be one that others can enter
            database.chmod(0o600)
        self.db = sqlite3.connect(":memory:" if self.is_memory else database, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self._checkpoints = None if self.is_memory else Checkpoints(database, self.db)
        try:
            self._begin()
        except sqlite3.DatabaseError as error:
            self.close()
            raise ValueError(f"{database}: {error}") from error
        except Exception:
            self.close()
            raise

    def _begin(self) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "cache_size=-49152",
            "busy_timeout=0",
            "temp_store=MEMORY",
            f"wal_autocheckpoint={LONGEST_LOG_PAGES}",
        ):
            self.db.execute(f"PRAGMA {pragma}")
        self._migrate()

    def announce(self, holder: dict[str, object]) -> None:
        """Write into the lock file who holds the folder, for a second start to read."""
        self._lock.announce(holder)

    def _migrate(self) -> None:
        steps = sorted(
            (entry for entry in resources.files(f"{__package__}.migrations").iterdir() if entry.name.endswith(".sql")),
            key=lambda entry: entry.name,
        )
        version = int(self.db.execute("PRAGMA user_version").fetchone()[0])
        if version > len(steps):
            raise ValueError(f"{self.folder} was written by a newer lakeport-local (state version {version})")
        for number, step in enumerate(steps[version:], start=version + 1):
            self.db.executescript(f"BEGIN IMMEDIATE;\n{step.read_text()}\nPRAGMA user_version={number};\nCOMMIT;")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction: all of it is kept, or none; nested blocks are savepoints.

        Yields:
            The connection.
        """
        is_nested, changes = self.db.in_transaction, self.db.total_changes
        self.db.execute("SAVEPOINT nested" if is_nested else "BEGIN IMMEDIATE")
        try:
            yield self.db
            self.db.execute("RELEASE nested" if is_nested else "COMMIT")
            if self._checkpoints is not None and not is_nested:
                self._checkpoints.look()
        except BaseException:
            self._undo(is_nested=is_nested)
            if self.db.total_changes != changes:
                self.undone += 1
            raise

    def _undo(self, *, is_nested: bool) -> None:
        if not self.db.in_transaction:
            return  # SQLite did, as it does when the disk is full
        for statement in ("ROLLBACK TO nested", "RELEASE nested") if is_nested else ("ROLLBACK",):
            self.db.execute(statement)

    def flush(self) -> None:
        """Bring what is committed to the disk, where it is to survive the loss of power."""
        if not self.is_durable:
            return
        log = os.open(self.folder / "state.db-wal", os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fdatasync(log)
        finally:
            os.close(log)

    def setting(self, name: str) -> str | None:
        """Return a setting of this folder, or None."""
        row = self.db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def set_setting(self, name: str, value: str) -> None:
        """Keep a setting of this folder."""
        self.db.execute(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def wipe(self, *, but: frozenset[str]) -> None:
        """Forget every row and all content, in one step, but for the tables named; the folder stays open."""
        names = [str(row["name"]) for row in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        with self.transaction() as db:
            db.execute("PRAGMA defer_foreign_keys=ON")
            for name in names:
                if name not in but and not name.startswith("sqlite_"):
                    db.execute(f'DELETE FROM "{name}"')  # noqa: S608  the schema's own names
        self.content_folder.rename(self._wiped)  # who still unlinks a file of it finds none
        self.content_folder.mkdir(mode=0o700)
        shutil.rmtree(self._wiped)

    def close(self) -> None:
        """Close the database and let go of the folder; a store in memory leaves nothing behind."""
        if self._checkpoints is not None:
            self._checkpoints.close()
        self.db.close()
        self._lock.release()
        if self.is_memory:
            shutil.rmtree(self.folder, ignore_errors=True)
