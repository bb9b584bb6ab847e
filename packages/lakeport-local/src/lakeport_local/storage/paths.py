"""The rows of files and directories: an adjacency list, so that a rename is one row."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import orjson

from lakeport_local.access.acl import Acl, inherited, parse_acl, plain_acl
from lakeport_local.state import Remembered
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.listed import BLOBS, PATHS, Listed, ListedBlob, Standing, blobs_in, paths_in
from lakeport_local.storage.stamps import Stamps, etag_text, instant

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.state import Store
    from lakeport_local.storage.content import Contents

FLAT = "flat"
_MARKUP = ("&", "<", ">", "\ufffe", "\uffff")
DETACHED = -1
"""The parent of what is deleted and waits to be reclaimed."""
KEPT = -2
"""The parent of snapshots, earlier versions and what was deleted and may come back."""

_EXPIRES = "json_extract(details, '$.expires')"
_COLUMNS = (
    "id, parent, name, is_directory, size_bytes, etag, created, modified, owner, owning_group, acl, content, made_by,"
    " md5, headers, metadata, details, root"
)


class Path(msgspec.Struct, frozen=True):
    """A file or directory, as its row was when it was read.

    Attributes:
        id: Number of this creation; a path deleted and made again has another one.
        parent: Id of the directory it is in; 0 for a root.
        made_by: `dfs`, `blob` or `append`: the API whose operations may extend it.
            A root's `flat` says that what it holds is named by full paths, with no directories.
        md5: MD5 of the content, as stored; the service does not check it.
        headers: Content headers by their HTTP names, as JSON.
        metadata: User metadata, pairs in order, as JSON.
        details: What few paths have (copy state, tier, ...), as JSON.
        root: Id of the file system's root directory.
        derived: What was computed from the row, for as long as the row is remembered.
    """

    id: int
    parent: int
    name: str
    is_directory: bool
    size_bytes: int
    etag: int
    created: int
    modified: int
    owner: str
    group: str
    acl: int
    content: int | None
    made_by: str
    md5: bytes | None
    headers: str
    metadata: str
    details: str
    root: int
    derived: dict[object, Any] = msgspec.field(default_factory=dict)  # Any: as many kinds as there are computations

    @property
    def is_flat(self) -> bool:
        """Whether it is the root of a file system without directories."""
        return self.made_by == FLAT

    @property
    def etag_text(self) -> str:
        """The etag without quotes."""
        return etag_text(self.etag)

    @property
    def modified_at(self) -> datetime:
        """When it last changed."""
        return instant(self.modified)

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return instant(self.created)

    @property
    def expires(self) -> int | None:
        """When it expires, in microseconds since 1970; None for never."""
        found: int | None = self.detail("expires")
        return found

    @property
    def tags(self) -> dict[str, str]:
        """The tags, which are no metadata."""
        found: dict[str, str] = (self.detail("tags") if '"tags"' in self.details else None) or {}
        return found

    def header(self, name: str) -> str | None:
        """Return a stored content header, such as `Content-Type`."""
        value = orjson.loads(self.headers).get(name)
        return None if value is None else str(value)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The user metadata."""
        return [(str(name), str(value)) for name, value in orjson.loads(self.metadata)]

    def detail(self, name: str) -> Any:  # Any: a member of a JSON object
        """Return one of the rarely used members, or None."""
        return None if self.details == "{}" else orjson.loads(self.details).get(name)


def _path(row: Any) -> Path:  # Any: sqlite3.Row unpacks to anything
    values = list(row)
    values[3] = values[3] != 0
    return Path(*values)


class Paths:
    """The paths of one store. Changes are made in the caller's transaction."""

    def __init__(self, store: Store, contents: Contents, stamps: Stamps) -> None:
        self._store = store
        self._db = store.db
        self._contents = contents
        self._stamps = stamps
        self._acls: dict[int, Acl] = {}
        self._soonest: int | None = None
        self._undone = -1
        self._named: Remembered[Path] = Remembered(store, "path_name", "paths", ("parent", "name"))
        self._numbered: Remembered[Path] = Remembered(store, "path_id", "paths", ("id",))

    # Reading

    def get(self, path_id: int) -> Path | None:
        """Return a path by id, or None when it is gone or detached."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM paths WHERE id = ? AND parent >= 0", (path_id,)).fetchone()
        return None if row is None else _path(row)

    def row(self, path_id: int) -> Path:
        """Return a path by id, wherever it is."""
        found = self._numbered.get(path_id)
        if found is None:
            found = _path(self._db.execute(f"SELECT {_COLUMNS} FROM paths WHERE id = ?", (path_id,)).fetchone())
            self._numbered.keep(path_id, found)
        return found

    def rows(self, numbers: list[int]) -> dict[int, Path]:
        """Return paths by their ids, wherever they are."""
        asked = orjson.dumps(numbers).decode()
        sql = f"SELECT {_COLUMNS} FROM paths WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"]: _path(row) for row in self._db.execute(sql, (asked,))} if numbers else {}

    def child(self, parent: int, name: str) -> Path | None:
        """Return what is named so in a directory, or None."""
        key = (parent, name)
        found = self._named.get(key)
        if found is None:
            row = self._db.execute(f"SELECT {_COLUMNS} FROM paths WHERE parent = ? AND name = ?", key).fetchone()
            if row is not None:
                found = _path(row)
                self._named.keep(key, found)
        return found

    def trail(self, root: int, path: str) -> list[Path]:
        """Return the root and the paths below it, as far as `path` exists.

        Complete when there is one more than `path` has segments.
        """
        found = [self.row(root)]
        for name in segments(path, is_flat=found[0].is_flat):
            below = self.child(found[-1].id, name) if found[-1].is_directory else None
            if below is None:
                break
            found.append(below)
        return found

    def find(self, root: int, path: str) -> Path | None:
        """Return the path with this name below a root, or None."""
        trail = self.trail(root, path)
        return trail[-1] if len(trail) == len(segments(path, is_flat=trail[0].is_flat)) + 1 else None

    def children(self, parent: int, *, after: str = "", or_equal: bool = False, limit: int = 1000) -> list[Path]:
        """Return the next children of a directory, by name in byte order."""
        than = ">=" if or_equal else ">"
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM paths WHERE parent = ? AND name {than} ? ORDER BY name LIMIT ?",
            (parent, after, limit),
        )
        return [_path(row) for row in rows]

    def listed(
        self, parent: int, *, after: str, or_equal: bool, limit: int, standing: Standing
    ) -> tuple[list[Listed], bool]:
        """Return what dfs listings show of the next children of a directory, and whether none of it is escaped in JSON.

        A file that stands as `standing` says does not tell how it stands.
        """
        known = (standing.owner, standing.group, standing.acl)
        text = self._db.execute(PATHS[or_equal], (*known, parent, after, limit)).fetchone()[0]
        return paths_in(text), "\\" not in text

    def listed_blobs(self, parent: int, *, after: str, or_equal: bool, limit: int) -> tuple[list[ListedBlob], bool]:
        """Return what plain blob listings show of the next children of a directory, and whether none of it is escaped in XML."""
        text = self._db.execute(BLOBS[or_equal], (parent, after, limit)).fetchone()[0]
        return blobs_in(text), not any(mark in text for mark in _MARKUP)

    def has_children(self, directory: Path) -> bool:
        """Tell whether a directory holds anything."""
        return self._db.execute("SELECT 1 FROM paths WHERE parent = ?", (directory.id,)).fetchone() is not None

    # Access control lists, interned

    def acl(self, path: Path | Standing) -> Acl:
        """Return a path's access control list."""
        return self.numbered_acl(path.acl)

    def numbered_acl(self, number: int) -> Acl:
        """Return the access control list that rows name by this number."""
        found = self._acls.get(number)
        if found is None:
            text = str(self._db.execute("SELECT text FROM acls WHERE id = ?", (number,)).fetchone()["text"])
            found = _kept_acl(text)
            if not self._db.in_transaction:  # a row of this transaction may yet be undone, and its number given again
                self._acls[number] = found
        return found

    def acl_id(self, acl: Acl) -> int:
        """Return the row of an access control list, made when it is new."""
        text = f"sticky,{acl.text}" if acl.is_sticky else acl.text
        row = self._db.execute("SELECT id FROM acls WHERE text = ?", (text,)).fetchone()
        if row is None:
            row = self._db.execute("INSERT INTO acls (text) VALUES (?) RETURNING id", (text,)).fetchone()
        return int(row["id"])

    # Changing

    def make_root(self, name: str, *, owner: str, is_flat: bool = False) -> Path:
        """Make the root directory of a new file system."""
        columns = {"parent": 0, "name": name, "is_directory": 1, "owner": owner, "owning_group": owner}
        made = self._insert(columns | ({"made_by": FLAT} if is_flat else {}), self.acl_id(plain_acl(0o750)))
        return self.change(made, touch=False, root=made.id)

    def make(
        self, parent: Path, name: str, *, is_directory: bool, owner: str, acl: Acl | None = None, **columns: Any
    ) -> Path:  # Any: SQLite's values
        """Make a path in a directory that has none of this name.

        Args:
            parent: The directory.
            name: One segment.
            is_directory: Directory or file.
            owner: Owning user; the owning group is the parent's.
            acl: The list; None to inherit it.
            columns: Other columns of the row.
        """
        base = {"parent": parent.id, "name": name, "is_directory": int(is_directory), "owner": owner}
        number = self.acl_id(acl) if acl is not None else self._inherited_acl(parent, is_directory=is_directory)
        return self._insert({"owning_group": parent.group, "root": parent.root, **base, **columns}, number)

    def _inherited_acl(self, parent: Path, *, is_directory: bool) -> int:
        """Return the row of the list that what is made in a directory inherits."""
        key = ("inherited", is_directory)
        found: int | None = parent.derived.get(key)
        if found is None:
            found = parent.derived[key] = self.acl_id(inherited(self.acl(parent), is_directory=is_directory))
        return found

    def _insert(self, columns: dict[str, Any], acl: int) -> Path:  # Any: SQLite's values
        self._note_expiry(columns)
        etag, now = self._stamps.next()
        row = {"etag": etag, "created": now, "modified": now, "acl": acl, **columns}
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO paths ({', '.join(row)}) VALUES ({marks}) RETURNING {_COLUMNS}"
        made = _path(self._db.execute(sql, tuple(row.values())).fetchone())
        self._named.keep((made.parent, made.name), made)
        return made

    def replace_file(self, parent: Path, name: str, *, owner: str, **columns: Any) -> Path:  # Any: SQLite's values
        """Make a file in place of the one that has the name; nothing of that one remains.

        Raises:
            ServiceError: 409 `PathConflict`: a directory has the name.
        """
        old = self.child(parent.id, name)
        if not name or (old is not None and old.is_directory):
            raise refusal("PathConflict")
        if old is not None:
            self._drop(old)
        return self.make(parent, name, is_directory=False, owner=owner, **columns)

    def _drop(self, file: Path) -> None:
        """Delete a file's row; one that may have segments is detached, to be reclaimed with them."""
        if file.made_by == "dfs":
            self.detach(file)
            return
        self._db.execute("DELETE FROM paths WHERE id = ?", (file.id,))
        self._contents.release(file.content)

    def make_parents(self, root: int, path: str, *, owner: str) -> Path:
        """Return the directory that contains `path`, made with its own parents where missing.

        Raises:
            ServiceError: 409 `PathConflict`: one of them is a file.
        """
        top = self.row(root)
        if top.is_flat:
            return top
        names = path.split("/")[:-1]
        trail = self.trail(root, "/".join(names))
        if not trail[-1].is_directory:
            raise refusal("PathConflict")
        directory = trail[-1]
        for name in names[len(trail) - 1 :]:
            directory = self.make(directory, name, is_directory=True, owner=owner)
        return directory

    def change(self, path: Path, *, touch: bool = True, **columns: Any) -> Path:  # Any: SQLite's values
        """Change columns of a row; with `touch` it also gets a new etag and modification instant."""
        self._note_expiry(columns if "parent" not in columns else {"details": path.details})
        if touch:
            columns["etag"], columns["modified"] = self._stamps.next(path.etag)
        if "content" in columns and columns["content"] != path.content:
            self._contents.release(path.content)
        sets = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE paths SET {sets} WHERE id = ? RETURNING {_COLUMNS}"
        return _path(self._db.execute(sql, (*columns.values(), path.id)).fetchone())

    def detach(self, path: Path) -> None:
        """Take a path and everything below it out of the namespace, in one row; it is reclaimed later."""
        self._db.execute("UPDATE paths SET parent = ?, name = ? WHERE id = ?", (DETACHED, str(path.id), path.id))

    def expired(self, now: int) -> list[Path]:
        """Return the files whose time has come."""
        if self._undone == self._store.undone and (self._soonest is None or now < self._soonest):
            return []
        soonest = self._db.execute(
            f"SELECT min({_EXPIRES}) FROM paths WHERE {_EXPIRES} IS NOT NULL AND {_EXPIRES} > ?", (now,)
        ).fetchone()
        self._soonest, self._undone = soonest[0], self._store.undone
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM paths WHERE {_EXPIRES} IS NOT NULL AND {_EXPIRES} <= ? AND parent >= 0",
            (now,),
        )
        return [_path(row) for row in rows]

    def having(self, member: Literal["tags", "lease"]) -> list[Path]:
        """Return every path of the namespace that has tags, or a lease, perhaps one that ended."""
        condition = f"json_extract(details, '$.{member}') IS NOT NULL AND parent >= 0"
        return [_path(row) for row in self._db.execute(f"SELECT {_COLUMNS} FROM paths WHERE {condition}")]

    def full_name(self, path: Path) -> tuple[int, str]:
        """Return the root that a path is below, and its full path."""
        names: list[str] = []
        while path.parent > 0:
            names.append(path.name)
            path = self.row(path.parent)
        return path.id, "/".join(reversed(names))

    def _note_expiry(self, columns: dict[str, Any]) -> None:  # Any: SQLite's values
        """Have it looked up anew when the next file expires, if a row's new values may change that."""
        if "expires" in columns.get("details", ""):
            self._undone = -1

    def move(self, path: Path, parent: int, name: str) -> Path:
        """Move a path and everything below it into another directory, in one row; nothing else of it changes.

        What leaves its file system is told row by row where it is now.
        """
        found = self._db.execute("SELECT root FROM paths WHERE id = ? AND root <> ?", (parent, path.root)).fetchone()
        if found is not None:
            self._db.execute(
                "WITH RECURSIVE below (id) AS (VALUES (?1) UNION ALL SELECT p.id FROM paths p JOIN below b ON p.parent = b.id)"
                " UPDATE paths SET root = ?2 WHERE id IN below",
                (path.id, found["root"]),
            )
        return self.change(path, touch=False, parent=parent, name=name)

    def twin(self, path: Path, name: str, **columns: Any) -> Path:  # Any: SQLite's values
        """Make a copy of a file's row out of the namespace, with some columns changed; it shares the content."""
        names = _COLUMNS.replace(" ", "").removeprefix("id,").split(",")
        given = {"parent": KEPT, "name": name, **columns}
        chosen = ", ".join("?" if one in given else one for one in names)
        sql = f"INSERT INTO paths ({', '.join(names)}) SELECT {chosen} FROM paths WHERE id = ? RETURNING {_COLUMNS}"
        values = [given[one] for one in names if one in given]
        return _path(self._db.execute(sql, (*values, path.id)).fetchone())


@lru_cache(maxsize=4096)
def _kept_acl(text: str) -> Acl:
    return parse_acl(text.removeprefix("sticky,"), is_sticky=text.startswith("sticky,"))


def segments(path: str, *, is_flat: bool = False) -> list[str]:
    """Return the names along a path; without directories it is one name.

    Example:
        >>> segments("a/b"), segments("a//b/", is_flat=True), segments("")
        (['a', 'b'], ['a//b/'], [])
    """
    if not path:
        return []
    return [path] if is_flat else path.split("/")
