"""Files of the content folder that no chunk names: still being written, or to be unlinked.

To unlink a large file can take seconds (a file system that discards what it frees waits for the disk), so that it is
done in a thread, one file after another. Each file has a row until it is gone, by which a start after a kill finds it.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from lakeport_local.state import Store


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="unlinking")


class LooseFiles:
    """The loose files of one store; what a killed process left is gone when this is made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._is_closed = False
        self._going: deque[Future[list[str]]] = deque()
        self.unlink([str(row["file"]) for row in self._db.execute("SELECT file FROM loose_files")])
        self.settle()

    def add(self, files: Sequence[str]) -> None:
        """Say that files are loose, before they are written or when their chunk is deleted."""
        with self._store.transaction() as db:
            db.executemany("INSERT INTO loose_files VALUES (?)", [(file,) for file in files])

    def claim(self, file: str) -> None:
        """Say that a chunk names a file; in the caller's transaction."""
        self._db.execute("DELETE FROM loose_files WHERE file = ?", (file,))

    def unlink(self, files: Sequence[str]) -> None:
        """Begin to unlink loose files."""
        if files:
            self._going.append(_thread().submit(self._unlink, list(files)))

    def _unlink(self, files: list[str]) -> list[str]:
        gone = []
        for file in files:
            if self._is_closed:
                break
            (self._store.content_folder / file).unlink(missing_ok=True)
            gone.append(file)
        return gone

    def forget(self) -> bool:
        """Forget the files that are gone by now; tell whether others are still to go."""
        gone: list[str] = []
        while self._going and self._going[0].done():
            gone += self._going.popleft().result()
        if gone:
            with self._store.transaction() as db:
                db.executemany("DELETE FROM loose_files WHERE file = ?", [(file,) for file in gone])
        return bool(self._going)

    def settle(self) -> None:
        """Wait until all that is to go is gone."""
        if self._going:
            self._going[-1].exception()
        self.forget()

    def close(self) -> None:
        """Wait for the file that is being unlinked; the others wait for the next start."""
        self._is_closed = True
        self.settle()
