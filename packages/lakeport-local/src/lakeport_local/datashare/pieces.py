"""The pieces of a run: what it does with one data set, as rows that survive a restart.

A piece's plan is frozen when the run begins. Its files are noted first and then copied in batches; a noted file leaves the list in the
transaction that copies it, so that the counts are true at every moment and nothing is copied twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare.kinds import kind_named

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from lakeport_local.datashare.runs import Run
    from lakeport_local.state import Resource, Store


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a piece.

    Attributes:
        store_id: ARM id of the storage account.
        form: `whole`, `folder` or `file`.
        container: Container or file system.
        path: Path in it, without outer slashes; empty for a whole container.
    """

    store_id: str
    form: str
    container: str
    path: str

    def target_of(self, source: Place, path: str) -> str:
        """Return where a file of the source goes when this place is the target.

        Example:
            >>> source = Place("", "folder", "raw", "sales")
            >>> Place("", "folder", "copy", "in/sales").target_of(source, "sales/2024/a.csv")
            'in/sales/2024/a.csv'
            >>> Place("", "whole", "copy", "").target_of(source, "sales/2024/a.csv")
            '2024/a.csv'
        """
        if self.form == "file":
            return self.path
        below = path[len(source.path) :].lstrip("/") if source.path else path
        return f"{self.path}/{below}" if self.path else below


@dataclass(frozen=True, slots=True)
class Piece:
    """What a run does with one data set.

    Attributes:
        id: Its number.
        name: The data set's name; its id and kind in `data_set_id` and `kind`.
        mapping_uid: The mapping's uid.
        source: Where from; `target`: where to.
        status: `Queued`, `InProgress`, `Succeeded` or `Failed`.
        is_listed: True once the source's files are noted.
        error: Why it failed, in the service's form, or None.
        files_read: Files, and bytes in `size_read`, taken from the source; likewise written to the target.
    """

    id: int
    name: str
    data_set_id: str
    kind: str
    mapping_uid: int
    source: Place
    target: Place
    status: str
    is_listed: bool
    started_at: datetime | None
    ended_at: datetime | None
    error: dict[str, Any] | None  # Any: the service's error object
    files_read: int
    size_read: int
    files_written: int
    size_written: int


