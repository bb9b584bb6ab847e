"""How long until a local Azure is ready, and how long its commands take."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_RUNS = 5
_LOCAL = (sys.executable, "-m", "lakeport_local")


def measure() -> Iterator[Figure]:
    """Yield medians over five runs."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        state = Path(folder) / "state"
        yield Figure("up, new state folder: ready", _median(lambda: _up(state, is_new=True)), "s", at_most=1.5)
        yield Figure("up, state folder from before: ready", _median(lambda: _up(state, is_new=False)), "s", at_most=1.5)
        process = _start(state)
        status = _median(lambda: _timed(*_LOCAL, "status", "--state", str(state)))
        yield Figure("status", status, "s")
        executed = _median(lambda: _timed(*_LOCAL, "exec", "--state", str(state), "--as", "provider", "--", "true"))
        yield Figure("exec --as provider -- true", executed, "s")
        _end(process)
    lakeport = shutil.which("lakeport", path=str(Path(sys.executable).parent))
    if lakeport is not None:
        yield Figure("lakeport --help", _median(lambda: _timed(lakeport, "--help")), "s", at_most=0.15)


def _median(once: Callable[[], float]) -> float:
    return statistics.median(once() for _ in range(_RUNS))


def _start(state: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([*_LOCAL, "up", "--state", str(state), "--port", "0"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"ready ")
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.communicate()


def _up(state: Path, *, is_new: bool) -> float:
    if is_new:
        shutil.rmtree(state, ignore_errors=True)
    begun = time.perf_counter()
    process = _start(state)
    took = time.perf_counter() - begun
    _end(process)
    return took


def _timed(*command: str) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun
