"""The rows of file systems, which the blob API calls containers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from lakeport_local.state import Remembered
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.stamps import Stamps, etag_text, instant, microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.core import Clock
    from lakeport_local.state import Store
    from lakeport_local.storage.kept import KeptPaths
    from lakeport_local.storage.paths import Paths
    from lakeport_local.storage.staging import Staging

_NEVER = 1 << 62
NAME_REST = timedelta(seconds=30)
"""How long the name of a deleted file system cannot be used. Source: storage.md 2.2."""


class FileSystem(msgspec.Struct, frozen=True):
    """A file system.

    Attributes:
        account: The storage account resource's uid.
        root: Id of its root directory.
        metadata: Pairs, as JSON.
        details: What few file systems have, as JSON.
    """

    id: int
    account: int
    name: str
    root: int
    etag: int
    modified: int
    metadata: str
    details: str

    @property
    def etag_text(self) -> str:
        """The etag without quotes."""
        return etag_text(self.etag)

    @property
    def modified_at(self) -> datetime:
        """When it, not what it holds, last changed."""
        return instant(self.modified)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The user metadata."""
        return [(str(name), str(value)) for name, value in orjson.loads(self.metadata)]

    @property
    def tags(self) -> dict[str, str]:
        """None: blobs have tags."""
        return {}

    def detail(self, name: str) -> Any:  # Any: a member of a JSON object
        """Return one of the rarely used members, or None."""
        return None if self.details == "{}" else orjson.loads(self.details).get(name)


@dataclass(frozen=True, slots=True)
class DeletedFileSystem:
    """A file system that was deleted and may come back.

    Attributes:
        was: What it was.
        version: Tells it from others that had the name.
        deleted: When it was deleted, in microseconds since 1970.
        purge_at: When it goes for good.
    """

    was: FileSystem
    version: str
    deleted: int
    purge_at: int