class Pieces:
    """The pieces of all runs of one store."""

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def plan(self, run: Run, data_set: Resource, mapping: Resource, ends: tuple[str, str]) -> None:
        """Add a piece to a run.

        Args:
            run: The run.
            data_set: The source's data set.
            mapping: Its mapping.
            ends: ARM ids of the source's and the target's storage accounts.
        """
        plan = {
            "source": _place(data_set, ends[0]),
            "target": _place(mapping, ends[1]),
        }
        self._db.execute(
            "INSERT INTO data_share_pieces (run, name, data_set_id, kind, mapping_uid, plan) VALUES (?, ?, ?, ?, ?, ?)",
            (
                run.number,
                data_set.name,
                data_set.properties["dataSetId"],
                data_set.kind,
                mapping.uid,
                orjson.dumps(plan).decode(),
            ),
        )

    def of(self, run: Run) -> list[Piece]:
        """Return a run's pieces, in order."""
        rows = self._db.execute("SELECT * FROM data_share_pieces WHERE run = ? ORDER BY id", (run.number,))
        return [_piece(row) for row in rows]

    def begin(self, piece: Piece, at: datetime) -> None:
        """Mark a piece as in progress; the instant of its first beginning stays."""
        self._db.execute(
            "UPDATE data_share_pieces SET status = 'InProgress', started_at = coalesce(started_at, ?) WHERE id = ?",
            (iso_instant(at), piece.id),
        )

    def begin_list(self, piece: Piece, at: datetime, stores: str) -> None:
        """Forget what an interrupted listing noted, and keep when this one looked, and at which two stores."""
        self._db.execute("DELETE FROM data_share_files WHERE piece = ?", (piece.id,))
        self._db.execute(
            "UPDATE data_share_pieces SET listed_at = ?, stores = ? WHERE id = ?", (iso_instant(at), stores, piece.id)
        )

    def note(self, piece: Piece, paths: Iterable[str]) -> None:
        """Note files to copy."""
        self._db.executemany(
            "INSERT OR IGNORE INTO data_share_files VALUES (?, ?)", [(piece.id, path) for path in paths]
        )

    def end_list(self, piece: Piece) -> None:
        """The listing is complete."""
        self._db.execute("UPDATE data_share_pieces SET is_listed = 1 WHERE id = ?", (piece.id,))

    def noted(self, piece: Piece, most: int) -> list[str]:
        """Return files still to copy, by path."""
        rows = self._db.execute(
            "SELECT path FROM data_share_files WHERE piece = ? ORDER BY path LIMIT ?", (piece.id, most)
        )
        return [str(row["path"]) for row in rows]

    def done(self, piece: Piece, paths: list[str], *, files: int, size_bytes: int) -> None:
        """Strike files from the list and count those that were copied."""
        self._db.executemany(
            "DELETE FROM data_share_files WHERE piece = ? AND path = ?", [(piece.id, path) for path in paths]
        )
        self._db.execute(
            "UPDATE data_share_pieces SET files_read = files_read + ?1, size_read = size_read + ?2,"
            " files_written = files_written + ?1, size_written = size_written + ?2 WHERE id = ?3",
            (files, size_bytes, piece.id),
        )

    def end(self, piece: Piece, at: datetime, error: dict[str, Any] | None = None) -> None:  # Any: error object
        """Mark a piece as ended, and forget the files it did not come to."""
        self._db.execute(
            "UPDATE data_share_pieces SET status = ?1, started_at = coalesce(started_at, ?2), ended_at = ?2, error = ?3 WHERE id = ?4",
            (
                "Succeeded" if error is None else "Failed",
                iso_instant(at),
                None if error is None else orjson.dumps(error).decode(),
                piece.id,
            ),
        )
        self._db.execute("DELETE FROM data_share_files WHERE piece = ?", (piece.id,))

    def mark(self, mapping_uid: int, stores: str) -> datetime | None:
        """Return up to when a mapping has all of its data set, if both stores are still the same ones; else None."""
        row = self._db.execute(
            "SELECT at FROM data_share_marks WHERE mapping_uid = ? AND stores = ?", (mapping_uid, stores)
        ).fetchone()
        return None if row is None else parse_instant(row["at"])

    def set_mark(self, piece: Piece) -> None:
        """Keep that a piece's mapping has all that its listing saw."""
        self._db.execute(
            "INSERT OR REPLACE INTO data_share_marks SELECT mapping_uid, stores, listed_at FROM data_share_pieces"
            " WHERE id = ? AND is_listed = 1",
            (piece.id,),
        )

    def drop_mark(self, mapping_uid: int) -> None:
        """Forget a mapping that was deleted."""
        self._db.execute("DELETE FROM data_share_marks WHERE mapping_uid = ?", (mapping_uid,))


def _place(resource: Resource, store_id: str) -> dict[str, str]:
    kind = kind_named(resource.kind)
    container, path = kind.place(resource.properties)
    return {"store_id": store_id, "form": kind.form, "container": container, "path": path}


def _piece(row: sqlite3.Row) -> Piece:
    plan = orjson.loads(row["plan"])
    return Piece(
        row["id"],
        row["name"],
        row["data_set_id"],
        row["kind"],
        row["mapping_uid"],
        Place(**plan["source"]),
        Place(**plan["target"]),
        row["status"],
        bool(row["is_listed"]),
        None if row["started_at"] is None else parse_instant(row["started_at"]),
        None if row["ended_at"] is None else parse_instant(row["ended_at"]),
        None if row["error"] is None else orjson.loads(row["error"]),
        row["files_read"],
        row["size_read"],
        row["files_written"],
        row["size_written"],
    )
