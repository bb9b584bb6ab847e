"""Tables that were never thought of: what is written comes back, in every format, whole and by directories."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeport import tables
from lakeport.tables import conditions

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
CELLS: dict[Any, SearchStrategy[Any]] = {
    pa.int64(): st.integers(-(2**62), 2**62),
    pa.float64(): st.floats(allow_nan=False, allow_infinity=False),
    pa.bool_(): st.booleans(),
    pa.string(): TEXTS,
    pa.date32(): st.dates(date(1970, 1, 1), date(2200, 1, 1)),
    pa.timestamp("us", "UTC"): st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    pa.decimal128(12, 3): st.integers(-(10**9), 10**9).map(lambda number: Decimal(number).scaleb(-3)),
    pa.list_(pa.int64()): st.lists(st.integers(0, 9), max_size=3),
}
TYPED = st.sampled_from([*CELLS])
settings.register_profile("tables", max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def some_table(draw: st.DrawFn, kinds: SearchStrategy[Any] = TYPED, least: int = 0) -> pa.Table:
    chosen = draw(st.lists(kinds, min_size=1, max_size=4))
    rows = draw(st.integers(least, 12))
    columns = {
        f"c{number}": pa.array(draw(st.lists(st.none() | CELLS[kind], min_size=rows, max_size=rows)), kind)
        for number, kind in enumerate(chosen)
    }
    return pa.table(columns)


def bag(table: pa.Table) -> Counter[str]:
    return Counter(str([row[name] for name in sorted(row)]) for row in table.to_pylist())


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@settings(settings.get_profile("tables"))
@given(rows=some_table())
def test_binary_formats_give_back_every_cell_and_type(there: None, rows: pa.Table) -> None:
    for name in ("t.parquet", "t.feather", "t.arrows"):
        tables.write(rows, name, mode="overwrite")
        assert tables.read(name).equals(rows)
        assert tables.head(name, 3).equals(rows.slice(0, 3).combine_chunks()) or tables.head(name, 3) == rows.slice(
            0, 3
        )
        assert tables.scan(name).count() == rows.num_rows


@settings(settings.get_profile("tables"))
@given(rows=some_table(st.sampled_from([pa.int64(), pa.float64(), pa.bool_(), pa.string(), pa.date32()]), least=1))
def test_text_formats_give_back_every_cell_whose_type_is_named(there: None, rows: pa.Table) -> None:
    words = {"int64": "int64", "double": "float64", "bool": "bool", "string": "string", "date32[day]": "date"}
    types = {one.name: words[str(one.type)] for one in rows.schema}
    for name in ("t.csv", "t.tsv.gz", "t.jsonl", "t.jsonl.zst"):
        tables.write(rows, name, mode="overwrite")
        assert tables.read(name, types=types).to_pylist() == rows.to_pylist(), name


@settings(settings.get_profile("tables"), max_examples=6)
@given(rows=some_table(), keys=st.data())
def test_directories_give_back_every_row(there: None, rows: pa.Table, keys: st.DataObject) -> None:
    texts = st.none() | TEXTS.filter(lambda text: text not in {"", "__HIVE_DEFAULT_PARTITION__"}).map(
        lambda text: f"x{text}"
    )
    key = keys.draw(st.lists(texts, min_size=rows.num_rows, max_size=rows.num_rows))
    whole = rows.append_column("k/=y", pa.array(key, pa.string()))
    for kind in ("parquet", "feather"):
        shutil.rmtree(kind, ignore_errors=True)
        tables.write(whole, kind, file_format=kind, partition_by=["k/=y"])
        found = tables.scan(kind)
        assert bag(found.table()) == bag(whole)
        assert Counter(str(row) for batch in found.batches(rows=3) for row in batch.to_pylist()) == Counter(
            map(str, found.table().to_pylist())
        )


@settings(settings.get_profile("tables"))
@given(
    rows=some_table(st.just(pa.int64()), least=1),
    bound=st.integers(-5, 5),
    sign=st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
)
def test_a_condition_pushed_down_is_one_applied_afterwards(there: None, rows: pa.Table, bound: int, sign: str) -> None:
    small = pa.table(
        {
            name: pa.array([None if cell is None else cell % 11 - 5 for cell in rows[name].to_pylist()], pa.int64())
            for name in rows.column_names
        }
    )
    where = f"c0 {sign} {bound} or c0 is null"
    expected = small.filter(conditions.parse(where, small.schema).expression)
    for name in ("t.parquet", "t.jsonl", "t.csv", "t.arrows"):
        tables.write(small, name, mode="overwrite")
        found = tables.scan(name, where=where, types=dict.fromkeys(small.column_names, "int64"))
        assert bag(found.table()) == bag(expected)
        assert (found.count(), found.head(100).num_rows) == (expected.num_rows, expected.num_rows)
