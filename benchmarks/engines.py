"""What other people's libraries cost over our file system and over adlfs's: requests, and CPU seconds of the client, in turns.

One Parquet file of 20 columns, of which two are read; ranges of a file; many small files; a DuckDB query. pyarrow's own
`AzureFileSystem`, in C++, reads the same file: the price of Python.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from adlfs import AzureBlobFileSystem
from benchmarks.figure import Figure
from benchmarks.peers.account import ACCOUNT, CONTAINER, KEY
from benchmarks.peers.lakes import Lake, lakeport
from pyarrow.fs import AzureFileSystem

from lakeport import engines, profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Deed = Callable[[Any], object]  # Any: a file system of fsspec's or pyarrow's

ROWS, COLUMNS, GROUPS = 400_000, 20, 4
SMALL, SMALL_BYTES = 200, 16 << 10
TURNS = 5
TABLE = f"{CONTAINER}/table.parquet"
WANTED = ["c3", "c11"]


def measure() -> Iterator[Figure]:
    """Yield requests and costs, ours against adlfs's."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace")
        with lakeport("--trace", str(trace)) as lake:
            yield from _measure(lake, trace, Path(folder))


def _measure(lake: Lake, trace: Path, folder: Path) -> Iterator[Figure]:
    values = {"endpoint": lake.endpoint(), "storage_account": ACCOUNT, "account_key": KEY}
    profile = profiles.resolve(arguments=values, environment={})
    ours: Callable[[], Any] = lambda: engines.fsspec(profile, ACCOUNT)  # noqa: E731
    string = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={lake.endpoint()};"

    def adlfs() -> Any:
        return AzureBlobFileSystem(connection_string=string, skip_instance_cache=True)

    _fill(ours(), folder)
    rows: list[tuple[str, Deed, float]] = [
        ("two columns of twenty, Parquet by pyarrow", _columns, 0.5),
        ("the same, by DuckDB", _query, 0.5),
        ("a Parquet file whole, by pyarrow", lambda fs: pq.read_table(TABLE, filesystem=fs), 1),
        ("200 ranges of 16 KiB, cat_ranges", _ranges, 0.5),
        ("200 files of 16 KiB, cat", lambda fs: fs.cat([f"{CONTAINER}/small/{n:03}" for n in range(SMALL)]), 0.5),
        ("200 files of 16 KiB, get", lambda fs: fs.get(f"{CONTAINER}/small/", f"{folder}/got/", recursive=True), 1),
    ]
    for what, deed, most in rows:
        yield from _compared(what, deed, ours, adlfs, trace, at_most=most)
    yield from _arrow(lake, ours, trace)


def _fill(lake: Any, folder: Path) -> None:
    table = pa.table({f"c{number}": np.random.default_rng(number).random(ROWS) for number in range(COLUMNS)})
    pq.write_table(table, folder / "table.parquet", row_group_size=ROWS // GROUPS, compression="none")
    lake.put_file(str(folder / "table.parquet"), TABLE)
    lake.pipe({f"{CONTAINER}/small/{number:03}": os.urandom(SMALL_BYTES) for number in range(SMALL)})


def _columns(lake: Any) -> object:
    return pq.read_table(TABLE, columns=WANTED, filesystem=lake)


def _query(lake: Any) -> object:
    database = duckdb.connect()
    database.register_filesystem(lake)
    return database.execute(f"select sum({WANTED[0]}), sum({WANTED[1]}) from 'abfs://{TABLE}'").fetchall()


def _ranges(lake: Any) -> object:
    step = 120 << 10
    starts = [number * step for number in range(SMALL)]
    return lake.cat_ranges([TABLE] * SMALL, starts, [start + SMALL_BYTES for start in starts], on_error="raise")


def _arrow(lake: Lake, ours: Callable[[], Any], trace: Path) -> Iterator[Figure]:
    authority = lake.endpoint().removeprefix("http://").partition("/")[0]
    places = {"blob_storage_authority": authority, "dfs_storage_authority": authority}
    schemes = {"blob_storage_scheme": "http", "dfs_storage_scheme": "http"}
    what = "two columns of twenty, lake.pyarrow()"

    def by_us() -> Any:
        from lakeport.engines.arrow import file_system  # noqa: PLC0415

        return file_system(ours())

    def by_arrow() -> Any:
        return AzureFileSystem(ACCOUNT, account_key=KEY, **places, **schemes)

    yield from _compared(what, _columns, by_us, by_arrow, trace, peer="pyarrow's own")


def _compared(
    what: str,
    deed: Deed,
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    trace: Path,
    *,
    peer: str = "adlfs",
    at_most: float | None = None,
) -> Iterator[Figure]:
    """Yield requests and CPU seconds of both, and the ratio of the seconds; each turn has a file system of its own."""
    deed(ours()), deed(theirs())  # what is loaded and signed in for is not counted
    turns = [(_cost(deed, ours, trace), _cost(deed, theirs, trace)) for _ in range(TURNS)]
    mine, other = ([turn[side] for turn in turns] for side in (0, 1))
    for name, costs in (("", mine), (f": {peer}", other)):
        yield Figure(f"{what}{name}", statistics.median(cost[0] for cost in costs) * 1000, "ms of CPU")
        yield Figure(f"{what}{name}", statistics.median(cost[1] for cost in costs), "requests")
    ratio = statistics.median(cost[0] for cost in mine) / statistics.median(cost[0] for cost in other)
    yield Figure(f"{what}, of {peer}", ratio, "times the CPU", at_most=at_most)


def _cost(deed: Deed, made: Callable[[], Any], trace: Path) -> tuple[float, float]:
    lake, before, begun = made(), trace.stat().st_size, time.process_time()
    deed(lake)
    spent = time.process_time() - begun
    with trace.open("rb") as file:
        file.seek(before)
        return spent, float(sum(1 for _ in file))
