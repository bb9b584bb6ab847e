"""What clients sent and have not committed: segments appended through dfs, blocks put through blob.

Source: storage.md 2.5 and 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.storage.content import Extent
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.core import Clock
    from lakeport_local.state import Store
    from lakeport_local.storage.chunks import Chunk
    from lakeport_local.storage.content import Contents
    from lakeport_local.storage.paths import Path

_KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes appended at a position.

    Attributes:
        position: Offset of the first byte in the file.
        size_bytes: How many.
        chunk: Where they are.
    """

    position: int
    size_bytes: int
    chunk: int


def tiles(segments: Sequence[Segment], begin: int, end: int) -> list[Segment] | None:
    """Return the segments that cover [begin, end) without gap or overlap, or None.

    Args:
        segments: In the order of their positions. Those below `begin` do not count.
        begin: The committed length.
        end: The position of the flush.

    Example:
        >>> tiles([Segment(0, 3, 1), Segment(3, 2, 2)], 0, 5) is None
        False
        >>> tiles([Segment(0, 3, 1), Segment(4, 2, 2)], 0, 6) is None
        True
    """
    found = []
    at = begin
    for segment in segments:
        if segment.position < begin or at == end:
            continue
        if segment.position != at or at + segment.size_bytes > end:
            return None
        found.append(segment)
        at += segment.size_bytes
    return found if at == end else None


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a blob.

    Attributes:
        id: As the client names it: base64.
        size_bytes: Its length.
        chunk: Where the bytes are.
        encryption: Digest of the key, or the scope, that it was put with; empty for neither.
    """

    id: str
    size_bytes: int
    chunk: int
    encryption: str = ""


class Staging:
    """Uncommitted bytes of one store. Changes are made in the caller's transaction."""

    def __init__(self, store: Store, contents: Contents, clock: Clock) -> None:
        self._store = store
        self._db = store.db
        self._contents = contents
        self._clock = clock
        self.drop_stale()
        found = self._db.execute("SELECT DISTINCT file_system FROM blocks")
        self._with_blocks = {int(row["file_system"]) for row in found}  # or that had some: most puts need not look

    # Segments

    def put_segment(self, path: Path, position: int, chunk: Chunk) -> None:
        """Keep bytes for a position of a file, in place of those appended there before."""
        self._drop("segments", "path = ? AND position = ?", (path.id, position))
        self._db.execute("INSERT INTO segments VALUES (?, ?, ?, ?)", (path.id, position, chunk.size_bytes, chunk.id))

    def segments(self, path: Path) -> list[Segment]:
        """Return a file's segments, by position."""
        rows = self._db.execute(
            "SELECT position, size_bytes, chunk FROM segments WHERE path = ? ORDER BY position", (path.id,)
        )
        return [Segment(*row) for row in rows]

    def take_segments(self, path: Path, end: int, *, retain: bool) -> list[Extent]:
        """Return what a flush to `end` adds to a file; those segments are no longer staged.

        Args:
            path: The file.
            end: The position of the flush: the file's length afterwards.
            retain: Keep the segments at and behind `end`.

        Raises:
            ServiceError: 400 `InvalidFlushPosition`.
        """
        found = tiles(self.segments(path), path.size_bytes, end) if end >= path.size_bytes else None
        if found is None:
            raise refusal("InvalidFlushPosition")
        self._drop("segments", "path = ? AND position < ?", (path.id, end if retain else 1 << 62))
        return [Extent(segment.chunk, 0, segment.size_bytes) for segment in found]

    # Blocks

    def put_block(self, file_system: int, path: str, block: str, chunk: Chunk, *, encryption: str = "") -> None:
        """Keep a block of a blob, in place of an uncommitted one with the same id.

        Raises:
            ServiceError: 400 `InvalidBlobOrBlock`: its id has another length than the ids before.
        """
        key = (file_system, path, block)
        self._with_blocks.add(file_system)
        other = self._db.execute(
            "SELECT block FROM blocks WHERE file_system = ? AND path = ? LIMIT 1", key[:2]
        ).fetchone()
        if other is not None and len(other["block"]) != len(block):
            raise refusal("InvalidBlobOrBlock")
        self._drop("blocks", "file_system = ? AND path = ? AND block = ?", key)
        now = microseconds(self._clock.now())
        values = (*key, chunk.size_bytes, chunk.id, now, encryption)
        self._db.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def any_block(self, file_system: int, path: str) -> str | None:
        """Return the id of some block that waits for its list, or None; all have ids of one length."""
        row = self._db.execute(
            "SELECT block FROM blocks WHERE file_system = ? AND path = ? LIMIT 1", (file_system, path)
        ).fetchone()
        return None if row is None else str(row[0])

    def blocks(self, file_system: int, path: str) -> list[Block]:
        """Return a blob's uncommitted blocks, by id."""
        rows = self._db.execute(
            "SELECT block, size_bytes, chunk, encryption FROM blocks WHERE file_system = ? AND path = ? ORDER BY block",
            (file_system, path),
        )
        return [Block(*row) for row in rows]

    def blobs(self, file_system: int, prefix: str = "") -> list[str]:
        """Return the names of which uncommitted blocks exist, in order: those that begin so."""
        rows = self._db.execute(
            "SELECT DISTINCT path FROM blocks WHERE file_system = ? AND substr(path, 1, ?) = ? ORDER BY path",
            (file_system, len(prefix), prefix),
        )
        return [str(row["path"]) for row in rows]

    def drop_blocks(self, file_system: int, path: str, *, is_flat: bool = False) -> None:
        """Forget the uncommitted blocks of a path, and of everything below it where there are directories."""
        if file_system not in self._with_blocks:
            return
        if is_flat:
            self._drop("blocks", "file_system = ? AND path = ?", (file_system, path))
            return
        where = "file_system = ? AND (path = ? OR (path > ? AND path < ?))"
        self._drop("blocks", where, (file_system, path, f"{path}/", f"{path}0"))

    def drop_all_blocks(self, file_system: int) -> None:
        """Forget every uncommitted block of a file system."""
        self._drop("blocks", "file_system = ?", (file_system,))

    def drop_stale(self) -> None:
        """Forget blocks that nobody committed within a week.

        Source: Put Block, "uncommitted block list".
        """
        with self._store.transaction():
            self._drop("blocks", "staged < ?", (microseconds(self._clock.now() - _KEPT_FOR),))

    def _drop(self, table: str, where: str, values: tuple[object, ...]) -> None:
        rows = self._db.execute(f"DELETE FROM {table} WHERE {where} RETURNING chunk", values).fetchall()
        self._contents.release_chunks(row["chunk"] for row in rows)
