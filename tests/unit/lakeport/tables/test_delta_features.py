"""Delta tables that only newer readers understand: refused by what they need, never read wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeport import tables
from lakeport.errors import Misused

if TYPE_CHECKING:
    from pathlib import Path

VECTORS: dict[str, Any] = {
    "protocol": {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors"],
        "writerFeatures": ["deletionVectors"],
    },
    "configuration": {"delta.enableDeletionVectors": "true"},
    "vector": {
        "storageType": "i",
        "pathOrInlineDv": "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
        "sizeInBytes": 40,
        "cardinality": 6,
    },
}
"""The inline vector is the one that the Delta protocol shows."""
MAPPED: dict[str, Any] = {
    "protocol": {"minReaderVersion": 2, "minWriterVersion": 5},
    "configuration": {"delta.columnMapping.mode": "name"},
    "column": {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"},
}
LATER: dict[str, Any] = {"protocol": {"minReaderVersion": 9, "minWriterVersion": 9}}
STRANGE: dict[str, Any] = {
    "protocol": {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["rowsOfTomorrow"],
        "writerFeatures": ["rowsOfTomorrow"],
    }
}
PLAIN: dict[str, Any] = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}


def made(folder: Path, table: dict[str, Any]) -> str:
    """A table of one file, as its log says it."""
    pq.write_table(pa.table({"n": list(range(10))}), folder / "a.parquet")
    column = {"name": "n", "type": "long", "nullable": True, "metadata": table.get("column", {})}
    data = {
        "id": "3f6f0d5c-0000-4000-8000-000000000000",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": [column]}),
        "partitionColumns": [],
        "configuration": table.get("configuration", {}),
        "createdTime": 0,
    }
    size = (folder / "a.parquet").stat().st_size
    file = {"path": "a.parquet", "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": True}
    if "vector" in table:
        file["deletionVector"] = table["vector"]
    (folder / "_delta_log").mkdir()
    lines = [{"protocol": table["protocol"]}, {"metaData": data}, {"add": file}]
    (folder / "_delta_log" / f"{0:020}.json").write_text("\n".join(map(json.dumps, lines)))
    return str(folder)


def test_a_plain_table_of_this_make_is_read(tmp_path: Path) -> None:
    assert tables.read(made(tmp_path, PLAIN))["n"].to_pylist() == list(range(10))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (VECTORS, "needs deletionVectors"),
        (MAPPED, "needs columnMapping"),
        (LATER, "needs minimum reader version 9"),
        (STRANGE, "needs rowsOfTomorrow"),
    ],
)
def test_what_only_newer_readers_understand_is_refused_by_its_name(
    tmp_path: Path, table: dict[str, Any], said: str
) -> None:
    place = made(tmp_path, table)
    for way in (tables.read, tables.scan, tables.schema, tables.head, tables.stats):
        with pytest.raises(Misused, match=f"is a Delta table that {said}, which is not known here") as told:
            way(place)
        assert "DROP FEATURE" in str(told.value)


@pytest.mark.parametrize("table", [MAPPED, LATER, STRANGE])
@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_nothing_is_written_to_what_is_not_understood(tmp_path: Path, table: dict[str, Any], mode: str) -> None:
    place = made(tmp_path, table)
    before = sorted(one.name for one in tmp_path.rglob("*"))
    with pytest.raises(Misused, match="is a Delta table that needs"):
        tables.write({"n": [1]}, place, mode=mode)
    assert sorted(one.name for one in tmp_path.rglob("*")) == before
