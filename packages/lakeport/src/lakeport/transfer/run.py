"""Running a plan: many files, and many parts of one, at once, within a bounded memory."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport.clock import SystemClock
from lakeport.errors import Conflict, LakeportError, NotVerified, Stopped
from lakeport.storage.retrying import rest
from lakeport.transfer import disk
from lakeport.transfer.blobs import Blobs
from lakeport.transfer.copying import Copier
from lakeport.transfer.failing import worded
from lakeport.transfer.journal import Progress
from lakeport.transfer.limits import Buffers, Unlimited
from lakeport.transfer.moving import Copying, Fetching, Hands, Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.clock import Clock
    from lakeport.storage.retrying import Patience
    from lakeport.transfer.blobs import Side
    from lakeport.transfer.digests import Wanted
    from lakeport.transfer.journal import Journal
    from lakeport.transfer.limits import Limit
    from lakeport.transfer.moving import Moving
    from lakeport.transfer.plan import Item, Plan

    Told = Callable[["Outcome", Item | None], None]

WORKERS = 16
"""Requests at once. Large parts wait for memory: six of 4 MiB fit."""
MEMORY_BYTES = 24 << 20
OWN_BYTES = 64 << 10
"""What a worker has for itself, for small files."""
NOTED = 64
NOTED_SECONDS = 0.1
"""Small files that arrived are noted so many at once, or after so long."""


@dataclass
class Outcome:
    """What a transfer did.

    Attributes:
        files: How many arrived, in this run.
        size_bytes: How many bytes were moved, in this run.
        deleted: How many were deleted at the target.
        failures: What was said of those that did not arrive, by their source.
        kinds: Which errors these were.
        through_here: A copy between lakes whose target could not read the source itself, so that this machine carried it.
    """

    files: int = 0
    size_bytes: int = 0
    deleted: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    kinds: set[type[LakeportError]] = field(default_factory=set)
    seconds: float = 0.0
    through_here: bool = False


@dataclass
class _Item:
    """An item under way."""

    number: int
    item: Item
    left: int
    moving: Moving
    failed: bool = False


class Run:
    """One plan, being run.

    Args:
        plan: What to do.
        side: The lake's side, which of a copy is the target's; the other is this machine.
        origin: Of a copy between lakes, the source's side.
        journal: Where it is noted; `None`: nowhere.
        progress: How far an earlier run came.
        name: The transfer's, by which what it left half-done is told from what others did.
        md5: Whether the MD5 of a file of many parts is computed: where that holds nothing up, always, or never.
        workers: How many requests are under way at once.
        limit: Holds all back together.
        told: Called after each part, from any thread, with the outcome so far, and the item that has arrived, if one has.
        stop: Set, by another thread, when it is to end.
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
        md5: Wanted = "auto",
        workers: int = WORKERS,
        limit: Limit | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        told: Told | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._plan = plan
        self._origin = origin
        self._through_here = threading.Event()
        self._journal = journal
        self._before = progress or Progress()
        self._mark = _digits(name)
        self._md5 = md5
        self._workers = workers
        self._limit = limit or Unlimited()
        self._clock = clock or SystemClock()
        self._patience = patience
        self._told = told or (lambda _outcome, _item: None)
        self._stop = stop or threading.Event()
        self._lock = threading.RLock()  # looking for the next part may find that an item failed
        self._stopped = threading.Event()
        self._broken: list[BaseException] = []
        self._buffers = Buffers(MEMORY_BYTES)
        self._under_way: dict[int, _Item] = {}
        self._noted: list[dict[str, object]] = []
        self._write_at = 0.0
        self._blobs = Blobs(side, self._clock, patience)
        self._open: list[Blobs | Copier] = []
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Do it, and return what was done.

        Raises:
            KeyboardInterrupt: Somebody wants it to end; what arrived is noted.
            Stopped: The same, by `stop`.
        """
        began, tasks = time.perf_counter(), self._tasks()
        threads = [threading.Thread(target=self._work, args=(tasks,), daemon=True) for _ in range(self._workers)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
                    self._heed()
        finally:
            self._stopped.set()
            for one in self._open:
                one.interrupt()
            for under_way in list(self._under_way.values()):
                under_way.moving.stop()
            for thread in threads:
                thread.join()
            self._write()
        if self._broken:
            raise self._broken[0]
        if not self.outcome.failures:  # else it could not be said of the target what it lacks
            self._delete()
        self.outcome.seconds = time.perf_counter() - began
        self.outcome.through_here = self._through_here.is_set()
        self._note({"ended": "failed" if self.outcome.failures else "complete"})
        return self.outcome

    def _heed(self) -> None:
        if self._stop.is_set():
            raise Stopped("the transfer was stopped", hint="Next: lakeport transfer resume")

    def _tasks(self) -> Iterator[tuple[_Item, int]]:
        """Every part that has not arrived, file by file."""
        blobs = self._opened()
        for number, item in enumerate(self._plan.items):
            if number in self._before.done:
                continue
            one = _Item(number, item, item.parts, self._moving(item))
            if item.parts == 1:
                yield one, 0
                continue
            self._under_way[number] = one
            there = self._there(one, blobs)
            one.left -= len(there)
            if not one.failed and not one.left:
                there.discard(item.parts - 1)  # all parts arrived and the end did not: the last one does it again
                one.left = 1
            yield from ((one, part) for part in range(item.parts) if part not in there)
        blobs.close()

    def _moving(self, item: Item) -> Moving:
        """What moves an item, under a mark that no other transfer has, nor this one for another version of the source."""
        if self._plan.direction == "download":
            return Fetching(item, self._mark, self._md5)
        mark = self._mark
        if item.parts > 1:
            mark = _digits(f"{self._mark}\n{item.etag} {item.modified_at} {item.size_bytes}")
        return Sending(item, mark, self._md5) if self._origin is None else Copying(item, mark)

    def _there(self, one: _Item, blobs: Blobs) -> set[int]:
        """Which parts of an item an earlier run moved; also makes ready what parts are written to."""
        try:
            return one.moving.begin(blobs, self._before.parts.get(one.number, set()))
        except LakeportError as error:
            self._fail(one, error)
            return set()

    def _work(self, tasks: Iterator[tuple[_Item, int]]) -> None:
        hands = self._hands()
        own = memoryview(bytearray(OWN_BYTES))
        try:
            while not self._stopped.is_set():
                with self._lock:
                    task = next(tasks, None)
                if task is None:
                    return
                one, part = task
                if one.failed:
                    continue
                length = one.item.length(part)
                if length <= OWN_BYTES:
                    self._move(one, part, own[:length], hands)
                    continue
                with self._buffers.lent(length) as data:
                    self._move(one, part, data, hands)
        except BaseException as error:  # noqa: BLE001  (told by whoever started the thread)
            self._broken.append(error)
            self._stopped.set()
        finally:
            hands.close()

    def _hands(self) -> Hands:
        blobs = self._opened()
        if self._origin is None:
            return Hands(blobs)
        copier = Copier(self._origin, blobs, self._through_here, self._clock, self._patience)
        self._open.append(copier)
        return Hands(blobs, copier)

    def _move(self, one: _Item, part: int, data: memoryview, hands: Hands) -> None:
        try:
            rest(self._limit.take(len(data)), self._clock, self._stopped.is_set)
            if self._stopped.is_set():
                return
            one.moving.move(hands, part, data)
        except LakeportError as error:
            self._fail(one, error)
            return
        with self._lock:
            one.left -= 1
            is_last = one.left == 0
            self.outcome.size_bytes += len(data)
        if is_last:
            self._end(one, hands)
        else:
            self._note({"part": [one.number, part]})
            self._told(self.outcome, None)

    def _end(self, one: _Item, hands: Hands) -> None:
        try:
            md5 = one.moving.end(hands)
        except LakeportError as error:
            self._fail(one, error, anew=isinstance(error, NotVerified))
            return
        with self._lock:
            self._under_way.pop(one.number, None)
            self.outcome.files += 1
        self._note({"done": one.number, **({"md5": md5} if md5 else {})}, is_urgent=one.item.parts > 1)
        self._told(self.outcome, one.item)

    def _opened(self) -> Blobs:
        blobs = self._blobs.twin()
        self._open.append(blobs)
        return blobs

    def _fail(self, one: _Item, error: LakeportError, *, anew: bool = False) -> None:
        if self._stopped.is_set():  # it did not fail: nobody waits for it any more
            return
        error = worded(one.item, error)
        with self._lock:
            one.failed = True
            self._under_way.pop(one.number, None)
            self.outcome.failures.setdefault(one.item.source, str(error))
            self.outcome.kinds.add(type(error))
        one.moving.stop()
        # What changed meanwhile begins anew; what merely broke goes on where it stopped.
        self._note({"failed": one.number, "said": error.message, "anew": anew or isinstance(error, Conflict)})

    def _delete(self) -> None:
        blobs = self._blobs.twin()
        for path in self._plan.deletions:
            if self._stop.is_set():
                blobs.close()
                self._heed()
            try:
                disk.delete(path) if self._plan.direction == "download" else blobs.delete(path)
                self.outcome.deleted += 1
            except LakeportError as error:
                self.outcome.failures[path] = str(error)
                self.outcome.kinds.add(type(error))
        blobs.close()

    def _note(self, line: dict[str, object], *, is_urgent: bool = True) -> None:
        """Write a line of the journal; of small files, which are soon sent again, some at a time."""
        if self._journal is None:
            return
        with self._lock:
            self._noted.append(line)
            if not is_urgent and len(self._noted) < NOTED and time.monotonic() < self._write_at:
                return
        self._write()

    def _write(self) -> None:
        with self._lock:
            lines, self._noted = self._noted, []
            self._write_at = time.monotonic() + NOTED_SECONDS
        if self._journal is not None and lines:
            self._journal.write(*lines)


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def digest_of(path: str) -> str:
    """Return the MD5 of a local file, in hex."""
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
