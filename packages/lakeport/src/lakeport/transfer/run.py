"""Running a plan: many files, and many parts of one, at once, within a bounded memory."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from lakeport.clock import SystemClock
from lakeport.errors import Conflict, LakeportError
from lakeport.storage import Found
from lakeport.storage.retrying import rest
from lakeport.transfer import disk
from lakeport.transfer.blobs import Blobs
from lakeport.transfer.copying import Copier
from lakeport.transfer.failing import worded
from lakeport.transfer.journal import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.clock import Clock
    from lakeport.storage.retrying import Patience
    from lakeport.transfer.blobs import Side
    from lakeport.transfer.journal import Journal
    from lakeport.transfer.plan import Item, Plan

    Told = Callable[["Outcome", Item | None], None]

WORKERS = 8


@dataclass
class Outcome:
    """What a transfer did.

    Attributes:
        files: How many arrived, in this run.
        size_bytes: How many bytes were moved, in this run.
        deleted: How many were deleted at the target.
        failures: What was said of those that did not arrive, by their source.
        through_here: A copy between lakes whose target could not read the source itself, so that this machine carried it.
    """

    files: int = 0
    size_bytes: int = 0
    deleted: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    through_here: bool = False


class Limit(Protocol):
    """Holds somebody back."""

    def take(self, size_bytes: int) -> timedelta:
        """Return how long to wait before so many bytes may be moved."""
        ...


class Unlimited:
    """As fast as it goes."""

    def take(self, size_bytes: int) -> timedelta:
        """Return no time."""
        return timedelta()


class Bandwidth:
    """So many bytes a second, for all workers together.

    Args:
        rate: Bytes a second.
        clock: The time.
    """

    def __init__(self, rate: int, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock.now()

    def take(self, size_bytes: int) -> timedelta:
        """Return how long to wait before so many bytes may be moved."""
        with self._lock:
            now = self._clock.now()
            start = max(self._free_at, now)
            self._free_at = start + timedelta(seconds=size_bytes / self._rate)
        return start - now


@dataclass
class _Item:
    """An item under way."""

    number: int
    item: Item
    left: int
    mark: str
    failed: bool = False


@dataclass(frozen=True)
class _Hands:
    """What a worker works with: its connections to the lake, and of a copy between lakes those to the source."""

    blobs: Blobs
    copier: Copier | None = None

    def close(self) -> None:
        self.blobs.close()
        if self.copier is not None:
            self.copier.close()


class Run:
    """One plan, being run.

    Args:
        plan: What to do.
        side: The lake's side, which of a copy is the target's; the other is this machine.
        origin: Of a copy between lakes, the source's side.
        journal: Where it is noted; `None`: nowhere.
        progress: How far an earlier run came.
        name: The transfer's, by which what it left half-done is told from what others did.
        workers: How many requests are under way at once.
        limit: Holds all back together.
        told: Called after each part, from any thread, with the outcome so far, and the item that has arrived, if one has.
    """

    def __init__(
        self,
        plan: Plan,
        side: Side,
        *,
        origin: Side | None = None,
        journal: Journal | None = None,
        progress: Progress | None = None,
        name: str = "",
        workers: int = WORKERS,
        limit: Limit | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        told: Told | None = None,
    ) -> None:
        self._plan = plan
        self._side = side
        self._origin = origin
        self._through_here = threading.Event()
        self._journal = journal
        self._before = progress or Progress()
        self._name = name
        self._workers = workers
        self._limit = limit or Unlimited()
        self._clock = clock or SystemClock()
        self._patience = patience
        self._told = told or (lambda _outcome, _item: None)
        self._lock = threading.RLock()  # looking for the next part may find that an item failed
        self._stopped = threading.Event()
        self._broken: list[BaseException] = []
        self._open: list[Blobs | Copier] = []
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Do it, and return what was done.

        Raises:
            KeyboardInterrupt: Somebody wants it to end; what arrived is noted.
        """
        began, tasks = time.perf_counter(), self._tasks()
        threads = [threading.Thread(target=self._work, args=(tasks,), daemon=True) for _ in range(self._workers)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
        finally:
            self._stopped.set()
            for one in self._open:
                one.interrupt()
            for thread in threads:
                thread.join()
        if self._broken:
            raise self._broken[0]
        if not self.outcome.failures:  # else it could not be said of the target what it lacks
            self._delete()
        self.outcome.seconds = time.perf_counter() - began
        self.outcome.through_here = self._through_here.is_set()
        self._note({"ended": "failed" if self.outcome.failures else "complete"})
        return self.outcome

    def _tasks(self) -> Iterator[tuple[_Item, int]]:
        """Every part that has not arrived, file by file."""
        blobs = self._opened()
        for number, item in enumerate(self._plan.items):
            if number in self._before.done:
                continue
            under_way = _Item(number, item, item.parts, self._mark(item))
            there = self._there(under_way, blobs)
            under_way.left -= len(there)
            if not under_way.failed and not under_way.left:
                there.discard(item.parts - 1)  # all parts arrived and the end did not: the last one does it again
                under_way.left = 1
            yield from ((under_way, part) for part in range(item.parts) if part not in there)
        blobs.close()

    def _mark(self, item: Item) -> str:
        """Eight digits that no other transfer has for its parts, nor this one for those of another version of the source."""
        is_staged = self._plan.direction != "download"
        version = f"{item.etag} {item.modified_at} {item.size_bytes}" if is_staged else ""
        return hashlib.sha256(f"{self._name}\n{version}".encode()).hexdigest()[:8]

    def _there(self, one: _Item, blobs: Blobs) -> set[int]:
        """Which parts of an item an earlier run moved; also makes ready what parts are written to."""
        known = self._before.parts.get(one.number, set())
        try:
            if self._plan.direction == "download":
                return set(known) if disk.prepare(one.item, one.mark, keep=bool(known)) else set()
            if not known:
                return set()
            if self._plan.direction == "upload":
                disk.check_unchanged(one.item)
            sizes = blobs.staged(one.item.target, one.mark)
            return {part for part in known if sizes.get(part) == _length(one.item, part)}
        except LakeportError as error:
            self._fail(one, error)
            return set()

    def _work(self, tasks: Iterator[tuple[_Item, int]]) -> None:
        hands = self._hands()
        buffer = bytearray()
        try:
            while not self._stopped.is_set():
                with self._lock:
                    task = next(tasks, None)
                if task is None:
                    return
                one, part = task
                if one.failed:
                    continue
                length = _length(one.item, part)
                if len(buffer) < length:
                    buffer = bytearray(length)
                self._move(one, part, memoryview(buffer)[:length], hands)
        except BaseException as error:  # noqa: BLE001  (told by whoever started the thread)
            self._broken.append(error)
            self._stopped.set()
        finally:
            hands.close()

    def _hands(self) -> _Hands:
        blobs = self._opened()
        if self._origin is None:
            return _Hands(blobs)
        copier = Copier(self._origin, blobs, self._through_here, self._clock, self._patience)
        self._open.append(copier)
        return _Hands(blobs, copier)

    def _move(self, one: _Item, part: int, data: memoryview, hands: _Hands) -> None:
        offset = part * one.item.part_bytes
        try:
            rest(self._limit.take(len(data)), self._clock, self._stopped.is_set)
            if self._stopped.is_set():
                return
            if hands.copier is not None:
                hands.copier.move(one.item, one.mark, part, data)
                md5 = ""
            elif self._plan.direction == "upload":
                disk.read(one.item, offset, data)
                md5 = self._send(one, part, data, hands.blobs)
            else:
                self._fetch(one, offset, data, hands.blobs)
                md5 = ""
        except LakeportError as error:
            self._fail(one, error)
            return
        self._arrived(one, part, len(data), hands, md5)

    def _send(self, one: _Item, part: int, data: memoryview, blobs: Blobs) -> str:
        if one.item.parts == 1:
            return blobs.put(one.item.target, data)
        blobs.stage(one.item.target, one.mark, part, data)
        return ""

    @staticmethod
    def _fetch(one: _Item, offset: int, data: memoryview, blobs: Blobs) -> None:
        item = one.item
        if len(data):
            found = Found(item.source, item.size_bytes, item.etag, item.modified_at)
            blobs.read(found, offset, data)
            disk.write(item, one.mark, offset, data)

    def _arrived(self, one: _Item, part: int, size: int, hands: _Hands, md5: str) -> None:
        with self._lock:
            one.left -= 1
            is_last = one.left == 0
            self.outcome.size_bytes += size
        try:
            if is_last:
                self._end(one, hands)
        except LakeportError as error:
            self._fail(one, error)
            return
        if is_last:
            self._note({"done": one.number, **({"md5": md5} if md5 else {})})
            with self._lock:
                self.outcome.files += 1
        else:
            self._note({"part": [one.number, part]})
        self._told(self.outcome, one.item if is_last else None)

    def _end(self, one: _Item, hands: _Hands) -> None:
        if hands.copier is not None:
            hands.copier.finish(one.item, one.mark)
        elif self._plan.direction == "download":
            disk.finish(one.item, one.mark)
        elif one.item.parts > 1:
            disk.check_unchanged(one.item)
            hands.blobs.commit(one.item.target, one.mark, one.item.parts)

    def _opened(self) -> Blobs:
        blobs = Blobs(self._side, self._clock, self._patience)
        self._open.append(blobs)
        return blobs

    def _fail(self, one: _Item, error: LakeportError) -> None:
        if self._stopped.is_set():  # it did not fail: nobody waits for it any more
            return
        error = worded(one.item, error)
        with self._lock:
            one.failed = True
            self.outcome.failures.setdefault(one.item.source, str(error))
        # What changed meanwhile begins anew; what merely broke goes on where it stopped.
        self._note({"failed": one.number, "said": error.message, "anew": isinstance(error, Conflict)})

    def _delete(self) -> None:
        blobs = Blobs(self._side, self._clock, self._patience)
        for path in self._plan.deletions:
            try:
                disk.delete(path) if self._plan.direction == "download" else blobs.delete(path)
                self.outcome.deleted += 1
            except LakeportError as error:
                self.outcome.failures[path] = str(error)
        blobs.close()

    def _note(self, line: dict[str, object]) -> None:
        if self._journal is not None:
            self._journal.write(line)


def _length(item: Item, part: int) -> int:
    return min(item.part_bytes, item.size_bytes - part * item.part_bytes)


def digest_of(path: str) -> str:
    """Return the MD5 of a local file, in hex."""
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
