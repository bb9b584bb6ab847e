"""Reading tables of this machine: formats, pieces, and files that are no good."""

from __future__ import annotations

import bz2
import gzip
import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from lakeport import tables
from lakeport.errors import BadData, Misused, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = pa.table({"id": list(range(20)), "kind": ["a", "b"] * 10})
CSV = b"id,kind\n" + b"".join(b"%d,%s\n" % (row["id"], row["kind"].encode()) for row in ROWS.to_pylist())
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS.to_pylist())


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ipc(path: Path, write: Callable[[str, pa.Schema], pa.RecordBatchWriter]) -> None:
    with write(str(path), ROWS.schema) as writer:
        writer.write_table(ROWS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", CSV),
        ("t.csv.gz", gzip.compress(CSV)),
        ("t.CSV.BZ2", bz2.compress(CSV)),
        ("t.tsv", CSV.replace(b",", b"\t")),
        ("t.jsonl", LINES),
        ("t.ndjson.zst", pa.compress(LINES, "zstd", asbytes=True)),
        ("t.json", LINES),
    ],
    ids=["csv", "gz", "bz2", "tsv", "jsonl", "zst", "json"],  # packed bytes tell the time
)
def test_text_is_read_whatever_it_is_compressed_with(there: Path, name: str, content: bytes) -> None:
    (there / name).write_bytes(content)
    assert tables.read(name) == ROWS
    assert tables.read(name, where="id >= 18", columns=["kind"]).to_pydict() == {"kind": ["a", "b"]}


def test_parquet_and_arrow_are_known_by_their_first_bytes(there: Path) -> None:
    pq.write_table(ROWS, there / "no-suffix")
    ipc(there / "file.arrow", pa.ipc.new_file)
    ipc(there / "stream.arrow", pa.ipc.new_stream)
    for name, told in (("no-suffix", "parquet"), ("file.arrow", "feather"), ("stream.arrow", "arrows")):
        found = tables.scan(name, where="kind = 'b'")
        assert (found.format, found.table().num_rows, found.count()) == (told, 10, 10)


def test_the_first_rows_of_a_file_are_those_asked_for(there: Path) -> None:
    pq.write_table(ROWS, there / "t.parquet")
    assert [tables.head("t.parquet", n).num_rows for n in (0, 1, 7, 100)] == [0, 1, 7, 20]
    assert tables.scan("t.parquet", where="id > 15").head(2)["id"].to_pylist() == [16, 17]


@pytest.mark.parametrize("kind", ["parquet", "csv", "feather"])
def test_directories_say_columns_and_rule_files_out(there: Path, kind: str) -> None:
    rows = ROWS.append_column("year", pa.array([2030, 2031] * 10))
    by = ds.partitioning(pa.schema({"year": pa.int64(), "kind": pa.string()}), flavor="hive")
    ds.write_dataset(rows, there / "sales", format=kind, partitioning=by)
    (there / "sales" / "_SUCCESS").touch()
    whole = tables.scan("sales")
    assert (whole.files, whole.schema.names, whole.count()) == (2, ["id", "year", "kind"], 20)
    part = tables.scan("sales", where="year = 2031 and id < 5", columns=["kind", "id"])
    assert (part.files, part.table().to_pydict()) == (1, {"kind": ["b", "b"], "id": [1, 3]})
    assert tables.scan("sales", where=ds.field("year") == 2030).files == 1
    assert tables.read("sales", where="year = 1999").num_rows == 0


def test_a_directory_is_believed_over_what_its_files_say(there: Path) -> None:
    for year, said in ((2030, "old"), (2031, "new")):
        (there / "t" / f"year={year}").mkdir(parents=True)
        pq.write_table(pa.table({"n": [1], "year": [said]}), there / "t" / f"year={year}" / "1.parquet")
    assert tables.read("t", where="year = 2031 and n = 1").to_pydict() == {"n": [1], "year": [2031]}
    assert [row["year"] for batch in tables.scan("t").batches() for row in batch.to_pylist()] == [2030, 2031]


def test_files_that_lack_a_column_have_nothing_in_it_and_narrow_types_widen(there: Path) -> None:
    (there / "t").mkdir()
    pq.write_table(pa.table({"n": pa.array([1], pa.int32())}), there / "t" / "1.parquet")
    pq.write_table(pa.table({"n": pa.array([1.5]), "m": ["x"]}), there / "t" / "2.parquet")
    assert tables.read("t").to_pydict() == {"n": [1.0, 1.5], "m": [None, "x"]}
    assert tables.read("t", where="m = 'x'").num_rows == 1


def test_files_that_disagree_are_named_with_the_column_and_its_types(there: Path) -> None:
    (there / "t").mkdir()
    for name, value in (("1", 1), ("2", 2), ("3", "x")):
        pq.write_table(pa.table({"n": [value]}), there / "t" / f"{name}.parquet")
    with pytest.raises(BadData, match=r"t/3.parquet has column 'n' as string, and t/1.parquet has it as int64"):
        tables.scan("t")


