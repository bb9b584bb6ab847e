"""Tables in a lake: read in pieces, written whole, by nobody's token but ours."""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from lakeport import connect, profiles, tables
from lakeport.errors import Conflict, Forbidden, LakeportError, NotFound
from lakeport.lake import FileSystem, LakeUrl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

TOPOLOGY = """
[[tenants]]
name = "contoso"

  [[tenants.apps]]
  name = "owner"

  [[tenants.apps]]
  name = "reader"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "lake"
    location = "westeurope"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "deeplake"
      file_systems = ["raw"]

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "flatstore"
      hns = false
      file_systems = ["raw"]

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "reader"
  role = "Storage Blob Data Reader"
  scope = "/subscriptions/main"
"""
ROWS = pa.table({"id": list(range(100)), "kind": ["a", "b"] * 50})
AT = "local:provider:share-data"


@pytest.fixture
def sales(running: LocalAzure, here: Path, lakeport: Lakeport) -> str:
    """A directory of Parquet files by year."""
    for year in (2030, 2031):
        (here / "sales" / f"year={year}").mkdir(parents=True)
        pq.write_table(ROWS.slice(0, year - 1990), here / "sales" / f"year={year}" / "one.parquet")
    assert lakeport("cp", "-r", "sales", f"{AT}/sales-of-tables").status == 0
    return f"{AT}/sales-of-tables"


def test_a_directory_of_a_lake_is_a_table(sales: str, lakeport: Lakeport) -> None:
    assert tables.read(sales).num_rows == 81
    part = tables.scan(sales, where="year = 2031 and id < 3", columns=["id", "year"])
    assert (part.files, part.table().to_pydict()) == (1, {"id": [0, 1, 2], "year": [2031] * 3})
    shown = lakeport("table", "head", sales, "--where", "year = 2030 and kind = 'b'", "-n", "1", "--json")
    assert shown.rows == [{"id": 1, "kind": "b", "year": 2030}, {"summary": True, "rows": 1}], shown.err
    schema = lakeport("table", "schema", sales, "--json").rows
    assert [row.get("type") for row in schema[:3]] == ["int64", "string", "int32"]


def test_what_cannot_be_read_ends_with_its_own_status(sales: str, lakeport: Lakeport) -> None:
    for arguments, status, said in (
        ((sales, "--columns", "idd"), 2, "there is no column 'idd'. Columns: id, kind, year"),
        ((sales, "--where", "idd = 1"), 2, "there is no column 'idd'"),
        ((f"{AT}/none-of-it",), 5, "nothing is at"),
        ((f"{AT}/sales-of-tables", "--format", "csv"), 5, "no files of format csv"),
        ((f"{AT}/sales-of-tables", "--type", "id"), 2, "is not COLUMN=TYPE"),
    ):
        ended = lakeport("table", "head", *arguments)
        assert (ended.status, said in ended.err) == (status, True), ended.err
        assert "Traceback" not in ended.err


def at(account: str, path: str, profile: str = "local:owner") -> tables.Place:
    """A place of the topology above."""
    return tables.at(LakeUrl("raw", path, account), profile=profile)


def listed(place: tables.Place) -> list[str]:
    assert place.lake is not None
    return sorted(one.path for one in place.lake.entries(recursive=True) if not one.is_directory)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture
def both(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """A local Azure with a deep and a flat account, an owner and a reader."""
    one = new_azure(topology=TOPOLOGY)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(one.state))
    return one


def test_every_format_comes_back_from_a_lake_as_it_was_written(running: LocalAzure, here: Path) -> None:
    for name in ("t.parquet", "t.csv.gz", "t.tsv", "t.jsonl.zst", "t.feather", "t.arrows"):
        tables.write(ROWS, f"{AT}/formats/{name}")
        assert tables.read(f"{AT}/formats/{name}", where="id >= 0") == ROWS
    for kind in ("parquet", "csv", "jsonl", "feather", "delta"):
        target = f"{AT}/formats/set-{kind}"
        tables.write(ROWS, target, file_format=kind, partition_by=["kind"])
        assert (tables.scan(target, where="kind = 'b'").files, tables.scan(target).count()) == (1, 100)
        tables.write(ROWS, target, partition_by=["kind"], mode="append")
        assert tables.scan(target).count() == 200
        tables.write(ROWS.slice(0, 7), target, partition_by=["kind"], mode="overwrite")
        assert tables.scan(target).count() == 7
        with pytest.raises(Conflict, match="is there already"):
            tables.write(ROWS, target, file_format=kind)
    assert tables.read(f"{AT}/formats/set-delta", version=0).num_rows == 100


def test_a_connection_reads_and_writes_tables(running: LocalAzure, here: Path) -> None:
    lake = connect("local:provider", file_system="share-data")
    assert lake.write_table(pl.DataFrame(ROWS), "by-connection/", partition_by=["kind"]).files == 2
    assert lake.read_table("by-connection", columns=["id"], where="kind = 'a'").num_rows == 50
    found = lake.scan_table("by-connection", where="id < 5")
    assert (found.polars().height, len(found.pandas()), found.count()) == (5, 5, 5)
    assert sum(batch.num_rows for batch in found.batches(rows=2)) == 5


