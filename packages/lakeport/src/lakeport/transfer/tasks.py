"""What people ask for: copy, sync, go on; between this machine and a lake."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from lakeport import profiles
from lakeport.clock import SystemClock
from lakeport.errors import LakeportError, Misused, NotFound
from lakeport.lake import LakeUrl, profile_of
from lakeport.storage.opening import opener
from lakeport.transfer import disk, journal, plan
from lakeport.transfer.blobs import Blobs, Side
from lakeport.transfer.limits import Bandwidth
from lakeport.transfer.plan import Entry, Plan, Rules
from lakeport.transfer.resuming import anchored, has_come
from lakeport.transfer.run import WORKERS, Outcome, Run, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Event

    from lakeport.clock import Clock
    from lakeport.profiles import Profile
    from lakeport.storage import Found
    from lakeport.storage.retrying import Patience
    from lakeport.transfer.digests import Wanted
    from lakeport.transfer.journal import Header, Progress
    from lakeport.transfer.plan import Direction, Item
    from lakeport.transfer.run import Told


@dataclass(frozen=True)
class Transfer:
    """A transfer that is decided and not begun, or interrupted.

    Attributes:
        side: The lake's side; of a copy between lakes, the target's.
        header: What the journal will call it.
        progress: How far an earlier run came; `None` for a new one.
        origin: Of a copy between lakes, the source's side.
    """

    plan: Plan
    side: Side
    header: Header
    progress: Progress | None = None
    origin: Side | None = None

    def run(
        self,
        *,
        workers: int = WORKERS,
        bytes_per_second: int | None = None,
        md5: Wanted = "auto",
        told: Told | None = None,
        clock: Clock | None = None,
        patience: Patience | None = None,
        stop: Event | None = None,
    ) -> Outcome:
        """Do it, noting in the journal how far it came.

        Args:
            workers: How many requests are under way at once, within 24 MiB for what they carry.
            bytes_per_second: No faster than this; absent: as fast as it goes.
            md5: Whether the MD5 of a file of many parts is computed, kept with it, and compared: `auto` gives it up for what is sent
                faster than it can be computed; `always` waits for it.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
            clock: The time.
            patience: How often what passes is tried again.
            stop: Set, by another thread, when it is to end, as `Stopped`; `resume` goes on from there.

        Returns:
            What arrived, and what failed and why. Nothing that failed is visible at the target.

        Example:
            >>> transfer.copy(Path("raw"), parse_url("contoso:raw/2030/")).run()  # doctest: +SKIP
        """
        time = clock or SystemClock()
        if self.progress is None:
            book = journal.Journal.begin(self.header, self.plan)
        else:
            book = journal.Journal(journal.folder_of_transfers() / f"{self.header.transfer}.jsonl")
        try:
            return Run(
                self.plan,
                self.side,
                origin=self.origin,
                journal=book,
                progress=self.progress,
                name=self.header.transfer,
                md5=md5,
                workers=workers,
                limit=Bandwidth(bytes_per_second, time) if bytes_per_second else None,
                told=told,
                clock=time,
                patience=patience,
                stop=stop,
            ).run()
        finally:
            book.close()


def copy(
    source: Path | LakeUrl,
    target: Path | LakeUrl,
    *,
    recursive: bool = False,
    is_folder: bool = False,
    profile: str | None = None,
    patience: Patience | None = None,
) -> Transfer:
    """Return the transfer that copies a file, or what is below a folder: to a lake, from one, or between two.

    A folder's content goes below `target`; a file goes to `target`, or into it when that is a folder.

    Args:
        source: Where from.
        target: Where to.
        recursive: A folder is meant.
        is_folder: A target on this machine is a folder, also where none is there yet; a URL says so by a slash at its end.
        profile: Who opens the lake; absent: as the URL says.
        patience: How often what passes is tried again, and when a connection counts as broken.

    Raises:
        Misused: Both are on this machine; or a folder is meant and `recursive` is false; or it would go into itself.
        NotFound: There is no such source.

    Wire: one request for a file; one a page of 5,000 paths for a folder of a lake.
    """
    if isinstance(source, Path) and isinstance(target, LakeUrl):
        side = side_of(target, profile, patience)
        files, base = local_files(source, recursive=recursive), str(source)
        into = _into(target, source.name) if source.is_file() else target.path
        return decided("upload", plan.copy("upload", files, base, into), side, base, into)
    if isinstance(source, LakeUrl) and isinstance(target, Path):
        side = side_of(source, profile, patience)
        found = _found(side, source.path)
        if found is not None:
            into = str(target / PurePosixPath(source.path).name if is_folder or target.is_dir() else target)
            one = Entry("", found.size_bytes, found.modified_at, found.etag)
            return decided("download", plan.copy("download", [one], source.path, into), side, source.path, into)
        if not recursive:
            raise Misused(f"{source.path or source.file_system} is a directory", hint="Next: add -r")
        files = remote_files(side, source.path)
        return decided(
            "download", plan.copy("download", files, source.path, str(target)), side, source.path, str(target)
        )
    if isinstance(source, LakeUrl) and isinstance(target, LakeUrl):
        return _between(source, target, profile, recursive=recursive, patience=patience)
    raise both_here("cp -r")


def _between(
    source: LakeUrl, target: LakeUrl, profile: str | None, *, recursive: bool, patience: Patience | None
) -> Transfer:
    """The copy of a file, or of what is below a folder, from lake to lake."""
    origin, side = side_of(source, profile, patience), side_of(target, profile, patience)
    found = _found(origin, source.path)
    if found is not None:
        into = _into(target, PurePosixPath(source.path).name)
        files: Iterable[Entry] = [Entry("", found.size_bytes, found.modified_at, found.etag)]
    elif recursive:
        into, files = target.path, remote_files(origin, source.path)
    else:
        raise Misused(f"{source.path or source.file_system} is a directory", hint="Next: add -r")
    _check_apart(origin, source.path, side, into)
    return decided("copy", plan.copy("copy", files, source.path, into), side, source.path, into, origin=origin)


def _check_apart(origin: Side, source: str, side: Side, target: str) -> None:
    is_one = (origin.account, origin.file_system) == (side.account, side.file_system)
    if is_one and f"{target}/".startswith(f"{source}/".lstrip("/")):
        raise Misused(f"{source or 'a file system'} cannot be copied to itself or below itself")


def sync(
    source: Path | LakeUrl,
    target: Path | LakeUrl,
    rules: Rules | None = None,
    *,
    profile: str | None = None,
    patience: Patience | None = None,
) -> Transfer:
    """Return the transfer that makes what is below one place like what is below another.

    Args:
        source: Where from: a folder.
        target: Where to.
        rules: What is meant, and how it is compared.
        profile: Who opens the lake; absent: as the URL says.
        patience: How often what passes is tried again, and when a connection counts as broken.

    Raises:
        Misused: Both are on this machine, or it would go into itself; or the rules delete, the source has nothing that is
            meant, and they do not say that it may.
        NotFound: There is no such source.
        LakeportError: A list cannot be had whole; nothing is decided by half a list.

    Wire: one request a page of 5,000 paths; with checksums one more for each file whose size agrees.
    """
    rules = rules or Rules()
    if isinstance(source, Path) and isinstance(target, LakeUrl):
        side = side_of(target, profile, patience)
        here, there = (
            list(local_files(source, recursive=True)),
            list(remote_files(side, target.path, may_be_missing=True)),
        )
        digests = _digests(side, source, target.path, here, there) if rules.checksums else None
        found = plan.sync(
            "upload", here, there, rules, source=str(source), target=target.path.strip("/"), digests=digests
        )
        return decided("upload", found, side, str(source), target.path)
    if isinstance(source, LakeUrl) and isinstance(target, Path):
        side = side_of(source, profile, patience)
        here = list(remote_files(side, source.path))
        there = list(disk.below(target)) if target.is_dir() else []
        digests = _digests(side, target, source.path, there, here) if rules.checksums else None
        found = plan.sync(
            "download", here, there, rules, source=source.path.strip("/"), target=str(target), digests=digests
        )
        return decided("download", found, side, source.path, str(target))
    if isinstance(source, LakeUrl) and isinstance(target, LakeUrl):
        return _sync_between(source, target, rules, profile, patience)
    raise both_here("rsync -a --delete" if rules.deletes else "rsync -a")


def _sync_between(
    source: LakeUrl, target: LakeUrl, rules: Rules, profile: str | None, patience: Patience | None
) -> Transfer:
    """What makes a folder of a lake like a folder of another."""
    origin, side = side_of(source, profile, patience), side_of(target, profile, patience)
    _check_apart(origin, source.path, side, target.path)
    here, there = list(remote_files(origin, source.path)), list(remote_files(side, target.path, may_be_missing=True))
    digests = None
    if rules.checksums:
        mine, theirs = _kept(origin, source.path, here, there), _kept(side, target.path, there, here)
        digests = {path: (mine[path], theirs.get(path, "")) for path in mine}
    found = plan.sync(
        "copy", here, there, rules, source=source.path.strip("/"), target=target.path.strip("/"), digests=digests
    )
    return decided("copy", found, side, source.path, target.path, origin=origin)


def _kept(side: Side, under: str, mine: list[Entry], others: list[Entry]) -> dict[str, str]:
    """The MD5 that a lake keeps of every file whose size the other agrees with."""
    sizes, base, blobs = {one.path: one.size_bytes for one in others}, under.strip("/"), Blobs(side, SystemClock())
    try:
        return {
            one.path: blobs.find(f"{base}/{one.path}".lstrip("/")).md5
            for one in mine
            if sizes.get(one.path) == one.size_bytes
        }
    finally:
        blobs.close()


def resume(name: str, *, patience: Patience | None = None) -> Transfer:
    """Return a transfer that was interrupted or in part failed, to go on where it stopped.

    What it was to delete is looked at again: what the source has by now stays.

    Args:
        name: Its id, or the beginning of it.
        patience: As for `copy`.

    Raises:
        NotFound: There is none.
        BadProfile: Its profile is gone.
    """
    header, found, progress = journal.read(name)
    header, found = anchored(header, found)
    profile = profiles.resolve(header.profile if header.profile != "default" else None)
    side = Side(profile, header.account, header.file_system, opener(profile, header.account), patience)
    origin = _origin(header, patience)
    items = list(found.items)
    for number in progress.failed:  # what failed may have changed since
        items[number] = _again(origin or side, found.direction, items[number])
        if items[number] != found.items[number]:
            progress.parts.pop(number, None)
    deletions = tuple(path for path in found.deletions if not has_come(origin or side, header, path))
    return Transfer(replace(found, items=tuple(items), deletions=deletions), side, header, progress, origin)


def _origin(header: Header, patience: Patience | None) -> Side | None:
    if not header.from_account:
        return None
    profile = profiles.resolve(header.from_profile if header.from_profile != "default" else None)
    return Side(profile, header.from_account, header.from_file_system, opener(profile, header.from_account), patience)


def _again(side: Side, direction: Direction, item: Item) -> Item:
    try:
        if direction == "upload":
            now = disk.one(Path(item.source))
            return msgspec.structs.replace(item, size_bytes=now.size_bytes, modified_at=now.modified_at)
        found = _found(side, item.source)
    except LakeportError:
        return item  # it says so itself when it is tried
    if found is None:
        return item
    return msgspec.structs.replace(item, size_bytes=found.size_bytes, modified_at=found.modified_at, etag=found.etag)


def side_of(url: LakeUrl, named: str | None, patience: Patience | None = None) -> Side:
    """Return the file system that a URL is in, and who opens it."""
    profile: Profile = profile_of(url, named)
    account = url.account or profile.storage_account
    return Side(profile, account, url.file_system or profile.file_system, opener(profile, account), patience)


def decided(
    direction: Direction, found: Plan, side: Side, source: str, target: str, *, origin: Side | None = None
) -> Transfer:
    """Return a transfer that is to begin now.

    Raises:
        Misused: A name on this machine is no text: no lake has such names, and a journal cannot hold them.
    """
    for name in (source, target, *(one.source if direction == "upload" else one.target for one in found.items)):
        if not name.isascii() and (shown := name.encode(errors="replace").decode()) != name:
            raise Misused(f"{shown}: the name is not UTF-8, as a lake's names are", hint="Next: rename it")
    now = datetime.now(UTC)
    header = journal.Header(
        transfer=f"{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}",
        direction=direction,
        source=source,
        target=target,
        profile=side.profile.name,
        account=side.account,
        file_system=side.file_system,
        begun_at=now.isoformat(timespec="seconds"),
        from_profile=origin.profile.name if origin else "",
        from_account=origin.account if origin else "",
        from_file_system=origin.file_system if origin else "",
        folder=str(Path.cwd()),
    )
    return Transfer(found, side, header, origin=origin)


def local_files(source: Path, *, recursive: bool) -> Iterable[Entry]:
    """Return the files of this machine that a path means, relative to it.

    Raises:
        Misused: It is a folder and `recursive` is false.
    """
    if source.is_dir() and not recursive:
        raise Misused(f"{source} is a folder", hint="Next: add -r")
    return disk.below(source) if source.is_dir() else [disk.one(source)]


def both_here(tool: str) -> Misused:
    """Return the error that a transfer within this machine is: its own tools do that."""
    hint = f"Next: {tool} SOURCE TARGET; a lake is PROFILE:FILE_SYSTEM/PATH or an abfss:// URL"
    return Misused("both sides are on this machine, where nothing has to be transferred", hint=hint)


def _into(target: LakeUrl, name: str) -> str:
    if not target.path:
        return name
    return f"{target.path}/{name}" if target.is_folder else target.path


def _found(side: Side, path: str) -> Found | None:
    """Return a file; `None` for a directory."""
    if not path:
        return None
    blobs = Blobs(side, SystemClock())
    try:
        found = blobs.find(path)
    finally:
        blobs.close()
    return None if found.is_directory else found


def remote_files(side: Side, under: str, *, may_be_missing: bool = False) -> Iterable[Entry]:
    """Yield the files below a directory of a lake, relative to it.

    Raises:
        NotFound: There is no such directory, and `may_be_missing` is false.
    """
    blobs, base = Blobs(side, SystemClock()), under.strip("/")
    try:
        for one in blobs.below(base):
            if not one.is_directory:
                relative = one.path[len(base) :].lstrip("/") if base else one.path
                yield Entry(relative, one.size_bytes, one.modified_at, one.etag)
    except NotFound:
        if not may_be_missing:
            raise
    finally:
        blobs.close()


def _digests(
    side: Side, folder: Path, under: str, local: list[Entry], remote: list[Entry]
) -> dict[str, tuple[str, str]]:
    """Both sides' MD5 of every file whose size agrees."""
    sizes, base, blobs = {one.path: one.size_bytes for one in remote}, under.strip("/"), Blobs(side, SystemClock())
    try:
        return {
            one.path: (
                digest_of(str(folder / one.path)),
                blobs.find(f"{base}/{one.path}".lstrip("/")).md5,
            )
            for one in local
            if sizes.get(one.path) == one.size_bytes
        }
    finally:
        blobs.close()
