"""Files that are read from their beginning: CSV, JSON lines and Arrow streams, a batch at a time."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.json as arrow_json

from lakeport.errors import BadData
from lakeport.tables import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakeport.tables.places import DataFile

Arrow = Any  # pyarrow has no types
BLOCK_BYTES = 1 << 20
"""How much is parsed at a time; what the types of columns are guessed from."""


def schema_of(file: DataFile, file_system: Arrow, types: Mapping[str, Arrow]) -> Arrow:
    """Return a file's columns; of text as its first block looks.

    Raises:
        BadData: The file is damaged.
    """
    with opened(file, file_system, types) as reader:
        return as_typed(reader.schema, types)


def as_typed(schema: Arrow, types: Mapping[str, Arrow]) -> Arrow:
    """Return a schema with the types that were asked for; JSON's texts become them later."""
    return pa.schema([one.with_type(types.get(one.name, one.type)) for one in schema], metadata=schema.metadata)


@contextmanager
def opened(
    file: DataFile, file_system: Arrow, types: Mapping[str, Arrow], columns: frozenset[str] | None = None
) -> Iterator[Arrow]:
    """Hold a `pyarrow.RecordBatchReader` of a file.

    Args:
        file: Which.
        file_system: Where it is.
        types: Of columns whose types are known; the others' are guessed.
        columns: The only ones wanted, of those that it has; absent: all.

    Raises:
        BadData: The file is damaged.
    """
    with refusals.reading(file.title), _explained(file, file_system, types):
        with _stream(file, file_system) as stream:
            reader = reader_of(file.format.name, stream, types, columns)
            if file.format.name not in {"csv", "tsv"} or columns is not None or len(reader.schema) > 1:
                yield reader
                return
        with _stream(file, file_system) as stream:  # of one column: an empty line is a value
            yield reader_of(file.format.name, stream, types, columns, is_single=True)


def _stream(file: DataFile, file_system: Arrow) -> Arrow:
    return file_system.open_input_stream(file.path, compression=file.compression or None)


def reader_of(
    name: str,
    stream: Arrow,
    types: Mapping[str, Arrow],
    columns: frozenset[str] | None = None,
    *,
    is_single: bool = False,
) -> Arrow:
    """Return a `pyarrow.RecordBatchReader` of a stream in a format of that name.

    Args:
        name: The format's.
        stream: A `pyarrow` stream, or a file of bytes.
        types: Of columns whose types are known.
        columns: The only ones wanted; absent: all.
        is_single: It is text of one column, where an empty line is a value.
    """
    if name == "arrows":
        return pa.ipc.open_stream(stream)
    if name == "jsonl":
        return _json(stream, types, columns)
    return _csv(name, stream, types, columns, is_single=is_single)


def _csv(
    name: str,
    stream: Arrow,
    types: Mapping[str, Arrow],
    columns: frozenset[str] | None,
    *,
    is_single: bool = False,
    **read: bool,
) -> Arrow:
    parse = arrow_csv.ParseOptions(
        delimiter="\t" if name == "tsv" else ",", newlines_in_values=True, ignore_empty_lines=not is_single
    )
    convert = arrow_csv.ConvertOptions(
        column_types=dict(types),
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        include_columns=sorted(columns) if columns else None,
        include_missing_columns=bool(columns),
    )
    options = arrow_csv.ReadOptions(block_size=BLOCK_BYTES, **read)
    return arrow_csv.open_csv(stream, read_options=options, parse_options=parse, convert_options=convert)


def _json(stream: Arrow, types: Mapping[str, Arrow], columns: frozenset[str] | None) -> Arrow:
    wanted = {
        name: pa.string() if pa.types.is_date(kind) or pa.types.is_time(kind) else kind
        for name, kind in types.items()
        if columns is None or name in columns
    }
    others = "ignore" if columns is not None and wanted.keys() >= columns else "infer"
    parse = arrow_json.ParseOptions(
        explicit_schema=pa.schema(wanted) if wanted else None,
        newlines_in_values=False,
        unexpected_field_behavior=others,
    )
    return arrow_json.open_json(
        stream, read_options=arrow_json.ReadOptions(block_size=BLOCK_BYTES), parse_options=parse
    )


@contextmanager
def _explained(file: DataFile, file_system: Arrow, types: Mapping[str, Arrow]) -> Iterator[None]:
    """Find the row of what Arrow refuses without saying where."""
    try:
        yield
    except pa.ArrowInvalid as error:
        text = str(error)
        if file.format.name == "jsonl":
            raise _bad_line(file, file_system, text) from error
        if "CSV" in text and "Row #" not in text:
            raise refusals.said(file.title, _with_row(file, file_system, types) or text) from error
        raise


def _with_row(file: DataFile, file_system: Arrow, types: Mapping[str, Arrow]) -> str:
    """What Arrow says when it reads in one thread: then it counts rows."""
    with _stream(file, file_system) as stream:
        try:
            for _ in _csv(file.format.name, stream, types, None, use_threads=False):
                pass
        except pa.ArrowInvalid as error:
            return str(error)
    return ""


def _bad_line(file: DataFile, file_system: Arrow, text: str) -> BadData:
    """Read the lines again, one by one, to say which is none."""
    if "unexpected field" in text:
        return _new_field(file, file_system)
    if "changed from object to array" in text:
        return refusals.said(file.title, text)
    with _stream(file, file_system) as stream:
        for number, line in enumerate(_lines(stream), 1):
            try:
                json.loads(line or b"{}")
            except ValueError as error:
                said = error.msg if isinstance(error, json.JSONDecodeError) else "it is not UTF-8"
                return BadData(
                    f"{file.title}:{number}: this line is no JSON object: {said}", hint="Next: mend that line"
                )
    return refusals.said(file.title, text.rpartition(" in row ")[0] or text)


def _new_field(file: DataFile, file_system: Arrow) -> BadData:
    known: set[str] = set()
    read = 0
    with _stream(file, file_system) as stream:
        for number, line in enumerate(_lines(stream), 1):
            found = json.loads(line or b"{}")
            new = set(found) - known if isinstance(found, dict) else set()
            if new and read > BLOCK_BYTES:
                name = min(new)
                hint = f"Next: name its type: types={{{name!r}: 'string'}}, or --type {name}=string"
                return BadData(f"{file.title}:{number}: column {name!r} comes first in a late row", hint=hint)
            known |= new
            read += len(line)
    return BadData(f"{file.title}: a column comes first in a late row", hint="Next: name its type with --type")


def _lines(stream: Arrow) -> Iterator[bytes]:
    left = b""
    while block := stream.read(BLOCK_BYTES):
        *lines, left = (left + block).split(b"\n")
        yield from lines
    if left:
        yield left
