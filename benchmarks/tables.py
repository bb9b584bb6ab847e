"""What it takes to look into a big table and to convert one: most memory resident, by the size of the file; CPU beside pyarrow alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from benchmarks.figure import Absent, Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALL_ROWS, _BIG_ROWS = 700_000, 7_000_000
_BIG = "500 MB"
_GROUP_ROWS = 1_000_000
_COLUMNS = 8
_NEEDED_BYTES = 3 << 30
_LAKE = "local:provider:share-data"
_PEAK = """
import sys, time

def peak_mib():  # what getrusage tells begins with the parent's
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))

"""
_COMMAND = f"""{_PEAK}
from lakeport.cli import main
status = main(sys.argv[1:])
print(status, peak_mib(), time.process_time(), file=sys.stderr)
"""
_PEER = f"""{_PEAK}
import pyarrow.parquet as pq
source = pq.ParquetFile(sys.argv[1], pre_buffer=False, buffer_size=1 << 20)
with pq.ParquetWriter(sys.argv[2], source.schema_arrow) as writer:
    for number in range(source.num_row_groups):
        writer.write_table(source.read_row_group(number))
print(0, peak_mib(), time.process_time(), file=sys.stderr)
"""


def measure() -> Iterator[Figure | Absent]:
    """Yield peaks and CPU."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as name:
        if shutil.disk_usage(name).free < _NEEDED_BYTES:
            yield Absent("tables", "3 GiB of free disk")
            return
        folder = Path(name)
        for title, rows in (("50 MB", _SMALL_ROWS), (_BIG, _BIG_ROWS)):
            _write(folder / "t.parquet", rows)
            yield from _here(folder, title)
        yield from _in_a_lake(folder)


def _here(folder: Path, title: str) -> Iterator[Figure]:
    head, _ = _run(folder, _COMMAND, "table", "head", "t.parquet")
    yield Figure(f"table head of {title}, peak resident", head, "MiB", at_most=250)
    ours, cpu = _run(folder, _COMMAND, "table", "convert", "t.parquet", "ours.parquet", "--mode", "overwrite")
    yield Figure(f"table convert of {title} to Parquet, peak resident", ours, "MiB", at_most=500)
    theirs, peer = _run(folder, _PEER, "t.parquet", "theirs.parquet")
    yield Figure(f"the same by pyarrow, a row group at a time, {title}", theirs, "MiB")
    at_most = 2.0 if title == _BIG else None  # of the small one, half is to load what it takes
    yield Figure(f"CPU of the conversion beside pyarrow's, {title}", cpu / peer, "x", at_most=at_most)


def _in_a_lake(folder: Path) -> Iterator[Figure]:
    local = (sys.executable, "-m", "lakeport_local")
    state = ("--state", str(folder / "state"))
    subprocess.run([*local, "up", "--detach", *state, "--port", "0"], check=True, capture_output=True)
    os.environ["LAKEPORT_LOCAL_STATE"] = str(folder / "state")
    try:
        up, _ = _run(folder, _COMMAND, "table", "convert", "t.parquet", f"{_LAKE}/t.parquet")
        yield Figure("table convert of 500 MB into a lake, peak resident", up, "MiB", at_most=500)
        head, _ = _run(folder, _COMMAND, "table", "head", f"{_LAKE}/t.parquet")
        yield Figure("table head of 500 MB in a lake, peak resident", head, "MiB", at_most=250)
        down, _ = _run(folder, _COMMAND, "table", "convert", f"{_LAKE}/t.parquet", "down.feather")
        yield Figure("table convert of 500 MB from a lake, peak resident", down, "MiB", at_most=500)
    finally:
        del os.environ["LAKEPORT_LOCAL_STATE"]
        subprocess.run([*local, "down", *state], check=False, capture_output=True)


def _run(folder: Path, program: str, *arguments: str) -> tuple[float, float]:
    """Run a program; return its peak in MiB and its CPU seconds."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    status, peak, cpu = done.stderr.splitlines()[-1].split()
    if status != "0":
        raise RuntimeError(done.stderr)
    return float(peak), float(cpu)


def _write(path: Path, rows: int) -> None:
    """Write a table of numbers that do not compress, 8 bytes a cell."""
    names = ["id", *(f"n{number}" for number in range(_COLUMNS))]
    schema = pa.schema([(name, pa.int64()) for name in names])
    with pq.ParquetWriter(path, schema, use_dictionary=False) as writer:
        for start in range(0, rows, _GROUP_ROWS):
            count = min(_GROUP_ROWS, rows - start)
            noise = [
                pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(os.urandom(8 * count))])
                for _ in range(_COLUMNS)
            ]
            writer.write_table(pa.table([pa.array(range(start, start + count)), *noise], schema=schema))
