"""One file on its way: sent in blocks that nobody sees before the last, fetched into a file aside, or copied between lakes.

All have the same four deeds, so that whoever runs a plan need not know the direction.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lakeport.errors import NotVerified
from lakeport.storage import Found
from lakeport.transfer import disk
from lakeport.transfer.digests import Digest

if TYPE_CHECKING:
    from lakeport.transfer.blobs import Blobs
    from lakeport.transfer.copying import Copier
    from lakeport.transfer.digests import Wanted
    from lakeport.transfer.plan import Item


@dataclass(frozen=True)
class Hands:
    """What a worker works with: its connections to the lake, and of a copy between lakes those to the source."""

    blobs: Blobs
    copier: Copier | None = None

    def close(self) -> None:
        """Close the connections."""
        self.blobs.close()
        if self.copier is not None:
            self.copier.close()


class Moving(Protocol):
    """A file under way. Thread-safe: parts move at once."""

    def begin(self, blobs: Blobs, known: set[int]) -> set[int]:
        """Make ready what parts go to, and return which of those that an earlier run moved are still there."""
        ...

    def move(self, hands: Hands, part: int, data: memoryview) -> None:
        """Move one part through a buffer of its length."""
        ...

    def end(self, hands: Hands) -> str:
        """Make the file visible, whole; return its MD5 in hex, or empty when nobody computed it."""
        ...

    def stop(self) -> None:
        """Let go of what would go on by itself."""
        ...


class Sending:
    """A file on its way to a lake.

    Args:
        item: What.
        mark: Eight digits that no other transfer, and no other version of the source, has for its blocks.
        wanted: Whether the MD5 of a file of many parts is computed and kept with it.
    """

    def __init__(self, item: Item, mark: str, wanted: Wanted) -> None:
        self._item = item
        self._mark = mark
        self._wanted = wanted
        self._md5 = ""
        self._digest: Digest | None = None

    def begin(self, blobs: Blobs, known: set[int]) -> set[int]:
        """Ask which blocks the lake has kept."""
        item, there = self._item, set[int]()
        if item.parts == 1:
            return there
        if known:
            disk.check_unchanged(item)
            sizes = blobs.staged(item.target, self._mark)
            there = {part for part in known if sizes.get(part) == item.length(part)}
        if self._wanted != "never":
            insists = self._wanted == "always"
            self._digest = Digest(item.source, item.size_bytes, item.part_bytes, there, insists=insists)
        return there

    def move(self, hands: Hands, part: int, data: memoryview) -> None:
        """Read a part here and send it."""
        item = self._item
        disk.read(item, part * item.part_bytes, data)
        if item.parts == 1:
            self._md5 = hands.blobs.put(item.target, data)
            return
        hands.blobs.stage(item.target, self._mark, part, data)
        if self._digest is not None:
            self._digest.arrived(part)

    def end(self, hands: Hands) -> str:
        """Make the blocks the file."""
        if self._item.parts > 1:
            self._md5 = self._digest.result() if self._digest is not None else ""
            disk.check_unchanged(self._item)
            hands.blobs.commit(self._item.target, self._mark, self._item.parts, self._md5)
        return self._md5

    def stop(self) -> None:
        """End the digest's thread."""
        if self._digest is not None:
            self._digest.stop()


class Fetching:
    """A file on its way from a lake.

    Args:
        item: What.
        mark: Eight digits that no other transfer has for the file aside.
        wanted: Whether the MD5 that is kept with the file is compared with what arrived.
    """

    def __init__(self, item: Item, mark: str, wanted: Wanted) -> None:
        self._item = item
        self._mark = mark
        self._wanted = wanted
        self._found = Found(item.source, item.size_bytes, item.etag, item.modified_at)
        self._lock = threading.Lock()
        self._there: set[int] = set()
        self._kept = ""
        self._digest: Digest | None = None

    def begin(self, blobs: Blobs, known: set[int]) -> set[int]:
        """Make the file aside, or find it."""
        if self._item.parts > 1 and disk.prepare(self._item, self._mark, keep=bool(known)):
            self._there = set(known)
        return set(self._there)

    def move(self, hands: Hands, part: int, data: memoryview) -> None:
        """Fetch a part and write it here."""
        item, offset = self._item, part * self._item.part_bytes
        kept = hands.blobs.read(self._found, offset, data) if len(data) else ""
        if self._wanted == "never":
            kept = ""
        if item.parts > 1:
            disk.write(item, self._mark, offset, data)
            self._note(part, kept)
            return
        if kept:
            self._check(kept, hashlib.md5(data, usedforsecurity=False).hexdigest())
        disk.whole(item, self._mark, data)

    def end(self, hands: Hands) -> str:
        """Give the file its name."""
        if self._item.parts > 1:
            if self._digest is not None:
                self._check(self._kept, self._digest.result())
            disk.finish(self._item, self._mark)
        return self._kept

    def stop(self) -> None:
        """End the digest's thread."""
        if self._digest is not None:
            self._digest.stop()

    def _note(self, part: int, kept: str) -> None:
        with self._lock:
            self._there.add(part)
            if self._digest is not None:
                self._digest.arrived(part)
            elif kept:
                item, self._kept = self._item, kept
                at = disk.aside_of(item.target, self._mark)
                self._digest = Digest(at, item.size_bytes, item.part_bytes, self._there, insists=True)

    def _check(self, kept: str, found: str) -> None:
        if kept != found:
            raise NotVerified(f"{self._item.source}: what arrived has the MD5 {found}, what is kept with it is {kept}")
        self._kept = kept


class Copying:
    """A file on its way from lake to lake.

    Args:
        item: What.
        mark: Eight digits that no other transfer, and no other version of the source, has for its blocks.
    """

    def __init__(self, item: Item, mark: str) -> None:
        self._item = item
        self._mark = mark

    def begin(self, blobs: Blobs, known: set[int]) -> set[int]:
        """Ask which blocks the lake has kept."""
        sizes = blobs.staged(self._item.target, self._mark) if known else {}
        return {part for part in known if sizes.get(part) == self._item.length(part)}

    def move(self, hands: Hands, part: int, data: memoryview) -> None:
        """Let the target take a part, or carry it there."""
        if hands.copier is not None:
            hands.copier.move(self._item, self._mark, part, data)

    def end(self, hands: Hands) -> str:
        """Make the blocks the file, with what the source keeps beside its bytes."""
        if hands.copier is not None:
            hands.copier.finish(self._item, self._mark)
        return ""

    def stop(self) -> None:
        """There is nothing that goes on by itself."""
