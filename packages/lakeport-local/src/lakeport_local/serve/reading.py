"""From TOML text to typed entries; what a key or a value gets wrong is named with its place."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import msgspec

from lakeport_local.serve import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ID_KEYS = frozenset({"id", "client_id", "object_id"})
_TYPES = {"str": "text", "bool": "true or false", "array": "a list", "object": "a table", "int": "a number"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing a topology gets wrong.

    Attributes:
        place: Such as `tenants[0].apps[1].name`; empty for the whole file.
        text: What is wrong with it.
    """

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


class TopologyRefused(Exception):
    """A topology that cannot be used; nothing of it was applied.

    Attributes:
        source: The file's name.
        problems: What is wrong, in the order of the file; at least one.
    """

    def __init__(self, source: str, problems: list[Problem]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{source}: {problems[0]}{more}")
        self.source = source
        self.problems = problems


def decode(text: str, source: str) -> schema.Document:
    """Read TOML text into typed entries.

    Args:
        text: The file's text.
        source: The file's name, for refusals.

    Raises:
        TopologyRefused: No TOML, an unknown key, a missing one, an empty text, a wrong type, or an id that is no GUID.
    """
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise TopologyRefused(source, [Problem("", f"not TOML: {said}")]) from error
    problems = list(_problems(tree, schema.Document, ""))
    if problems:
        raise TopologyRefused(source, problems)
    try:
        return msgspec.convert(tree, schema.Document)
    except msgspec.ValidationError as error:
        raise TopologyRefused(source, [_worded(str(error))]) from error


def _problems(value: object, kind: Any, place: str) -> Iterator[Problem]:  # Any: typing's own forms
    """Yield unknown keys, empty texts and malformed ids; wrong types are left to the decoder."""
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        for key, member in value.items():
            inside = f"{place}.{key}" if place else key
            if key not in hints:
                yield Problem(place, f"unknown key '{key}'{_meant(key, list(hints))}")
            elif key in _ID_KEYS and isinstance(member, str) and not _GUID.fullmatch(member):
                yield Problem(inside, f"{member[:60]!r} is no GUID")
            else:
                yield from _problems(member, hints[key], inside)
    elif isinstance(value, list):
        inner = next((get_args(one)[0] for one in (kind, *get_args(kind)) if get_origin(one) is list), None)
        for number, member in enumerate(value):
            yield from _problems(member, inner, f"{place}[{number}]")
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _problems(member, None, f"{place}.{key}")
    elif value == "":
        yield Problem(place, "is empty; leave the key out")


def _meant(key: str, known: list[str]) -> str:
    close = (
        difflib.get_close_matches(key, known, n=1, cutoff=0.5)
        or ([one for one in known if sorted(one) == sorted(key)][:1])
    )
    return f" (did you mean '{close[0]}'?)" if close else f" (known: {', '.join(known)})"


def _worded(message: str) -> Problem:
    """Put the decoder's message into our words.

    Example:
        >>> str(_worded("Expected `bool`, got `str` - at `$.tenants[0].hns`"))
        'tenants[0].hns: must be true or false, not text'
        >>> str(_worded("Object missing required field `name` - at `$.tenants[0]`"))
        "tenants[0]: missing key 'name'"
    """
    what, _, at = message.partition(" - at `$")
    place = at.rstrip("`").lstrip(".")
    missing = re.fullmatch(r"Object missing required field `(\w+)`", what)
    if missing is not None:
        return Problem(place, f"missing key '{missing[1]}'")
    wrong = re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`", what)
    if wrong is not None:
        wanted, got = (_TYPES.get(name.split(" | ")[0], name) for name in wrong.groups())
        return Problem(place, f"must be {wanted}, not {got}")
    return Problem(place, what)
