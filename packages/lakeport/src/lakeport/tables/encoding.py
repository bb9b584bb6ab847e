"""Batches as the bytes of a file, in any format; some rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from lakeport.errors import Misused
from lakeport.tables import formats

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.tables.formats import Format

Arrow = Any  # pyarrow has no types
GROUP_ROWS = 1 << 20
"""How many rows a row group has at most."""
BATCH_ROWS = 64 << 10
LINES_AT_ONCE = 4 << 10


class Encoder(Protocol):
    """Takes rows, and ends the file."""

    def write(self, rows: Arrow) -> None:
        """Take a `pyarrow.Table`: of Parquet, a row group."""
        ...

    def close(self) -> None:
        """Write what ends the file."""
        ...


class _Lines:
    """JSON lines: an object a row; instants as ISO 8601, bytes as base64, decimals as texts."""

    def __init__(self, stream: Arrow) -> None:
        self._stream = stream
        self._encoder = msgspec.json.Encoder(enc_hook=str)

    def write(self, rows: Arrow) -> None:
        for batch in rows.to_batches(max_chunksize=LINES_AT_ONCE):
            self._stream.write(self._encoder.encode_lines(batch.to_pylist(maps_as_pydicts="strict")))

    def close(self) -> None:
        """Nothing ends such a file."""


class _Arrow:
    """What one of pyarrow's writers writes."""

    def __init__(self, writer: Arrow, **options: int) -> None:
        self._writer = writer
        self._options = options

    def write(self, rows: Arrow) -> None:
        self._writer.write_table(rows, **self._options)

    def close(self) -> None:
        self._writer.close()


def encoder(kind: Format, stream: Arrow, schema: Arrow, compression: str) -> Encoder:
    """Return what writes a format into a `pyarrow` stream.

    Args:
        kind: The format.
        stream: Where to; of text that is compressed as a whole, one that compresses.
        schema: The rows' `pyarrow.Schema`.
        compression: Of the parts of a file, as `formats.INSIDE` lists; empty: the first of them.

    Raises:
        Misused: The format has no such types or compression.
    """
    check(kind, schema)
    return _ENCODERS[kind.name](stream, schema, inside(kind, compression))


def inside(kind: Format, compression: str) -> str:
    """Return the compression that the parts of a file have.

    Raises:
        Misused: The format has none of that name.

    Example:
        >>> inside(formats.FORMATS["parquet"], ""), inside(formats.FORMATS["feather"], "zstd")
        ('snappy', 'zstd')
    """
    known = formats.INSIDE.get(kind.name, ())
    if compression and known and compression not in known:
        raise Misused(f"{kind.name} has no compression {compression!r}", hint=f"There are: {', '.join(known)}")
    return compression or next(iter(known), "")


def check(kind: Format, schema: Arrow) -> None:
    """Refuse columns that a format cannot hold.

    Raises:
        Misused: It has one; the error names it.
    """
    if kind.name not in {"csv", "tsv"}:
        return
    for one in schema:
        if pa.types.is_nested(one.type):
            hint = "Next: leave it out with columns (--columns), or write JSON lines or Parquet"
            raise Misused(f"column {one.name!r} is {one.type}, which {kind.name} cannot hold", hint=hint)


def compressed(stream: Arrow, compression: str) -> Arrow:
    """Return a stream that compresses a whole file, or the stream itself."""
    return pa.CompressedOutputStream(stream, compression) if compression else stream


def _options(compression: str) -> Arrow:
    return pa.ipc.IpcWriteOptions(compression=None if compression == "none" else compression)


_ENCODERS: dict[str, Callable[[Arrow, Arrow, str], Encoder]] = {
    "parquet": lambda stream, schema, how: _Arrow(
        pq.ParquetWriter(stream, schema, compression=how), row_group_size=GROUP_ROWS
    ),
    "csv": lambda stream, schema, _: _Arrow(arrow_csv.CSVWriter(stream, schema)),
    "tsv": lambda stream, schema, _: _Arrow(
        arrow_csv.CSVWriter(stream, schema, write_options=arrow_csv.WriteOptions(delimiter="\t"))
    ),
    "jsonl": lambda stream, _schema, _compression: _Lines(stream),
    "feather": lambda stream, schema, how: _Arrow(
        pa.ipc.new_file(stream, schema, options=_options(how)), max_chunksize=BATCH_ROWS
    ),
    "arrows": lambda stream, schema, how: _Arrow(
        pa.ipc.new_stream(stream, schema, options=_options(how)), max_chunksize=BATCH_ROWS
    ),
}
