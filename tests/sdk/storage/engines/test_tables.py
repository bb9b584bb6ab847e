"""Tables: deltalake, polars, pandas, pyarrow and DuckDB, by an explicit endpoint."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from adlfs import AzureBlobFileSystem
from azure.storage.blob import ResourceTypes, generate_account_sas
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError
from pyarrow.fs import AzureFileSystem, FileSelector

Place = Any  # conftest's; test modules do not import one another

ROWS = pa.table({"id": list(range(100)), "kind": ["even", "odd"] * 50})
WRITER = """
import json, sys
import pyarrow as pa
from deltalake import write_deltalake
uri, options, name = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
for number in range(10):
    write_deltalake(uri, pa.table({"who": [name], "n": [number]}), mode="append", storage_options=options)
"""


def test_a_delta_table_keeps_its_history(place: Place) -> None:
    uri, options = place.url("tables/sales"), dict(place.rust)
    write_deltalake(uri, ROWS, storage_options=options, partition_by=["kind"])
    write_deltalake(uri, ROWS, mode="append", storage_options=options)
    write_deltalake(uri, ROWS.slice(0, 7), mode="overwrite", storage_options=options)
    table = DeltaTable(uri, storage_options=options)
    assert (table.version(), table.to_pyarrow_table().num_rows) == (2, 7)
    assert DeltaTable(uri, version=1, storage_options=options).to_pyarrow_table().num_rows == 200
    assert pl.read_delta(uri, version=0, storage_options=options).height == 100
    assert pl.scan_delta(uri, storage_options=options).filter(pl.col("id") < 3).collect().height == 3
    table.delete("id = 0")
    assert table.to_pyarrow_table().num_rows == 6
    assert table.optimize.compact()["numFilesAdded"] >= 0
    removed = table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert removed
    assert DeltaTable(uri, storage_options=options).to_pyarrow_table().num_rows == 6
    assert len(table.history()) >= 4


def test_two_processes_commit_to_one_table_and_lose_nothing(place: Place) -> None:
    import json

    uri, options = place.url("shared"), dict(place.rust)
    write_deltalake(uri, pa.table({"who": ["start"], "n": [0]}), storage_options=options)
    command = [sys.executable, "-c", WRITER, uri, json.dumps(options)]
    writers = [subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in ("ada", "grace")]
    for writer in writers:
        _, said = writer.communicate(timeout=50)
        assert writer.returncode == 0, said
    table = DeltaTable(uri, storage_options=options)
    rows = sorted((row["who"], row["n"]) for row in table.to_pyarrow_table().to_pylist())
    assert rows == sorted([("start", 0), *((who, n) for who in ("ada", "grace") for n in range(10))])
    assert table.version() == 20


def test_a_table_is_made_once(place: Place) -> None:
    uri, options = place.url("once"), dict(place.rust)
    write_deltalake(uri, ROWS, storage_options=options)
    with pytest.raises((CommitFailedError, OSError, Exception), match="exist"):
        write_deltalake(uri, ROWS, mode="error", storage_options=options)


def test_polars_scans_and_sinks(place: Place) -> None:
    uri, options = place.url("polars"), dict(place.rust)
    frame = pl.DataFrame({"id": range(1000), "kind": ["a", "b"] * 500})
    frame.lazy().sink_parquet(f"{uri}/one.parquet", storage_options=options)
    frame.write_parquet(f"{uri}/two.parquet", storage_options=options)
    frame.lazy().sink_csv(f"{uri}/three.csv", storage_options=options)
    scanned = pl.scan_parquet(f"{uri}/*.parquet", storage_options=options)
    assert scanned.filter(pl.col("kind") == "a").select(pl.len()).collect().item() == 1000
    assert pl.scan_csv(f"{uri}/three.csv", storage_options=options).collect().equals(frame)


def test_pandas_and_duckdb_go_through_adlfs(place: Place) -> None:
    options = {"connection_string": place.connection_string}
    frame = pd.DataFrame({"id": range(50), "kind": ["a", "b"] * 25})
    frame.to_parquet(place.url("pandas/one.parquet"), storage_options=options)
    frame.to_csv(place.url("pandas/one.csv"), index=False, storage_options=options)
    assert pd.read_parquet(place.url("pandas/one.parquet"), storage_options=options).equals(frame)
    assert pd.read_csv(place.url("pandas/one.csv"), storage_options=options)["id"].sum() == frame["id"].sum()
    database = duckdb.connect()
    database.register_filesystem(AzureBlobFileSystem(**options, skip_instance_cache=True))
    at = f"abfs://{place.container}/pandas"
    assert database.execute(f"select sum(id) from '{at}/*.parquet' where kind = 'a'").fetchone() == (600,)
    database.execute(f"copy (select * from '{at}/one.parquet') to '{at}/copied.parquet'")
    assert database.execute(f"select count(*) from '{at}/copied.parquet'").fetchone() == (50,)


@pytest.mark.parametrize("by", ["key", "signature"])
def test_arrow_writes_and_reads_a_partitioned_dataset(place: Place, by: str) -> None:
    signed = generate_account_sas(
        "lake1", place.key, ResourceTypes(container=True, object=True), "rwdlac",
        datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    schemes = {"blob_storage_scheme": "http", "dfs_storage_scheme": "http"}
    given = {"account_key": place.key} if by == "key" else {"sas_token": "?" + signed}
    arrow = AzureFileSystem(
        "lake1", blob_storage_authority=place.authority, dfs_storage_authority=place.authority, **schemes, **given
    )
    root = f"{place.container}/data"
    ds.write_dataset(ROWS, root, format="parquet", partitioning=["kind"], filesystem=arrow)
    found = ds.dataset(root, filesystem=arrow, partitioning=["kind"])
    assert found.to_table(filter=ds.field("kind") == "odd").num_rows == 50
    assert len(arrow.get_file_info(FileSelector(root, recursive=True))) == 4
    pq.write_table(ROWS, f"{root}/plain.parquet", filesystem=arrow)
    assert pq.read_table(f"{root}/plain.parquet", columns=["id"], filesystem=arrow).num_columns == 1
    with arrow.open_append_stream(f"{root}/log") as log:
        log.write(b"one")
    with arrow.open_append_stream(f"{root}/log") as log:
        log.write(b"two")
    with arrow.open_input_stream(f"{root}/log") as log:
        assert log.read() == b"onetwo"
    arrow.delete_dir_contents(root)
    arrow.delete_dir(root)
    assert arrow.get_file_info(FileSelector(place.container, recursive=True)) == []
