"""A table that comes in once, such as on stdin: read from its beginning, never again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakeport.errors import Misused
from lakeport.tables import formats, refusals, schemas, streams
from lakeport.tables.frames import Rows
from lakeport.tables.sources import shaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

Arrow = Any  # pyarrow has no types
TITLE = "stdin"
PEEKED_BYTES = 64 << 10


def incoming(stream: BinaryIO, file_format: str = "", types: Mapping[str, object] | None = None) -> Rows:
    """Return the rows that come in on a stream.

    Args:
        stream: Open for reading bytes; it may be compressed.
        file_format: `csv`, `tsv`, `jsonl` or `arrows`; absent: as its beginning says, else CSV.
        types: Types of columns of text, as for `scan`.

    Raises:
        Misused: The format cannot be read from its beginning.
        BadData: What comes in is damaged; going through the rows raises it, too.

    Example:
        >>> import io
        >>> incoming(io.BytesIO(b'{"n": 1}')).table()["n"].to_pylist()
        [1]
    """
    plain: Any = stream if hasattr(stream, "peek") else io.BufferedReader(stream, PEEKED_BYTES)
    compression = formats.compression_of(plain.peek(8)[:8])
    if compression:
        opened = pa.CompressedInputStream(pa.PythonFile(plain, mode="r"), compression)
        plain = io.BufferedReader(opened, PEEKED_BYTES)
    kind = formats.named(file_format) if file_format else _guessed(plain.peek(8)[:8])
    if kind.is_dataset:
        hint = "Next: write it to a file, then lakeport table convert"
        raise Misused(f"{kind.name} is not read from its beginning", hint=hint)
    with refusals.reading(TITLE):
        header = plain.peek(PEEKED_BYTES)[:PEEKED_BYTES].partition(b"\n")[0]
        is_single = (b"\t" if kind.name == "tsv" else b",") not in header
        source = pa.PythonFile(plain, mode="r")
        asked = schemas.typed(types or {})
        reader = streams.reader_of(kind.name, source, asked, is_single=is_single)
    fields = streams.as_typed(reader.schema, asked)
    return Rows(fields, _batches(reader, fields))


def _guessed(head: bytes) -> formats.Format:
    known = formats.of_magic(head)
    if known:
        return known
    return formats.FORMATS["jsonl" if head.lstrip()[:1] in {b"{", b"["} else "csv"]


def _batches(reader: Arrow, fields: Arrow) -> Iterator[Arrow]:
    with refusals.reading(TITLE):
        for batch in reader:
            yield shaped(batch, fields, {})
