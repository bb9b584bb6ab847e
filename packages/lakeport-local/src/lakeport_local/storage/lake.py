"""The namespace without HTTP: what the other rooms of the local Azure do with files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport_local.storage.batches import Batches
from lakeport_local.storage.content import Contents
from lakeport_local.storage.continuation import Seals
from lakeport_local.storage.delegation import DelegationKeys
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.file_systems import FileSystem, FileSystems
from lakeport_local.storage.keeping import keep_replaced, keeps_overwritten, with_version
from lakeport_local.storage.kept import KeptPaths
from lakeport_local.storage.leases import check_lease, lease_at
from lakeport_local.storage.names import check_file_system, normal_path
from lakeport_local.storage.paths import Path, Paths
from lakeport_local.storage.reclaim import Reclaimer
from lakeport_local.storage.retention import check_overwrite, retention_of
from lakeport_local.storage.settings import is_hierarchical
from lakeport_local.storage.staging import Staging
from lakeport_local.storage.stamps import Stamps, instant, microseconds
from lakeport_local.storage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lakeport_local.core import BodySource, Clock, Ids
    from lakeport_local.state import Resource, Resources, Store
    from lakeport_local.storage.batches import Batch


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as it was when it was looked at.

    Attributes:
        path: Full path below the file system, without a leading slash.
        size_bytes: Its length.
        modified_at: When it last changed.
        etag: Without quotes; another one after every change.
        id: Number of the file in the namespace.
    """

    path: str
    size_bytes: int
    modified_at: datetime
    etag: str
    id: int


def _entry(full: str, path: Path) -> FileEntry:
    return FileEntry(full, path.size_bytes, path.modified_at, path.etag_text, path.id)


