"""`$search` over a list: words that begin so, in a named property.

Source: Microsoft Graph, "Use the $search query parameter", directory objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.graph.errors import bad_request

if TYPE_CHECKING:
    from lakeport_local.graph.filters import Document, Predicate

_CLAUSE = re.compile(r'\s*"(\w+):([^"]{1,256})"\s*')
_JOINED = re.compile(r"\s+(AND|OR)\s+")


def parse_search(text: str, properties: frozenset[str]) -> Predicate:
    """Return the predicate that a `$search` describes: `"displayName:sales" OR "mail:sales"`.

    Raises:
        ServiceError: 400: it cannot be read, or names no property.
    """
    parts = _JOINED.split(text)
    clauses = [_clause(part, properties) for part in parts[::2]]
    words = set(parts[1::2])
    if len(words) > 1:
        raise bad_request("Syntax error: AND and OR cannot be mixed in $search here.")
    every = "AND" in words
    return lambda value: all(one(value) for one in clauses) if every else any(one(value) for one in clauses)


def _clause(text: str, properties: frozenset[str]) -> Predicate:
    match = _CLAUSE.fullmatch(text)
    if match is None or match[1] not in properties:
        raise bad_request("Syntax error: character ':' or '\"' is not valid at this position in $search.")
    name, wanted = match[1], match[2].lower().split()

    def holds(value: Document) -> bool:
        found = _words(str(value.get(name) or ""))
        return all(any(one.startswith(word) for one in found) for word in wanted)

    return holds


def _words(text: str) -> list[str]:
    """Split at what is no letter or digit, and where small letters turn to capitals."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return [*re.findall(r"\w+", spaced.lower().replace("_", " ")), text.lower()]
