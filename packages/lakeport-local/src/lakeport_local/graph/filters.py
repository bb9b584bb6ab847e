"""`$filter` as a predicate: a small grammar of OData, read in one pass, bounded in length and depth.

```
either   = both *("or" both)
both     = one *("and" one)
one      = "not" one / "(" either ")" / ("startswith" / "endswith" / "contains") "(" path "," literal ")"
         / path "/any(" name ":" either ")" / path ("eq" / "ne" / "in") operand
```

Comparison of text is without case, as the directory's own is.

Source: identity.md 3; the OData 4.01 URL conventions, 5.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from lakeport_local.graph.errors import bad_filter, unsupported_query

Document: TypeAlias = dict[str, Any]  # Any: a JSON object
Predicate: TypeAlias = Callable[[Any], bool]  # Any: an object, or inside `any` an element of a list

_MOST_CHARACTERS = 8192
_MOST_DEPTH = 24
_TOKEN = re.compile(
    r"\s*(?:('(?:[^']|'')*')|([A-Za-z_@][\w.@-]*(?:/(?!any\b)[A-Za-z_][\w.]*)*)|([0-9][\w.:+-]*)|(/any|[(),:]))"
)
_WORDS = {"true": True, "false": False, "null": None}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
}


def parse_filter(text: str, properties: frozenset[str], *, is_advanced: bool) -> Predicate:
    """Return the predicate over an object's document that a `$filter` describes.

    Args:
        text: The filter, decoded.
        properties: The names that a document has at its top.
        is_advanced: The request asked for the advanced queries (`ConsistencyLevel: eventual` and `$count=true`),
            without which `ne`, `not` and `endswith` are refused.

    Raises:
        ServiceError: 400, as Graph refuses a filter.
    """
    if len(text) > _MOST_CHARACTERS:
        raise bad_filter("the filter is too long")
    reader = _Reader(_tokens(text), properties, is_advanced=is_advanced)
    predicate = reader.either(0)
    reader.end()
    return predicate


def _tokens(text: str) -> list[str]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise bad_filter(f"syntax error at position {at}")
        found.append(match[0].strip())
        at = match.end()
    return found


class _Reader:
    """Reads tokens by recursive descent."""

    def __init__(self, tokens: list[str], properties: frozenset[str], *, is_advanced: bool) -> None:
        self._tokens = tokens
        self._at = 0
        self._properties = properties
        self._is_advanced = is_advanced
        self._variable = ""

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        if not token:
            raise bad_filter("the filter ends too early")
        return token

    def _take(self, token: str) -> bool:
        is_there = self._peek().lower() == token
        self._at += is_there
        return is_there

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise bad_filter(f"'{token}' was expected near '{self._peek()[:64]}'")

    def end(self) -> None:
        """Require that nothing is left."""
        if self._peek():
            raise bad_filter(f"syntax error near '{self._peek()[:64]}'")

    def either(self, depth: int) -> Predicate:
        """Read alternatives."""
        if depth > _MOST_DEPTH:
            raise bad_filter("the filter is nested too deep")
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda value: any(part(value) for part in parts)

    def _both(self, depth: int) -> Predicate:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def _one(self, depth: int) -> Predicate:
        if self._take("not"):
            self._require_advanced("not")
            if depth > _MOST_DEPTH:
                raise bad_filter("the filter is nested too deep")
            inner = self._one(depth + 1)
            return lambda value: not inner(value)
        if self._take("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        word = self._next()
        if word.lower() in _TEXT_TESTS and self._take("("):
            return self._text_test(word.lower())
        read = self._path(word)
        if self._take("/any"):
            return self._any(read, depth)
        return self._comparison(read)

    def _text_test(self, name: str) -> Predicate:
        if name != "startswith":
            self._require_advanced(name)
        read = self._path(self._next())
        self._expect(",")
        part = self._literal()
        self._expect(")")
        if not isinstance(part, str):
            raise bad_filter(f"'{name}' takes a text")
        test = _TEXT_TESTS[name]
        return lambda value: isinstance(read(value), str) and test(read(value).lower(), part.lower())

    def _any(self, read: Callable[[Any], Any], depth: int) -> Predicate:  # Any: JSON values
        if self._variable:
            raise bad_filter("'any' inside 'any' is not supported")
        self._expect("(")
        self._variable = self._next()
        self._expect(":")
        inner = self.either(depth + 1)
        self._variable = ""
        self._expect(")")

        def holds(value: Any) -> bool:  # Any: an object
            elements = read(value)
            return isinstance(elements, list) and any(inner(element) for element in elements)

        return holds

    def _comparison(self, read: Callable[[Any], Any]) -> Predicate:  # Any: JSON values
        operator = self._next().lower()
        if operator == "in":
            wanted = self._list()
            return lambda value: _folded(read(value)) in wanted
        if operator not in ("eq", "ne"):
            raise unsupported_query(f"Unsupported or invalid query filter clause: operator '{operator[:32]}'.")
        literal = _folded(self._literal())
        if operator == "ne":
            self._require_advanced("ne")
            return lambda value: _folded(read(value)) != literal
        return lambda value: _folded(read(value)) == literal

    def _list(self) -> list[object]:
        self._expect("(")
        found = [_folded(self._literal())]
        while self._take(","):
            found.append(_folded(self._literal()))
        self._expect(")")
        return found

    def _literal(self) -> str | bool | None:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.lower() in _WORDS:
            return _WORDS[token.lower()]
        if token[0].isdigit() or re.fullmatch(r"[\w-]+", token):  # a number, an instant, a bare GUID
            return token
        raise bad_filter(f"a literal was expected near '{token[:64]}'")

    def _path(self, word: str) -> Callable[[Any], Any]:  # Any: JSON values
        """Return what reads a property: of the object, or of the element that `any` named."""
        names = word.split("/")
        if self._variable and names[0] == self._variable:
            names = names[1:]
        elif names[0] not in self._properties:
            raise bad_filter(f"Could not find a property named '{names[0][:64]}'")

        def read(value: Any) -> Any:  # Any: JSON values
            for name in names:
                value = value.get(name) if isinstance(value, dict) else None
            return value

        return read

    def _require_advanced(self, operator: str) -> None:
        if not self._is_advanced:
            raise unsupported_query(
                f"Operator '{operator}' is not supported because the required parameters might be missing. Try adding $count=true "
                "query parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries."
            )


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
