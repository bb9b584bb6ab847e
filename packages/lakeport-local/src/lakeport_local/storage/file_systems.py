"""The rows of file systems, which the blob API calls containers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.storage.errors import refusal
from lakeport_local.storage.stamps import Stamps, etag_text, instant, microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.core import Clock
    from lakeport_local.state import Store
    from lakeport_local.storage.paths import Paths
    from lakeport_local.storage.staging import Staging

NAME_REST = timedelta(seconds=30)
"""How long the name of a deleted file system cannot be used. Source: storage.md 2.2."""


@dataclass(frozen=True, slots=True)
class FileSystem:
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

    def detail(self, name: str) -> Any:  # Any: a member of a JSON object
        """Return one of the rarely used members, or None."""
        return orjson.loads(self.details).get(name)


class FileSystems:
    """The file systems of one store. Changes are made in the caller's transaction."""

    def __init__(self, store: Store, paths: Paths, staging: Staging, stamps: Stamps, clock: Clock) -> None:
        self._db = store.db
        self._paths = paths
        self._staging = staging
        self._stamps = stamps
        self._clock = clock

    def find(self, account: int, name: str) -> FileSystem | None:
        """Return the file system with this name, or None."""
        row = self._db.execute("SELECT * FROM file_systems WHERE account = ? AND name = ?", (account, name)).fetchone()
        return None if row is None else FileSystem(*row)

    def require(self, account: int, name: str) -> FileSystem:
        """Return the file system with this name.

        Raises:
            ServiceError: 404 `FilesystemNotFound`.
        """
        found = self.find(account, name)
        if found is None:
            raise refusal("FilesystemNotFound")
        return found

    def make(self, account: int, name: str, *, owner: str, metadata: list[tuple[str, str]] | None = None) -> FileSystem:
        """Make a file system with an empty root directory.

        Raises:
            ServiceError: 409 `FilesystemAlreadyExists` or `FilesystemBeingDeleted`.
        """
        if self.find(account, name) is not None:
            raise refusal("FilesystemAlreadyExists")
        self._check_rest(account, name)
        etag, now = self._stamps.next()
        root = self._paths.make_root(f"{account}/{name}", owner=owner)
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

    def delete(self, file_system: FileSystem) -> None:
        """Remove a file system; what it held is reclaimed later, its name rests for a while."""
        root = self._paths.get(file_system.root)
        if root is not None:
            self._paths.detach(root)
        self._staging.drop_all_blocks(file_system.id)
        self._db.execute("DELETE FROM file_systems WHERE id = ?", (file_system.id,))
        until = microseconds(self._clock.now() + NAME_REST)
        self._db.execute(
            "INSERT OR REPLACE INTO deleted_file_systems VALUES (?, ?, ?)",
            (file_system.account, file_system.name, until),
        )

    def page(self, account: int, *, prefix: str = "", after: str = "", limit: int = 5000) -> list[FileSystem]:
        """Return an account's file systems by name: those that begin with `prefix`, behind `after`."""
        rows = self._db.execute(
            "SELECT * FROM file_systems WHERE account = ? AND name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?",
            (account, after, len(prefix), prefix, limit),
        )
        return [FileSystem(*row) for row in rows]
