"""Files by the batch: what lies below a directory, what changed there, and copies of one directory's files by one statement.

A directory of any size is read from where the last batch ended, so that whoever copies a lake can stop after any batch, and go on
there after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.access.acl import inherited
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.leases import check_lease, lease_at
from lakeport_local.storage.paths import DETACHED, KEPT, segments
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.core import Clock
    from lakeport_local.state import Store
    from lakeport_local.storage.paths import Path, Paths
    from lakeport_local.storage.stamps import Stamps

_LAST_ID = (1 << 63) - 1
_COPIED = (
    "INSERT INTO paths (parent, root, name, is_directory, size_bytes, etag, created, modified, owner, owning_group, acl, content,"
    " made_by, md5, headers, metadata)"
    " SELECT :parent, :root, :into || substr(p.name, :skip), 0, p.size_bytes, :etag + j.key, :now, :now, :owner, :owning_group, :acl,"
    " p.content, CASE p.made_by WHEN 'append' THEN 'blob' ELSE p.made_by END, p.md5, p.headers, p.metadata"
    " FROM json_each(:ids) AS j CROSS JOIN paths AS p ON p.id = j.value"
)
_SAME_NAMES = (
    "name IN (SELECT :into || substr(p.name, :skip) FROM json_each(:ids) AS j CROSS JOIN paths AS p ON p.id = j.value)"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one directory.

    Attributes:
        directory: Its full path.
        directory_id: Its number.
        ids: The files' numbers; none where a directory holds no file.
        last_name: The last one's name, or behind which there is none.
        size_bytes: The length of all of them.
        prefix_length: How much of a stored name comes before the file's own: without directories, names are full paths.
    """

    directory: str
    directory_id: int
    ids: tuple[int, ...]
    last_name: str
    size_bytes: int
    prefix_length: int = 0


def _batch(directory: str, directory_id: int, rows: list[Any], after: str = "") -> Batch:  # Any: sqlite3.Row
    last = str(rows[-1]["name"]) if rows else after
    return Batch(
        directory, directory_id, tuple(int(row["id"]) for row in rows), last, sum(row["size_bytes"] for row in rows)
    )


def _by_directory(root: int, rows: list[Any]) -> Iterator[Batch]:  # Any: sqlite3.Row
    """Yield what has full paths for names, in their order, as batches of one directory each."""
    files = [row for row in rows if not row["name"].endswith("/")]
    for directory, group in groupby(files, key=lambda row: str(row["name"]).rpartition("/")[0]):
        found = list(group)
        length = len(directory) + 1 if "/" in found[0]["name"] else 0
        last = str(found[-1]["name"])[length:]
        yield Batch(
            directory,
            root,
            tuple(int(row["id"]) for row in found),
            last,
            sum(row["size_bytes"] for row in found),
            length,
        )