def late(line: bytes) -> bytes:
    return b"a,b\n" + b"1,2\n" * 400_000 + line + b"1,2\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"a,b\n1,2\n1,2,3\n", "t.csv:3: it has 3 values where its header has 2"),
        ("t.csv", late(b"7\n"), "t.csv:400002: it has 1 values where its header has 2"),
        ("t.csv", late(b"1,x\n"), "t.csv:400002, column 2: 'x' is no int64"),
        ("t.csv", b"", "t.csv is empty"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "t.jsonl:2: this line is no JSON object"),
        ("t.jsonl", b'[{"a": 1}]', "t.jsonl is one JSON array"),
        ("t.jsonl", b'{"a": 1}\n{"a": "x"}\n', "column 'a' is a number in some rows and a string in others"),
        (
            "t.jsonl",
            b'{"a": 1}\n' * 200_000 + b'{"a": 1, "b": 2}\n',
            "t.jsonl:200001: column 'b' comes first in a late",
        ),
        ("t.parquet", b"PAR1" + b"x" * 100, "t.parquet is damaged"),
        ("t.feather", b"ARROW1" + b"x" * 100, "t.feather is damaged"),
        ("t.csv.gz", gzip.compress(CSV)[:-20], "t.csv.gz"),
        ("t.arrows", b"\xff\xff\xff\xff" + b"x" * 100, "t.arrows is damaged"),
    ],
    ids=[
        "ragged",
        "ragged late",
        "no number late",
        "empty",
        "no JSON",
        "array",
        "two types",
        "late column",
        "no Parquet",
        "no Arrow",
        "cut gzip",
        "no stream",
    ],
)
def test_a_damaged_file_is_told_with_its_row(there: Path, name: str, content: bytes, said: str) -> None:
    (there / name).write_bytes(content)
    with pytest.raises(BadData) as caught:
        tables.read(name)
    assert said in str(caught.value)


def test_a_row_group_that_is_damaged_is_told_with_its_file(there: Path) -> None:
    (there / "t").mkdir()
    for number in range(3):
        pq.write_table(pa.table({"a": ["x" * 10, "y"] * 1000}), there / "t" / f"{number}.parquet", use_dictionary=False)
    content = bytearray((there / "t" / "1.parquet").read_bytes())
    content[60:160] = bytes(100)
    (there / "t" / "1.parquet").write_bytes(content)
    with pytest.raises(BadData, match=r"t/1.parquet is damaged"):
        tables.read("t")


def test_a_named_type_is_believed_over_a_guess(there: Path) -> None:
    (there / "t.csv").write_bytes(late(b"1,x\n"))
    found = tables.scan("t.csv", types={"b": "string"})
    assert (str(found.schema.field("b").type), found.count()) == ("string", 400_002)
    (there / "zip.jsonl").write_text('{"zip": "01234", "n": 1}\n')
    assert tables.read("zip.jsonl", types={"n": "decimal(5,2)"}).schema.field("n").type == pa.decimal128(5, 2)


@pytest.mark.parametrize(
    ("names", "expected", "said"),
    [
        ([], NotFound, "t is a directory without a table's files"),
        (["a.csv", "b.parquet"], Misused, "several formats (1 csv, 1 parquet)"),
        (["a.csv", "b.md"], Misused, "several formats (1 csv, 1 unknown)"),
        (["notes.md"], Misused, "which format it is in"),
        (["a.parquet.gz"], Misused, "is not compressed as a whole"),
        (["_log/a.csv", ".hidden.csv"], NotFound, "without a table's files"),
    ],
)
def test_a_directory_that_is_no_table_says_what_it_holds(
    there: Path, names: list[str], expected: type, said: str
) -> None:
    for name in names:
        (there / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (there / "t" / name).write_text("a\n1\n")
    (there / "t").mkdir(exist_ok=True)
    with pytest.raises(expected) as caught:
        tables.scan("t")
    assert said in str(caught.value)


def test_one_format_of_a_mixed_directory_is_read_when_it_is_named(there: Path) -> None:
    (there / "t").mkdir()
    (there / "t" / "a.csv").write_bytes(CSV)
    (there / "t" / "b.jsonl").write_bytes(LINES)
    assert tables.read("t", file_format="csv") == ROWS
    with pytest.raises(NotFound, match="no files of format parquet, but of csv, jsonl"):
        tables.read("t", file_format="parquet")
    with pytest.raises(Misused, match=r"there is no format 'xlsx'. Formats: parquet, csv"):
        tables.read("t", file_format="xlsx")


def test_an_unknown_column_is_told_with_those_that_there_are(there: Path) -> None:
    pq.write_table(ROWS, there / "t.parquet")
    for arguments in ({"columns": ["idd"]}, {"where": "idd = 1"}):
        with pytest.raises(Misused, match=r"there is no column 'idd'. Columns: id, kind"):
            tables.scan("t.parquet", **arguments)
    with pytest.raises(Misused, match=r"there is no column 'idd' in t.parquet"):
        tables.read("t.parquet", where=ds.field("idd") == 1)


def test_columns_of_one_name_are_told(there: Path) -> None:
    (there / "t.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(BadData, match=r"t.csv has several columns named 'a'"):
        tables.scan("t.csv", columns=["b"])


@pytest.mark.parametrize("kind", ["parquet", "feather", "csv", "jsonl", "delta"])
def test_columns_that_directories_say_need_no_other(there: Path, kind: str) -> None:
    tables.write(ROWS, "t", file_format=kind, partition_by=["kind"])
    found = tables.scan("t", columns=["kind"], where="kind = 'b'")
    assert (found.count(), found.table().num_rows, found.head(3).num_rows, found.files) == (10, 10, 3, 1)
    assert sum(batch.num_rows for batch in found.batches(rows=4)) == 10


def test_nothing_at_a_path_is_told() -> None:
    with pytest.raises(NotFound, match=r"nothing is at none.parquet"):
        tables.scan("none.parquet")
