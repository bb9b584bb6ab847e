"""Transfers by lakeport beside other clients, against the same local Azure: one large file, a folder of small ones, lists.

Checksums, retries and the journal are on. Each client is a process of its own, started anew for each turn; `LAKEPORT_BENCH_MIB` makes
the large file smaller.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Absent, Figure
from benchmarks.peers.lakes import Lake, fill, lakeport
from benchmarks.peers.raw import random_file
from benchmarks.peers.tools import MissingError, debian

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LARGE_MIB = int(os.environ.get("LAKEPORT_BENCH_MIB", "1024"))
MANY, SMALL_BYTES = 2_000, 16 * 1024
LISTED = 20_000
SAME = int(os.environ.get("LAKEPORT_BENCH_SAME", "100000"))
TURNS = {"http": 5, "https": 3}
OBSTORE = ("obstore", "obstore async")
MOST_MIB = 100


def measure() -> Iterator[Figure | Absent]:
    """Yield what lakeport takes of what the others take."""
    with _folder() as folder, lakeport() as lake:
        bench = _Bench(lake, folder)
        for scheme in TURNS:
            for deed, back in (("up", "down"), ("many_up", "many_down")):
                peers = OBSTORE if deed == "up" or scheme == "https" else (*OBSTORE, *_others())
                yield from bench.compared(deed, scheme, peers)
                yield from bench.compared(back, scheme, peers)
        fill(lake, LISTED, 0, prefix="listed/")
        yield from bench.compared("list", "http", ("blob SDK", "obstore"))
        yield from bench.same()
        yield from bench.resumed()


def _others() -> tuple[str, ...]:
    try:
        debian("rclone", "rclone")
    except MissingError:
        return ("blob SDK", "adlfs")
    return ("rclone", "blob SDK", "adlfs")


_FLOORS = {
    ("large", "obstore"): 0.95,
    ("many", "obstore"): 1.0,
    ("many", "rclone"): 1.4,
    ("many", "adlfs"): 8.0,
    ("many", "blob SDK"): 8.0,
    ("list", "blob SDK"): 8.0,
}
_TITLES = {
    "up": "{mib} MiB up",
    "down": "{mib} MiB down",
    "many_up": "2,000 files of 16 KiB up",
    "many_down": "2,000 files of 16 KiB down",
    "list": "list of 20,000",
}


class _Bench:
    """A running lake, and a folder with what is moved."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self._lake = lake
        self._folder = folder
        random_file(folder, LARGE_MIB << 20).rename(folder / "large")
        (folder / "many").mkdir()
        for number in range(MANY):
            (folder / "many" / f"f{number:05}.bin").write_bytes(os.urandom(SMALL_BYTES))

    def compared(self, deed: str, scheme: str, peers: tuple[str, ...]) -> Iterator[Figure]:
        """Yield our seconds and CPU, and how many times as long each peer takes; the better of obstore's two counts."""
        runs: dict[str, list[dict[str, float]]] = {client: [] for client in ("lakeport", *peers)}
        for _ in range(TURNS[scheme]):
            for client, taken in runs.items():
                taken.append(self.run(client, deed, scheme))
        title = f"{_TITLES[deed].format(mib=LARGE_MIB)}, {scheme}"
        mine = _median(runs["lakeport"], "seconds")
        yield Figure(title, mine, "s")
        yield Figure(f"{title}: CPU", _median(runs["lakeport"], "cpu_s"), "s")
        yield Figure(f"{title}: most memory", max(one["peak_mib"] for one in runs["lakeport"]), "MiB", at_most=MOST_MIB)
        both = [client for client in peers if client.startswith("obstore")]
        for client in (min(both, key=lambda one: _median(runs[one], "seconds")), *(set(peers) - set(both))):
            kind = "large" if deed in {"up", "down"} else "list" if deed == "list" else "many"
            floor = _FLOORS.get((kind, client.removesuffix(" async")))
            yield Figure(f"{title}: CPU of {client}", _median(runs[client], "cpu_s"), "s")
            yield Figure(f"{title}, {client}", _median(runs[client], "seconds") / mine, "times", at_least=floor)

    def run(self, client: str, deed: str, scheme: str = "http") -> dict[str, float]:
        """Let a client do it, in a process of its own."""
        if (self._folder / "back").exists():  # not removed: ext4 makes files slowly where many were removed just before
            (self._folder / "back").rename(self._folder / f"back{time.monotonic_ns()}")
        (self._folder / "back").mkdir()
        command = [sys.executable, "-m", "benchmarks.peers.movers", client, deed, self._lake.endpoint(scheme)]
        trust = {"REQUESTS_CA_BUNDLE": str(self._lake.ca_bundle)} if scheme == "https" else {}
        done = subprocess.run(
            [*command, str(self._folder)], cwd=ROOT, env=os.environ | trust, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{client} {deed}: {done.stderr[-2000:]}")
        taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return taken

    def same(self) -> Iterator[Figure]:
        """Yield what a sync costs that finds nothing to do, beyond the list of the lake."""
        fill(self._lake, SAME, 1, prefix="same/")
        (self._folder / "same").mkdir()
        for number in range(SAME):
            path = self._folder / "same" / f"f{number:06}"
            path.write_bytes(b"x")
            os.utime(path, (0, 0))
        pairs = [(self.run("lakeport", "sync"), self.run("lakeport", "list_same")) for _ in range(3)]
        beyond = statistics.median(sync["cpu_s"] - listed["cpu_s"] for sync, listed in pairs)
        yield Figure(f"sync of {SAME:,} unchanged files: CPU beyond the list", beyond, "s", at_most=2)
        peak = max(sync["peak_mib"] for sync, _ in pairs)
        yield Figure(f"sync of {SAME:,} unchanged files: most memory", peak, "MiB")

    def resumed(self) -> Iterator[Figure]:
        """Yield which part of a large file is sent again by a resume, after a kill half-way."""
        taken = self.run("lakeport", "killed")
        yield Figure(f"{LARGE_MIB} MiB up, killed half-way: sent again", taken["again"], "parts", at_most=0.05)


def _median(runs: list[dict[str, float]], what: str) -> float:
    return statistics.median(one[what] for one in runs)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-", dir=os.environ.get("LAKEPORT_BENCH_DIR")) as folder:
        yield Path(folder)
