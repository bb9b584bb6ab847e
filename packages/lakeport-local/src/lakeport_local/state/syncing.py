"""Group commit: what many requests wrote reaches the disk by one wait, and no answer leaves before that.

Commits go to the write-ahead log without waiting for the disk; one `fdatasync` of the log, in a thread, then covers all
that was committed before it began.

Source: performance.md 3.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.state.store import Store

_GATHER_S = 0.001


class Syncing:
    """Brings a store's commits to the disk.

    Args:
        store: Whose; it keeps its data on a disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._synced = -1
        self._task: asyncio.Task[None] | None = None

    @property
    def is_settled(self) -> bool:
        """Tell whether everything that was committed is on the disk."""
        return self._synced == self._db.total_changes

    def sync_now(self) -> None:
        """Wait for the disk here."""
        self._synced = self._flush(self._db.total_changes)

    async def settled(self) -> None:
        """Wait until everything that is committed now is on the disk."""
        wanted = self._db.total_changes
        while self._synced < wanted:
            if self._task is None:
                self._task = asyncio.create_task(self._run())
            await asyncio.shield(self._task)

    async def _run(self) -> None:
        """Let requests of the same moment join, then sync for all of them."""
        try:
            await asyncio.sleep(_GATHER_S)
            self._synced = await asyncio.to_thread(self._flush, self._db.total_changes)
        finally:
            self._task = None

    def _flush(self, changes: int) -> int:
        self._store.flush()
        return changes
