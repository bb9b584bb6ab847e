"""Patterns of paths: `*`, `?`, `[...]`, `{a,b}` within a name, and `**` for any number of directories.

Source: the patterns are those of fsspec's `glob`, which readers of lakes know; a character is taken literally as `[*]`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

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


class AsyncBelow(Protocol[Found_co]):
    """Lists a directory of a lake that is awaited; one that is not there is empty."""

    def __call__(self, under: str, *, recursive: bool) -> AsyncIterator[Found_co]:
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


@dataclass(frozen=True)
class Step:
    """What is next on the way to what a pattern means.

    Attributes:
        at: The directory to list, or the path to look up.
        like: What the paths in it must be, from `at` on; `None`: look `at` up.
        is_deep: Everything below it is listed.
        rest: What is left of the pattern below what is found.
    """

    at: str
    like: re.Pattern[str] | None = None
    is_deep: bool = False
    rest: tuple[str, ...] = ()

    def means(self, path: str) -> bool:
        """Tell whether a path that was listed is one of them."""
        return bool(self.like and self.like.fullmatch(path[len(self.at) + 1 if self.at else 0 :]))


def step(at: str, parts: Sequence[str]) -> Step:
    """Return what is next: only directories that can hold something of a pattern are listed.

    Args:
        at: Where the walk has come to.
        parts: The pattern's names below it.

    Example:
        >>> step("", ["raw", "2030", "*", "a.csv"])
        Step(at='raw/2030', like=re.compile('[^/]*', re.DOTALL), is_deep=False, rest=('a.csv',))
        >>> step("raw/2030/01", ["a.csv"])
        Step(at='raw/2030/01/a.csv', like=None, is_deep=False, rest=())
    """
    fixed = next((count for count, part in enumerate(parts) if is_pattern(part)), len(parts))
    here, rest = "/".join([*([at] if at else []), *parts[:fixed]]), parts[fixed:]
    if not rest:
        return Step(here)
    if rest[0] == "**":
        return Step(here, expression("/".join(rest)), is_deep=True)
    return Step(here, expression(rest[0]), rest=tuple(rest[1:]))


def walk(pattern: str, below: Below[Found], one: Callable[[str], Found | None], at: str = "") -> Iterator[Found]:
    """Yield what a pattern means, once each; only directories that can hold something of it are listed.

    Args:
        pattern: The whole path's, or what follows `at`, without slashes around it.
        below: Lists directories.
        one: Looks a path up.
        at: Where the pattern begins.

    Raises:
        ValueError: The pattern stands for too many, or has brackets with a range that ends before it begins.
    """
    seen: set[str] = set()
    for plain in unfolded(pattern):
        for found in _walk(at, plain.split("/"), below, one):
            if found.path not in seen:
                seen.add(found.path)
                yield found


def _walk(at: str, parts: Sequence[str], below: Below[Found], one: Callable[[str], Found | None]) -> Iterator[Found]:
    now = step(at, parts)
    if now.like is None:
        looked_up = one(now.at)
        if looked_up is not None:
            yield looked_up
        return
    for found in below(now.at, recursive=now.is_deep):
        if not now.means(found.path):
            continue
        if not now.rest:
            yield found
        elif found.is_directory:
            yield from _walk(found.path, now.rest, below, one)


async def awalk(
    pattern: str, below: AsyncBelow[Found], one: Callable[[str], Awaitable[Found | None]], at: str = ""
) -> AsyncIterator[Found]:
    """Yield what `walk` does, of a lake that is awaited.

    Args:
        pattern: What follows `at`.
        below: Lists directories.
        one: Looks a path up.
        at: Where the pattern begins.

    Raises:
        ValueError: As `walk` does.
    """
    seen: set[str] = set()
    for plain in unfolded(pattern):
        async for found in _awalk(at, plain.split("/"), below, one):
            if found.path not in seen:
                seen.add(found.path)
                yield found


async def _awalk(
    at: str, parts: Sequence[str], below: AsyncBelow[Found], one: Callable[[str], Awaitable[Found | None]]
) -> AsyncIterator[Found]:
    now = step(at, parts)
    if now.like is None:
        looked_up = await one(now.at)
        if looked_up is not None:
            yield looked_up
        return
    async for found in below(now.at, recursive=now.is_deep):
        if not now.means(found.path):
            continue
        if not now.rest:
            yield found
        elif found.is_directory:
            async for deeper in _awalk(found.path, now.rest, below, one):
                yield deeper