class Batches:
    """Reads and copies files by the batch; changes are made in the caller's transaction."""

    def __init__(self, store: Store, paths: Paths, stamps: Stamps, clock: Clock) -> None:
        self._db = store.db
        self._paths = paths
        self._stamps = stamps
        self._clock = clock

    def below(self, root: int, prefix: str, after: tuple[str, str], limit: int) -> Iterator[Batch]:
        """Yield the files below a directory, directory by directory, by name: its files, then each of its directories.

        Args:
            root: The file system's root.
            prefix: Full path of the directory.
            after: Directory and name of the last file that was taken; they need not exist any more.
            limit: Files a batch.
        """
        top = self._paths.row(root)
        if top.is_flat:
            yield from self._flat(root, prefix, after, limit)
            return
        at: str | None
        at, name = after
        while at is not None:
            directory = self._paths.find(root, at)
            if directory is not None and directory.is_directory:
                yield from self._of(directory, at, name, limit)
            at, name = self._next(root, prefix, at), ""

    def _of(self, directory: Path, full: str, after: str, limit: int) -> Iterator[Batch]:
        is_more = True
        while is_more:
            rows = self._db.execute(
                "SELECT id, name, size_bytes FROM paths WHERE parent = ? AND is_directory = 0 AND name > ? ORDER BY name LIMIT ?",
                (directory.id, after, limit),
            ).fetchall()
            found = _batch(full, directory.id, rows, after)
            after, is_more = found.last_name, len(rows) == limit
            yield found

    def _flat(self, root: int, prefix: str, after: tuple[str, str], limit: int) -> Iterator[Batch]:
        """Yield the blobs below a prefix where there are no directories; markers of directories hold no file."""
        begins = f"{prefix}/" if prefix else ""
        last = max(begins, "/".join(filter(None, after)))
        while rows := self._db.execute(
            "SELECT id, name, size_bytes FROM paths WHERE parent = ? AND name > ? ORDER BY name LIMIT ?",
            (root, last, limit),
        ).fetchall():
            found = [row for row in rows if row["name"].startswith(begins)]
            yield from _by_directory(root, found)
            if len(found) < len(rows):
                return
            last = str(rows[-1]["name"])

    def _next(self, root: int, prefix: str, at: str) -> str | None:
        """Return the directory that follows another below a prefix, in the order of walks; None at the end."""
        trail, names = self._paths.trail(root, at), segments(at)
        if len(trail) == len(names) + 1 and (first := self._directory_in(trail[-1], "")) is not None:
            return f"{at}/{first}" if at else first
        for level in range(len(names), len(segments(prefix)), -1):
            if level <= len(trail) and (found := self._directory_in(trail[level - 1], names[level - 1])) is not None:
                return "/".join([*names[: level - 1], found])
        return None

    def _directory_in(self, parent: Path, after: str) -> str | None:
        row = self._db.execute(
            "SELECT name FROM paths WHERE parent = ? AND is_directory = 1 AND name > ? ORDER BY name LIMIT 1",
            (parent.id, after),
        ).fetchone()
        return None if row is None else str(row["name"])

    def changed(
        self, begin: Path, prefix: str, after: tuple[int, int | None], until: int, limit: int
    ) -> tuple[list[Batch], tuple[int, int] | None]:
        """Return the next files below a directory that changed, oldest change first, and where to go on; None at the end.

        The cost is that of the changes in the file system since; what did not change is not looked at.

        Args:
            begin: The directory.
            prefix: Its full path.
            after: Instant of the last change that was taken, and its file's number; None for all changes of that instant.
            until: The last instant that counts.
            limit: Changes to look at.
        """
        rows = self._db.execute(
            "SELECT id, parent, name, size_bytes, modified FROM paths WHERE root = ?1 AND is_directory = 0"
            " AND modified BETWEEN ?2 AND ?4 AND (modified > ?2 OR id > ?3) ORDER BY modified, id LIMIT ?5",
            (begin.root, after[0], _LAST_ID if after[1] is None else after[1], until, limit),
        ).fetchall()
        found = list(self._in_directories(begin, prefix, rows))
        is_more = len(rows) == limit
        return found, (int(rows[-1]["modified"]), int(rows[-1]["id"])) if is_more else None

    def _in_directories(self, begin: Path, prefix: str, rows: list[Any]) -> Iterator[Batch]:  # Any: sqlite3.Row
        if begin.is_flat:
            own = f"{prefix}/" if prefix else ""
            here = [row for row in rows if row["parent"] == begin.id and row["name"].startswith(own)]
            yield from _by_directory(begin.id, sorted(here, key=lambda row: str(row["name"])))
            return
        held: dict[int, list[Any]] = {}
        for row in rows:
            held.setdefault(int(row["parent"]), []).append(row)
        known: dict[int, str | None] = {begin.id: prefix, DETACHED: None, KEPT: None, 0: None}
        for one, found in held.items():
            full = self._full(one, known)
            if full is not None:
                yield _batch(full, one, found)

    def _full(self, directory: int, known: dict[int, str | None]) -> str | None:
        """Return a directory's full path; None unless it lies below one of those known to have one."""
        climbed = []
        while directory not in known:
            row = self._db.execute("SELECT parent, name FROM paths WHERE id = ?", (directory,)).fetchone()
            climbed.append((directory, str(row["name"])))
            directory = int(row["parent"])
        full = known[directory]
        for below, name in reversed(climbed):
            full = None if full is None else f"{full}/{name}" if full else name
            known[below] = full
        return full

    def copy(self, batch: Batch, parent: Path, directory: str, *, owner: str) -> None:
        """Make files in a directory that hold what those of a batch hold now, in place of what has their names; bytes are shared.

        Append blobs become block blobs. The destination is another directory than the batch's.

        Args:
            batch: What is copied.
            parent: The destination; the file system's root where there are no directories.
            directory: Its full path.
            owner: Object id of who owns the new files.

        Raises:
            ServiceError: 409 `PathConflict` (a directory has one of the names), 412 `LeaseIdMissing` (a file in the way is leased).
        """
        etag, now = self._stamps.take(len(batch.ids))
        acl = self._paths.acl_id(inherited(self._paths.acl(parent), is_directory=False))
        into = f"{directory}/" if parent.is_flat and directory else ""
        named: dict[str, Any] = {"parent": parent.id, "into": into}  # Any: SQLite's values
        named |= {"skip": batch.prefix_length + 1, "ids": orjson.dumps(batch.ids).decode()}
        if self._paths.has_children(parent):
            self._make_way(named)
        named |= {
            "root": parent.root,
            "etag": etag,
            "now": now,
            "owner": owner,
            "owning_group": parent.group,
            "acl": acl,
        }
        self._db.execute(_COPIED, named)

    def _make_way(self, named: dict[str, Any]) -> None:  # Any: SQLite's values
        in_the_way = self._db.execute(
            "SELECT is_directory, details FROM paths WHERE parent = :parent AND (is_directory = 1 OR details <> '{}') AND "
            + _SAME_NAMES,
            named,
        ).fetchall()
        now = microseconds(self._clock.now())
        for row in in_the_way:
            if row["is_directory"]:
                raise refusal("PathConflict")
            check_lease(lease_at(orjson.loads(row["details"]).get("lease"), now), None)
        self._db.execute(
            f"UPDATE paths SET parent = {DETACHED}, name = CAST(id AS TEXT) WHERE parent = :parent AND {_SAME_NAMES}",
            named,
        )
