"""What blobs were: snapshots, earlier versions, and what was deleted and may come back until its time is over.

Each is a row of `paths` out of the namespace, whose bytes, lists and metadata stay as they were, and a row that says of
which name it was, and when. A deleted directory is one such row: what is below it rides with it.

Source: storage.md 2.9, 3.2; "Blob snapshots", "Blob versioning", "Soft delete for blobs".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lakeport_local.storage.paths import KEPT, Path
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakeport_local.state import Store
    from lakeport_local.storage.paths import Paths
    from lakeport_local.storage.stamps import Stamps

Kind: TypeAlias = Literal["snapshot", "version", "deleted"]

_NEVER = 1 << 62
_BATCH = 1000
_YEAR_1 = datetime(1, 1, 1, tzinfo=UTC)
_FILE_TIME_OFFSET = 504_911_232_000_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """One state of a blob that is not the blob.

    Attributes:
        path: The row as it was.
        file_system: Id of its file system.
        name: Full path that it had.
        kind: What it is kept as.
        moment: Names it, in units of 100 ns since year 1: when the snapshot was taken, the version written, the path deleted.
        deleted: When it was deleted, in microseconds since 1970; None while it is a live snapshot or version.
        purge_at: When it goes for good; None for never.
    """

    path: Path
    file_system: int
    name: str
    kind: Kind
    moment: int
    deleted: int | None
    purge_at: int | None

    def days_left(self, now: datetime) -> int:
        """Return for how many more days it is kept, begun ones counted."""
        return -((microseconds(now) - (self.purge_at or 0)) // 86_400_000_000) if self.purge_at else 0


def moment_text(moment: int) -> str:
    """Spell a moment as snapshots and versions are named.

    Example:
        >>> moment_text(638_000_000_000_000_001)
        '2022-09-28T22:13:20.0000001Z'
    """
    at = _YEAR_1 + timedelta(microseconds=moment // 10)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}{moment % 10}Z"


def moment_of(text: str) -> int | None:
    """Read a moment; None when the text is none.

    Example:
        >>> moment_of("2022-09-28T22:13:20.0000001Z")
        638000000000000001
    """
    if not 27 <= len(text) <= 28:
        return None
    try:
        at = datetime.strptime(f"{text[:26]}+0000", "%Y-%m-%dT%H:%M:%S.%f%z")
        return (at - _YEAR_1) // timedelta(microseconds=1) * 10 + int(text[26:].removesuffix("Z") or 0)
    except ValueError:
        return None


def deletion_id(moment: int) -> str:
    """Spell the moment of a deletion as the service names it: a FILETIME."""
    return str(moment - _FILE_TIME_OFFSET)


class KeptPaths:
    """What is kept in one store. Changes are made in the caller's transaction.

    Attributes:
        next_purge: Before this instant nothing has to go, in microseconds since 1970: so that a request need not look.
    """

    def __init__(self, store: Store, paths: Paths, stamps: Stamps) -> None:
        self._db = store.db
        self._paths = paths
        self._stamps = stamps
        self.next_purge = 0

    # Reading

    def find(self, file_system: int, name: str, kind: Kind, moment: int) -> Kept | None:
        """Return a snapshot, version or deletion, or None."""
        found = self._where(
            "file_system = ? AND name = ? AND moment = ? AND kind = ?", (file_system, name, moment, kind)
        )
        return found[0] if found else None

    def of(self, file_system: int, name: str, *kinds: Kind) -> list[Kept]:
        """Return everything kept of a name, the oldest first."""
        found = self._where("file_system = ? AND name = ?", (file_system, name))
        return [one for one in found if not kinds or one.kind in kinds]

    def walk(self, file_system: int, *, begins: str, name: str, moment: int) -> Iterator[Kept]:
        """Yield what is kept behind a name and moment, by name and moment: of the names that begin so."""
        while True:
            found = self._where(
                "file_system = ? AND substr(name, 1, ?) = ? AND (name > ? OR (name = ? AND moment > ?))",
                (file_system, len(begins), begins, name, name, moment),
                limit=_BATCH,
            )
            yield from found
            if len(found) < _BATCH:
                return
            name, moment = found[-1].name, found[-1].moment

    def _where(self, condition: str, values: tuple[Any, ...], *, limit: int = -1) -> list[Kept]:  # Any: SQLite's values
        rows = self._db.execute(
            f"SELECT * FROM kept_paths WHERE {condition} ORDER BY name, moment LIMIT ?", (*values, limit)
        ).fetchall()
        return [Kept(self._paths.row(row["path"]), *list(row)[1:]) for row in rows]

    # Changing

    def remember(self, file_system: int, name: str, path: Path, kind: Kind, *, moment: int = 0, **columns: Any) -> Kept:
        """Keep a copy of what a path is now.

        Args:
            file_system: Id of its file system.
            name: Its full path.
            path: What it is.
            kind: What the copy is.
            moment: What names it; 0 for now.
            columns: Columns of the copy's row that differ.
        """  # Any: SQLite's values
        moment = moment or self._stamps.next()[0]
        copy = self._paths.twin(path, f"{path.id} {kind} {moment}", **columns)
        return self._note(copy, file_system, name, kind, moment)

    def retire(
        self,
        file_system: int,
        name: str,
        path: Path,
        kind: Kind,
        *,
        moment: int = 0,
        kept_for: timedelta | None = None,
        now: datetime | None = None,
    ) -> Kept:
        """Take a path out of the namespace and keep it: for good, or for a while as something deleted."""
        kept = self._note(self._paths.move(path, KEPT, str(path.id)), file_system, name, kind, moment)
        if kept_for is not None and now is not None:
            self.delete([kept], kept_for, now)
        return kept

    def _note(self, path: Path, file_system: int, name: str, kind: Kind, moment: int) -> Kept:
        moment = moment or self._stamps.next()[0]
        self._db.execute(
            "INSERT INTO kept_paths VALUES (?, ?, ?, ?, ?, NULL, NULL)", (path.id, file_system, name, kind, moment)
        )
        return Kept(path, file_system, name, kind, moment, None, None)

    def delete(self, found: Iterable[Kept], kept_for: timedelta | None, now: datetime) -> None:
        """Delete what is kept: for good, or for a while."""
        for one in found:
            if kept_for is None:
                self.drop(one)
                continue
            at, until = microseconds(now), microseconds(now + kept_for)
            self._db.execute("UPDATE kept_paths SET deleted = ?, purge_at = ? WHERE path = ?", (at, until, one.path.id))
            self.next_purge = min(self.next_purge, until)

    def revive(self, one: Kept) -> None:
        """Make a deleted snapshot or version a live one."""
        self._db.execute("UPDATE kept_paths SET deleted = NULL, purge_at = NULL WHERE path = ?", (one.path.id,))

    def rename(self, one: Kept, kind: Kind) -> None:
        """Keep something as something else."""
        self._db.execute("UPDATE kept_paths SET kind = ? WHERE path = ?", (kind, one.path.id))

    def restore(self, one: Kept, parent: Path, name: str) -> Path:
        """Put something back into the namespace, where nothing has its name."""
        self._db.execute("DELETE FROM kept_paths WHERE path = ?", (one.path.id,))
        return self._paths.move(one.path, parent.id, name)

    def drop(self, one: Kept) -> None:
        """Let go of something for good."""
        self._db.execute("DELETE FROM kept_paths WHERE path = ?", (one.path.id,))
        self._paths.detach(one.path)

    def drop_all(self, file_system: int) -> None:
        """Let go of everything kept of a file system."""
        for one in self._where("file_system = ?", (file_system,)):
            self.drop(one)

    def move(self, source: tuple[int, str], target: tuple[int, str]) -> None:
        """Give the snapshots of a path, and of everything below it, the name that it has now."""
        self._db.execute(
            "UPDATE kept_paths SET file_system = ?1, name = ?2 || substr(name, length(?4) + 1) WHERE file_system = ?3"
            " AND kind = 'snapshot' AND (name = ?4 OR (name > ?4 || '/' AND name < ?4 || '0'))",
            (*target, *source),
        )

    def drop_snapshots_below(self, file_system: int, name: str) -> None:
        """Let go of the snapshots of everything below a directory that is deleted."""
        found = self._where(
            "file_system = ? AND kind = 'snapshot' AND name > ? AND name < ?", (file_system, f"{name}/", f"{name}0")
        )
        for one in found:
            self.drop(one)

    def purge(self, now: int) -> None:
        """Let go of what was deleted long enough ago."""
        for one in self._where("purge_at <= ?", (now,)):
            self.drop(one)
        row = self._db.execute("SELECT min(purge_at) AS next FROM kept_paths WHERE purge_at IS NOT NULL").fetchone()
        self.next_purge = _NEVER if row["next"] is None else int(row["next"])
