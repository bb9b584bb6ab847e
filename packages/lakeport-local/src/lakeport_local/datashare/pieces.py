"""The pieces of a run: what it does with one data set, as rows that survive a restart.

A piece's plan is frozen when the run begins. Its files are copied in batches, and the transaction that copies a batch says where the next
one begins, so that the counts are true at every moment and nothing is copied twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare.kinds import kind_named

if TYPE_CHECKING:
    import sqlite3
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

    def directory_of(self, source: Place, directory: str) -> str:
        """Return where a directory of the source goes when this place is the target.

        Example:
            >>> source = Place("", "folder", "raw", "sales")
            >>> Place("", "folder", "copy", "in/sales").directory_of(source, "sales/2024")
            'in/sales/2024'
            >>> Place("", "whole", "copy", "").directory_of(source, "sales")
            ''
        """
        return f"{self.path}/{directory[len(source.path) :].lstrip('/')}".strip("/")


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a piece came.

    Attributes:
        since: Files count that changed later than this instant; None for all of them.
        until: The last instant whose changes count.
        number: The last file taken of those that changed at `since`, or None.
        directory: Of all files: the directory of the last one taken, or None.
        name: Its name there.
        is_done: Nothing is left to take.
    """

    since: str | None
    until: str
    number: int | None = None
    directory: str | None = None
    name: str = ""
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What a run does with one data set.

    Attributes:
        id: Its number.
        name: The data set's name; its id and kind in `data_set_id` and `kind`.
        mapping_uid: The mapping's uid.
        source: Where from; `target`: where to.
        status: `Queued`, `InProgress`, `Succeeded` or `Failed`.
        cursor: How far it came; None before its first file.
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
    cursor: Cursor | None
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

    def begin_reading(self, piece: Piece, at: datetime, stores: str) -> None:
        """Keep when this piece looked at its source, and which two stores it found."""
        self._db.execute(
            "UPDATE data_share_pieces SET listed_at = ?, stores = ? WHERE id = ?", (iso_instant(at), stores, piece.id)
        )

    def move_on(self, piece: Piece, cursor: Cursor, *, files: int, size_bytes: int) -> None:
        """Keep how far a piece came, and count the files that it copied on the way."""
        self._db.execute(
            "UPDATE data_share_pieces SET cursor = ?4, files_read = files_read + ?1, size_read = size_read + ?2,"
            " files_written = files_written + ?1, size_written = size_written + ?2 WHERE id = ?3",
            (files, size_bytes, piece.id, orjson.dumps(cursor).decode()),
        )

    def end(self, piece: Piece, at: datetime, error: dict[str, Any] | None = None) -> None:  # Any: error object
        """Mark a piece as ended."""
        self._db.execute(
            "UPDATE data_share_pieces SET status = ?1, started_at = coalesce(started_at, ?2), ended_at = ?2, error = ?3 WHERE id = ?4",
            (
                "Succeeded" if error is None else "Failed",
                iso_instant(at),
                None if error is None else orjson.dumps(error).decode(),
                piece.id,
            ),
        )

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
            " WHERE id = ? AND listed_at IS NOT NULL",
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
        None if row["cursor"] is None else Cursor(**orjson.loads(row["cursor"])),
        None if row["started_at"] is None else parse_instant(row["started_at"]),
        None if row["ended_at"] is None else parse_instant(row["ended_at"]),
        None if row["error"] is None else orjson.loads(row["error"]),
        row["files_read"],
        row["size_read"],
        row["files_written"],
        row["size_written"],
    )
