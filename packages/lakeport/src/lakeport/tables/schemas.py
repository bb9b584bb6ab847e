"""Columns and their types: put together from many files, chosen, and named in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakeport.errors import BadData, Misused
from lakeport.tables.conditions import unknown_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Arrow = Any  # pyarrow has no types
_WORDS = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamp_utc": pa.timestamp("us", "UTC"),
}


def unified(named: Iterable[tuple[str, Arrow]]) -> Arrow:
    """Return the one schema that files of a table have together: every column, of a type that holds each file's.

    Args:
        named: Titles of files with their schemas; the first's order and metadata stay.

    Raises:
        BadData: Two files give a column types that no one type holds.

    Example:
        >>> import pyarrow as pa
        >>> unified([("a", pa.schema({"n": pa.int32()})), ("b", pa.schema({"n": pa.float64(), "m": pa.string()}))]).names
        ['n', 'm']
    """
    seen: list[tuple[str, Arrow]] = []
    whole = None
    for title, schema in named:
        if whole is None or not whole.equals(schema):
            whole = schema if whole is None else _joined(whole, title, schema, seen)
            seen.append((title, schema))
    return whole


def _joined(whole: Arrow, title: str, schema: Arrow, seen: Sequence[tuple[str, Arrow]]) -> Arrow:
    try:
        return pa.unify_schemas([whole, schema], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        name = next((name for name in schema.names if not _agree(whole, schema, name)), "")
        other = next(((at, one) for at, one in seen if name in one.names), ("", None))
        if other[1] is None:
            raise BadData(f"{title} does not go with the files before it: {error}") from error
        hint = "Next: write one of them again, or read them apart"
        raise BadData(
            f"{title} has column {name!r} as {schema.field(name).type}, and {other[0]} has it as {other[1].field(name).type}",
            hint=hint,
        ) from error


def _agree(one: Arrow, other: Arrow, name: str) -> bool:
    if name not in one.names:
        return True
    try:
        pa.unify_schemas([pa.schema([one.field(name)]), pa.schema([other.field(name)])], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True


def check_names(schema: Arrow, title: str) -> None:
    """Refuse a table whose columns cannot be told apart.

    Raises:
        BadData: Two have one name.
    """
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise BadData(f"{title} has several columns named {twice[0]!r}", hint="Next: name them apart in the file")


def chosen(schema: Arrow, columns: Sequence[str]) -> list[str]:
    """Return the columns that are wanted; all when none is named.

    Raises:
        Misused: One of them is not there.
    """
    for name in columns:
        if name not in schema.names:
            raise unknown_column(name, schema)
    return list(columns) or list(schema.names)


def typed(words: Mapping[str, object]) -> dict[str, Arrow]:
    """Return columns' types by their words; a `pyarrow.DataType` stays as it is.

    Raises:
        Misused: A word names no type.

    Example:
        >>> typed({"zip": "string", "price": "decimal(9,2)"})
        {'zip': DataType(string), 'price': Decimal128Type(decimal128(9, 2))}
    """
    return {name: one if isinstance(one, pa.DataType) else _type(str(one)) for name, one in words.items()}


def _type(word: str) -> Arrow:
    plain = word.strip().lower()
    if plain.startswith("decimal(") and plain.endswith(")"):
        digits = plain[len("decimal(") : -1].split(",")
        if len(digits) == 2 and all(one.strip().isdigit() for one in digits) and 0 < int(digits[0]) <= 38:
            return pa.decimal128(int(digits[0]), int(digits[1]))
    if plain not in _WORDS:
        raise Misused(f"there is no type {word!r}", hint=f"Types: {', '.join(_WORDS)}, decimal(DIGITS,PLACES)")
    return _WORDS[plain]
