"""What a table's columns hold: how many of what, from where to where, how different, how big."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from lakeport.tables.distinct import Distinct
from lakeport.tables.scanning import Scan, scan
from lakeport.tables.sources import Dataset

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from lakeport.lake import LakeUrl
    from lakeport.tables.places import Place

Arrow = Any  # pyarrow has no types


@dataclass(frozen=True)
class ColumnStats:
    """What a column holds.

    Attributes:
        type: As Arrow calls it.
        nulls: In how many rows it has nothing.
        least: Its smallest value; `None` where there is none, or no order.
        greatest: Its biggest value.
        distinct: How many different values; `None` of nested columns.
        is_estimated: `distinct` is about right: there were too many to count.
        size_bytes: What the column takes in Parquet files, compressed; of other formats `None`.
    """

    name: str
    type: str
    nulls: int
    least: object
    greatest: object
    distinct: int | None
    is_estimated: bool
    size_bytes: int | None


@dataclass(frozen=True)
class TableStats:
    """What a table, or a part of one, holds.

    Attributes:
        row_groups: Of Parquet files together; of other formats `None`.
        size_bytes: Of the files together.
    """

    format: str
    rows: int
    files: int
    row_groups: int | None
    size_bytes: int
    columns: tuple[ColumnStats, ...]


def stats(
    source: str | os.PathLike[str] | LakeUrl | Place | Scan, *, told: Callable[[int], None] | None = None
) -> TableStats:
    """Return what the columns of a table hold, by reading it once, in bounded memory.

    Args:
        source: A table, or a `Scan` of the part that is meant.
        told: Called with the number of rows so far.

    Raises:
        LakeportError: As `scan` does.

    Example:
        >>> import tempfile
        >>> from lakeport.tables import write
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = write({"price": [7, None, 9]}, f"{folder}/sales.parquet")
        ...     found = stats(f"{folder}/sales.parquet").columns[0]
        ...     found.name, found.nulls
        ('price', 1)
    """
    found = source if isinstance(source, Scan) else scan(source)
    seen = {one.name: _Seen(one.type) for one in found.schema}
    rows = 0
    for batch in found.batches():
        rows += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            seen[name].add(column)
        if told is not None:
            told(rows)
    groups, sizes = _footers(found)
    columns = tuple(one.told(name, sizes.get(name) if groups is not None else None) for name, one in seen.items())
    return TableStats(found.format, rows, found.files, groups, found.size_bytes, columns)


@dataclass
class _Seen:
    type: Arrow
    rows: int = 0
    nulls: int = 0
    least: Arrow = None
    greatest: Arrow = None
    distinct: Distinct = field(default_factory=Distinct)

    @property
    def is_plain(self) -> bool:
        return not (pa.types.is_nested(self.type) or pa.types.is_null(self.type))

    def add(self, column: Arrow) -> None:
        self.rows += len(column)
        self.nulls += column.null_count if not pa.types.is_null(self.type) else len(column)
        if not self.is_plain or column.null_count == len(column):
            return
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        found = pc.min_max(plain)
        low, high = found["min"], found["max"]
        self.least = low if self.least is None or pc.less(low, self.least).as_py() else self.least
        self.greatest = high if self.greatest is None or pc.greater(high, self.greatest).as_py() else self.greatest
        self.distinct.add(plain)

    def told(self, name: str, size_bytes: int | None) -> ColumnStats:
        least = None if self.least is None else self.least.as_py()
        greatest = None if self.greatest is None else self.greatest.as_py()
        distinct = min(self.distinct.count, self.rows - self.nulls) if self.is_plain else None
        return ColumnStats(
            name, str(self.type), self.nulls, least, greatest, distinct, self.distinct.is_estimated, size_bytes
        )


def _footers(found: Scan) -> tuple[int | None, Counter[str]]:
    """Return the number of row groups and the columns' compressed sizes, as Parquet files say them."""
    sizes = Counter[str]()
    if found.format not in {"parquet", "delta"} or not isinstance(found.source, Dataset):
        return None, sizes
    groups = 0
    condition = found.condition.expression if found.condition else None
    for fragment in found.source.dataset.get_fragments(filter=condition):
        metadata = fragment.metadata
        groups += metadata.num_row_groups
        for at in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                chunk = metadata.row_group(at).column(number)
                sizes[chunk.path_in_schema.partition(".")[0]] += chunk.total_compressed_size
    return groups, sizes