def test_nobody_sees_half_a_set_and_a_failed_one_leaves_nothing(both: LocalAzure) -> None:
    many = pa.table({"part": [n // 10 for n in range(60)], "n": range(60)})
    for account in ("deeplake", "flatstore"):
        place = at(account, "set")
        tables.write(many, place, partition_by=["part"])
        before = listed(place)
        assert len(before) == 6
        both.command(
            "fault", "add", "503", "--path", "*/part-00003-*", "--method", "PUT", "--count", "0", "--retry-after", "0"
        )
        for mode, target in (("overwrite", place), ("append", place), ("error", at(account, "new"))):
            with pytest.raises(LakeportError, match=r"503|Server|busy"):
                tables.write(many, target, partition_by=["part"], mode=mode)
            assert listed(place) == before, (account, mode)
        both.command("fault", "clear")
        tables.write(many, place, partition_by=["part"], mode="overwrite")
        assert (len(listed(place)), set(listed(place)) & set(before)) == (6, set())


def test_who_may_only_read_is_told_so_and_nothing_changes(both: LocalAzure, lakeport: Lakeport) -> None:
    tables.write(ROWS, at("deeplake", "t.parquet"))
    tables.write(ROWS, at("deeplake", "log"), file_format="delta")
    before = listed(at("deeplake", ""))
    for target, kind in (("t.parquet", ""), ("new.csv", ""), ("set/", "parquet"), ("new", "delta"), ("log", "delta")):
        with pytest.raises(Forbidden):
            tables.write(ROWS, at("deeplake", target, "local:reader"), mode="overwrite", file_format=kind)
    assert listed(at("deeplake", "")) == before
    assert tables.read(at("deeplake", "t.parquet", "local:reader")) == ROWS
    assert tables.read(at("deeplake", "log", "local:reader")).num_rows == 100
    url = "abfss://raw@deeplake.dfs.core.windows.net/t.parquet"
    ended = lakeport("table", "convert", url, url.replace("t.parq", "u.parq"), "--profile", "local:reader")
    assert ended.status == 4, ended.err
    with pytest.raises(NotFound):
        tables.write(ROWS, tables.at(LakeUrl("none", "t.parquet", "deeplake"), profile="local:owner"))


def test_strangers_read_what_we_wrote_and_we_read_theirs(both: LocalAzure, here: Path) -> None:
    """polars and deltalake in programs of their own, with the environment's credential and real host names."""
    tables.write(ROWS, at("deeplake", "ours"), partition_by=["kind"])
    tables.write(ROWS, at("deeplake", "ours-log"), file_format="delta", partition_by=["kind"])
    script = here / "stranger.py"
    script.write_text(STRANGER)
    done = both.run_as("owner", "python", str(script))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"parquet": 50, "delta": 50, "pandas": 100}
    assert tables.read(at("deeplake", "theirs.parquet"), where="id < 3")["id"].to_pylist() == [0, 1, 2]
    log = tables.scan(at("deeplake", "theirs-log"), where="id >= 20")
    assert (log.files, log.count()) == (1, 10)
    assert tables.read(at("deeplake", "theirs.csv")).num_rows == 30


STRANGER = """
import json, os
import pandas as pd, polars as pl, pyarrow as pa
from deltalake import DeltaTable, write_deltalake
at = "abfss://raw@deeplake.dfs.core.windows.net"
by = {name: os.environ[name.upper()] for name in ("azure_tenant_id", "azure_client_id", "azure_client_secret")}
rows = pa.table({"id": range(30), "kind": ["a", "b", "c"] * 10})
found = pl.scan_parquet(f"{at}/ours/**/*.parquet", hive_partitioning=True).filter(pl.col("kind") == "b").collect()
log = DeltaTable(f"{at}/ours-log", storage_options=by).to_pyarrow_table(partitions=[("kind", "=", "b")])
frame = pd.read_parquet(f"{at}/ours", storage_options={"account_name": "deeplake", "anon": False})
pl.from_arrow(rows).write_parquet(f"{at}/theirs.parquet")
for start in (0, 10, 20):
    write_deltalake(f"{at}/theirs-log", rows.slice(start, 10), mode="append", storage_options=by)
pl.from_arrow(rows).lazy().sink_csv(f"{at}/theirs.csv")
print(json.dumps({"parquet": found.height, "delta": log.num_rows, "pandas": len(frame)}))
"""


class Relay:
    """Stands between us and the local Azure, and counts what comes back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self._port))
            for source, target, counts in ((ours, theirs, False), (theirs, ours, True)):
                threading.Thread(target=self._pass, args=(source, target, counts), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                self.received += len(data) * counts
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            one.close()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def relay(running: LocalAzure) -> Iterator[Relay]:
    one = Relay(running.port)
    yield one
    one.close()


def test_only_what_is_wanted_is_served(running: LocalAzure, relay: Relay) -> None:
    """Bytes are counted on their way: columns, row groups, directories and Delta's files that are ruled out never come."""
    rows = 80_000
    wide = pa.table(
        {
            "id": range(rows),
            "year": [2030 + n * 4 // rows for n in range(rows)],
            "noise": [os.urandom(50) for _ in range(rows)],
        }
    )
    tables.write(wide, f"{AT}/counted/by-year", partition_by=["year"])
    for at_row in range(0, rows, rows // 4):
        tables.write(wide.slice(at_row, rows // 4), f"{AT}/counted/log", file_format="delta", mode="append")
    file = Path("one.parquet")
    pq.write_table(wide, file, row_group_size=10_000)
    tables.write(tables.scan(file), f"{AT}/counted/whole.parquet")
    with tables.at(f"{AT}/counted/groups.parquet").writable.open("share-data/counted/groups.parquet", "wb") as out:
        out.write(file.read_bytes())
    profile = profiles.resolve("local:provider")
    counted = replace(profile, cloud=replace(profile.cloud, proxy=f"http://127.0.0.1:{relay.port}"))

    def served(path: str, where: str, columns: list[str]) -> tuple[int, int]:
        lake = FileSystem(counted, "sourcestorage", "share-data")
        before = relay.received
        found = tables.read(tables.Place(path, lake), where=where, columns=columns)
        return found.num_rows, relay.received - before

    whole = wide.nbytes
    for path, where, columns, expected, at_most in (
        ("counted/groups.parquet", "", ["id", "year", "noise"], rows, 1.5),
        ("counted/groups.parquet", "", ["year"], rows, 0.2),
        ("counted/groups.parquet", "id >= 70000", ["id", "noise"], 10_000, 0.25),
        ("counted/by-year", "year = 2031", ["id", "noise"], rows // 4, 0.4),
        ("counted/log", "id < 20000", ["id", "noise"], rows // 4, 0.4),
        ("counted/log", "id < 0", ["id"], 0, 0.1),
    ):
        found, received = served(path, where, columns)
        assert (found, received < at_most * whole) == (expected, True), (path, where, received / whole)


def test_a_table_is_converted_described_and_written_from_stdin(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(ROWS, "sales.parquet")
    to = f"{AT}/converted"
    planned = lakeport("table", "convert", "sales.parquet", f"{to}/set/", "--partition-by", "kind", "--dry-run")
    assert "a directory of parquet files by kind, new" in planned.out, planned.err
    done = lakeport("table", "convert", "sales.parquet", f"{to}/set/", "--partition-by", "kind", "--json")
    assert done.rows[-1] == {
        "summary": True,
        "status": "done",
        "rows": 100,
        "files": 2,
        "size_bytes": done.rows[-1]["size_bytes"],
    }
    assert f"undo: lakeport rm -r {to}/set/" in done.err
    again = lakeport("table", "convert", "sales.parquet", f"{to}/set/", "--partition-by", "kind")
    assert (again.status, "is there already. Next: overwrite it" in again.err) == (1, True)
    back = lakeport("table", "convert", f"{to}/set", "b.csv.gz", "--where", "kind = 'b'", "--columns", "id")
    assert back.status == 0, back.err
    assert tables.read("b.csv.gz").to_pydict() == {"id": list(range(1, 100, 2))}
    described = lakeport("table", "stats", f"{to}/set", "--json").rows
    assert (described[0]["greatest"], described[1]["distinct"], described[-1]["row_groups"]) == (99, 2, 2)
    assert "id      int64   0      0      99" in lakeport("table", "stats", f"{to}/set").out
    with Path("in.jsonl").open("wb") as file:
        file.write(b'{"id": 1, "kind": "z"}\n')
    with Path("in.jsonl").open("rb") as file:
        monkeypatch.setattr("sys.stdin", file_as_text(file))
        written = lakeport("table", "write", f"{to}/log", "--to", "delta", "--mode", "append")
    assert written.status == 0, written.err
    assert tables.read(f"{to}/log").to_pylist() == [{"id": 1, "kind": "z"}]


class file_as_text:  # noqa: N801  (stands for `sys.stdin`)
    def __init__(self, buffer: object) -> None:
        self.buffer = buffer


def test_delta_and_polars_see_each_others_versions(both: LocalAzure) -> None:
    place = at("flatstore", "log")
    tables.write(ROWS, place, file_format="delta")
    assert place.lake is not None
    from lakeport.tables import delta

    options = delta.options(place)
    write_deltalake(delta.address(place), pl.DataFrame(ROWS), mode="append", storage_options=options)
    assert tables.scan(place).count() == 200
    assert DeltaTable(delta.address(place), storage_options=options).version() == 1
    with pytest.raises(NotFound, match="no Delta table is at"):
        tables.scan(at("flatstore", "none"), file_format="delta")
