"""Where snapshots wait when an operator wants one that stays under way, to look at, to cancel, or to be killed in."""

from __future__ import annotations

import asyncio

from lakeport_local.datashare import pace


class Hold:
    """Lets every data set of a snapshot copy so many files and no more; without it, all.

    Attributes:
        after_files: How many, or None.
    """

    def __init__(self) -> None:
        self.after_files: int | None = None
        self._looked = asyncio.Event()

    def set(self, after_files: int | None) -> None:
        """Hold snapshots after so many files of a data set, also those under way; None: let them go on."""
        self.after_files = after_files
        self.look()

    def look(self) -> None:
        """Let whoever waits look again: something changed, or a run was cancelled."""
        self._looked.set()
        self._looked = asyncio.Event()

    def room(self, copied: int) -> int:
        """Return how many files a data set that has copied so many may copy next.

        Example:
            >>> hold = Hold()
            >>> hold.set(2)
            >>> hold.room(0), hold.room(2)
            (2, 0)
        """
        return pace.BATCH if self.after_files is None else min(pace.BATCH, max(self.after_files - copied, 0))

    async def changed(self) -> None:
        """Wait until somebody says to look."""
        await self._looked.wait()
