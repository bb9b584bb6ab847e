"""Other people's libraries at a lake, each by one line, as whoever the profile says."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import duckdb
import fsspec
import obstore
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyarrow import ArrowInvalid
from pyarrow.fs import FileSelector
from pyarrow.fs import FileSystem as PyArrowFileSystem

from lakeport import engines
from lakeport.connection import Lake
from lakeport.engines.file_system import LakeFileSystem
from lakeport.errors import Misused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure

Place = Any  # conftest's; test modules do not import one another
ROWS = pa.table({"id": list(range(1000)), "kind": ["even", "odd"] * 500})
PROFILES = """
[profiles.lakes]
cloud = "local"
storage_account = "lake1"
tenant_id = "{tenant_id}"
client_id = "{client_id}"
client_secret = {{ env = "LAKES_SECRET" }}
"""


@pytest.fixture
def lake(place: Place, owner: Any) -> Lake:
    return Lake(owner, "lake1", place.container)


@pytest.fixture
def named(at_lakes: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile of this folder's file that has `lake1` for its account."""
    found = at_lakes.credentials("owner")
    monkeypatch.setenv("LAKES_SECRET", found["client_secret"])
    (here / "lakeport.toml").write_text(PROFILES.format(**found))
    return "lakes"


def test_pandas_finds_the_profile_by_the_account_in_a_url(place: Place, named: str) -> None:
    engines.register()
    frame = pd.DataFrame({"id": range(50), "kind": ["a", "b"] * 25})
    frame.to_csv(place.url("one.csv"), index=False)
    frame.to_parquet(
        place.url("one.parquet"), storage_options={}
    )  # without any, pandas asks pyarrow, which signs in by itself
    assert pd.read_csv(place.url("one.csv"))["id"].sum() == frame["id"].sum()
    assert pd.read_parquet(place.url("one.parquet"), storage_options={}).equals(frame)
    with fsspec.open(place.url("one.csv"), "rt") as file:
        assert file.readline() == "id,kind\n"


def test_plain_calls_of_pandas_are_lakeport_s_by_az_urls_and_by_abfss_ones_except_for_parquet(
    place: Place, named: str, lake: Lake
) -> None:
    """pyarrow, whom pandas asks first for Parquet, knows `abfss` and signs in by itself; it does not know `az`."""
    engines.register()
    frame = pd.DataFrame({"id": range(50), "kind": ["a", "b"] * 25})
    az = place.url("plain/one.parquet").replace("abfss://", "az://")
    frame.to_parquet(az)
    assert pd.read_parquet(az).equals(frame)
    assert pd.read_parquet(place.url("plain/one.parquet"), filesystem=lake.fsspec()).equals(frame)
    assert pd.read_parquet(f"{place.container}/plain/one.parquet", filesystem=lake.pyarrow()).equals(frame)
    with pytest.raises(ArrowInvalid, match="Unrecognized filesystem type"):
        PyArrowFileSystem.from_uri(az)  # should pyarrow come to know it, pandas would ask pyarrow
    assert PyArrowFileSystem.from_uri(place.url("plain/one.parquet"))[0].type_name == "abfs"
    frame.to_json(place.url("plain/one.json"), orient="records", lines=True)
    assert pd.read_json(place.url("plain/one.json"), lines=True).equals(frame)
    frame.to_csv(place.url("plain/one.csv.gz"), index=False)
    assert pd.read_csv(place.url("plain/one.csv.gz")).equals(frame)
    frame.to_pickle(place.url("plain/one.pickle"))
    assert pd.read_pickle(place.url("plain/one.pickle")).equals(frame)


def test_fsspec_s_registry_serves_polars_and_duckdb(place: Place, named: str) -> None:
    engines.register()
    with fsspec.open(place.url("by/one.csv"), "wb") as file:
        pl.DataFrame({"id": range(50)}).write_csv(file)
    with fsspec.open(place.url("by/one.csv"), "rb") as file:
        assert pl.read_csv(file)["id"].sum() == 1225
    database = duckdb.connect()
    database.register_filesystem(fsspec.filesystem("abfss", profile=named))
    assert database.execute(f"select sum(id) from read_csv('{place.url('by/one.csv')}')").fetchone() == (1225,)


def test_pandas_takes_options_that_name_the_profile_and_hold_no_secret(place: Place, named: str, lake: Lake) -> None:
    from lakeport import connect

    options = connect(named).storage_options("pandas")
    assert options == {"profile": named}
    frame = pd.DataFrame({"id": range(50)})
    frame.to_parquet(place.url("two.parquet"), storage_options=options)
    assert pd.read_parquet(place.url("two.parquet"), storage_options=options, columns=["id"]).equals(frame)
    unnamed = lake.storage_options("dask")
    assert pd.read_parquet(place.url("two.parquet"), storage_options=unnamed).equals(frame)
    with pytest.raises(Misused, match="no storage options for 'excel'"):
        lake.storage_options("excel")  # type: ignore[arg-type]


