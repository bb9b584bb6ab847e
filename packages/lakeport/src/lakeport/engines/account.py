"""One storage account for many threads: its connections, and what takes several requests at once."""

from __future__ import annotations

import os
import secrets
import weakref
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from lakeport.clock import SystemClock
from lakeport.engines.requests import Requests
from lakeport.errors import Forbidden, LakeportError, NotFound
from lakeport.identity import UNDETERMINED, broker
from lakeport.storage import Found
from lakeport.storage.listing import NEVER
from lakeport.storage.opening import opener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lakeport.clock import Clock
    from lakeport.profiles import Profile

PART = 4 << 20
"""The most that is read at once: the service checks sums of no longer ranges."""
THREADS = 16
MOMENT = timedelta(seconds=1)
"""How long it is remembered what a file was: libraries ask several times before they read, and reads are of that file or fail."""
IDLE = timedelta(seconds=60)
"""How long a connection that nobody uses is thought to be open."""
MOST_SEEN = 4096
MOST_BLOCKS = 50_000
POLL = timedelta(milliseconds=200)


class Account:
    """A storage account as one principal sees it; paths are `container/path`. Thread-safe."""

    def __init__(self, profile: Profile, account: str, clock: Clock | None = None) -> None:
        self.name = account
        self.profile = profile
        self._clock = clock or SystemClock()
        self._opener = opener(profile, account)
        self._idle: deque[tuple[Requests, datetime]] = deque()
        self._pid = os.getpid()
        self._seen: dict[str, tuple[Found, datetime]] = {}
        self._hierarchical: dict[str, bool] = {}
        weakref.finalize(self, _close, self._idle)

    @contextmanager
    def requests(self) -> Iterator[Requests]:
        """Lend a connection."""
        one = self._taken()
        try:
            yield one
        except LakeportError:
            self._idle.append((one, self._clock.now()))
            raise
        except BaseException:
            one.close()  # in the middle of an answer, perhaps
            raise
        self._idle.append((one, self._clock.now()))

    def _taken(self) -> Requests:
        if self._pid != os.getpid():  # connections are the parent's
            self._idle, self._pid = deque(), os.getpid()
        while self._idle:
            try:
                one, at = self._idle.pop()
            except IndexError:
                break
            if self._clock.now() - at < IDLE:
                return one
            one.close()
        one = Requests(self.profile, self.name, clock=self._clock, opened=self._opener)
        one.on_change = self._seen.clear
        return one

    @cached_property
    def parts(self) -> ThreadPoolExecutor:
        """Where single requests of a bigger whole run; nothing in it waits for another."""
        return ThreadPoolExecutor(THREADS, thread_name_prefix="lakeport-parts")

    def is_hierarchical(self, path: str) -> bool:
        """Tell if a path's container has real directories; asked once."""
        container = path.partition("/")[0]
        if container not in self._hierarchical:
            with self.requests() as asking:
                try:
                    self._hierarchical[container] = asking.container(container)
                except Forbidden:
                    return True  # who may not know, as by the SAS of a directory, is in an account that has them
        return self._hierarchical[container]

    def find(self, path: str, *, is_fresh: bool = False) -> Found:
        """Return a file, directory or container.

        Args:
            path: `container/path`.
            is_fresh: Ask, even if it was asked for a moment ago and nothing has been changed from here since.

        Raises:
            NotFound: There is none.
        """
        known = self._seen.get(path)
        if known is not None and not is_fresh and self._clock.now() - known[1] < MOMENT:
            return known[0]
        found = self._asked(path)
        if not found.is_directory:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            self._seen[path] = (found, self._clock.now())
        return found

    def _asked(self, path: str) -> Found:
        if "/" not in path:
            self.is_hierarchical(path)
            return Found(path, 0, "", NEVER, is_directory=True)
        with self.requests() as asking:
            try:
                return asking.find(path)
            except NotFound:
                if self.is_hierarchical(path) or not any(asking.flat_listed(path, most=1)):
                    raise
                return Found(path, 0, "", NEVER, is_directory=True)  # what files of a flat account lie in

    def listed(self, path: str, *, recursive: bool = False) -> list[Found]:
        """Return what lies in a directory, or with `recursive` everywhere below it.

        Raises:
            NotFound: There is no such directory; of an account without any, no such container.
            Conflict: It is a file.
        """
        is_hierarchical = self.is_hierarchical(path)
        with self.requests() as asking:
            listing = asking.listed if is_hierarchical else asking.flat_listed
            found = list(listing(path, recursive=recursive))
        now = self._clock.now()
        self._seen.update((one.path, (one, now)) for one in found[: max(MOST_SEEN - len(self._seen), 0)])
        return found

    def read(self, path: str, start: int = 0, end: int | None = None, *, of: Found | None = None) -> bytes:
        """Return bytes of a file, of one state of it even if they take several requests.

        Args:
            path: Of the file.
            start: The first byte.
            end: Behind the last; `None`: the file's end.
            of: Which file is meant, if it was found before: one that changed since then is refused.

        Raises:
            NotFound: There is no such file.
            Conflict: It changed meanwhile.
        """
        if end is not None and end <= start:
            return b""
        if of is None:
            with self.requests() as asking:
                first = asking.piece(path, start, PART if end is None else min(PART, end - start))
            stop = first.size_bytes if end is None else min(end, first.size_bytes)
            if stop <= start + len(first.data):
                return bytes(first.data)
            return bytes(first.data) + bytes(self._wide(path, start + len(first.data), stop, first.etag))
        stop = of.size_bytes if end is None else min(end, of.size_bytes)
        return bytes(self._wide(path, start, stop, of.etag)) if stop > start else b""

    def _wide(self, path: str, start: int, stop: int, etag: str) -> memoryview:
        """Return a range that is there, its parts read side by side."""
        whole = memoryview(bytearray(stop - start))
        if len(whole) <= PART:
            self._part(path, start, whole, etag)
            return whole
        jobs = [
            self.parts.submit(self._part, path, start + at, whole[at : at + PART], etag)
            for at in range(0, len(whole), PART)
        ]
        for job in jobs:
            job.result()
        return whole

    def _part(self, path: str, start: int, into: memoryview, etag: str) -> None:
        with self.requests() as asking:
            got = asking.piece(path, start, len(into), etag, into)
        if len(got.data) != len(into):
            raise LakeportError(f"{path}: asked for {len(into)} bytes at {start}, got {len(got.data)}")

    def copy(self, source: str, target: str) -> None:
        """Copy a file inside the account, on the service's side; return when it is there.

        Raises:
            NotFound: There is no such file.
        """
        with self.requests() as asking:
            state = asking.copy(source, target)
            while state == "pending":
                self._clock.sleep(POLL)
                state = asking.copying(target)
        if state != "success":
            raise LakeportError(f"{target}: the copy of {source} ended as {state}")


