"""What a transfer set out to do and how far it came: a file of JSON lines that a person can read, and a resume starts from.

Each line is written whole before the next thing begins, so that a killed transfer loses what was under way and nothing
else. Paths and sizes are in it; no secret is.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import platformdirs

from lakeport.errors import BadFile, Conflict, LakeportError, NotFound
from lakeport.transfer.plan import Direction, Item, Plan

if TYPE_CHECKING:
    from pathlib import Path

KEPT = timedelta(days=30)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a transfer is, its first line.

    Attributes:
        profile: By name; its secrets are looked up again.
        from_profile: Of a copy between lakes, who reads the source; empty otherwise, as the two that follow.
        folder: The one that paths of this machine are relative to.
    """

    transfer: str
    direction: str
    source: str
    target: str
    profile: str
    account: str
    file_system: str
    begun_at: str
    from_profile: str = ""
    from_account: str = ""
    from_file_system: str = ""
    folder: str = ""


@dataclass
class Progress:
    """How far a transfer came.

    Attributes:
        done: Items that arrived, by their place in the plan.
        parts: Parts that arrived of items that have not.
        failed: What was said of items that did not.
        ended: `complete`, `failed`, or empty while it is under way or was interrupted.
    """

    done: set[int] = field(default_factory=set)
    parts: dict[int, set[int]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    ended: str = ""


class Journal:
    """The file of one transfer, which one process at a time goes on with. Thread-safe.

    Raises:
        Conflict: Another process is at it.
        LakeportError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritten(error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise Conflict(f"transfer {path.stem} is being run by another process") from None
        self._end_bytes = self._whole()

    @classmethod
    def begin(cls, header: Header, plan: Plan, folder: Path | None = None) -> Journal:
        """Write a new transfer's plan."""
        folder = folder or folder_of_transfers()
        path = folder / f"{header.transfer}.jsonl"
        journal = cls(path.with_suffix(".new"))  # half a plan must never look like a whole one
        lines = [msgspec.to_builtins(header)]
        lines += [line_of(number, item) for number, item in enumerate(plan.items)]
        lines += [{"delete": path} for path in plan.deletions]
        try:
            journal.write(*lines)
            journal.path.rename(path)
        except BaseException:
            journal.path.unlink(missing_ok=True)
            journal.close()
            raise
        journal.path = path
        return journal

    def write(self, *lines: dict[str, Any]) -> None:  # Any: JSON
        """Add lines, all or none.

        Raises:
            LakeportError: They cannot be written: no room.
        """
        data = memoryview(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        with self._lock:
            try:
                have = 0
                while have < len(data):
                    have += os.write(self._descriptor, data[have:])
            except OSError as error:
                os.ftruncate(self._descriptor, self._end_bytes)
                raise self._unwritten(error) from error
            self._end_bytes += len(data)

    def _whole(self) -> int:
        """Drop a line of which only the beginning was written when somebody was killed; return where the rest ends."""
        size = end = os.fstat(self._descriptor).st_size
        while end and os.pread(self._descriptor, 1, end - 1) != b"\n":
            end -= 1
        if end < size:
            os.ftruncate(self._descriptor, end)
        return end

    def _unwritten(self, error: OSError) -> LakeportError:
        hint = f"Next: make room, then lakeport transfer resume {self.path.stem}"
        return LakeportError(f"cannot write the journal {self.path}: {error.strerror}", hint=hint)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read(name: str, folder: Path | None = None) -> tuple[Header, Plan, Progress]:
    """Return a transfer, its plan, and how far it came.

    Args:
        name: Its id, or the beginning of it.
        folder: Where journals are.

    Raises:
        NotFound: There is none of that name, or more than one.
        BadFile: It cannot be understood.
    """
    folder = folder or folder_of_transfers()
    found = sorted(path for path in folder.glob("*.jsonl") if path.stem.startswith(name))
    found = [path for path in found if path.stem == name] or found
    if len(found) != 1:
        said = "there is no transfer" if not found else "more than one transfer begins with"
        raise NotFound(f"{said} {name!r}", hint="Next: lakeport transfer list")
    try:
        return _read(found[0])
    except (OSError, msgspec.MsgspecError, LookupError, ValueError, TypeError, AttributeError) as error:
        said = str(error.strerror) if isinstance(error, OSError) else str(error)
        hint = f"Next: rm {shlex.quote(str(found[0]))}, and the same cp or sync again"
        raise BadFile(f"{found[0]} is no journal of a transfer: {said}", hint=hint) from error


def listed(folder: Path | None = None) -> list[str]:
    """Return the ids of the transfers that are known, oldest first."""
    return sorted(path.stem for path in (folder or folder_of_transfers()).glob("*.jsonl"))


def folder_of_transfers() -> Path:
    """Return the folder of this user's journals, made if need be; those that ended long ago are removed."""
    folder = platformdirs.user_state_path("lakeport") / "transfers"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    limit = (datetime.now(UTC) - KEPT).timestamp()
    for file in (*folder.glob("*.jsonl"), *folder.glob("*.new")):
        with suppress(OSError):  # what cannot be removed, or was by another, is not in the way
            if file.lstat().st_mtime < limit:
                file.unlink()
    return folder


def _read(path: Path) -> tuple[Header, Plan, Progress]:
    lines = [msgspec.json.decode(line) for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    if not lines:
        raise ValueError("it is empty")
    header = msgspec.convert(lines[0], Header)
    items: dict[int, Item] = {}
    deletions, progress = [], Progress()
    for line in lines[1:]:
        if "file" in line:  # a later line: it was looked at again
            items[int(line["file"])] = _item(line)
        elif "delete" in line:
            deletions.append(str(line["delete"]))
        else:
            _note(progress, line)
    noted = progress.done | progress.failed.keys() | progress.parts.keys()
    if sorted(items) != list(range(len(items))) or not items.keys() >= noted:
        raise ValueError("its files are not all there")
    if header.direction not in get_args(Direction):
        raise ValueError(f"{header.direction!r} is no direction")
    return header, Plan(header.direction, tuple(items.values()), tuple(deletions)), progress  # type: ignore[arg-type]


def _note(progress: Progress, line: dict[str, Any]) -> None:  # Any: JSON
    if "part" in line:
        number, part = line["part"]
        progress.parts.setdefault(int(number), set()).add(int(part))
    elif "done" in line:
        progress.done.add(int(line["done"]))
        progress.failed.pop(int(line["done"]), None)
    elif "failed" in line:
        progress.failed[int(line["failed"])] = str(line["said"])
        if line.get("anew"):
            progress.parts.pop(int(line["failed"]), None)
    else:
        progress.ended = str(line.get("ended", ""))


def line_of(number: int, item: Item) -> dict[str, Any]:  # Any: JSON
    """Return the line that says what an item is."""
    line = {"file": number, "source": item.source, "target": item.target, "size": item.size_bytes}
    return line | {"etag": item.etag, "modified": item.modified_at}


def _item(line: dict[str, Any]) -> Item:  # Any: JSON
    modified = datetime.fromisoformat(line["modified"])
    return Item(str(line["source"]), str(line["target"]), int(line["size"]), modified, str(line["etag"]))
