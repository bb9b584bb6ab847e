"""What people hold rows in, as batches: Arrow's own things, frames of polars and pandas, and plain rows of Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakeport.errors import Misused
from lakeport.tables.scanning import Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

Arrow = Any  # pyarrow has no types
CHUNK_ROWS = 64 << 10


@dataclass(frozen=True)
class Rows:
    """Rows that come once, a `pyarrow.RecordBatch` at a time; an error of whoever makes them stays what it is.

    Attributes:
        schema: `pyarrow.Schema`.
        batches: Of that schema.
    """

    schema: Arrow
    batches: Iterable[Arrow]

    def table(self) -> Arrow:
        """Return all of them as a `pyarrow.Table`."""
        return pa.Table.from_batches(self.batches, self.schema)


def rows_of(data: object) -> Rows:
    """Return rows of whatever holds them.

    Args:
        data: `Rows`; a `Scan`; a `pyarrow.Table`, `RecordBatch`, `RecordBatchReader` or dataset; a frame of polars or pandas, or
            whatever else hands out Arrow streams (DuckDB, for one); rows as mappings; columns by name.

    Raises:
        Misused: It is none of these.

    Example:
        >>> rows_of([{"n": 1}, {"n": 2}]).table()["n"].to_pylist()
        [1, 2]
    """
    if isinstance(data, Rows):
        return data
    if isinstance(data, Scan):
        return Rows(data.schema, data.batches())
    reader = _reader(data)
    return Rows(reader.schema, reader)


def _reader(data: object) -> Arrow:
    if isinstance(data, pa.Table):
        return _plain(data.to_reader(CHUNK_ROWS))
    if isinstance(data, pa.dataset.Dataset):
        return _plain(data.scanner().to_reader())
    if hasattr(data, "collect") and type(data).__module__.startswith("polars"):
        data = data.collect(engine="streaming")
    if hasattr(data, "__arrow_c_stream__"):
        return _plain(pa.RecordBatchReader.from_stream(data))
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data]).to_reader()
    return _of_python(data)


def _of_python(data: object) -> Arrow:
    try:
        if isinstance(data, Mapping):
            return pa.table(dict(data)).to_reader(CHUNK_ROWS)
        if isinstance(data, Iterable) and not isinstance(data, str | bytes):
            rows = list(data)
            if rows and all(isinstance(one, pa.RecordBatch) for one in rows):
                return pa.Table.from_batches(rows).to_reader(CHUNK_ROWS)
            if rows and all(isinstance(one, Mapping) for one in rows):
                return pa.Table.from_pylist(rows).to_reader(CHUNK_ROWS)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise Misused(f"these rows are no table: {error}") from error
    hint = "Give a table, frame, stream or dataset, rows as mappings, or columns by name"
    raise Misused(f"{type(data).__name__} is no table", hint=hint)


def _plain(reader: Arrow) -> Arrow:
    """Return a reader without Arrow's newer layouts of texts, which most writers of files do not know."""
    wanted = pa.schema([one.with_type(_known(one.type)) for one in reader.schema], metadata=reader.schema.metadata)
    if wanted.equals(reader.schema):
        return reader

    def batches() -> Iterator[Arrow]:
        for batch in reader:
            columns = [_cast(column, one.type) for column, one in zip(batch.columns, wanted, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=wanted)

    return pa.RecordBatchReader.from_batches(wanted, batches())


def _known(kind: Arrow) -> Arrow:
    if pa.types.is_dictionary(kind):
        return _known(kind.value_type)
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return (pa.large_list if pa.types.is_large_list(kind) else pa.list_)(_known(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([kind.field(at).with_type(_known(kind.field(at).type)) for at in range(kind.num_fields)])
    return {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}.get(kind, kind)


def _cast(column: Arrow, kind: Arrow) -> Arrow:
    if column.type.equals(kind):
        return column
    if pa.types.is_dictionary(column.type):
        values = column.dictionary.cast(kind)  # before they are taken: the newer layouts cannot be
        return pa.DictionaryArray.from_arrays(column.indices, values).dictionary_decode()
    return column.cast(kind)
