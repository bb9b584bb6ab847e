"""Columns that a table's directories say, as `year=2030/kind=a`; and which files a condition leaves for it.

Source: Apache Hive, "Partitioned tables"; values are percent-encoded as pyarrow, Spark and Delta write them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport.tables.places import DataFile

Arrow = Any  # pyarrow has no types
NULL = "__HIVE_DEFAULT_PARTITION__"
"""What a directory is called whose rows have nothing in its column."""
NOTHING = ds.scalar(True)


@dataclass(frozen=True)
class Part:
    """A file of a table with what its directories say of every row of it.

    Attributes:
        guarantee: `pyarrow.compute.Expression`.
    """

    file: DataFile
    guarantee: Arrow

    @property
    def values(self) -> dict[str, object]:
        """The columns that the directories say, with the value that all rows have."""
        found: dict[str, object] = ds.get_partition_keys(self.guarantee)
        return found


def parted(files: Sequence[DataFile], base: str) -> tuple[list[Part], Arrow]:
    """Return the parts of a table, and the `pyarrow.Schema` of what their directories say.

    Args:
        files: All of it.
        base: The table's directory; the files are below it, or it is the only one.
    """
    inner = [one.path[len(base) :].lstrip("/") for one in files]
    if not any("=" in one.rpartition("/")[0] for one in inner):
        return [Part(one, NOTHING) for one in files], pa.schema([])
    options = ds.FileSystemFactoryOptions(
        partition_base_dir="/t", partitioning=ds.HivePartitioning.discover(infer_dictionary=False)
    )
    names = [f"/t/{one}" for one in inner]
    samples = [*names, *(f"/t/{name}=text/file" for name in _empty(inner))]
    schema = ds.FileSystemDatasetFactory(
        pa.fs.SubTreeFileSystem("/", pa.fs.LocalFileSystem()), samples, ds.ParquetFileFormat(), options
    ).inspect(fragments=0)
    partitioning = ds.partitioning(schema, flavor="hive")
    return [Part(one, partitioning.parse(name)) for one, name in zip(files, inner, strict=True)], schema


def _empty(inner: Sequence[str]) -> list[str]:
    """Return the columns that have nothing in every directory: they are taken for texts."""
    seen: dict[str, set[str]] = {}
    for one in inner:
        for part in one.split("/")[:-1]:
            name, sign, value = part.partition("=")
            if sign:
                seen.setdefault(name, set()).add(value)
    return [name for name, values in seen.items() if values == {NULL}]


def left(parts: Sequence[Part], schema: Arrow, expression: Arrow) -> list[Part]:
    """Return the parts that may hold a row that meets a condition; no file is looked into.

    Args:
        parts: All.
        schema: Columns of the table, those of the condition at least.
        expression: `pyarrow.compute.Expression`.
    """
    format_, store = ds.ParquetFileFormat(), pa.fs.LocalFileSystem()  # neither is asked: only guarantees are compared
    fragments = [format_.make_fragment(f"/{at}", store, one.guarantee) for at, one in enumerate(parts)]
    dataset = ds.FileSystemDataset(fragments, schema, format_, store)
    return [parts[int(one.path[1:])] for one in dataset.get_fragments(filter=expression)]
