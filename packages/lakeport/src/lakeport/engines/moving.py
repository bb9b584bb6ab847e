"""Whole files between a lake and memory or this machine's disk, parts of a big one side by side."""

from __future__ import annotations

import os
from collections import deque
from typing import IO, TYPE_CHECKING

from lakeport.engines.account import PART, THREADS, block_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from lakeport.engines.account import Account
    from lakeport.storage import Found

    Told = Callable[[int], object]

ONE = 8 << 20
"""A file up to this size is sent in one request."""


def send(account: Account, path: str, data: memoryview, *, is_new: bool = False) -> None:
    """Write a file of what is in memory.

    Args:
        account: Where to.
        path: `container/path`.
        data: Its bytes.
        is_new: Only where there is none.

    Raises:
        Conflict: There is one.
    """
    if len(data) <= ONE:
        with account.requests() as asking:
            asking.write(path, data, is_new=is_new)
        return
    _send_blocks(account, path, (data[at : at + ONE] for at in range(0, len(data), ONE)), lambda _: None, is_new=is_new)


def send_file(account: Account, path: str, file: IO[bytes], told: Told, *, is_new: bool = False) -> None:
    """Write a file of what is left in another; `told` hears of the bytes that were sent.

    Raises:
        Conflict: There is one, and `is_new` was given.
    """
    first = file.read(ONE)
    if len(first) < ONE:
        send(account, path, memoryview(first), is_new=is_new)
        told(len(first))
        return
    _send_blocks(account, path, _blocks(first, file), told, is_new=is_new)


def _blocks(first: bytes, file: IO[bytes]) -> Iterator[bytes]:
    yield first
    while block := file.read(ONE):
        yield block


def _send_blocks(
    account: Account, path: str, blocks: Iterable[bytes | memoryview], told: Told, *, is_new: bool
) -> None:
    names, sent = block_names(), []
    jobs: deque[tuple[Future[None], int]] = deque()

    def finish() -> None:
        job, size = jobs.popleft()
        job.result()
        told(size)

    def stage(name: str, data: bytes | memoryview) -> None:
        with account.requests() as asking:
            asking.send_block(path, name, data)

    for block in blocks:
        if len(jobs) == THREADS // 4:
            finish()
        sent.append(next(names))
        jobs.append((account.parts.submit(stage, sent[-1], block), len(block)))
    while jobs:
        finish()
    with account.requests() as asking:
        asking.join_blocks(path, sent, is_new=is_new)


def fetch(account: Account, found: Found, target: Path, told: Told) -> None:
    """Write a file of a lake to the disk: beside its place, and there when it is whole.

    Args:
        account: Where it lies.
        found: Which; it must not change meanwhile.
        target: Its place; directories above it are made.
        told: Hears of the bytes that have come.

    Raises:
        Conflict: It changed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f"{target.name}.{os.getpid()}-{os.urandom(3).hex()}.part")
    try:
        with beside.open("wb") as file:
            step = PART * THREADS
            for at in range(0, found.size_bytes, step):
                data = account.read(found.path, at, min(at + step, found.size_bytes), of=found)
                file.write(data)
                told(len(data))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
