"""What a piece of a run takes from its source next: one step from cursor to cursor.

Source: data-share.md 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare import assumptions, pace
from lakeport_local.datashare.pieces import Cursor
from lakeport_local.datashare.runs import SnapshotFailed

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.datashare.pieces import Piece
    from lakeport_local.state import Resource
    from lakeport_local.storage import Batch, FileEntry, Lake


@dataclass(frozen=True, slots=True)
class Taken:
    """What a step takes.

    Attributes:
        batches: Files with the directory of the target where they go.
        entry: The one file of a data set that is a file.
        cursor: Where the next step begins; None when nothing is left.
    """

    batches: tuple[tuple[str, Batch], ...] = ()
    entry: FileEntry | None = None
    cursor: Cursor | None = None


def first_cursor(since: datetime | None, until: datetime) -> Cursor:
    """Return where a piece begins: with what changed after an instant, or with everything."""
    return Cursor(None if since is None else iso_instant(since), iso_instant(until))


def take(lake: Lake, piece: Piece, cursor: Cursor, store: Resource, limit: int) -> Taken:
    """Return what a piece takes next.

    Args:
        lake: Where.
        piece: The piece.
        cursor: Where it stands.
        store: The source's storage account.
        limit: How many files at most.

    Raises:
        SnapshotFailed: The source's only file is gone.
    """
    if piece.source.form == "file":
        return _take_file(lake, piece, cursor, store)
    if cursor.since is None:
        return _take_all(lake, piece, cursor, store, limit)
    return _take_changed(lake, piece, cursor, store, parse_instant(cursor.since), limit=limit)


def _take_file(lake: Lake, piece: Piece, cursor: Cursor, store: Resource) -> Taken:
    source = piece.source
    entry = lake.file(store, source.container, source.path)
    if entry is None:
        raise SnapshotFailed(*assumptions.gone_blob(store.name, source.container, source.path))
    is_old = cursor.since is not None and entry.modified_at <= parse_instant(cursor.since)
    return Taken(entry=None if is_old else entry)


def _take_all(lake: Lake, piece: Piece, cursor: Cursor, store: Resource, limit: int) -> Taken:
    source = piece.source
    after = None if cursor.directory is None else (cursor.directory, cursor.name)
    taken, files = [], 0
    for number, batch in enumerate(lake.below(store, source.container, source.path, after=after, limit=limit), 1):
        taken.append(batch)
        files += len(batch.ids)
        if files >= limit or number > pace.DIRECTORIES:
            return Taken(_sent(piece, taken), cursor=replace(cursor, directory=batch.directory, name=batch.last_name))
    return Taken(_sent(piece, taken))


def _take_changed(lake: Lake, piece: Piece, cursor: Cursor, store: Resource, since: datetime, *, limit: int) -> Taken:
    source = piece.source
    found, rest = lake.changed(
        store,
        source.container,
        source.path,
        after=(since, cursor.number),
        until=parse_instant(cursor.until),
        limit=limit,
    )
    left = None if rest is None else replace(cursor, since=iso_instant(rest[0]), number=rest[1])
    return Taken(_sent(piece, found), cursor=left)


def _sent(piece: Piece, batches: list[Batch]) -> tuple[tuple[str, Batch], ...]:
    """Say where batches go; those without files, and what a snapshot does not take, go nowhere."""
    target = piece.target
    is_inside = (target.store_id, target.container) == (piece.source.store_id, piece.source.container)
    return tuple(
        (target.directory_of(piece.source, one.directory), one)
        for one in batches
        if one.ids and assumptions.takes_directory(one.directory, target.path if is_inside else None)
    )