def test_what_is_said_in_adlfs_s_words_goes_to_adlfs(owner: Any) -> None:
    engines.register()
    adlfs = fsspec.filesystem("abfss", account_name="lake1", account_key="eA==", skip_instance_cache=True)
    assert type(adlfs).__module__ == "adlfs.spec"
    ours = fsspec.filesystem("abfss", **engines.storage_options("pandas", owner, "lake1"))
    assert isinstance(ours, LakeFileSystem)


def test_pyarrow_writes_and_reads_a_partitioned_dataset(place: Place, lake: Lake) -> None:
    arrow, root = lake.pyarrow(), f"{place.container}/data"
    ds.write_dataset(ROWS, root, format="parquet", partitioning=["kind"], filesystem=arrow)
    found = ds.dataset(root, filesystem=arrow, partitioning=["kind"])
    assert found.to_table(filter=ds.field("kind") == "odd").num_rows == 500
    assert len(arrow.get_file_info(FileSelector(root, recursive=True))) == 4
    pq.write_table(ROWS, f"{root}/plain.parquet", filesystem=arrow)
    assert pq.read_table(f"{root}/plain.parquet", columns=["id"], filesystem=arrow).column_names == ["id"]
    for text in (b"one", b"two"):
        with arrow.open_append_stream(f"{root}/log") as log:
            log.write(text)
    with arrow.open_input_stream(f"{root}/log") as log:
        assert log.read() == b"onetwo"
    arrow.move(f"{root}/log", f"{root}/moved")
    with pytest.raises(FileNotFoundError):
        arrow.open_input_file(f"{root}/log")
    arrow.delete_dir_contents(root)
    arrow.delete_dir(root)
    assert arrow.get_file_info(FileSelector(place.container, recursive=True)) == []


def test_obstore_puts_and_gets(lake: Lake) -> None:
    store = lake.obstore("below")
    obstore.put(store, "a/one.bin", b"0123456789")
    assert bytes(obstore.get_range(store, "a/one.bin", start=2, end=5)) == b"234"
    assert lake.file("below/a/one.bin").read_bytes() == b"0123456789"


def test_polars_scans_and_delta_keeps_its_history(place: Place, lake: Lake) -> None:
    uri, options = place.url("polars"), lake.storage_options("polars")
    frame = pl.DataFrame({"id": range(1000), "kind": ["a", "b"] * 500})
    frame.lazy().sink_parquet(f"{uri}/one.parquet", storage_options=options)
    scanned = pl.scan_parquet(f"{uri}/*.parquet", storage_options=options)
    assert scanned.filter(pl.col("kind") == "a").select(pl.len()).collect().item() == 500
    table, options = place.url("tables/sales"), lake.storage_options("delta")
    write_deltalake(table, ROWS, storage_options=options, partition_by=["kind"])
    write_deltalake(table, ROWS, mode="append", storage_options=options)
    assert DeltaTable(table, storage_options=options).to_pyarrow_table().num_rows == 2000
    assert pl.read_delta(table, version=0, storage_options=options).height == 1000


def test_duckdb_queries_and_copies_by_url(place: Place, lake: Lake) -> None:
    database = lake.duckdb(lake.duckdb(duckdb.connect()))
    for name, kind in (("one", "a"), ("two", "b")):
        pq.write_table(
            pa.table({"id": list(range(50)), "kind": [kind] * 50}),
            place.container + f"/d/{name}.parquet",
            filesystem=lake.pyarrow(),
        )
    assert database.execute(f"select sum(id) from '{place.url('d/*.parquet')}' where kind = 'a'").fetchone() == (1225,)
    database.execute(f"copy (select * from '{place.url('d/one.parquet')}') to '{place.url('d/copied.parquet')}'")
    assert database.execute(f"select count(*) from '{place.url('d/copied.parquet')}'").fetchone() == (50,)
    with pytest.raises(Exception, match="is in account other"):
        database.execute("select * from 'abfss://raw@other.dfs.core.windows.net/a.parquet'").fetchone()


def test_handles_survive_being_sent_to_another_process(place: Place, lake: Lake) -> None:
    lake.file("f").write_bytes(b"data")
    again = pickle.loads(pickle.dumps(lake.fsspec()))
    assert again.cat_file(f"{place.container}/f") == b"data"
    assert again == lake.fsspec()
    with again.open(f"{place.container}/f") as file:
        assert pickle.loads(pickle.dumps(file)).read() == b"data"
