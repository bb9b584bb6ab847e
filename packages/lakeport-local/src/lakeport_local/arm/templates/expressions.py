"""The expression language: text to a tree.

Grammar: a string that begins with `[` and ends with `]` is an expression, `[[` is a literal bracket. An expression is a literal, or a call,
followed by members (`.name`, `[index]`). Source: Azure Resource Manager, "Template syntax and expressions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from lakeport_local.arm.templates.refusals import ExpressionRefused

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))")
_MOST_CHARACTERS = 24_576
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function's name, as written, and its arguments."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of what another expression gives."""

    target: Expression
    key: Expression


Expression: TypeAlias = Literal | Invocation | Member


def is_expression(text: str) -> bool:
    """Tell whether a string of a template is an expression.

    Example:
        >>> [is_expression(text) for text in ("[parameters('a')]", "[[no]", "plain")]
        [True, False, False]
    """
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Return the tree of an expression, given with its brackets.

    Raises:
        ExpressionRefused: It is none.

    Example:
        >>> parse("[concat('a', 1)]")
        Invocation(name='concat', arguments=(Literal(value='a'), Literal(value=1)))
    """
    if len(text) > _MOST_CHARACTERS:
        raise ExpressionRefused(f"The language expression length limit exceeded. Limit: '{_MOST_CHARACTERS}'.")
    reader = _Reader(text, _tokens(text[1:-1], text))
    found = reader.expression(0)
    if reader.kind:
        raise reader.refused()
    return found


def _tokens(inner: str, text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    end = len(inner.rstrip())
    while at < end:
        match = _TOKEN.match(inner, at)
        if match is None or match.lastgroup is None:
            raise _refused(text, inner[at : at + 1], at + 1)
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _refused(text: str, what: str, at: int) -> ExpressionRefused:
    return ExpressionRefused(
        f"Unable to parse language expression '{text[1:-1][:200]}': unexpected '{what}' at position '{at}'."
    )


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, text: str, tokens: list[tuple[str, str]]) -> None:
        self._text, self._tokens, self._at = text, tokens, 0

    @property
    def kind(self) -> str:
        """The next token's kind; empty at the end."""
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def refused(self) -> ExpressionRefused:
        what = self._tokens[self._at][1] if self.kind else "EndOfData"
        return _refused(self._text, what, self._at)

    def expression(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise ExpressionRefused("The language expression is nested too deeply.")
        found = self._primary(depth)
        while True:
            if self._takes("."):
                found = Member(found, Literal(self._take("name")))
            elif self._takes("["):
                found = Member(found, self.expression(depth + 1))
                self._expect("]")
            else:
                return found

    def _primary(self, depth: int) -> Expression:
        if self.kind == "text":
            return Literal(self._take("text")[1:-1].replace("''", "'"))
        if self.kind == "number":
            return Literal(int(self._take("number")))
        name = self._take("name")
        self._expect("(")
        arguments: list[Expression] = []
        while not self._takes(")"):
            if arguments:
                self._expect(",")
            arguments.append(self.expression(depth + 1))
        return Invocation(name, tuple(arguments))

    def _takes(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise self.refused()

    def _take(self, kind: str) -> str:
        if self.kind != kind:
            raise self.refused()
        self._at += 1
        return self._tokens[self._at - 1][1]
