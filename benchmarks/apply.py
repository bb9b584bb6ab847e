"""What it costs to find that nothing is to be done: fifty shares, both sides, and a watcher's idle look."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHARES = 50
_RUNS = 5
_LOCAL = (sys.executable, "-m", "lakeport_local")
_LAKEPORT = (sys.executable, "-m", "lakeport")
_SHARE = """\
share: share{number}
profile: local:provider
datasets: [{{name: files, folder: share-data/{number}}}]
schedule: {{every: day, at: "02:00Z"}}
invite: [{{tenant: fabrikam, principal: consumer}}]
"""
_RECEIVE = """\
profile: local:consumer
accept: [{from: contoso}]
map: [{to: "abfss://{share}@deststorage.dfs.core.windows.net/{folder}"}]
"""


def measure() -> Iterator[Figure]:
    """Yield medians over five runs of commands with nothing to do."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as name, _running(Path(name)) as folder:
        files = []
        for number in range(_SHARES):
            files.append(folder / f"share{number}.yaml")
            files[-1].write_text(_SHARE.format(number=number))
        (folder / "receive.yaml").write_text(_RECEIVE)
        _run(folder, "share", "apply", "--grant", *map(str, files))
        _run(folder, "receive", "apply", "--grant")
        yield from _figures("share apply", lambda: _run(folder, "share", "apply", *map(str, files)))
        yield from _figures("receive apply", lambda: _run(folder, "receive", "apply"))
        yield from _idle(folder)


def _figures(what: str, act: Callable[[], object]) -> Iterator[Figure]:
    wall, cpu = [], []
    for _ in range(_RUNS):
        begun, before = time.perf_counter(), _children()
        act()
        wall.append(time.perf_counter() - begun)
        cpu.append(_children() - before)
    yield Figure(f"{what}, nothing to do, {_SHARES} shares", statistics.median(wall), "s", at_most=2.0)
    yield Figure(f"{what}, the same, CPU of the client", statistics.median(cpu), "s")


def _idle(folder: Path) -> Iterator[Figure]:
    """A watcher keeps its token, clients and connections: its later looks cost the requests alone."""
    one, many = _timed(lambda: _watch(folder, 1)), _timed(lambda: _watch(folder, 6))
    yield Figure(f"receive watch, an idle look at {_SHARES} shares", (many - one - 5) / 5, "s")


def _watch(folder: Path, rounds: int) -> None:
    _run(folder, "receive", "watch", "--every", "1", "--jitter", "0", "--rounds", str(rounds))


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(folder: Path, *arguments: str) -> None:
    environment = {**os.environ, "LAKEPORT_LOCAL_STATE": str(folder / "state"), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(
        [*_LAKEPORT, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr}")


@contextmanager
def _running(folder: Path) -> Iterator[Path]:
    command = [*_LOCAL, "up", "--memory", "--state", str(folder / "state"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"ready ")
    try:
        yield folder
    finally:
        process.terminate()
        process.communicate()
        shutil.rmtree(folder / "state", ignore_errors=True)
