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
        return reader.schema


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
    with refusals.reading(file.title):
        stream = file_system.open_input_stream(file.path, compression=file.compression or None)
        try:
            with _explained(file, file_system, types):
                yield reader_of(file.format.name, stream, types, columns)
        finally:
            stream.close()


def reader_of(name: str, stream: Arrow, types: Mapping[str, Arrow], columns: frozenset[str] | None = None) -> Arrow:
    """Return a `pyarrow.RecordBatchReader` of a stream in a format of that name."""
    if name == "arrows":
        return pa.ipc.open_stream(stream)
    if name == "jsonl":
        return _json(stream, types, columns)
    return _csv(name, stream, types, columns)


def _csv(name: str, stream: Arrow, types: Mapping[str, Arrow], columns: frozenset[str] | None, **read: bool) -> Arrow:
    parse = arrow_csv.ParseOptions(delimiter="\t" if name == "tsv" else ",", newlines_in_values=True)
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
    wanted = {name: kind for name, kind in types.items() if columns is None or name in columns}
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
    with file_system.open_input_stream(file.path, compression=file.compression or None) as stream:
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
    with file_system.open_input_stream(file.path, compression=file.compression or None) as stream:
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
    with file_system.open_input_stream(file.path, compression=file.compression or None) as stream:
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
