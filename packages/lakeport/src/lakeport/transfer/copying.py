"""Copies from lake to lake: the target reads the source itself, and only where it cannot the bytes go through here.

Source: storage.md 3.4; Blob service REST reference, "Put Block From URL", "Put Blob From URL".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.errors import LakeportError
from lakeport.storage import Found
from lakeport.storage.lending import lender
from lakeport.transfer.blobs import Blobs

if TYPE_CHECKING:
    import threading

    from lakeport.clock import Clock
    from lakeport.storage.retrying import Patience
    from lakeport.transfer.blobs import Side
    from lakeport.transfer.plan import Item

UNREADABLE = frozenset(
    {"CannotVerifyCopySource", "CopySourceNotReachable", "InvalidHeaderValue", "UnsupportedHeader", "InvalidUri"}
)
"""How the target says that it cannot read the source: behind a firewall, not let in, at an endpoint that it cannot reach."""


class Copier:
    """One worker's copies. Not thread-safe.

    Args:
        origin: Where from.
        target: Where to.
        through_here: Set, by any worker, once the target was found not to read the source.
        clock: The time.
        patience: How often what passes is tried again.
    """

    def __init__(
        self, origin: Side, target: Blobs, through_here: threading.Event, clock: Clock, patience: Patience | None
    ) -> None:
        self._source = Blobs(origin, clock, patience)
        self._target = target
        self._through_here = through_here
        self._lend = lender(origin.profile, origin.account, origin.file_system, clock)

    def close(self) -> None:
        """Close the connections to the source."""
        self._source.close()

    def interrupt(self) -> None:
        """Let what another thread reads of the source end now."""
        self._source.interrupt()

    def move(self, item: Item, mark: str, part: int, buffer: memoryview) -> None:
        """Bring one part to the target; of a file of one part, all of it.

        Args:
            item: What.
            mark: Whose parts.
            part: Which.
            buffer: As long as the part; used only when the bytes go through here.

        Raises:
            Conflict: The source has changed since it was found.
            LakeportError: It cannot be read or written.
        """
        if not self._through_here.is_set():
            try:
                self._ask(item, mark, part, len(buffer))
            except LakeportError as error:
                if error.code not in UNREADABLE:
                    raise
                self._through_here.set()
            else:
                return
        self._carry(item, mark, part, buffer)

    def _ask(self, item: Item, mark: str, part: int, length: int) -> None:
        lent = {**self._lend(item.source), "x-ms-source-if-match": item.etag}
        if item.parts == 1:
            self._target.put_from(item.target, lent)
        else:
            offset = part * item.part_bytes
            self._target.stage_from(item.target, mark, part, lent, (offset, offset + length - 1))

    def _carry(self, item: Item, mark: str, part: int, buffer: memoryview) -> None:
        if len(buffer):
            found = Found(item.source, item.size_bytes, item.etag, item.modified_at)
            self._source.read(found, part * item.part_bytes, buffer)
        if item.parts == 1:
            self._target.put(item.target, buffer, self._source.properties(item.source))
        else:
            self._target.stage(item.target, mark, part, buffer)

    def finish(self, item: Item, mark: str) -> None:
        """Let the target's file appear, with the content headers and metadata of the source.

        Raises:
            LakeportError: It is refused, or what arrived has another size.
        """
        if item.parts > 1:
            self._target.commit(item.target, mark, item.parts, headers=self._source.properties(item.source))
        self._target.check(item.target, item.size_bytes)
