"""`$filter` and `$orderby` of the service's lists, over what the client would see.

Comparisons (`eq ne gt ge lt le`), `and`, `or`, `not` and parentheses; members by path (`properties/shareName`) or by their own name.
Source: data-share.md 1.1 (which lists take them); OData 4.0, part 2 (the grammar).
"""

from __future__ import annotations

import operator
import re
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, TypeAlias

from lakeport_local.arm.paging import page
from lakeport_local.datashare import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response
    from lakeport_local.state import Resource

    Test: TypeAlias = Callable[[Document], bool]

PAGE_SIZE = 100
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<sign>[()])|(?P<word>[^\s()']+))")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_CONSTANTS = {"true": True, "false": False, "null": None}
_DEEPEST = 50


def listed(resource_type: str, render: Callable[[Call, Resource], Document]) -> Callable[[Call], list[Resource]]:
    """Return the hook that lists a collection as the call filters and orders it."""

    def members(call: Call) -> list[Resource]:
        found = call.plane.resources.children(call.owner.id, resource_type)
        return [found[i] for i in arranged(call, [render(call, one) for one in found])]

    return members


def answered(call: Call, keys: Sequence[str], documents: Sequence[Document]) -> Response:
    """Answer a list of documents, as the call filters, orders and pages it."""
    order = arranged(call, documents)
    return paged(call, [keys[i] for i in order], [documents[i] for i in order])


def paged(call: Call, keys: Sequence[str], documents: Sequence[Document], **state: str) -> Response:
    """Answer a page of documents; `state` is what the next page's URL must tell besides the call's own parameters."""
    shown = page(call, keys, documents, size=PAGE_SIZE)
    if "nextLink" in shown:
        missing = {name: value for name, value in state.items() if call.request.parameter(name) is None}
        shown["nextLink"] += "".join(f"&{name}={value}" for name, value in missing.items())
    return call.json(200, shown)


def arranged(call: Call, documents: Sequence[Document]) -> list[int]:
    """Return which documents the call asks for, by their places, in its order.

    Raises:
        ServiceError: 400: `$filter` or `$orderby` is not understood.
    """
    order = list(range(len(documents)))
    condition = call.request.parameter("$filter")
    if condition:
        passes = _Reader(condition).whole()
        order = [i for i in order if passes(documents[i])]
    for member, is_descending in reversed(_orders(call.request.parameter("$orderby") or "")):
        key = cmp_to_key(_compared)
        order.sort(key=lambda i, name=member: key(_member(documents[i], name)), reverse=is_descending)  # type: ignore[misc]
    return order


def _orders(text: str) -> list[tuple[str, bool]]:
    found = []
    for part in text.split(",") if text else ():
        words = part.split()
        if len(words) not in (1, 2) or words[1:] not in ([], ["asc"], ["desc"]):
            raise errors.bad("'$orderby' is not understood")
        found.append((words[0], words[1:] == ["desc"]))
    return found


def _compared(left: Any, right: Any) -> int:  # Any: JSON values
    """Compare two values of any kind: nothing first, numbers before texts, texts without case."""
    first, second = _rank(left), _rank(right)
    return (first > second) - (first < second)


def _rank(value: Any) -> tuple[int, float, str]:  # Any: a JSON value
    if value is None:
        return 0, 0.0, ""
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value).lower())


def _member(document: Document, path: str) -> Any:  # Any: a JSON value
    """Return a member by its path, or by its own name at the top or below `properties`; None when absent."""
    value: Any = document
    parts = path.replace(".", "/").split("/")
    if len(parts) == 1 and not _has(document, parts[0]):
        parts = ["properties", *parts]
    for part in parts:
        value = (
            next((v for k, v in value.items() if k.lower() == part.lower()), None) if isinstance(value, dict) else None
        )
    return value


def _has(document: Document, name: str) -> bool:
    return any(key.lower() == name.lower() for key in document)


class _Reader:
    """Reads one condition."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise errors.bad("'$filter' is not understood")
            self._tokens.append(match[0].strip())
            at = match.end()
        self._at = 0
        self._depth = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at != len(self._tokens):
            raise errors.bad("'$filter' is not understood")
        return test

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise errors.bad("'$filter' is not understood")
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].lower() == word:
            self._at += 1
            return True
        return False

    def _either(self) -> Test:
        tests = [self._all()]
        while self._takes("or"):
            tests.append(self._all())
        return lambda document: any(test(document) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._takes("and"):
            tests.append(self._one())
        return lambda document: all(test(document) for test in tests)

    def _one(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise errors.bad("'$filter' is too deep")
        test = self._denied() if self._takes("not") else self._grouped() if self._takes("(") else self._comparison()
        self._depth -= 1
        return test

    def _denied(self) -> Test:
        inner = self._one()
        return lambda document: not inner(document)

    def _grouped(self) -> Test:
        inner = self._either()
        if not self._takes(")"):
            raise errors.bad("'$filter' is not understood")
        return inner

    def _comparison(self) -> Test:
        path, sign, wanted = self._next(), self._next().lower(), _literal(self._next())
        if sign not in _COMPARISONS:
            raise errors.bad("'$filter' is not understood")
        holds = _COMPARISONS[sign]
        return lambda document: holds(_compared(_member(document, path), wanted), 0)


def _literal(text: str) -> Any:  # Any: a JSON value
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    try:
        return float(text)
    except ValueError:
        return text  # an instant or an identifier, written without quotes
