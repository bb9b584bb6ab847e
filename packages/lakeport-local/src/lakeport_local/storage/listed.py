"""What dfs listings show of paths, read many at a time: a listing of a million paths is mostly this.

SQLite hands over the children of a directory as one text of JSON, which costs half of what as many rows do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from lakeport_local.access.acl import EXECUTE, READ
from lakeport_local.core import file_time
from lakeport_local.storage.stamps import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.access import Step
    from lakeport_local.storage.paths import Path, Paths
    from lakeport_local.storage.place import Place

_FEW, _MANY = 128, 4096
FILE_TIME_AT_UNIX = file_time(instant(0))


class Standing(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What most paths have in common with the one before.

    Attributes:
        acl: Number of the access control list.
        details: What few paths have, as JSON; None for nothing.
    """

    owner: str
    group: str
    acl: int
    details: str | None = None


class Listed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """As much of a path as dfs listings show.

    Attributes:
        directory: Its id, of a directory; 0 for a file.
        created: In units of 100 ns since 1601.
        modified: In seconds since 1970.
        own: How it stands; None for a file that stands as its run does, never for a directory.
    """

    directory: int
    name: str
    size_bytes: int
    etag: int
    created: int
    modified: int
    own: Standing | None


class ListedBlob(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """As much of a blob as plain blob listings show.

    Attributes:
        directory: Its id again, of a directory; 0 for a file.
        created: In seconds since 1970.
        modified: Likewise.
        own: How it stands, of a directory.
        made_by: As in `Path`.
        md5: In hexadecimal digits.
        headers: Content headers, as JSON; None for none.
        has_details: There is more in its row.
    """

    id: int
    directory: int
    name: str
    size_bytes: int
    etag: int
    created: int
    modified: int
    own: Standing | None
    made_by: str
    md5: str | None
    headers: str | None
    has_details: int


def _statements(columns: str) -> tuple[str, str]:
    """Return statements for the children of a directory behind a name, and for those from a name on: each gives one text."""
    # What is aggregated comes in the order of the inner query, which its limit keeps apart.
    behind, since = (
        f"SELECT '[' || ifnull(group_concat(row), '') || ']' FROM (SELECT json_array({columns}) AS row"
        f" FROM paths WHERE parent = ? AND name {than} ? ORDER BY name LIMIT ?)"
        for than in (">", ">=")
    )
    return behind, since


_DIRECTORY = "iif(is_directory, id, 0)"
PATHS = _statements(
    f"{_DIRECTORY}, name, size_bytes, etag, created * 10 + {FILE_TIME_AT_UNIX}, modified / 1000000,"
    " json(iif(owner = ? AND owning_group = ? AND acl = ? AND details = '{}' AND NOT is_directory,"
    " NULL, json_array(owner, owning_group, acl, nullif(details, '{}'))))"
)
"""The first three parameters are the standing that need not be told."""
BLOBS = _statements(
    f"id, {_DIRECTORY}, name, size_bytes, etag, created / 1000000, modified / 1000000,"
    " json(iif(is_directory, json_array(owner, owning_group, acl), NULL)),"
    " made_by, nullif(hex(md5), ''), nullif(headers, '{}'), details != '{}'"
)
paths_in = msgspec.json.Decoder(list[Listed]).decode
blobs_in = msgspec.json.Decoder(list[ListedBlob]).decode


Row = TypeVar("Row", Listed, ListedBlob)


class Run(msgspec.Struct, Generic[Row], frozen=True, gc=False):
    """Paths of one directory that follow one another in a listing.

    Attributes:
        base: What stands before their names in their full paths.
        rows: The paths.
        is_plain: All that they say stands for itself in what is listed: nothing of it has to be escaped.
        standing: How those stand that do not say it themselves; None where all do.
    """

    base: str
    rows: list[Row]
    is_plain: bool
    standing: Standing | None


class Reader(Protocol[Row]):
    """Reads the next children of a directory."""

    def __call__(
        self, parent: int, *, after: str, or_equal: bool, limit: int
    ) -> tuple[list[Row], bool, Standing | None]:
        """Return them by name in byte order, whether nothing that they say has to be escaped, and their common standing."""
        ...


class PathReader:
    """Reads paths for dfs listings.

    Args:
        paths: Where.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._standing = Standing("", "", 0)

    def __call__(
        self, parent: int, *, after: str, or_equal: bool, limit: int
    ) -> tuple[list[Listed], bool, Standing | None]:
        """Return the next children of a directory; the standing of the last is what the next ones need not tell."""
        standing = self._standing
        rows, is_plain = self._paths.listed(parent, after=after, or_equal=or_equal, limit=limit, standing=standing)
        own = rows[-1].own if rows else None
        if own is not None and own.details is None and not rows[-1].directory:
            self._standing = own
        return rows, is_plain, standing


class BlobReader:
    """Reads blobs for plain blob listings.

    Args:
        paths: Where.
    """

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def __call__(
        self, parent: int, *, after: str, or_equal: bool, limit: int
    ) -> tuple[list[ListedBlob], bool, Standing | None]:
        """Return the next children of a directory; each tells how it stands."""
        rows, is_plain = self._paths.listed_blobs(parent, after=after, or_equal=or_equal, limit=limit)
        return rows, is_plain, None


class Listing(Generic[Row]):
    """Reads what is below a directory, in the order of `walk`.

    Args:
        paths: Where.
        read: Reads children.
        is_recursive: Descend.
        most: How many paths will be taken.
    """

    def __init__(self, paths: Paths, read: Reader[Row], *, is_recursive: bool, most: int) -> None:
        self._paths = paths
        self._read: Reader[Row] = read
        self._is_recursive = is_recursive
        self._most = most

    def runs(
        self, directory: Path, prefix: str, *, after: str = "", inclusive: bool = False, begins: str = ""
    ) -> Iterator[Run[Row]]:
        """Yield the paths.

        Args:
            directory: Where to begin.
            prefix: Full path of `directory`.
            after: Full path, below `prefix`, behind which to begin; it need not exist any more.
            inclusive: Begin with `after` itself.
            begins: Only the children whose names begin so, and what is below them.
        """
        if directory.is_flat:
            start, rest, first = after, "", None
        else:
            start, _, rest = after.removeprefix(prefix).lstrip("/").partition("/")
            is_within = start.startswith(begins) and (bool(rest) or not inclusive)
            first = self._paths.child(directory.id, start) if start and self._is_recursive and is_within else None
        if first is not None and first.is_directory:
            full = f"{prefix}/{start}" if prefix else start
            yield from self.runs(first, full, after=after if rest else "", inclusive=inclusive)
        or_equal = inclusive and not rest and bool(start)
        if begins > start:
            start, or_equal = begins, True
        limit = _FEW if self._is_recursive and not directory.is_flat else _MANY
        for run in self._children(directory.id, prefix, start, or_equal=or_equal, limit=limit):
            last = run.rows[-1]
            if begins and not last.name.startswith(begins):
                rows = [row for row in run.rows if row.name.startswith(begins)]
                if rows:
                    yield Run(run.base, rows, run.is_plain, run.standing)
                return
            yield run
            if last.directory and self._is_recursive:
                yield from self._below(last.directory, run.base + last.name)

    def _below(self, directory: int, prefix: str) -> Iterator[Run[Row]]:
        for run in self._children(directory, prefix, "", or_equal=False, limit=_FEW):
            yield run
            last = run.rows[-1]
            if last.directory:
                yield from self._below(last.directory, run.base + last.name)

    def _children(self, directory: int, prefix: str, start: str, *, or_equal: bool, limit: int) -> Iterator[Run[Row]]:
        """Yield the children of a directory; those that are gone into end their run."""
        base = f"{prefix}/" if prefix else ""
        while True:
            limit = min(self._most, limit)
            rows, is_plain, standing = self._read(directory, after=start, or_equal=or_equal, limit=limit)
            begun = 0
            for at, row in enumerate(rows) if self._is_recursive else ():
                if row.directory:
                    yield Run(base, rows[begun : at + 1], is_plain, standing)
                    begun = at + 1
            if begun < len(rows):
                yield Run(base, rows[begun:], is_plain, standing)
            if len(rows) < limit:
                return
            start, or_equal = rows[-1].name, False
            limit = limit if begun else _MANY


def page_of(found: Iterator[Run[Row]], most: int) -> tuple[list[Run[Row]], bool]:
    """Return the first so many paths, and whether there are more."""
    page: list[Run[Row]] = []
    left = most
    for run in found:
        if not left:
            return page, True
        if len(run.rows) > left:
            page.append(Run(run.base, run.rows[:left], run.is_plain, run.standing))
            return page, True
        page.append(run)
        left -= len(run.rows)
    return page, False


def listed_steps(place: Place, page: list[Run[Row]], *, is_recursive: bool = True) -> Iterator[Step]:
    """Yield what a page of a listing asks: read and execute on the directory, and on each one that was gone into."""
    yield from place.steps(item=READ | EXECUTE)
    if not is_recursive or not page:
        return
    yield from place.inner_steps(page[0].base + page[0].rows[0].name, READ | EXECUTE)
    for run in page:
        for row in run.rows:
            if row.own is not None and row.directory:
                yield place.step(row.own, run.base + row.name, READ | EXECUTE)
