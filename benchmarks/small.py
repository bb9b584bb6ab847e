"""Small requests over plain HTTP, signed with the account's key, beside Azurite: 16 KiB read by wrk, put and listed by obstore."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from benchmarks.figure import Absent, Figure
from benchmarks.peers.account import CONTAINER
from benchmarks.peers.lakes import Lake, azurite_lake, fill, lakeport
from benchmarks.peers.tools import MissingError, debian
from benchmarks.peers.turns import compared
from benchmarks.permission import checked_us

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE_BYTES = 16 * 1024
LISTED = 20_000
_PUT = 2_000
_SECONDS = 5


def measure() -> Iterator[Figure | Absent]:
    """Yield reads, puts and listings, ours against Azurite's."""
    try:
        with lakeport() as ours, azurite_lake() as peer:
            yield from _measure(ours, peer)
    except MissingError as missing:
        yield Absent("small requests beside Azurite", str(missing))


def _measure(ours: Lake, peer: Lake) -> Iterator[Figure | Absent]:
    rows: list[tuple[str, str, Callable[[Lake], float], float]] = [
        ("put of 16 KiB by obstore, 8 threads", "files/s", _puts, 4),
        ("16 KiB GET by wrk, 8 connections", "requests/s", _gets, 8),
    ]
    for what, unit, measured, floor in rows:
        try:
            mine, theirs = partial(measured, ours), partial(measured, peer)
            yield from compared(what, unit, mine, theirs, against="Azurite", at_least=floor)
        except MissingError as missing:
            yield Absent(what, str(missing))
    whole = _cpu(ours)
    yield whole
    yield Figure("16 KiB GET: CPU, Azurite's of ours", _cpu(peer).value / whole.value, "times")
    put_us = _put_cpu_us(ours)
    yield Figure("put of 16 KiB by obstore: CPU", put_us, "us/file")
    yield Figure("put of 16 KiB by obstore: CPU, Azurite's of ours", _put_cpu_us(peer) / put_us, "times")
    yield Figure(
        "16 KiB GET: authentication and authorisation, of CPU", checked_us() / whole.value, "parts", at_most=0.25
    )
    for lake in (ours, peer):
        fill(lake, LISTED, 0)
    what = "list of 20,000 by obstore"
    yield from compared(what, "blobs/s", lambda: _list(ours), lambda: _list(peer), against="Azurite", at_least=5)


def _puts(lake: Lake) -> float:
    begun = time.perf_counter()
    fill(lake, _PUT, SIZE_BYTES)
    return _PUT / (time.perf_counter() - begun)


def _gets(lake: Lake, connections: int = 8) -> float:
    """Return requests per second of one signed request, again and again."""
    path = f"{CONTAINER}/f000001"
    headers = lake.headers("GET", path)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "signed.lua"
        script.write_text("".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers.items()))
        command = [debian("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{_SECONDS}", "-s", str(script)]
        url = f"{lake.endpoint()}/{path}"
        said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(said)
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])


def _cpu(lake: Lake) -> Figure:
    before = lake.program.cpu_s()
    rate = _gets(lake)
    return Figure("16 KiB GET: CPU", (lake.program.cpu_s() - before) / (rate * _SECONDS) * 1e6, "us/request")


def _put_cpu_us(lake: Lake) -> float:
    before = lake.program.cpu_s()
    fill(lake, _PUT, SIZE_BYTES)
    return (lake.program.cpu_s() - before) / _PUT * 1e6


def _list(lake: Lake) -> float:
    store = lake.store()
    begun = time.perf_counter()
    found = sum(len(page) for page in obstore.list(store, chunk_size=5000))
    took = time.perf_counter() - begun
    if found < LISTED:
        raise RuntimeError(f"{lake.name} lists {found}")
    return found / took
