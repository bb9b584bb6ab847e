"""One GiB up and down by obstore, plain and TLS, beside Azurite; authenticated by the account's key, data on disk."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from benchmarks.figure import Absent, Figure
from benchmarks.peers.lakes import Lake, azurite_lake, lakeport
from benchmarks.peers.raw import random_file
from benchmarks.peers.tools import MissingError
from benchmarks.peers.turns import compared

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE_BYTES = 1 << 30
_TURNS = {"http": 5, "https": 3}
_FLOORS = {"http": (3, 1.5), "https": (3, 1.3)}


def measure() -> Iterator[Figure | Absent]:
    """Yield rates up and down by scheme, ours against Azurite's."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        file = random_file(Path(folder), SIZE_BYTES)
        for scheme in ("http", "https"):
            try:
                with lakeport() as ours, azurite_lake(scheme) as peer:
                    yield from _measure(ours, peer, scheme, file)
            except MissingError as missing:
                yield Absent(f"1 GiB by obstore beside Azurite, {scheme}", str(missing))


def _measure(ours: Lake, peer: Lake, scheme: str, file: Path) -> Iterator[Figure]:
    for what, measured, floor in zip(("up", "down"), (_up, _down), _FLOORS[scheme], strict=True):
        mine, theirs = (partial(measured, lake, scheme, file) for lake in (ours, peer))
        title = f"1 GiB {what} by obstore, {scheme}"
        yield from compared(title, "MB/s", mine, theirs, against="Azurite", turns=_TURNS[scheme], at_least=floor)


def _up(lake: Lake, scheme: str, file: Path) -> float:
    store = lake.store(scheme)
    begun = time.perf_counter()
    obstore.put(store, "large", file)
    return SIZE_BYTES / (time.perf_counter() - begun) / 1e6


def _down(lake: Lake, scheme: str, _file: Path) -> float:
    store, size = lake.store(scheme), 0
    begun = time.perf_counter()
    for piece in obstore.get(store, "large").stream(min_chunk_size=8 << 20):
        size += len(piece)
    if size != SIZE_BYTES:
        raise RuntimeError(f"{lake.name} gives {size} bytes")
    return size / (time.perf_counter() - begun) / 1e6