class Lake:
    """The namespace of every storage account in one store.

    Attributes:
        file_systems: Their rows.
        clock: Tells the time.
        ids: Gives ids of leases and copies.
        paths: Rows of files and directories.
        contents: Bytes.
        kept: What blobs were, and what was deleted and may come back.
        stamps: Gives etags and moments.
        staging: What was sent and not yet committed.
        delegation_keys: Values of user delegation keys.
        seals: Seals of continuation tokens.
        reclaimer: Collects what is no longer needed.
    """

    def __init__(self, store: Store, resources: Resources, ids: Ids, clock: Clock) -> None:
        self.store = store
        self.resources = resources
        self.ids = ids
        self.clock = clock
        self.stamps = stamps = Stamps(clock)
        self.contents = Contents(store, ids)
        self.paths = Paths(store, self.contents, stamps)
        self.kept = KeptPaths(store, self.paths, stamps)
        self.staging = Staging(store, self.contents, clock)
        self.file_systems = FileSystems(store, self.paths, self.kept, self.staging, stamps=stamps, clock=clock)
        self.delegation_keys = DelegationKeys(store, ids)
        self.seals = Seals(store, ids)
        self.reclaimer = Reclaimer(store, self.contents)
        self._batches = Batches(store, self.paths, stamps, clock)

    def ensure_file_system(self, account: Resource, name: str, *, owner: str) -> None:
        """Make a file system unless it exists.

        Raises:
            ServiceError: The name cannot be used.
        """
        with self.store.transaction():
            if self.file_systems.find(account.uid, check_file_system(name)) is None:
                is_flat = not is_hierarchical(account)
                self.file_systems.make(account.uid, name, owner=owner, is_flat=is_flat)

    def file_system_exists(self, account: Resource, name: str) -> bool:
        """Tell whether an account has a file system."""
        return self.file_systems.find(account.uid, name) is not None

    def forget(self, account: Resource) -> None:
        """Let go of all that an account held, which is being deleted; its bytes are reclaimed later."""
        while page := self.file_systems.page(account.uid):
            for file_system in page:
                self.file_systems.delete(file_system)
        for deleted in self.file_systems.deleted(account.uid):
            self.file_systems.purge(deleted)

    def expire(self, now: datetime) -> None:
        """Delete the files whose time has come, and let go of what was deleted long enough ago."""
        at = microseconds(now)
        expired = self.paths.expired(at)
        if expired:
            with self.store.transaction():
                for path in expired:
                    self.paths.detach(path)
        if at >= self.kept.next_purge or at >= self.file_systems.next_purge:
            with self.store.transaction():
                self.kept.purge(at)
                self.file_systems.purge_before(at)

    def tagged(self, account: Resource) -> Iterator[tuple[FileSystem, str, Path]]:
        """Yield file system, full path and row of each file of an account that has tags."""
        roots: dict[int, FileSystem] = {one.root: one for one in self.file_systems.page(account.uid, limit=1 << 30)}
        for path in self.paths.having("tags"):
            root, name = self.paths.full_name(path)
            if root in roots:
                yield roots[root], name, path

    def files(self, account: Resource, file_system: str, under: str = "") -> Iterator[FileEntry]:
        """Yield the files below a directory, depth first, in the order of listings.

        The walk is live: it may go on in later transactions. A directory or file system that is missing gives
        nothing; `under` that names a file gives that file.
        """
        found = self.file_systems.find(account.uid, file_system)
        prefix = normal_path(under)
        begin = None if found is None else self.paths.find(found.root, prefix)
        if found is not None and not is_hierarchical(account) and prefix:
            yield from self._blobs(found, begin, prefix)
            return
        if begin is None:
            return
        if not begin.is_directory:
            yield _entry(prefix, begin)
            return
        for full, path in walk(self.paths, begin, prefix, recursive=True):
            if not path.is_directory:
                yield _entry(full, path)

    def _blobs(self, file_system: FileSystem, named: Path | None, prefix: str) -> Iterator[FileEntry]:
        """Yield the blob of this name and those below it, in a file system without directories."""
        if named is not None:
            yield _entry(prefix, named)
        (root,) = self.paths.trail(file_system.root, "")
        for full, path in walk(self.paths, root, "", recursive=True, begins=f"{prefix}/"):
            yield _entry(full, path)

    def file(self, account: Resource, file_system: str, path: str) -> FileEntry | None:
        """Return a file, or None when there is none of this name."""
        full = normal_path(path)
        found = self.file_systems.find(account.uid, file_system)
        row = None if found is None else self.paths.find(found.root, full)
        return None if row is None or row.is_directory else _entry(full, row)

    def read(self, entry: FileEntry) -> BodySource:
        """Return the bytes of a file as it is now; the caller closes the source.

        Raises:
            ServiceError: 404 `PathNotFound`: it was deleted or replaced meanwhile.
        """
        path = self._present(entry)
        return self.contents.read(path.content, 0, path.size_bytes)

    def _present(self, entry: FileEntry) -> Path:
        path = self.paths.get(entry.id)
        if path is None:
            raise refusal("PathNotFound")
        return path

    def copy(self, entry: FileEntry, account: Resource, file_system: str, path: str, *, owner: str) -> None:
        """Make a file that holds what another holds now, in place of what has its name; bytes are shared.

        Content, content headers, metadata and MD5 come with it; access control is inherited where it is put. An append blob becomes a
        block blob.

        Args:
            entry: The source, in any account.
            account: The destination's account.
            file_system: The destination's file system, which exists.
            path: The destination; missing parents are made.
            owner: Object id of who owns the new file.

        Raises:
            ServiceError: 404 `PathNotFound` (the source is gone), 404 `FilesystemNotFound`, 409 `PathConflict` (a
                directory has the name, or a parent is a file), `BlobImmutableDueToLegalHold` or `BlobImmutableDueToPolicy`
                (what has the name is kept), 412 `LeaseIdMissing` (it is leased).
        """
        with self.store.transaction():
            source = self._present(entry)
            target = self.file_systems.require(account.uid, file_system)
            full = normal_path(path)
            parent = self.paths.make_parents(target.root, full, owner=owner)
            name = full if parent.is_flat else full.rpartition("/")[2]
            columns = {
                "size_bytes": source.size_bytes,
                "content": source.content,
                "made_by": "blob" if source.made_by == "append" else source.made_by,
                "md5": source.md5,
                "headers": source.headers,
                "metadata": source.metadata,
            }
            old, now = self.paths.child(parent.id, name), self.clock.now()
            if old is not None:
                check_lease(lease_at(old.detail("lease"), microseconds(now)), None)
                check_overwrite(target, old, now)
            if parent.is_flat:
                columns["details"] = with_version(self, account, "{}")
                keep_replaced(self, account, (target.id, full), old, now)
            self.paths.replace_file(parent, name, owner=owner, **columns)

    def below(
        self, account: Resource, file_system: str, under: str, *, after: tuple[str, str] | None, limit: int
    ) -> Iterator[Batch]:
        """Yield the files below a directory in batches of one directory each: its files by name, then each of its directories.

        The walk is live, and begins anywhere; a directory or file system that is missing gives nothing.

        Args:
            account: The storage account.
            file_system: The file system.
            under: The directory.
            after: Directory and name of the last file that was taken, or None to begin.
            limit: Files a batch, at most.
        """
        found = self.file_systems.find(account.uid, file_system)
        prefix = normal_path(under)
        return iter(()) if found is None else self._batches.below(found.root, prefix, after or (prefix, ""), limit)

    def changed(
        self,
        account: Resource,
        file_system: str,
        under: str,
        *,
        after: tuple[datetime, int | None],
        until: datetime,
        limit: int,
    ) -> tuple[list[Batch], tuple[datetime, int] | None]:
        """Return the next files below a directory that changed, oldest first, and where to go on; None when none is left.

        Its cost goes with the changes of the file system, however many files lie in it. A file that was renamed did not change.

        Args:
            account: The storage account.
            file_system: The file system.
            under: The directory.
            after: Changes later than this instant count; with a file's number, those of that instant to files after it.
            until: The last instant that counts.
            limit: Changes to look at.
        """
        found = self.file_systems.find(account.uid, file_system)
        prefix = normal_path(under)
        if found is None:
            return [], None
        is_flat = not is_hierarchical(account)
        begin = self.paths.row(found.root) if is_flat else self.paths.find(found.root, prefix)
        if begin is None or not begin.is_directory:
            return [], None
        found_ones, rest = self._batches.changed(
            begin, prefix, (microseconds(after[0]), after[1]), microseconds(until), limit
        )
        return found_ones, None if rest is None else (instant(rest[0]), rest[1])

    def copy_batch(self, batch: Batch, account: Resource, file_system: str, directory: str, *, owner: str) -> None:
        """Copy the files of a batch into a directory, as `copy` does with one, all or none.

        Args:
            batch: From `below` or `changed`, in the same transaction.
            account: The destination's account.
            file_system: The destination's file system, which exists.
            directory: The destination; missing parents are made.
            owner: Object id of who owns the new files.

        Raises:
            ServiceError: as `copy` does.
        """
        with self.store.transaction():
            found = self.file_systems.require(account.uid, file_system)
            full = normal_path(directory)
            parent = self.paths.make_parents(found.root, f"{full}/." if full else ".", owner=owner)
            if parent.id == batch.directory_id and (not parent.is_flat or batch.directory == full):
                return  # a directory copied onto itself is what it was
            if not (keeps_overwritten(account) or retention_of(found)):
                self._batches.copy(batch, parent, full, owner=owner)
                return
            for number in batch.ids:
                source = self.paths.row(number)
                name = source.name[batch.prefix_length :]
                self.copy(_entry(name, source), account, file_system, f"{full}/{name}".lstrip("/"), owner=owner)
