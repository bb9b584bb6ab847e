"""Environment files: `KEY=value`, one a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
    (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s#'"](?:[^#]|(?<=\S)\#)*?)?)
    \s*(?:(?<=[\s=])\#.*)?""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def parse(text: str, name: str = ".env") -> dict[str, str]:
    r"""Return the variables of an environment file.

    A later line wins. `export`, comments, single quotes (taken as they are) and double quotes (with backslash escapes)
    are understood; nothing is expanded.

    Raises:
        BadFile: A line is neither empty, a comment nor an assignment.

    Example:
        >>> parse("export A='x y' # said\nB=1")
        {'A': 'x y', 'B': '1'}
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise BadFile(
                f"{name}:{number}:1: not an assignment", hint="Next: write KEY=value, quoted where it has spaces"
            )
        values[match["key"]] = _value(match)
    return values


def _value(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return match["single"]
    if match["double"] is not None:
        return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), match["double"])
    return match["bare"] or ""


def read(path: Path) -> dict[str, str]:
    """Return the variables of an environment file.

    Raises:
        BadFile: It cannot be read or understood.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadFile(f"cannot read {path}: {reason}") from error
