"""The two ways that files become batches: parts of them as pyarrow's dataset finds them, or from their beginning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.dataset as ds

from lakeport.tables import pieces, refusals, streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lakeport.tables.partitions import Part

Arrow = Any  # pyarrow has no types
BATCH_ROWS = 64 << 10


class Source(Protocol):
    """Gives batches of rows.

    Attributes:
        schema: `pyarrow.Schema` of all columns.
    """

    @property
    def schema(self) -> Arrow:
        """`pyarrow.Schema` of all columns."""
        ...

    def batches(self, columns: Sequence[str], condition: Arrow, needed: frozenset[str], rows: int) -> Iterator[Arrow]:
        """Yield `pyarrow.RecordBatch`es of some columns of the rows that meet a condition, in the files' order.

        Args:
            columns: Which, in order.
            condition: `pyarrow.compute.Expression`, or `None`.
            needed: The columns that the condition looks at.
            rows: How many rows a batch has at most.
        """
        ...

    def table(self, columns: Sequence[str], condition: Arrow) -> Arrow:
        """Return all rows as a `pyarrow.Table`; arguments as those of `batches`."""
        ...

    def count(self, condition: Arrow, needed: frozenset[str]) -> int:
        """Return how many rows meet a condition that looks at some columns."""
        ...


@dataclass(frozen=True)
class Dataset:
    """What pyarrow reads parts of.

    Attributes:
        dataset: `pyarrow.dataset.Dataset`.
        title: What people call it.
        titled: What people call a file of it.
        said: The columns that directories say.
        sizes: Of files in bytes, by path, where a log says them.
    """

    dataset: Arrow
    title: str
    titled: Callable[[str], str]
    said: frozenset[str] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def schema(self) -> Arrow:
        """`pyarrow.Schema` of all columns."""
        return self.dataset.schema

    def batches(self, columns: Sequence[str], condition: Arrow, needed: frozenset[str], rows: int) -> Iterator[Arrow]:
        """Yield batches; only columns and row groups that are wanted are fetched."""
        wanted = frozenset(columns) | needed
        fields = pa.schema([one for one in self.schema if one.name in wanted])
        for fragment in self.dataset.get_fragments(filter=condition):
            with refusals.reading(self.titled(str(fragment.path))):
                said = {
                    name: value
                    for name, value in ds.get_partition_keys(fragment.partition_expression).items()
                    if name in self.said
                }
                for batch in pieces.batches(fragment, self.schema, fields.names, condition, rows):
                    yield from _chosen(shaped(batch, fields, said), columns, condition, rows)

    def table(self, columns: Sequence[str], condition: Arrow) -> Arrow:
        """Return all rows as a `pyarrow.Table`, as fast as pyarrow reads."""
        with refusals.reading(self.title, lambda: self._culprit(columns, condition)):
            return self.dataset.to_table(columns=list(columns), filter=condition)

    def count(self, condition: Arrow, needed: frozenset[str]) -> int:
        """Return how many rows meet a condition; without one the files' own counts tell."""
        if condition is not None:
            return sum(one.num_rows for one in self.batches(sorted(needed), condition, needed, BATCH_ROWS))
        with refusals.reading(self.title, lambda: self._culprit((), condition)):
            return int(self.dataset.count_rows())

    def _culprit(self, columns: Sequence[str], condition: Arrow) -> str:
        """Which file is damaged, by reading one after another: Arrow does not say."""
        for fragment in self.dataset.get_fragments(filter=condition):
            try:
                for _ in fragment.to_batches(schema=self.schema, columns=list(columns), filter=condition):
                    pass
            except (pa.ArrowException, OSError):
                return self.titled(str(fragment.path))
        return self.title


@dataclass(frozen=True)
class Streams:
    """Files that are read from their beginning, one after another.

    Attributes:
        schema: `pyarrow.Schema` of all columns, those of the directories too.
        inner: The same of the files alone.
        types: Of columns of text, as they were asked for.
        is_guessed: The types are as the files' first blocks look.
    """

    parts: Sequence[Part]
    file_system: Arrow
    schema: Arrow
    inner: Arrow
    types: Mapping[str, Arrow] = field(default_factory=dict)

    def batches(self, columns: Sequence[str], condition: Arrow, needed: frozenset[str], rows: int) -> Iterator[Arrow]:
        """Yield batches; of CSV and JSON lines only wanted columns are parsed."""
        wanted = frozenset(columns) | needed
        fields = pa.schema([one for one in self.schema if one.name in wanted])
        for part in self.parts:
            for batch in self._of(part, fields):
                yield from _chosen(batch, columns, condition, rows)

    def _of(self, part: Part, fields: Arrow) -> Iterator[Arrow]:
        said = part.values
        wanted = frozenset(name for name in fields.names if name in self.inner.names and name not in said)
        known = {one.name: one.type for one in self.inner} if part.file.format.is_text else {}
        only = wanted if wanted and len(wanted) < len(self.inner.names) else None
        with streams.opened(part.file, self.file_system, {**known, **self.types}, only) as reader:
            for batch in _each(reader, part.file.title):
                yield shaped(batch, fields, said)

    def table(self, columns: Sequence[str], condition: Arrow) -> Arrow:
        """Return all rows as a `pyarrow.Table`."""
        fields = pa.schema([self.schema.field(name) for name in columns], metadata=self.schema.metadata)
        needed = frozenset(self.schema.names) if condition is not None else frozenset()
        return pa.Table.from_batches(self.batches(columns, condition, needed, BATCH_ROWS), fields)

    def count(self, condition: Arrow, needed: frozenset[str]) -> int:
        """Return how many rows meet a condition, by reading them."""
        columns = sorted(needed) or self.schema.names[:1]
        return sum(one.num_rows for one in self.batches(columns, condition, needed, BATCH_ROWS))


def _chosen(batch: Arrow, columns: Sequence[str], condition: Arrow, rows: int) -> Iterator[Arrow]:
    """Yield the rows and columns of a batch that are wanted, no more than so many rows at once."""
    found = batch if condition is None else batch.filter(condition)
    for at in range(0, found.num_rows, rows):
        yield found.slice(at, rows).select(list(columns))


def _each(reader: Arrow, title: str) -> Iterator[Arrow]:
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowTypeError, pa.ArrowKeyError) as error:
            raise refusals.said(title, str(error)) from error
        yield batch


def shaped(batch: Arrow, fields: Arrow, said: Mapping[str, object]) -> Arrow:
    """Return a file's batch with the table's columns: what the directories say, and nothing where the file has none."""
    arrays = []
    for one in fields:
        if one.name in said:
            arrays.append(pa.repeat(pa.scalar(said[one.name], one.type), batch.num_rows))
        elif one.name in batch.schema.names:
            column = batch.column(one.name)
            arrays.append(column if column.type.equals(one.type) else column.cast(one.type))
        else:
            arrays.append(pa.nulls(batch.num_rows, one.type))
    return pa.RecordBatch.from_arrays(arrays, schema=fields)


def datasets(parts: Sequence[Part], file_system: Arrow) -> list[Arrow]:
    """Return pyarrow's fragment for each part."""
    return [
        format_of(one.file.format.name).make_fragment(
            one.file.path, file_system, one.guarantee, file_size=one.file.size_bytes
        )
        for one in parts
    ]


def format_of(name: str) -> Arrow:
    """Return pyarrow's own object for a format of which it reads parts."""
    if name == "feather":
        return ds.IpcFileFormat()
    scan = ds.ParquetFragmentScanOptions(pre_buffer=True)
    return ds.ParquetFileFormat(default_fragment_scan_options=scan)
