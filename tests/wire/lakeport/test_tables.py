"""Tables in a lake: read in pieces, by nobody's token but ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeport import tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

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
