"""Tags of blobs: what a request sets, and what conditions and searches say of them. Pure.

Source: "Set Blob Tags", "Find Blobs by Tags", "Specifying conditional headers for Blob service operations".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Tags: TypeAlias = dict[str, str]

CONTAINER = "@container"
_MOST_TAGS, _LONGEST_KEY, _LONGEST_VALUE = 10, 128, 256
_DEEPEST = 20
_TEXT = re.compile(r"[A-Za-z0-9 +\-./:=_]*", re.ASCII)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<quoted>"[^"]*")|(?P<operator><>|>=|<=|=|<|>)|(?P<bracket>[()])|(?P<word>@?\w+))""",
    re.ASCII,
)
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def checked_tags(pairs: Iterable[tuple[str, str]]) -> Tags:
    """Return tags that a blob may have.

    Raises:
        ServiceError: 400 `InvalidTags`.
    """
    given = list(pairs)
    tags = dict(given)
    if len(given) > _MOST_TAGS or len(tags) != len(given):
        raise refusal("InvalidTags")
    for key, value in given:
        is_sized = 1 <= len(key) <= _LONGEST_KEY and len(value) <= _LONGEST_VALUE
        if not (is_sized and _TEXT.fullmatch(key) and _TEXT.fullmatch(value)):
            raise refusal("InvalidTags")
    return tags


def tags_in_header(text: str | None) -> Tags:
    """Read `x-ms-tags`: pairs as a query spells them.

    Raises:
        ServiceError: 400 `InvalidTags`.

    Example:
        >>> tags_in_header("a=1&b%20c=2")
        {'a': '1', 'b c': '2'}
    """
    try:
        pairs = parse_qsl(text or "", keep_blank_values=True, max_num_fields=_MOST_TAGS + 1)
    except ValueError:
        raise refusal("InvalidTags") from None
    return checked_tags(pairs)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a tag with a text."""

    key: str
    operator: str
    value: str

    def holds(self, tags: Tags) -> bool:
        """Tell whether it holds; of a tag that is missing nothing but `<>` does."""
        found = tags.get(self.key)
        return self.operator == "<>" if found is None else _COMPARISONS[self.operator](found, self.value)


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, each of which is a list of what must hold together."""

    alternatives: tuple[tuple[Comparison | Either, ...], ...]
    is_negated: bool = False

    def holds(self, tags: Tags) -> bool:
        """Tell whether one of the alternatives holds."""
        return any(all(one.holds(tags) for one in every) for every in self.alternatives) != self.is_negated

    def comparisons(self) -> Iterator[Comparison]:
        """Yield every comparison."""
        for every in self.alternatives:
            for one in every:
                yield from one.comparisons() if isinstance(one, Either) else (one,)


class Malformed(ValueError):
    """A condition on tags that is none."""


def parse_condition(text: str) -> Either:
    """Read a condition on tags.

    Raises:
        Malformed: It is none.

    Example:
        >>> parse_condition("\\"a\\" >= '1' AND b <> '2'").holds({"a": "3"})
        True
    """
    tokens = _tokens(text)
    found, rest = _either(tokens, 0)
    if rest != len(tokens):
        raise Malformed(text)
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, text = 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Malformed(text)
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _either(tokens: list[tuple[str, str]], at: int, depth: int = 0) -> tuple[Either, int]:
    if depth > _DEEPEST:
        raise Malformed
    alternatives: list[tuple[Comparison | Either, ...]] = []
    every: list[Comparison | Either] = []
    while True:
        one, at = _factor(tokens, at, depth)
        every.append(one)
        word = tokens[at][1].upper() if at < len(tokens) and tokens[at][0] == "word" else ""
        if word not in {"AND", "OR"}:
            return Either((*alternatives, tuple(every))), at
        if word == "OR":
            alternatives.append(tuple(every))
            every = []
        at += 1


def _factor(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Comparison | Either, int]:
    if depth > _DEEPEST:
        raise Malformed
    here = tokens[at : at + 3]
    if here and here[0] == ("bracket", "("):
        found, at = _either(tokens, at + 1, depth + 1)
        if tokens[at : at + 1] != [("bracket", ")")]:
            raise Malformed
        return found, at + 1
    if here and here[0][0] == "word" and here[0][1].upper() == "NOT":
        inner, at = _factor(tokens, at + 1, depth + 1)
        return Either(((inner,),), is_negated=True), at
    kinds = [kind for kind, _ in here]
    if len(here) < 3 or kinds[0] not in {"word", "quoted"} or kinds[1:] != ["operator", "text"]:
        raise Malformed
    return Comparison(here[0][1].strip('"'), here[1][1], here[2][1][1:-1].replace("''", "'")), at + 3
