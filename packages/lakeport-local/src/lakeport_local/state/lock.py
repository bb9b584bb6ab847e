"""Who owns a folder: an advisory lock that dies with its process, and a file that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_TRIES = 20
_PAUSE_S = 0.01


class FolderHeld(Exception):
    """Another process owns the state folder.

    Attributes:
        folder: The folder.
        holder: What the owner wrote about itself: `pid` and, once it listens, `port`.
    """

    def __init__(self, folder: Path, holder: dict[str, Any]) -> None:  # Any: a JSON object
        super().__init__(f"{folder} is held by process {holder.get('pid', 'unknown')}")
        self.folder = folder
        self.holder = holder


class FolderLock:
    """The ownership of one folder, taken when made.

    Raises:
        FolderHeld: Another process owns the folder.
    """

    def __init__(self, folder: Path) -> None:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+")
        if not _tried(descriptor):
            holder = _read(self._file.read())
            self._file.close()
            raise FolderHeld(folder, holder)
        self.announce({"pid": os.getpid()})

    def announce(self, holder: dict[str, Any]) -> None:  # Any: a JSON object
        """Write into the lock file who holds the folder, for others to read."""
        self._file.seek(0)
        self._file.truncate()
        json.dump(holder, self._file)
        self._file.flush()

    def release(self) -> None:
        """Let go of the folder; the file then says that nobody holds it."""
        self._file.seek(0)
        self._file.truncate()
        self._file.close()


def holder_of(folder: Path) -> dict[str, Any] | None:  # Any: a JSON object
    """Return what the owner of a folder wrote about itself, or None when nobody owns it."""
    try:
        with (folder / "lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return None


def _tried(descriptor: int) -> bool:
    """Take the lock; somebody who only asks `holder_of` holds it for an instant, so try for a moment."""
    for attempt in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt:
                time.sleep(_PAUSE_S)
        else:
            return True
    return False


def _read(text: str) -> dict[str, Any]:  # Any: a JSON object
    """Read an announcement; one that is half written says nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
