"""Copying files between this machine and a lake, folder by folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lakeport.errors import Misused, NotFound
from lakeport.lake.client import check_arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.lake.client import FileSystem


@dataclass(frozen=True)
class Copy:
    """One file's way: `source` and `target` are paths on either side."""

    source: str
    target: str


@dataclass(frozen=True)
class Copied:
    """A file that was copied."""

    copy: Copy
    size_bytes: int
    md5: str


def plan_upload(source: Path, target: str, *, recursive: bool) -> list[Copy]:
    """Decide which local files go where.

    A folder's content goes below `target`; a file goes to `target`, or into it when it ends in `/` or is empty.

    Raises:
        NotFound: There is no such file.
        Misused: It is a folder, and `recursive` is false.
    """
    if source.is_file():
        is_folder = not target or target.endswith("/")
        return [Copy(str(source), f"{target}{source.name}" if is_folder else target)]
    if not source.is_dir():
        raise NotFound(f"there is no file {source}")
    if not recursive:
        raise Misused(f"{source} is a folder", hint="Next: add -r")
    files = sorted(path for path in source.rglob("*") if path.is_file())
    base = target.rstrip("/")
    return [Copy(str(path), f"{base}/{path.relative_to(source).as_posix()}".lstrip("/")) for path in files]


def upload(copies: list[Copy], lake: FileSystem) -> Iterator[Copied]:
    """Send files, one after another; yield each when it is whole and stored with its MD5."""
    for copy in copies:
        with Path(copy.source).open("rb") as source:
            written = lake.write(copy.target, source)
        yield Copied(copy, written.size_bytes, written.md5)


def plan_download(lake: FileSystem, source: str, target: Path, *, recursive: bool) -> list[Copy]:
    """Decide which files of a lake go where.

    Raises:
        NotFound: There is no such path.
        Misused: It is a directory, and `recursive` is false; or a name in it would leave `target`.
    """
    found = lake.entry(source) if source else None
    if found is not None and not found.is_directory:
        name = PurePosixPath(source).name
        return [Copy(source, str(target / name if target.is_dir() else target))]
    if not recursive:
        raise Misused(f"{source or lake.name} is a directory", hint="Next: add -r")
    files = [one.path for one in lake.entries(source, recursive=True) if not one.is_directory]
    return [Copy(path, str(_inside(target, path.removeprefix(source).lstrip("/")))) for path in files]


def _inside(folder: Path, relative: str) -> Path:
    if any(part in {"..", ""} for part in relative.split("/")) or "\\" in relative:
        raise Misused(f"the lake has a path that no folder here can hold: {relative!r}")
    return folder.joinpath(*relative.split("/"))


def download(copies: list[Copy], lake: FileSystem) -> Iterator[Copied]:
    """Fetch files, one after another; each appears under its name only when it is whole and its MD5 is right."""
    for copy in copies:
        target = Path(copy.target)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.part")
        try:
            size, md5 = _fetch(lake, copy.source, beside)
            check_arrival(copy.source, lake.checksum(copy.source), md5, size)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        yield Copied(copy, size, md5)


def _fetch(lake: FileSystem, source: str, target: Path) -> tuple[int, str]:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    with target.open("wb") as file:
        for chunk in lake.chunks(source):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
