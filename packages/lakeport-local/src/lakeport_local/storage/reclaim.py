"""Collects, a little at a time, what the namespace let go of: detached trees, contents, chunks and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.storage.paths import DETACHED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.state import Store
    from lakeport_local.storage.content import Contents

BATCH = 500
_LISTED = "(SELECT value FROM json_each(?))"


class Reclaimer:
    """Collects garbage of one store."""

    def __init__(self, store: Store, contents: Contents) -> None:
        self._store = store
        self._db = store.db
        self._contents = contents
        self._loose = contents.loose

    def step(self) -> bool:
        """Collect one batch; tell whether there may be more that can be collected now.

        Nothing is collected inside somebody's transaction: files that are unlinked do not come back when it is undone.
        """
        if self._db.in_transaction:
            return False
        with self._store.transaction():
            trees = self._trees()
            contents = self._released_contents()
            files, chunks = self._released_chunks()
        if files:
            self._store.flush()  # or rows that name them could come back without them
        self._loose.unlink(files)
        return self._loose.forget() or trees + contents + chunks > 0

    def finish(self) -> None:
        """Collect everything that nobody reads."""
        while self.step():
            self._loose.settle()

    def _trees(self) -> int:
        """Delete detached files and empty directories; detach the children of the others."""
        rows = self._db.execute(
            "SELECT id, is_directory FROM paths WHERE parent = ? ORDER BY name LIMIT ?", (DETACHED, BATCH)
        ).fetchall()
        for row in rows:
            if row["is_directory"] and self._detach_children(row["id"]):
                continue
            self._delete_path(row["id"])
        return len(rows)

    def _detach_children(self, directory: int) -> bool:
        return bool(
            self._db.execute(
                "UPDATE paths SET parent = ?, name = CAST(id AS TEXT) WHERE id IN"
                " (SELECT id FROM paths WHERE parent = ? LIMIT ?)",
                (DETACHED, directory, BATCH),
            ).rowcount
        )

    def _delete_path(self, path: int) -> None:
        content = self._db.execute("DELETE FROM paths WHERE id = ? RETURNING content", (path,)).fetchone()["content"]
        self._contents.release(content)
        rows = self._db.execute("DELETE FROM segments WHERE path = ? RETURNING chunk", (path,)).fetchall()
        self._contents.release_chunks(row["chunk"] for row in rows)

    def _released_contents(self) -> int:
        """Delete released contents that no path has and nobody reads; those being read stay for a later step."""
        rows = self._db.execute(
            f"SELECT content FROM released_contents WHERE content NOT IN {_LISTED} LIMIT ?",
            (_json(self._contents.pinned()), BATCH),
        ).fetchall()
        looked_at = _json(row["content"] for row in rows)
        gone = self._db.execute(
            f"DELETE FROM contents WHERE id IN {_LISTED} AND NOT EXISTS (SELECT 1 FROM paths WHERE content = contents.id)"
            " RETURNING id",
            (looked_at,),
        ).fetchall()
        contents = _json(row["id"] for row in gone)
        chunks = self._db.execute(
            f"DELETE FROM extents WHERE content IN {_LISTED} RETURNING chunk", (contents,)
        ).fetchall()
        self._contents.release_chunks(row["chunk"] for row in chunks)
        return self._db.execute(f"DELETE FROM released_contents WHERE content IN {_LISTED}", (looked_at,)).rowcount

    def _released_chunks(self) -> tuple[list[str], int]:
        """Delete released chunks that nothing holds; return their files, which are loose then, and how many were looked at."""
        rows = self._db.execute(
            "DELETE FROM released_chunks WHERE chunk IN (SELECT chunk FROM released_chunks LIMIT ?) RETURNING chunk",
            (BATCH,),
        ).fetchall()
        gone = self._db.execute(
            f"DELETE FROM chunks WHERE id IN {_LISTED}"
            " AND NOT EXISTS (SELECT 1 FROM extents WHERE chunk = chunks.id)"
            " AND NOT EXISTS (SELECT 1 FROM segments WHERE chunk = chunks.id)"
            " AND NOT EXISTS (SELECT 1 FROM blocks WHERE chunk = chunks.id) RETURNING file",
            (_json(row["chunk"] for row in rows),),
        ).fetchall()
        files = [str(row["file"]) for row in gone if row["file"] is not None]
        self._loose.add(files)
        return files, len(rows)


def _json(numbers: Iterable[int]) -> str:
    return orjson.dumps(list(numbers)).decode()
