"""Patterns of paths: `*`, `?`, `[...]`, `{a,b}` within a name, and `**` for any number of directories.

Source: the patterns are those of fsspec's `glob`, which readers of lakes know; a character is taken literally as `[*]`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SPECIAL = re.compile(r"[*?\[{]")
_INNERMOST = re.compile(r"\{([^{}]*)\}")
_MOST = 1000
"""Alternatives that braces may unfold to."""


class Listed(Protocol):
    """What a walk needs to know of a path."""

    @property
    def path(self) -> str:
        """Its path in the file system."""
        ...

    @property
    def is_directory(self) -> bool:
        """Whether something may be below it."""
        ...


Found = TypeVar("Found", bound=Listed)
Found_co = TypeVar("Found_co", bound=Listed, covariant=True)


class Below(Protocol[Found_co]):
    """Lists a directory; one that is not there is empty."""

    def __call__(self, under: str, *, recursive: bool) -> Iterator[Found_co]:
        """Yield what is in a directory, or everything below it."""
        ...


def is_pattern(text: str) -> bool:
    """Tell whether a path holds anything that a pattern may stand for.

    Example:
        >>> is_pattern("raw/2030/a.csv"), is_pattern("raw/*/a.csv")
        (False, True)
    """
    return bool(_SPECIAL.search(text))


def unfolded(pattern: str) -> list[str]:
    """Return the patterns without braces that one with braces means.

    Raises:
        ValueError: They are too many.

    Example:
        >>> unfolded("raw/{2029,2030}/*.csv")
        ['raw/2029/*.csv', 'raw/2030/*.csv']
    """
    done, left = [], [pattern]
    while left:
        one = left.pop()
        inner = _INNERMOST.search(one)
        if inner is None or "," not in inner[1]:
            done.append(one)
        else:
            left += [one[: inner.start()] + word + one[inner.end() :] for word in reversed(inner[1].split(","))]
        if len(left) + len(done) > _MOST:
            raise ValueError(f"{pattern} stands for more than {_MOST} patterns")
    return list(dict.fromkeys(done))


@lru_cache(maxsize=1024)
def expression(pattern: str) -> re.Pattern[str]:
    """Return the regular expression that a pattern without braces is, for whole paths.

    Example:
        >>> bool(expression("raw/**/*.csv").fullmatch("raw/2030/01/a.csv"))
        True
        >>> bool(expression("raw/*.csv").fullmatch("raw/2030/a.csv"))
        False

    Raises:
        ValueError: It has brackets with a range that ends before it begins.
    """
    parts, text = pattern.split("/"), ""
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        if part == "**":
            text += ".+" if is_last else "(?:[^/]+/)*"
        else:
            text += _of_name(part) + ("" if is_last else "/")
    try:
        return re.compile(text, re.DOTALL)
    except re.error:
        raise ValueError(f"{pattern} has brackets with a range that ends before it begins") from None


def _of_name(part: str) -> str:
    """The regular expression of one name."""
    text, at = "", 0
    while at < len(part):
        char, at = part[at], at + 1
        end = part.find("]", at + 1) if char == "[" else -1
        if end > 0:
            inside = part[at:end].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
            text += f"(?!/)[{'^' + inside[1:] if inside.startswith('!') else inside}]"
            at = end + 1
        else:
            text += {"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char)
    return text


def walk(pattern: str, below: Below[Found], one: Callable[[str], Found | None]) -> Iterator[Found]:
    """Yield what a pattern means, once each; only directories that can hold something of it are listed.

    Args:
        pattern: The whole path's, without slashes around it.
        below: Lists directories.
        one: Looks a path up.

    Raises:
        ValueError: The pattern stands for too many, or has brackets with a range that ends before it begins.
    """
    seen: set[str] = set()
    for plain in unfolded(pattern):
        for found in _walk("", plain.split("/"), below, one):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _walk(at: str, parts: list[str], below: Below[Found], one: Callable[[str], Found | None]) -> Iterator[Found]:
    part, rest = parts[0], parts[1:]
    if part == "**":
        start = len(at) + 1 if at else 0
        meant = expression("/".join(parts))
        yield from (found for found in below(at, recursive=True) if meant.fullmatch(found.path[start:]))
    elif not is_pattern(part):
        literal = [*([at] if at else []), part]
        while rest and not is_pattern(rest[0]):
            literal.append(rest.pop(0))
        path = "/".join(literal)
        if rest:
            yield from _walk(path, rest, below, one)
        elif (found := one(path)) is not None:
            yield found
    else:
        for child in below(at, recursive=False):
            if expression(part).fullmatch(child.path.rpartition("/")[2]):
                if not rest:
                    yield child
                elif child.is_directory:
                    yield from _walk(child.path, rest, below, one)
