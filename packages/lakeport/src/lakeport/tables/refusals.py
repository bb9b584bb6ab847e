"""What Arrow's errors mean to whoever asked: which file, which row, and the next move."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from lakeport.errors import BadData, LakeportError, Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOM = {
    errno.ENOSPC: "Nothing of it was kept. Next: make room",
    errno.EDQUOT: "Nothing of it was kept. Next: make room",
    errno.EACCES: "Next: name a place where you may write",
    errno.EROFS: "Next: name a place where you may write",
}
_ROW = re.compile(r"[Rr]ow #(\d+)")
_MISSING = re.compile(r"No match for FieldRef\.Name\((.+?)\)")
_COLUMN = re.compile(r"In CSV column #(\d+)")
_RAGGED = re.compile(r"Expected (\d+) columns, got (\d+)")
_TURNED = re.compile(r"Column\(/?(.*?)\) changed from (\w+) to (\w+)")
_VALUE = re.compile(r"CSV conversion error to (.+?): invalid value '(.*)'", re.DOTALL)


@contextmanager
def reading(title: str, culprit: Callable[[], str] | None = None) -> Iterator[None]:
    """Turn what Arrow says of a file's content into an error that names the file.

    Args:
        title: What is read.
        culprit: Finds the damaged file when several are read.

    Raises:
        BadData: The content is not what it should be.
    """
    try:
        yield
    except LakeportError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        ours = _ours(error)
        if ours is not None:
            raise ours from error
        if isinstance(error, OSError) and error.errno is not None:
            raise
        missing = _MISSING.search(str(error))
        if missing:
            raise Misused(f"there is no column {missing[1]!r} in {title}") from error
        raise said(culprit() if culprit else title, str(error)) from error


@contextmanager
def writing(title: str) -> Iterator[None]:
    """Turn what Arrow, the disk and the lake say of a file that is written into errors that name it.

    Raises:
        LakeportError: It cannot be written.
    """
    try:
        yield
    except LakeportError:
        raise
    except OSError as error:
        raise _ours(error) or LakeportError(
            f"{title} cannot be written: {error.strerror or error}", hint=_ROOM.get(error.errno or 0, "")
        ) from error
    except pa.ArrowException as error:
        raise _ours(error) or Misused(f"{title} cannot be written: {error}") from error


def _ours(error: BaseException) -> LakeportError | None:
    """Our own error that another library's stands for."""
    at: BaseException | None = error
    while at is not None and not isinstance(at, LakeportError):
        at = at.__cause__ or at.__context__
    return at


def said(title: str, text: str) -> BadData:
    """Return the error that Arrow's words about a file's content mean.

    Example:
        >>> print(said("a.csv", "CSV parse error: Row #3: Expected 2 columns, got 3: 1,2,3"))
        a.csv:3: it has 3 values where its header has 2. Next: mend that row
    """
    row = _ROW.search(text)
    where = f"{title}:{row[1]}" if row else title
    ragged = _RAGGED.search(text)
    if ragged:
        return BadData(
            f"{where}: it has {ragged[2]} values where its header has {ragged[1]}", hint="Next: mend that row"
        )
    value = _VALUE.search(text)
    if value:
        column = _COLUMN.search(text)
        place = f"{where}, column {int(column[1]) + 1}" if column else where
        hint = "Next: name the column's type: types={'COLUMN': 'string'}, or --type COLUMN=string"
        return BadData(f"{place}: {value[2]!r} is no {value[1]}, which is what the rows before it hold", hint=hint)
    turned = _TURNED.search(text)
    if turned:
        if turned[3] == "array" and not turned[1]:
            return BadData(f"{title} is one JSON array, not an object a line", hint="Next: jq -c '.[]'")
        return BadData(f"{where}: column {turned[1]!r} is a {turned[2]} in some rows and a {turned[3]} in others")
    return _other(where, title, text)


def _other(where: str, title: str, text: str) -> BadData:
    if "magic bytes" in text or "footer" in text.lower() or "Not an Arrow file" in text:
        return BadData(f"{title} is damaged, or no such file: its end is not one", hint="Next: copy or write it again")
    if "Empty CSV file" in text or "Empty JSON" in text:
        return BadData(f"{title} is empty: it says no columns", hint="Next: write it again, or leave it out")
    if "parse error" in text:
        return BadData(f"{where}: {text.partition('parse error: ')[2]}")
    return BadData(f"{title} is damaged: {text}", hint="Next: copy or write it again")
