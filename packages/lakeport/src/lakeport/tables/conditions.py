"""Which rows are wanted, in SQL's words, as an expression that Arrow pushes down to files, row groups and partitions.

year = 2030 and (kind in ('a', 'b') or price >= 9.5) and not sold_at is null and name like 'A%'
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from lakeport.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable

Arrow = Any  # pyarrow has no types
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | '(?P<text>(?:[^']|'')*)'
    | "(?P<quoted>(?:[^"]|"")+)"
    | (?P<word>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<sign><=|>=|<>|!=|==|[=<>(),])
    )""",
    re.VERBOSE,
)
_COMPARE: dict[str, Callable[[Arrow, Arrow], Arrow]] = {
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_RESERVED = {"and", "or", "not", "in", "is", "null", "between", "like", "true", "false"}
_FORM = "Write such as: year = 2030 and kind in ('a', 'b') and price >= 9.5 and sold_at is not null"
_DEEPEST = 100


@dataclass(frozen=True)
class Condition:
    """A condition that rows meet.

    Attributes:
        expression: `pyarrow.compute.Expression`.
        columns: The names of those it looks at.
    """

    expression: Arrow
    columns: frozenset[str]


def parse(text: str, schema: Arrow) -> Condition:
    """Return a condition on the columns of a schema.

    Args:
        text: Comparisons of a column with a value (`= != < <= > >=`), `in (...)`, `between A and B`, `like`, `is null`, joined by
            `and`, `or`, `not` and parentheses. Texts stand in 'single quotes'; a name with spaces in "double quotes".
        schema: The table's `pyarrow.Schema`; values are taken as their column's type: '2030-01-02' is a date beside dates.

    Raises:
        Misused: It is no such condition, names an unknown column, or compares a column with what is none of its values.

    Example:
        >>> import pyarrow as pa
        >>> found = parse("n between 2 and 3", pa.schema({"n": pa.int64()}))
        >>> pa.table({"n": [1, 2, 3, 4]}).filter(found.expression)["n"].to_pylist()
        [2, 3]
    """
    reader = _Reader(_tokens(text), schema, text)
    expression = reader.either()
    reader.end()
    return Condition(expression, frozenset(reader.columns))


def unknown_column(name: str, schema: Arrow) -> Misused:
    """Return the error of a column that is not there."""
    return Misused(f"there is no column {name!r}", hint=f"Columns: {', '.join(schema.names)}")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """A sign, or a reserved word in lower case; else empty."""
        if self.kind == "sign":
            return self.text
        return self.text.lower() if self.kind == "word" and self.text.lower() in _RESERVED else ""


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            begins = text[at:].strip()
            raise Misused(f"the condition cannot be read from {begins[:20]!r} on", hint=_FORM)
        kind = str(found.lastgroup)
        mark = {"text": "'", "quoted": '"'}.get(kind, "")
        tokens.append(_Token(kind, found[kind].replace(mark * 2, mark) if mark else found[kind], at))
        at = found.end()
    return [*tokens, _Token("end", "its end", at)]


@dataclass
class _Reader:
    tokens: list[_Token]
    schema: Arrow
    text: str
    columns: set[str] = field(default_factory=set)
    at: int = 0
    depth: int = 0

    def either(self) -> Arrow:
        left = self.both()
        while self.took("or"):
            left = left | self.both()
        return left

    def both(self) -> Arrow:
        left = self.one()
        while self.took("and"):
            left = left & self.one()
        return left

    def one(self) -> Arrow:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Misused("the condition is nested too deeply")
        if self.took("not"):
            found = ~self.one()
        elif self.took("("):
            found = self.either()
            self.must(")")
        else:
            found = self.comparison()
        self.depth -= 1
        return found

    def comparison(self) -> Arrow:
        if self.tokens[self.at].kind in {"number", "text"}:
            value, sign = self.take(), self.sign()
            name, column, kind = self.column()
            return _COMPARE[_MIRRORED.get(sign, sign)](column, _value(value, kind, name))
        name, column, kind = self.column()
        if self.took("is"):
            is_not = self.took("not")
            self.must("null")
            return column.is_valid() if is_not else column.is_null()
        is_not = self.took("not")
        found = self.listed(name, column, kind)
        if found is None:
            if is_not:
                raise self.unexpected("in, between or like")
            return self.compared(name, column, kind)
        return ~found if is_not else found

    def listed(self, name: str, column: Arrow, kind: Arrow) -> Arrow | None:
        if self.took("in"):
            self.must("(")
            values = [_value(self.value(), kind, name)]
            while self.took(","):
                values.append(_value(self.value(), kind, name))
            self.must(")")
            return column.isin(pa.array([one.as_py() for one in values], values[0].type))
        if self.took("between"):
            low = _value(self.value(), kind, name)
            self.must("and")
            return (column >= low) & (column <= _value(self.value(), kind, name))
        if self.took("like"):
            return pc.match_like(column, self.value().text)
        return None

    def compared(self, name: str, column: Arrow, kind: Arrow) -> Arrow:
        if self.tokens[self.at].word not in _COMPARE:
            if pa.types.is_boolean(kind):
                return column
            raise self.unexpected(f"a comparison of {name}")
        sign = self.sign()
        return _COMPARE[sign](column, _value(self.value(), kind, name))

    def column(self) -> tuple[str, Arrow, Arrow]:
        token = self.tokens[self.at]
        if token.kind not in {"word", "quoted"} or token.word:
            raise self.unexpected("a column")
        self.at += 1
        if token.text in self.schema.names:
            self.columns.add(token.text)
            return token.text, pc.field(token.text), _plain(self.schema.field(token.text).type)
        return self.nested(token)

    def nested(self, token: _Token) -> tuple[str, Arrow, Arrow]:
        first, *rest = token.text.split(".")
        if first not in self.schema.names:
            raise unknown_column(first if rest else token.text, self.schema)
        kind = self.schema.field(first).type
        for name in rest:
            if not pa.types.is_struct(kind) or kind.get_field_index(name) < 0:
                raise Misused(f"column {first!r} has no field {name!r}", hint=f"It is {kind}")
            kind = kind.field(name).type
        self.columns.add(first)
        return token.text, pc.field(first, *rest), _plain(kind)

    def sign(self) -> str:
        if self.tokens[self.at].word not in _COMPARE:
            raise self.unexpected("= != < <= > or >=")
        return self.take().word

    def value(self) -> _Token:
        token = self.tokens[self.at]
        if token.kind in {"number", "text"} or token.word in {"true", "false"}:
            return self.take()
        said = "a value (a text stands in 'single quotes')" if token.kind in {"word", "quoted"} else "a value"
        raise self.unexpected("`is null`, as nothing equals null" if token.word == "null" else said)

    def took(self, word: str) -> bool:
        if self.tokens[self.at].word != word:
            return False
        self.at += 1
        return True

    def must(self, word: str) -> None:
        if not self.took(word):
            raise self.unexpected(repr(word))

    def take(self) -> _Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def end(self) -> None:
        if self.tokens[self.at].kind != "end":
            raise self.unexpected("and, or, or its end")

    def unexpected(self, wanted: str) -> Misused:
        found = self.tokens[self.at]
        shown = found.text if found.kind == "end" else repr(found.text)
        return Misused(f"the condition {self.text!r} has {shown} where it needs {wanted}", hint=_FORM)


def _plain(kind: Arrow) -> Arrow:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _value(token: _Token, kind: Arrow, name: str) -> Arrow:
    """Return a value as its column's type, so that what is known of files and row groups can be compared with it."""
    try:
        return _cast(token, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise Misused(f"column {name!r} is {kind}, and {token.text!r} is no such value") from error


def _cast(token: _Token, kind: Arrow) -> Arrow:
    if token.word:
        return pa.scalar(token.word == "true").cast(kind)
    if pa.types.is_timestamp(kind) and kind.tz and not re.search(r"(Z|[+-]\d\d:?\d\d)$", token.text):
        return pa.scalar(token.text).cast(pa.timestamp(kind.unit)).cast(kind)  # an instant without zone is UTC's
    if token.kind == "number" and pa.types.is_integer(kind) and not re.fullmatch(r"-?\d+", token.text):
        return pa.scalar(float(token.text))
    if pa.types.is_decimal(kind):
        return pa.scalar(token.text).cast(pa.decimal128(38, kind.scale)) if kind.scale >= 0 else pa.scalar(token.text)
    return pa.scalar(token.text).cast(kind)
