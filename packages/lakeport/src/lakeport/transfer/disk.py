"""This machine's side of a transfer: files read where they lie, and written aside until they are whole."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.errors import Conflict, LakeportError, NotFound
from lakeport.transfer.plan import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.transfer.plan import Item


def below(folder: Path) -> Iterator[Entry]:
    """Yield every file below a folder, by its path relative to it; links to folders are not followed.

    Raises:
        LakeportError: A folder cannot be read: what is in it is not known.
    """
    pending = [("", folder)]
    while pending:
        prefix, here = pending.pop()
        try:
            with os.scandir(here) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    pending.append((f"{prefix}{one.name}/", Path(one.path)))
                elif one.is_file() and not one.name.endswith(ASIDE):
                    yield entry(f"{prefix}{one.name}", one.stat())
        except OSError as error:
            raise LakeportError(f"cannot read {error.filename or here}: {error.strerror}") from error


def entry(path: str, status: os.stat_result) -> Entry:
    """Return a file as plans know it."""
    return Entry(path, status.st_size, datetime.fromtimestamp(status.st_mtime_ns / 1e9, UTC))


def one(path: Path) -> Entry:
    """Return one file.

    Raises:
        NotFound: There is none.
    """
    try:
        return entry("", path.stat())
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None


ASIDE = ".lakeport-part"
"""What the name of a file ends with that is not whole yet."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LONGEST_NAME = 200


def read(item: Item, offset: int, into: memoryview) -> None:
    """Read a part of a file that must be as it was when the transfer was planned.

    Raises:
        Conflict: It has changed.
        LakeportError: It cannot be read.
    """
    try:
        descriptor = os.open(item.source, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check_unchanged(item, os.fstat(descriptor))
            have = 0
            while have < len(into):
                got = os.preadv(descriptor, [into[have:]], offset + have)
                if not got:
                    raise Conflict(f"{item.source} became shorter while it was read")
                have += got
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LakeportError(f"cannot read {item.source}: {error.strerror}") from error


def check_unchanged(item: Item) -> None:
    """Require that a file is as it was when the transfer was planned.

    Raises:
        Conflict: It has changed, or is gone.
    """
    try:
        _check_unchanged(item, Path(item.source).stat())
    except OSError as error:
        raise Conflict(f"{item.source} went away while it was read") from error


def _check_unchanged(item: Item, status: os.stat_result) -> None:
    now = entry("", status)
    if (now.size_bytes, now.modified_at) != (item.size_bytes, item.modified_at):
        raise Conflict(f"{item.source} changed while it was read", hint="Next: transfer it again")


def prepare(item: Item, mark: str, *, keep: bool) -> bool:
    """Make the file aside, of its full length; tell if one of a transfer that goes on is there.

    Args:
        item: What arrives.
        mark: Of the transfer: two that write the same file must not mix their parts.
        keep: A file that is there already is meant to go on with.

    Raises:
        LakeportError: It cannot be made: no right, no room.
    """
    aside = Path(aside_of(item.target, mark))
    try:
        aside.parent.mkdir(parents=True, exist_ok=True)
        is_there = keep and aside.is_file() and aside.stat().st_size == item.size_bytes
        if not is_there:
            with aside.open("wb") as file:
                file.truncate(item.size_bytes)
    except OSError as error:
        raise _unwritten(item, error) from error
    return is_there


def whole(item: Item, mark: str, data: memoryview) -> None:
    """Write a file at once: aside, then under its name, with the time of its source.

    Raises:
        LakeportError: It cannot be written; nothing is left behind.
    """
    aside = aside_of(item.target, mark)
    try:
        try:
            descriptor = os.open(aside, _NEW, 0o666)
        except FileNotFoundError:
            Path(aside).parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(aside, _NEW, 0o666)
        try:
            _write_all(descriptor, data, 0)
            _stamp(item, descriptor)
        finally:
            os.close(descriptor)
        os.replace(aside, item.target)  # noqa: PTH105  (small files come by the thousand)
    except OSError as error:
        with suppress(OSError):
            os.unlink(aside)  # noqa: PTH108
        raise _unwritten(item, error) from error


def _write_all(descriptor: int, data: memoryview, offset: int) -> None:
    have = 0
    while have < len(data):
        have += os.pwrite(descriptor, data[have:], offset + have)


def _stamp(item: Item, at: int | str) -> None:
    when = item.modified_at.timestamp()
    os.utime(at, (when, when))


def write(item: Item, mark: str, offset: int, data: memoryview) -> None:
    """Write a part of the file aside.

    Raises:
        LakeportError: It cannot be written.
    """
    try:
        descriptor = os.open(aside_of(item.target, mark), os.O_WRONLY | os.O_CLOEXEC)
        try:
            _write_all(descriptor, data, offset)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritten(item, error) from error


def finish(item: Item, mark: str) -> None:
    """Give the file aside its name, and the time of its source.

    Raises:
        LakeportError: The name cannot be taken.
    """
    aside = aside_of(item.target, mark)
    try:
        _stamp(item, aside)
        os.replace(aside, item.target)  # noqa: PTH105
    except OSError as error:
        raise _unwritten(item, error) from error


def delete(path: str) -> None:
    """Remove a file; one that is not there is removed.

    Raises:
        LakeportError: It cannot be.
    """
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise LakeportError(f"cannot remove {path}: {error.strerror}") from error


def aside_of(target: str, mark: str) -> str:
    """Return where a file lies until it is whole.

    Example:
        >>> aside_of("/here/a.csv", "0a1b2c3d")
        '/here/.a.csv.0a1b2c3d.lakeport-part'
    """
    folder, slash, name = target.rpartition("/")
    if len(os.fsencode(name)) > _LONGEST_NAME:  # what is added must not make it too long for the disk
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return f"{folder}{slash}.{name}.{mark}{ASIDE}"


def _unwritten(item: Item, error: OSError) -> LakeportError:
    hint = "Next: make room, and resume the transfer" if error.errno in _NO_ROOM else ""
    return LakeportError(f"cannot write {item.target}: {error.strerror}", hint=hint)
