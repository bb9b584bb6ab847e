"""What dfs listings show of paths, read many at a time: a listing of a million paths is mostly this.

SQLite hands over the children of a directory as one text of JSON, which costs half of what as many rows do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lakeport_local.core import file_time
from lakeport_local.storage.stamps import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.storage.paths import Path, Paths

_FEW, _MANY = 128, 4096
FILE_TIME_AT_UNIX = file_time(instant(0))


class Listed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """As much of a path as dfs listings show.

    Attributes:
        created: In units of 100 ns since 1601.
        modified: In seconds since 1970.
        acl: Number of its access control list.
        details: What few paths have, as JSON; None for nothing.
    """

    id: int
    name: str
    is_directory: int
    size_bytes: int
    etag: int
    created: int
    modified: int
    owner: str
    group: str
    acl: int
    details: str | None


_ROW = (
    f"json_array(id, name, is_directory, size_bytes, etag, created * 10 + {FILE_TIME_AT_UNIX}, modified / 1000000,"
    " owner, owning_group, acl, nullif(details, '{}')) AS row"
)
# What is aggregated comes in the order of the inner query, which its limit keeps apart.
LISTED = tuple(
    f"SELECT '[' || ifnull(group_concat(row), '') || ']' FROM"
    f" (SELECT {_ROW} FROM paths WHERE parent = ? AND name {than} ? ORDER BY name LIMIT ?)"
    for than in (">", ">=")
)
"""Statements for the children of a directory behind a name, and for those from a name on: one text."""
listed_rows = msgspec.json.Decoder(list[Listed]).decode


class Run(msgspec.Struct, frozen=True, gc=False):
    """Paths of one directory that follow one another in a listing.

    Attributes:
        base: What stands before their names in their full paths.
        rows: The paths.
        is_plain: Their names are in JSON what they are.
    """

    base: str
    rows: list[Listed]
    is_plain: bool


def runs(
    paths: Paths,
    directory: Path | Listed,
    prefix: str,
    *,
    recursive: bool,
    most: int,
    after: str = "",
    inclusive: bool = False,
    is_flat: bool = False,
) -> Iterator[Run]:
    """Yield what is below a directory in the order of `walk`.

    Args:
        paths: Where.
        directory: Where to begin.
        prefix: Full path of `directory`.
        recursive: Descend.
        most: How many paths will be taken.
        after: Full path, below `prefix`, behind which to begin; it need not exist any more.
        inclusive: Begin with `after` itself.
        is_flat: There are no directories: names are full paths.
    """
    start, _, rest = (after, "", "") if is_flat else after.removeprefix(prefix).lstrip("/").partition("/")
    base = f"{prefix}/" if prefix else ""
    first = paths.child(directory.id, start) if start and recursive and not (inclusive and not rest) else None
    if first is not None and first.is_directory:
        below = after if rest else ""
        yield from runs(paths, first, base + start, recursive=True, most=most, after=below, inclusive=inclusive)
    or_equal = inclusive and not rest and bool(start)
    limit = min(most, _FEW if recursive and not is_flat else _MANY)
    while True:
        rows, is_plain = paths.listed(directory.id, after=start, or_equal=or_equal, limit=limit)
        begun = 0
        for at, row in enumerate(rows) if recursive else ():
            if row.is_directory:
                yield Run(base, rows[begun : at + 1], is_plain)
                yield from runs(paths, row, base + row.name, recursive=True, most=most)
                begun = at + 1
        if begun < len(rows):
            yield Run(base, rows[begun:], is_plain)
        if len(rows) < limit:
            return
        start, or_equal = rows[-1].name, False
        limit = limit if begun else min(most, _MANY)


def page_of(found: Iterator[Run], most: int) -> tuple[list[Run], bool]:
    """Return the first so many paths, and whether there are more."""
    page: list[Run] = []
    left = most
    for run in found:
        if not left:
            return page, True
        if len(run.rows) > left:
            return [*page, Run(run.base, run.rows[:left], run.is_plain)], True
        page.append(run)
        left -= len(run.rows)
    return page, False
