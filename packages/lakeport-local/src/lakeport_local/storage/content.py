"""Bytes apart from names: immutable chunks, and contents that are extents over them.

A chunk is a file of the content folder, complete before its row exists, or bytes in the row when it is small. A small
content that came as one body has its bytes itself, and neither chunk nor extents until another takes parts of it. Nobody
changes bytes in place. A content grows at its end only; whoever reads it knows how much of it is theirs, so paths
share contents, and a copy is a row.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport_local.state import Remembered
from lakeport_local.storage.chunks import INLINE_BYTES, Chunk, ChunkSink
from lakeport_local.storage.loose import LooseFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakeport_local.core import Ids
    from lakeport_local.state import Store

PIECE_BYTES = 256 * 1024
HOLE = 0
"""The chunk of what was never written; a number below it is one clearing. Both read as zeros."""
_MOST_SMALL = 512
_OWN = "SELECT bytes FROM contents WHERE id = ?"
_INLINE = (
    "SELECT c.bytes, e.start, e.chunk_start, e.size_bytes FROM extents e LEFT JOIN chunks c ON c.id = e.chunk"
    " WHERE e.content = ? AND e.start < ? AND e.start + e.size_bytes > ? LIMIT 2"
)


@dataclass(frozen=True, slots=True)
class Extent:
    """A part of a chunk, as a part of a content.

    Attributes:
        chunk: The chunk's row.
        chunk_start: First byte of it that counts.
        size_bytes: How many count.
        block: Id of the block it came as, or None.
    """

    chunk: int
    chunk_start: int
    size_bytes: int
    block: str | None = None


class Contents:
    """The contents of one store.

    Attributes:
        loose: Files that are no chunks, or no longer.
    """

    def __init__(self, store: Store, ids: Ids) -> None:
        self._store = store
        self._db = store.db
        self._ids = ids
        self.loose = LooseFiles(store)
        self._pins: Counter[int] = Counter()
        self._small: Remembered[bytes] = Remembered(store, "content", "contents", ("id",), most=_MOST_SMALL)

    def sink(self, *, limit_bytes: int, hashes: frozenset[str] = frozenset()) -> ChunkSink:
        """Return a sink that becomes a chunk, with the hashes named (`md5`, `crc64`) computed on the way."""
        return ChunkSink(self._store, self.loose, self._ids, limit_bytes=limit_bytes, hashes=hashes)

    def keep(self, sink: ChunkSink) -> Chunk:
        """Make a complete sink a chunk; in the caller's transaction."""
        row = self._db.execute(
            "INSERT INTO chunks (size_bytes, file, bytes) VALUES (?, ?, ?) RETURNING id",
            (sink.size_bytes, sink.file, sink.inline),
        ).fetchone()
        if sink.file is not None:
            self.loose.claim(sink.file)
        sink.is_claimed = True
        return Chunk(int(row["id"]), sink.size_bytes)

    def take(self, sink: ChunkSink) -> tuple[int | None, int]:
        """Make a content of one complete sink; in the caller's transaction. Return its id (None for no bytes) and its size."""
        if not sink.size_bytes:
            return None, 0
        if sink.file is not None:
            return self.make([Extent(self.keep(sink).id, 0, sink.size_bytes)])
        row = self._db.execute(
            "INSERT INTO contents (size_bytes, bytes) VALUES (?, ?) RETURNING id", (sink.size_bytes, sink.inline)
        ).fetchone()
        sink.is_claimed = True
        return int(row["id"]), sink.size_bytes

    def _spread(self, content: int) -> None:
        """Give a content that has its bytes itself a chunk of them, which others may share."""
        data = self._db.execute(_OWN, (content,)).fetchone()["bytes"]
        if data is None:
            return
        row = self._db.execute(
            "INSERT INTO chunks (size_bytes, bytes) VALUES (?, ?) RETURNING id", (len(data), data)
        ).fetchone()
        self._append(content, [Extent(int(row["id"]), 0, len(data))], number=0, start=0)
        self._db.execute("UPDATE contents SET bytes = NULL WHERE id = ?", (content,))

    def make(self, extents: Iterable[Extent]) -> tuple[int | None, int]:
        """Make a content; return its id (None for no bytes) and its size."""
        parts = [extent for extent in extents if extent.size_bytes]
        if not parts:
            return None, 0
        size = sum(extent.size_bytes for extent in parts)
        row = self._db.execute("INSERT INTO contents (size_bytes) VALUES (?) RETURNING id", (size,)).fetchone()
        self._append(int(row["id"]), parts, number=0, start=0)
        return int(row["id"]), size

    def _append(self, content: int, extents: Sequence[Extent], *, number: int, start: int) -> int:
        rows = []
        for offset, extent in enumerate(extents):
            rows.append(
                (content, number + offset, start, extent.chunk, extent.chunk_start, extent.size_bytes, extent.block)
            )
            start += extent.size_bytes
        self._db.executemany("INSERT INTO extents VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return start

    def extend(self, content: int | None, size_bytes: int, extents: Sequence[Extent]) -> tuple[int | None, int]:
        """Return a content that begins as the first `size_bytes` of another and goes on with `extents`.

        It is the same content, grown, unless somebody else made it grow already. A new one leaves the old to be
        released by the caller.
        """
        if content is None:
            return self.make(extents)
        self._spread(content)
        row = self._db.execute(
            "SELECT c.size_bytes, max(e.number) AS last FROM contents c JOIN extents e ON e.content = c.id WHERE c.id = ?",
            (content,),
        ).fetchone()
        if row["size_bytes"] == size_bytes:
            parts = [extent for extent in extents if extent.size_bytes]
            size = self._append(content, parts, number=int(row["last"]) + 1, start=size_bytes)
            self._db.execute("UPDATE contents SET size_bytes = ? WHERE id = ?", (size, content))
            return content, size
        return self.make([*self.extents(content, 0, size_bytes), *extents])

    def extents(self, content: int, start: int, size_bytes: int) -> list[Extent]:
        """Return the extents that cover a range of a content, trimmed to it; in the caller's transaction."""
        self._spread(content)
        return self._extents(content, start, size_bytes)

    def _extents(self, content: int, start: int, size_bytes: int) -> list[Extent]:
        end = start + size_bytes
        rows = self._db.execute(
            "SELECT * FROM extents WHERE content = ? AND start < ? AND start + size_bytes > ? ORDER BY number",
            (content, end, start),
        )
        found = []
        for row in rows:
            first = max(start - row["start"], 0)
            last = min(end - row["start"], row["size_bytes"])
            found.append(Extent(row["chunk"], row["chunk_start"] + first, last - first, row["block"]))
        return found

    def body(self, content: int | None, start: int, size_bytes: int) -> bytes | ContentSource:
        """Return a range of a content: its bytes when they are few and lie together in a row, else a source of them."""
        if content is None:
            return b""
        end = start + size_bytes
        if end <= INLINE_BYTES:
            small = self._small.get(content)
            if small is not None and end <= len(small):
                return small if size_bytes == len(small) else small[start:end]
        if size_bytes <= INLINE_BYTES:
            own = self._own(content)
            if own is not None:
                self._small.keep(content, own)
                return own if size_bytes == len(own) else own[start:end]
            rows = self._db.execute(_INLINE, (content, end, start)).fetchall()
            if len(rows) == 1 and rows[0][0] is not None:
                data, begin, skipped, length = rows[0]
                part: bytes = data if length == len(data) else data[skipped : skipped + length]
                if not begin:
                    self._small.keep(content, part)
                return part[start - begin : end - begin]
        return self.read(content, start, size_bytes)

    def read(self, content: int | None, start: int, size_bytes: int) -> ContentSource:
        """Return a source of a range of a content, which keeps the content until it is closed."""
        own = self._own(content) if content is not None and size_bytes <= INLINE_BYTES else None
        if own is not None:
            return ContentSource(self, None, [], size_bytes, own[start : start + size_bytes])
        extents = [] if content is None else self._extents(content, start, size_bytes)
        return ContentSource(self, content, extents, size_bytes)

    def _own(self, content: int) -> bytes | None:
        """Return the bytes of a content that has them itself."""
        row = self._db.execute(_OWN, (content,)).fetchone()
        data: bytes | None = None if row is None else row[0]
        return data

    def pin(self, content: int) -> None:
        """Keep a content from being collected, until as many calls of `unpin`."""
        self._pins[content] += 1

    def unpin(self, content: int) -> None:
        """Undo one `pin`."""
        self._pins[content] -= 1
        if not self._pins[content]:
            del self._pins[content]

    def pinned(self) -> list[int]:
        """Return the contents that somebody reads."""
        return list(self._pins)

    def open(self, chunk: int) -> int | bytes:
        """Return a chunk's bytes, or a file descriptor that the caller closes."""
        row = self._db.execute("SELECT file, bytes FROM chunks WHERE id = ?", (chunk,)).fetchone()
        if row["file"] is None:
            return bytes(row["bytes"])
        return os.open(self._store.content_folder / row["file"], os.O_RDONLY | os.O_CLOEXEC)

    def release(self, content: int | None) -> None:
        """Say that a path let go of a content."""
        if content is not None:
            self._db.execute("INSERT OR IGNORE INTO released_contents VALUES (?)", (content,))

    def release_chunks(self, chunks: Iterable[int]) -> None:
        """Say that segments or blocks let go of their chunks."""
        self._db.executemany("INSERT OR IGNORE INTO released_chunks VALUES (?)", [(chunk,) for chunk in chunks])


class ContentSource:
    """Reads a range of a content, piece by piece."""

    def __init__(
        self, contents: Contents, content: int | None, extents: list[Extent], size_bytes: int, own: bytes = b""
    ) -> None:
        self.size_bytes = size_bytes
        self._contents = contents
        self._content = content
        self._extents = iter(extents)
        self._chunk: int | bytes = own
        self._is_hole = False
        self._at = 0
        self._left = len(own)
        if content is not None:
            contents.pin(content)

    def read(self, limit_bytes: int) -> bytes:
        """Return the next bytes, at most `limit_bytes` and 256 KiB; empty at the end."""
        if not self._has_next():
            return b""
        wanted = min(limit_bytes, self._left, PIECE_BYTES)
        chunk = self._chunk
        if self._is_hole:
            data = bytes(wanted)
        elif isinstance(chunk, int):
            data = os.pread(chunk, wanted, self._at)
        else:
            data = chunk[self._at : self._at + wanted]
        if not data:
            raise EOFError("a chunk is shorter than its row says")
        self._at += len(data)
        self._left -= len(data)
        return data

    def part(self) -> tuple[int, int, int] | None:
        """Return the descriptor, the offset and the size of what comes next; None at the end or when it is in no file."""
        if not self._has_next() or not isinstance(self._chunk, int):
            return None
        return self._chunk, self._at, self._left

    def skip(self, size_bytes: int) -> None:
        """Go on behind bytes that were sent from their file."""
        self._at += size_bytes
        self._left -= size_bytes

    def _has_next(self) -> bool:
        """Open the next chunk when the last one is used up; tell whether there was one."""
        while not self._left:
            extent = next(self._extents, None)
            if extent is None:
                return False
            self._let_go()
            self._is_hole = extent.chunk <= HOLE
            self._chunk = b"" if self._is_hole else self._contents.open(extent.chunk)
            self._at, self._left = extent.chunk_start, extent.size_bytes
        return True

    def _let_go(self) -> None:
        if isinstance(self._chunk, int):
            os.close(self._chunk)
        self._chunk = b""

    def close(self) -> None:
        """Let go of the file and of the content."""
        self._let_go()
        if self._content is not None:
            self._contents.unpin(self._content)
            self._content = None
