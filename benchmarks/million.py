"""A million paths: how long it takes to start, to list them all, to rename and to delete a directory of 100,000 files.

The paths are put straight into the store of a stopped server, as many writes over the wire would have left them; what is
measured goes over the wire. A fresh server with no paths stands beside it where time must not grow with their number.
"""

from __future__ import annotations

import http.client
import itertools
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figure import Figure
from benchmarks.peers.account import ACCOUNT, CONTAINER
from benchmarks.peers.lakes import TOPOLOGY, signed, signed_query
from benchmarks.peers.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTORIES = 900
_FILES = 1_000
_LARGE = 100_000
_TIMES = 5


def measure() -> Iterator[Figure]:
    """Yield the figures."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as name:
        folder = Path(name)
        (folder / "topology.toml").write_text(TOPOLOGY)
        _up(folder, "empty").end()
        _up(folder, "full").end()
        paths = _seed(folder / "full" / "state.db")
        starts: dict[str, list[float]] = {"empty": [], "full": []}
        for _ in range(_TIMES):
            for state, times in starts.items():
                begun = time.perf_counter()
                program = _up(folder, state)
                times.append(time.perf_counter() - begun)
                program.end()
        empty, full = (statistics.median(times) for times in starts.values())
        yield Figure(f"start with {paths:,} paths", full, "s")
        yield Figure("start with them, of a start with none", full / empty, "times", at_most=1.15)
        program = _up(folder, "full")
        try:
            yield from _over_the_wire(program, paths)
        finally:
            program.end()


def _over_the_wire(program: Program, paths: int) -> Iterator[Figure]:
    connection = http.client.HTTPConnection("127.0.0.1", int(program.line.split()[1].rpartition(":")[2]))
    before = program.resident_mib()
    took, found = _list(connection)
    if found != paths:
        raise RuntimeError(f"{found} of {paths} paths are listed")
    yield Figure(f"list of {paths:,} paths, recursive, pages of 5,000", took, "s", at_most=3)
    yield Figure("  memory that it added", program.resident_mib() - before, "MiB", at_most=64)
    names = ["large", *(f"renamed{number}" for number in range(_TIMES))]
    moves = [_rename(connection, old, new) for old, new in itertools.pairwise(names)]
    yield Figure(f"rename of a directory of {_LARGE:,}", statistics.median(moves) * 1000, "ms", at_most=20)
    yield Figure("its recursive delete, acknowledged", _delete(connection, names[-1]) * 1000, "ms", at_most=50)


def _up(folder: Path, state: str) -> Program:
    command = [sys.executable, "-m", "lakeport_local", "up", "--state", str(folder / state), "--port", "0"]
    return Program([*command, "--topology", "topology.toml"], port=None, folder=folder)


def _seed(file: Path) -> int:
    """Put the paths beside the root of the container; return how many there are."""
    database = sqlite3.connect(file)
    database.row_factory = sqlite3.Row
    root = database.execute("SELECT p.* FROM paths p JOIN file_systems f ON f.root = p.id").fetchone()
    base = {name: root[name] for name in root.keys() if name not in {"id", "parent", "name", "is_directory"}}  # noqa: SIM118
    names = ["parent", "name", "is_directory", *base]
    sql = f"INSERT INTO paths ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

    def row(parent: int, name: str, *, is_directory: bool) -> tuple[Any, ...]:
        return (parent, name, int(is_directory), *base.values())

    count = 0
    for number in range(_DIRECTORIES + 1):
        name, files = (f"d{number:04}", _FILES) if number < _DIRECTORIES else ("large", _LARGE)
        made = database.execute(sql, row(root["id"], name, is_directory=True)).lastrowid or 0
        database.executemany(sql, (row(made, f"f{one:06}", is_directory=False) for one in range(files)))
        count += files + 1
    database.commit()
    database.close()
    return count


def _asked(connection: http.client.HTTPConnection, method: str, target: str, headers: dict[str, str]) -> Any:
    connection.request(method, target, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {target} gives {answer.status}: {body[:300]!r}")
    return answer, body


def _list(connection: http.client.HTTPConnection) -> tuple[float, int]:
    """List everything; the names are counted, not parsed, so that the client's time stays out of it."""
    begun, found, token = time.perf_counter(), 0, ""
    while True:
        query = {"resource": "filesystem", "recursive": "true", "maxResults": "5000"}
        query |= {"continuation": token} if token else {}
        lower = {name.lower(): value for name, value in query.items()}
        _, headers = signed_query("GET", f"/{ACCOUNT}/{CONTAINER}", lower)
        target, _ = signed_query("GET", f"/{ACCOUNT}/{CONTAINER}", query)
        answer, body = _asked(connection, "GET", target, headers)
        found += body.count(b'"name":')
        token = answer.headers.get("x-ms-continuation") or ""
        if not token:
            return time.perf_counter() - begun, found


def _rename(connection: http.client.HTTPConnection, old: str, new: str) -> float:
    more = {"x_ms_rename_source": f"/{CONTAINER}/{old}"}
    headers = signed("PUT", f"/{ACCOUNT}/{CONTAINER}/{new}", **more)
    begun = time.perf_counter()
    _asked(connection, "PUT", f"/{ACCOUNT}/{CONTAINER}/{new}", headers)
    return time.perf_counter() - begun


def _delete(connection: http.client.HTTPConnection, name: str) -> float:
    target, headers = signed_query("DELETE", f"/{ACCOUNT}/{CONTAINER}/{name}", {"recursive": "true"})
    begun = time.perf_counter()
    _asked(connection, "DELETE", target, headers)
    return time.perf_counter() - begun
