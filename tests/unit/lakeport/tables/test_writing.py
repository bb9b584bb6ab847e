"""Writing tables on this machine: whole or not at all."""

from __future__ import annotations

import io
import json
import resource
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeport import tables
from lakeport.errors import BadData, Conflict, LakeportError, MissingExtra, Misused
from lakeport.tables import moving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = pa.table({"id": list(range(30)), "kind": ["a", "b/c", None] * 10, "year": [2030, 2031] * 15})


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def same(found: pa.Table) -> bool:
    return sorted(map(str, found.select(ROWS.column_names).to_pylist())) == sorted(map(str, ROWS.to_pylist()))


@contextmanager
def disk_of(size_bytes: int) -> Iterator[None]:
    """A disk that takes files of so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "name",
    ["t.parquet", "t.csv", "t.csv.gz", "t.tsv.bz2", "t.jsonl", "t.jsonl.zst", "t.json.lz4", "t.feather", "t.arrows"],
)
def test_what_is_written_is_read_back(name: str) -> None:
    done = tables.write(ROWS, name)
    assert (done.rows, done.files, done.size_bytes) == (30, 1, Path(name).stat().st_size)
    assert tables.read(name) == ROWS
    assert files() == [name]


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "feather", "delta"])
def test_a_directory_by_columns_is_written_added_to_and_replaced(kind: str) -> None:
    tables.write(ROWS, "t", file_format=kind, partition_by=["year", "kind"])
    assert same(tables.read("t"))
    assert tables.scan("t", where="year = 2030 and kind = 'b/c'").files == 1
    tables.write(ROWS, "t", partition_by=["year", "kind"], mode="append")
    assert tables.scan("t").count() == 60
    tables.write(ROWS, "t", partition_by=["year"], mode="overwrite")
    assert same(tables.read("t"))
    assert [path.name for path in Path().iterdir()] == ["t"]
    with pytest.raises(Conflict, match="t is there already"):
        tables.write(ROWS, "t", file_format=kind)


def test_a_delta_table_keeps_what_it_was() -> None:
    tables.write(ROWS, "t", file_format="delta")
    tables.write({"id": [1], "kind": ["z"], "year": [1]}, "t", mode="overwrite")
    assert (tables.read("t").num_rows, tables.read("t", version=0).num_rows) == (1, 30)
    with pytest.raises(LakeportError, match="t has no such version"):
        tables.scan("t", version=7)
    with pytest.raises(Misused, match="the rows do not go with those of t"):
        tables.write({"other": [1]}, "t", mode="append")
    with pytest.raises(Conflict, match="t is a Delta table"):
        tables.write(ROWS, "t", file_format="parquet", mode="overwrite")


def test_a_file_is_replaced_only_when_that_was_said() -> None:
    tables.write(ROWS, "t.csv")
    with pytest.raises(Conflict, match=r"t.csv is there already. Next: overwrite it"):
        tables.write({"n": [1]}, "t.csv")
    tables.write({"n": [1]}, "t.csv", mode="overwrite")
    assert tables.read("t.csv").to_pydict() == {"n": [1]}
    with pytest.raises(Misused, match="one file, to which no rows can be added"):
        tables.write({"n": [1]}, "t.csv", mode="append")


def test_one_that_appears_meanwhile_is_not_replaced() -> None:
    def rows() -> Iterator[pa.RecordBatch]:
        Path("t.csv").write_text("theirs")
        yield ROWS.to_batches()[0]

    with pytest.raises(Conflict):
        tables.write(pa.RecordBatchReader.from_batches(ROWS.schema, rows()), "t.csv")
    assert (files(), Path("t.csv").read_text()) == (["t.csv"], "theirs")


@pytest.mark.parametrize("target", ["t.parquet", "t.csv", "t/"])
@pytest.mark.parametrize("mode", ["error", "overwrite"])
def test_a_full_disk_leaves_nothing(target: str, mode: str) -> None:
    if mode == "overwrite":
        tables.write({"n": [1]}, target)
    before = {name: Path(name).read_bytes() for name in files()}
    with disk_of(10_000), pytest.raises(LakeportError, match="cannot be written: File too large"):
        tables.write({"n": range(100_000)}, target, mode=mode)
    assert {name: Path(name).read_bytes() for name in files()} == before
    assert [path.name for path in Path().iterdir()] == [target.strip("/")] * bool(before)


@pytest.mark.parametrize("kind", ["parquet", "delta", "csv"])
def test_rows_that_fail_midway_leave_nothing(kind: str) -> None:
    Path("bad.csv").write_text("a,b\n" + "1,2\n" * 400_000 + "1,2,3\n")
    with pytest.raises(BadData, match=r"bad.csv:400002: it has 3 values"):
        tables.write(tables.scan("bad.csv"), "t/", file_format=kind)
    assert files() == ["bad.csv"]


def test_a_replaced_directory_comes_back_when_the_new_one_cannot_take_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tables.write({"n": [1]}, "t/")
    real = moving.rename

    def refuses(place: tables.Place, source: str, target: str) -> None:
        if "_t." in source and not source.endswith(".old"):
            raise LakeportError("no")
        real(place, source, target)

    monkeypatch.setattr(moving, "rename", refuses)
    with pytest.raises(LakeportError):
        tables.write({"n": [2]}, "t", mode="overwrite")
    assert (tables.read("t").to_pydict(), [path.name for path in Path().iterdir()]) == ({"n": [1]}, ["t"])


def test_a_directory_that_holds_more_than_a_table_is_not_replaced() -> None:
    tables.write(ROWS, "t/")
    Path("t/notes.md").write_text("mine")
    with pytest.raises(Misused, match="several formats"):
        tables.write(ROWS, "t", mode="overwrite")
    assert "t/notes.md" in files()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"partition_by": ["year"]}, "t has directories by kind. Next: --partition-by kind"),
        ({}, "t has directories by kind"),
        ({"partition_by": ["kind"], "file_format": "csv"}, "t holds parquet, to which csv cannot be added"),
        ({"partition_by": ["nope"]}, "there is no column 'nope'. Columns: id, kind, year"),
    ],
)
def test_rows_are_added_as_those_before_them_lie(change: dict[str, object], said: str) -> None:
    tables.write(ROWS, "t", partition_by=["kind"])
    before = files()
    with pytest.raises(Misused) as caught:
        tables.write(ROWS, "t", mode="append", **change)  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert files() == before


def test_rows_of_another_type_are_not_added() -> None:
    tables.write({"n": [1]}, "t/")
    with pytest.raises(BadData, match="column 'n' as string, and t has it as int64"):
        tables.write({"n": ["x"]}, "t", mode="append")


@pytest.mark.parametrize(
    ("target", "arguments", "said"),
    [
        ("t.xlsx", {}, "the name t.xlsx says no format"),
        ("t", {}, "the name t says no format"),
        ("t.csv", {"compression": "gzip"}, "Next: name it t.csv.gz"),
        ("t.parquet", {"compression": "zip"}, "parquet has no compression 'zip'. There are: snappy"),
        ("t.parquet", {"mode": "merge"}, "there is no mode 'merge'. Modes: error, overwrite, append"),
        ("t.parquet", {"file_format": "orc"}, "there is no format 'orc'"),
    ],
)
def test_what_cannot_be_written_so_is_told_first(target: str, arguments: dict[str, str], said: str) -> None:
    with pytest.raises(Misused) as caught:
        tables.write(ROWS, target, **arguments)  # type: ignore[arg-type]
    assert said in str(caught.value)
    assert files() == []


def test_a_column_that_csv_cannot_hold_is_named() -> None:
    with pytest.raises(Misused, match="column 'deep' is list<item: int64>, which csv cannot hold"):
        tables.write({"id": [1], "deep": [[1, 2]]}, "t.csv")
    assert files() == []


def test_frames_of_other_libraries_are_taken_as_they_are() -> None:
    frame = pl.DataFrame({"s": ["a", "b"], "c": pl.Series(["x", "y"], dtype=pl.Categorical), "l": [[1], [2, 3]]})
    plain = {"s": ["a", "b"], "c": ["x", "y"], "l": [[1], [2, 3]]}
    for name, data in (
        ("polars.parquet", frame),
        ("lazy.feather", frame.lazy()),
        ("pandas.jsonl", pd.DataFrame(plain)),
        ("duck.parquet", duckdb.connect().sql("select * from frame")),
        ("rows.parquet", [{"s": "a", "c": "x", "l": [1]}, {"s": "b", "c": "y", "l": [2, 3]}]),
        ("arrow.parquet", pa.table(plain).to_batches()),
    ):
        tables.write(data, name)
        assert tables.read(name).to_pydict() == plain
    indexed = pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    tables.write(indexed, "indexed.parquet")
    assert pd.read_parquet("indexed.parquet").equals(indexed)
    with pytest.raises(Misused, match="int is no table"):
        tables.write(5, "t.parquet")
    with pytest.raises(Misused, match="these rows are no table"):
        tables.write({"a": [1], "b": [1, 2]}, "t.parquet")


def test_strangers_read_what_was_written() -> None:
    rows = pa.table(
        {
            "n": [1, None],
            "d": [Decimal("1.50"), None],
            "day": [date(2030, 1, 2), None],
            "at": pa.array([datetime(2030, 1, 2, 3, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "s": ['say "hi", you', ""],
        }
    )
    for name in ("t.parquet", "t.csv", "t.feather", "t.jsonl"):
        tables.write(rows, name)
    assert pl.read_parquet("t.parquet").equals(pl.DataFrame(rows))
    assert pl.read_ipc("t.feather").equals(pl.DataFrame(rows))
    assert pd.read_csv("t.csv")["s"][0] == 'say "hi", you'
    assert [json.loads(line)["at"] for line in Path("t.jsonl").read_text().splitlines()] == [
        "2030-01-02T03:00:00Z",
        None,
    ]
    tables.write(ROWS, "set", partition_by=["year", "kind"])
    tables.write(ROWS, "log", file_format="delta", partition_by=["year"])
    query = "select count(*) from read_parquet('set/**/*.parquet', hive_partitioning=true) where year = 2030 and kind = 'b/c'"
    assert duckdb.connect().execute(query).fetchone() == (5,)
    assert (
        pl.scan_parquet("set/**/*.parquet", hive_partitioning=True).filter(pl.col("kind") == "a").collect().height == 10
    )
    tables.write(ROWS, "years", partition_by=["year"])
    assert len(pd.read_parquet("years", filters=[("year", "=", 2031)])) == 15
    assert pl.read_delta("log").height == 30


def test_nested_columns_come_back_from_json_lines_as_objects() -> None:
    rows = {"m": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "s": [{"x": 1}], "b": [b"\x00"]}
    tables.write(pa.table(rows), "t.jsonl")
    assert tables.read("t.jsonl").to_pylist() == [{"m": {"a": 1}, "s": {"x": 1}, "b": "AA=="}]


def test_a_table_is_replaced_by_a_part_of_itself() -> None:
    for target in ("t.parquet", "d/"):
        tables.write(ROWS, target)
        tables.write(tables.scan(target, where="year = 2030"), target, mode="overwrite")
        assert tables.scan(target).count() == 15


def test_many_directories_take_bounded_memory_and_all_arrive() -> None:
    many = pa.table({"k": [n % 300 for n in range(9_000)], "n": range(9_000)})
    done = tables.write(many.to_reader(500), "t", partition_by=["k"])
    assert done.files == 300
    assert tables.scan("t", where="k = 7").table()["n"].to_pylist() == list(range(7, 9_000, 300))


def test_a_table_without_rows_keeps_its_columns() -> None:
    for target in ("t.parquet", "t/", "p"):
        tables.write(ROWS.slice(0, 0), target, partition_by=["year"] if target == "p" else [])
        assert tables.scan(target.strip("/")).schema.names == ROWS.schema.names


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"id,kind\n1,a\n", ""),
        (b'{"id": 1, "kind": "a"}\n', ""),
        (b"id\tkind\n1\ta\n", "tsv"),
        (pa.compress(b"id,kind\n1,a\n", "gzip", asbytes=True), ""),
        (pa.compress(b'{"id": 1, "kind": "a"}\n', "zstd", asbytes=True), ""),
    ],
    ids=["csv", "jsonl", "tsv", "gzip", "zstd"],
)
def test_what_comes_in_on_a_stream_is_known_by_its_beginning(content: bytes, kind: str) -> None:
    assert tables.incoming(io.BytesIO(content), kind).table().to_pydict() == {"id": [1], "kind": ["a"]}


def test_what_comes_in_damaged_leaves_nothing() -> None:
    with pytest.raises(BadData, match="stdin"):
        tables.write(tables.incoming(io.BytesIO(b"a,b\n" + b"1,2\n" * 400_000 + b"1\n")), "t.parquet")
    with pytest.raises(Misused, match="parquet is not read from its beginning"):
        tables.incoming(io.BytesIO(b"PAR1"))
    assert files() == []


def test_a_library_that_is_not_there_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    tables.write(ROWS, "log", file_format="delta")
    tables.write(ROWS, "t.parquet")
    found = tables.scan("t.parquet")
    for library, extra, act in (
        ("deltalake", "delta", lambda: tables.scan("log")),
        ("deltalake", "delta", lambda: tables.write(ROWS, "other", file_format="delta")),
        ("polars", "polars", found.polars),
        ("pandas", "pandas", found.pandas),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, library, None)
            patch.setitem(sys.modules, f"{library}.exceptions", None)
            with pytest.raises(MissingExtra) as caught:
                act()
        assert f"pip install 'lakeport[{extra}]'" in str(caught.value)


def test_what_would_be_written_is_told_in_words() -> None:
    tables.write(ROWS, "t", partition_by=["year"])
    assert tables.planned("t", mode="overwrite") == "t: a directory of parquet files, overwrite what is there"
    assert tables.planned("new.csv.gz") == "new.csv.gz: a csv file, new"
    with pytest.raises(Conflict):
        tables.planned("t")


def test_statistics_say_what_columns_hold() -> None:
    pq.write_table(pa.table({"id": range(50_000), "kind": ["a", None] * 25_000}), "t.parquet", row_group_size=20_000)
    found = tables.stats("t.parquet")
    assert (found.rows, found.files, found.row_groups, found.size_bytes) == (
        50_000,
        1,
        3,
        Path("t.parquet").stat().st_size,
    )
    first, kind = found.columns
    assert (first.nulls, first.least, first.greatest, first.is_estimated) == (0, 0, 49_999, True)
    assert abs((first.distinct or 0) / 50_000 - 1) < 0.1
    assert (kind.nulls, kind.least, kind.distinct, kind.is_estimated) == (25_000, "a", 1, False)
    assert (kind.size_bytes or 0) < (first.size_bytes or 0) < found.size_bytes
    part = tables.stats(tables.scan("t.parquet", where="id < 10", columns=["kind"]))
    assert (part.rows, [one.nulls for one in part.columns]) == (10, [5])
    tables.write({"deep": [{"x": 1}], "none": pa.array([None], pa.null())}, "n.parquet")
    assert [(one.nulls, one.distinct) for one in tables.stats("n.parquet").columns] == [(0, None), (1, None)]