def block_names() -> Iterator[str]:
    """Yield names for a file's blocks that no other writer of the file uses, as long as transfers' are.

    Example:
        >>> one, other = block_names(), block_names()
        >>> next(one)[-3:], next(one)[-3:], len(next(other))
        ('000', '001', 16)
    """
    writer = secrets.token_hex(4)
    return (f"{writer}{number:08d}" for number in range(MOST_BLOCKS))


def _close(idle: deque[tuple[Requests, datetime]]) -> None:
    while idle:
        idle.pop()[0].close()


_OPEN: OrderedDict[tuple[object, ...], Account] = OrderedDict()
_LOCK = Lock()
_MOST_OPEN = 16


def opened(profile: Profile, account: str) -> Account:
    """Return an account as a profile opens it; whoever asks again for the same has the same connections.

    Raises:
        BadProfile: The profile's secret or certificate cannot be read.
    """
    if profile.credential in UNDETERMINED:
        return Account(profile, account)  # the next one may be another person
    key = (broker.principal_of(profile), account, profile.cloud.blob_suffix, os.getpid())
    with _LOCK:
        if key not in _OPEN:
            _OPEN[key] = Account(profile, account)
        _OPEN.move_to_end(key)
        while len(_OPEN) > _MOST_OPEN:
            _OPEN.popitem(last=False)
        return _OPEN[key]