class FileSystems:
    """The file systems of one store. Changes are made in the caller's transaction.

    Attributes:
        next_purge: Before this instant no deleted one has to go, in microseconds since 1970.
    """

    def __init__(
        self, store: Store, paths: Paths, kept: KeptPaths, staging: Staging, *, stamps: Stamps, clock: Clock
    ) -> None:
        self.next_purge = 0
        self._db = store.db
        self._paths = paths
        self._kept = kept
        self._staging = staging
        self._stamps = stamps
        self._clock = clock
        self._named: Remembered[FileSystem] = Remembered(store, "file_system", "file_systems", ("account", "name"))

    def find(self, account: int, name: str) -> FileSystem | None:
        """Return the file system with this name, or None."""
        key = (account, name)
        found = self._named.get(key)
        if found is None:
            row = self._db.execute("SELECT * FROM file_systems WHERE account = ? AND name = ?", key).fetchone()
            if row is not None:
                found = FileSystem(*row)
                self._named.keep(key, found)
        return found

    def require(self, account: int, name: str) -> FileSystem:
        """Return the file system with this name.

        Raises:
            ServiceError: 404 `FilesystemNotFound`.
        """
        found = self.find(account, name)
        if found is None:
            raise refusal("FilesystemNotFound")
        return found

    def make(
        self,
        account: int,
        name: str,
        *,
        owner: str,
        metadata: list[tuple[str, str]] | None = None,
        is_flat: bool = False,
    ) -> FileSystem:
        """Make a file system with an empty root directory; a flat one never has others.

        Raises:
            ServiceError: 409 `FilesystemAlreadyExists` or `FilesystemBeingDeleted`.
        """
        if self.find(account, name) is not None:
            raise refusal("FilesystemAlreadyExists")
        self._check_rest(account, name)
        etag, now = self._stamps.next()
        root = self._paths.make_root(f"{account}/{name}", owner=owner, is_flat=is_flat)
        row = self._db.execute(
            "INSERT INTO file_systems (account, name, root, etag, modified, metadata) VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
            (account, name, root.id, etag, now, orjson.dumps(metadata or []).decode()),
        ).fetchone()
        return FileSystem(*row)

    def _check_rest(self, account: int, name: str) -> None:
        key = (account, name)
        row = self._db.execute("SELECT until FROM deleted_file_systems WHERE account = ? AND name = ?", key).fetchone()
        if row is None:
            return
        if row["until"] > microseconds(self._clock.now()):
            raise refusal("FilesystemBeingDeleted")
        self._db.execute("DELETE FROM deleted_file_systems WHERE account = ? AND name = ?", key)

    def change(
        self, file_system: FileSystem, *, touch: bool = True, **columns: Any
    ) -> FileSystem:  # Any: SQLite's values
        """Change columns of a row; with `touch` it also gets a new etag and modification instant."""
        if touch:
            columns["etag"], columns["modified"] = self._stamps.next(file_system.etag)
        sets = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE file_systems SET {sets} WHERE id = ? RETURNING *"
        return FileSystem(*self._db.execute(sql, (*columns.values(), file_system.id)).fetchone())

    def delete(self, file_system: FileSystem, *, version: str = "", kept_for: timedelta | None = None) -> None:
        """Remove a file system; its name rests for a while.

        Args:
            file_system: Which.
            version: Names what is kept.
            kept_for: How long it may come back; None: what it held is reclaimed.
        """
        self._db.execute("DELETE FROM file_systems WHERE id = ?", (file_system.id,))
        if kept_for is None:
            self._let_go(file_system)
        else:
            self._keep(file_system, version, kept_for)
        until = microseconds(self._clock.now() + NAME_REST)
        self._db.execute(
            "INSERT OR REPLACE INTO deleted_file_systems VALUES (?, ?, ?)",
            (file_system.account, file_system.name, until),
        )

    def _let_go(self, file_system: FileSystem) -> None:
        self._paths.detach(self._paths.row(file_system.root))
        self._kept.drop_all(file_system.id)
        self._staging.drop_all_blocks(file_system.id)

    def _keep(self, file_system: FileSystem, version: str, kept_for: timedelta) -> None:
        now, root = self._clock.now(), self._paths.row(file_system.root)
        self._paths.change(root, touch=False, name=f"{root.name}/{version}")
        until = microseconds(now + kept_for)
        values = (*msgspec.structs.astuple(file_system), version, microseconds(now), until)
        self._db.execute(f"INSERT INTO kept_file_systems VALUES ({', '.join('?' * len(values))})", values)
        self.next_purge = min(self.next_purge, until)

    def deleted(self, account: int, *, prefix: str = "") -> list[DeletedFileSystem]:
        """Return what an account may get back, by name."""
        return self._deleted("account = ? AND substr(name, 1, ?) = ?", (account, len(prefix), prefix))

    def _deleted(self, condition: str, values: tuple[object, ...]) -> list[DeletedFileSystem]:
        rows = self._db.execute(f"SELECT * FROM kept_file_systems WHERE {condition} ORDER BY name, deleted", values)
        return [DeletedFileSystem(FileSystem(*row[:8]), *row[8:]) for row in map(tuple, rows)]

    def restore(self, deleted: DeletedFileSystem, name: str) -> FileSystem:
        """Bring a file system back, under any name that is free.

        Raises:
            ServiceError: 409 `FilesystemAlreadyExists`.
        """
        was = msgspec.structs.replace(deleted.was, name=name)
        if self.find(was.account, name) is not None:
            raise refusal("FilesystemAlreadyExists")
        self._db.execute("DELETE FROM kept_file_systems WHERE id = ?", (was.id,))
        self._db.execute("DELETE FROM deleted_file_systems WHERE account = ? AND name = ?", (was.account, name))
        self._paths.change(self._paths.row(was.root), touch=False, name=f"{was.account}/{name}")
        self._db.execute("INSERT INTO file_systems VALUES (?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(was))
        return was

    def rename(self, file_system: FileSystem, name: str) -> FileSystem:
        """Give a file system another name that is free.

        Raises:
            ServiceError: 409 `FilesystemAlreadyExists` or `FilesystemBeingDeleted`.
        """
        if self.find(file_system.account, name) is not None:
            raise refusal("FilesystemAlreadyExists")
        self._check_rest(file_system.account, name)
        self._paths.change(self._paths.row(file_system.root), touch=False, name=f"{file_system.account}/{name}")
        return self.change(file_system, touch=False, name=name)

    def purge(self, deleted: DeletedFileSystem) -> None:
        """Let go of a deleted file system for good."""
        self._db.execute("DELETE FROM kept_file_systems WHERE id = ?", (deleted.was.id,))
        self._let_go(deleted.was)

    def purge_before(self, now: int) -> None:
        """Let go of what was deleted long enough ago."""
        for one in self._deleted("purge_at <= ?", (now,)):
            self.purge(one)
        row = self._db.execute("SELECT min(purge_at) AS next FROM kept_file_systems").fetchone()
        self.next_purge = _NEVER if row["next"] is None else int(row["next"])

    def page(self, account: int, *, prefix: str = "", after: str = "", limit: int = 5000) -> list[FileSystem]:
        """Return an account's file systems by name: those that begin with `prefix`, behind `after`."""
        rows = self._db.execute(
            "SELECT * FROM file_systems WHERE account = ? AND name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?",
            (account, after, len(prefix), prefix, limit),
        )
        return [FileSystem(*row) for row in rows]
