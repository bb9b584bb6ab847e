"""Copies of several files, folders and patterns at once, into a folder, by their names."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lakeport.errors import LakeportError, Misused, NotFound
from lakeport.lake import FileSystem, LakeUrl
from lakeport.lake.globs import is_pattern
from lakeport.transfer import plan
from lakeport.transfer.plan import Entry, Plan
from lakeport.transfer.tasks import both_here, copy, decided, local_files, remote_files, side_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport.storage.retrying import Patience
    from lakeport.transfer.blobs import Side
    from lakeport.transfer.plan import Direction, Item
    from lakeport.transfer.tasks import Transfer


def copy_all(
    sources: Sequence[Path | LakeUrl],
    target: Path | LakeUrl,
    *,
    recursive: bool = False,
    is_folder: bool = False,
    profile: str | None = None,
    patience: Patience | None = None,
) -> Transfer:
    """Return the transfer that copies several files, folders or patterns of a lake into a folder, by their names.

    Args:
        sources: Where from: all of this machine, or all of one file system. A single one that is no pattern is as with `copy`;
            a path that is there is no pattern, whatever characters are in it.
        target: Where to.
        recursive: Folders are meant too.
        is_folder: As for `copy`.
        profile: Who opens the lake; absent: as the URLs say.
        patience: How often what passes is tried again, and when a connection counts as broken.

    Raises:
        Misused: The sources are of more than one place, a folder is meant and `recursive` is false, two would have one name,
            or `copy` says so.
        NotFound: There is no such source, or nothing is like a pattern.

    Example:
        >>> from lakeport import parse_url, transfer
        >>> tables = parse_url("contoso:raw/2030/*.csv")
        >>> transfer.copy_all([tables], Path("tables")).run()  # doctest: +SKIP
    """
    if len(sources) == 1 and not recursive and isinstance(target, LakeUrl):
        target = _with_its_kind(target, profile, patience)
    if len(sources) == 1 and not (isinstance(sources[0], LakeUrl) and is_pattern(sources[0].path)):
        return copy(sources[0], target, recursive=recursive, is_folder=is_folder, profile=profile, patience=patience)
    direction, side, origin = _sides(sources, target, profile, patience)
    from_lake = origin or side
    if len(sources) == 1 and _files_of(from_lake).has(str(getattr(sources[0], "path", ""))):
        return copy(sources[0], target, recursive=recursive, is_folder=is_folder, profile=profile, patience=patience)
    if isinstance(target, Path) and target.exists() and not target.is_dir():
        raise Misused(f"{target} is a file: several files go into a folder")
    into = target.path if isinstance(target, LakeUrl) else str(target)
    items: list[Item] = []
    for source in sources:
        if isinstance(source, Path):
            items += _named(source, direction, into, recursive=recursive)
        else:
            items += _like(source.path, from_lake, direction, into, recursive=recursive)
    _check_one_each(items)
    first = sources[0].path if isinstance(sources[0], LakeUrl) else str(sources[0])
    named = first if len(sources) == 1 else f"{first} and {len(sources) - 1} more"
    return decided(direction, Plan(direction, tuple(items)), side, named, into, origin=origin)


def _sides(
    sources: Sequence[Path | LakeUrl], target: Path | LakeUrl, profile: str | None, patience: Patience | None
) -> tuple[Direction, Side, Side | None]:
    """Which way several sources go, and between which file systems."""
    lakes = {(one.profile, one.account, one.file_system): one for one in sources if isinstance(one, LakeUrl)}
    if len(lakes) > 1 or (lakes and any(isinstance(one, Path) for one in sources)):
        raise Misused("several sources must be of one file system, or of this machine", hint="Next: one copy for each")
    if not lakes:
        if isinstance(target, Path):
            raise both_here("cp -r")
        return "upload", side_of(target, profile, patience), None
    (source,) = lakes.values()
    if isinstance(target, Path):
        return "download", side_of(source, profile, patience), None
    return "copy", side_of(target, profile, patience), side_of(source, profile, patience)


def _with_its_kind(target: LakeUrl, profile: str | None, patience: Patience | None) -> LakeUrl:
    """Return where a file goes to, as a folder where a directory is there: a file goes into it, by its name."""
    if not target.path or target.is_folder:
        return target
    try:
        is_folder = _files_of(side_of(target, profile, patience)).entry(target.path).is_directory
    except LakeportError:  # nothing is there, or whoever may write is not let look
        return target
    return dataclasses.replace(target, is_folder=is_folder)


def _files_of(side: Side) -> FileSystem:
    return FileSystem(side.profile, side.account, side.file_system)


def _named(source: Path, direction: Direction, into: str, *, recursive: bool) -> tuple[Item, ...]:
    """The items of a file or folder of this machine, below the target by its name."""
    if source.is_dir():
        below = f"{into}/{source.name}".lstrip("/")
        return plan.copy(direction, local_files(source, recursive=recursive), str(source), below).items
    files = [replace(one, path=source.name) for one in local_files(source, recursive=recursive)]
    return plan.copy(direction, files, str(source.parent), into).items


def _like(pattern: str, side: Side, direction: Direction, into: str, *, recursive: bool) -> list[Item]:
    """The items of what a pattern means in a lake, each below the target by its own name."""
    lake = _files_of(side)
    try:
        found = [lake.entry(pattern)] if pattern and lake.has(pattern) else list(lake.glob(pattern))
    except ValueError as error:
        raise Misused(str(error)) from None
    if not found:
        raise NotFound(f"nothing matches {pattern}")
    if not recursive and (folder := next((one.path for one in found if one.is_directory), None)):
        raise Misused(f"{folder} is a directory", hint="Next: add -r, or a pattern of files")
    items: list[Item] = []
    for one in found:
        above, _, name = one.path.rpartition("/")
        if one.is_directory:
            files = [replace(below, path=f"{name}/{below.path}") for below in remote_files(side, one.path)]
        else:
            files = [Entry(name, one.size_bytes, one.modified_at or datetime.now(UTC), one.etag)]
        items += plan.copy(direction, files, above, into).items
    return items


def _check_one_each(items: list[Item]) -> None:
    known: dict[str, str] = {}
    for item in items:
        other = known.setdefault(item.target, item.source)
        if other != item.source:
            raise Misused(f"{other} and {item.source} would both be {item.target}", hint="Next: one copy for each")
