"""How far a change of many lists came: a file of JSON lines that a person can read, and a resume goes on from.

Each line is written whole once a request was answered. Paths and entries are in it; no secret is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
import platformdirs

from lakeport.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.access.lists import Batch

KEPT = timedelta(days=30)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of many lists: the same words are the same change.

    Attributes:
        mode: What is done with the entries, as `lists.Mode`.
        acl: The entries, as the service is told them.
    """

    account: str
    file_system: str
    path: str
    mode: str
    acl: str


@dataclass
class Progress:
    """How far a change came.

    Attributes:
        failed: The paths that refused, with what was said.
        token: Where the next request goes on.
        walked: Everything was gone through; what is left is what failed.
    """

    directories: int = 0
    files: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    token: str = ""
    walked: bool = False

    def add(self, batch: Batch) -> None:
        """Count what one request did."""
        self.directories += batch.directories
        self.files += batch.files
        self.failed.update(batch.failed)
        self.token = batch.token
        self.walked = self.walked or not batch.token


class Journal:
    """The file of one change."""

    def __init__(self, change: Change, folder: Path | None = None) -> None:
        self._change = change
        name = sha256(msgspec.json.encode(change)).hexdigest()[:24]
        self.path = (folder or folder_of_changes()) / f"{name}.jsonl"

    def begin(self) -> None:
        """Forget what an earlier one came to."""
        line = {"change": msgspec.to_builtins(self._change), "begun_at": datetime.now(UTC).isoformat()}
        beside = self.path.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(line) + b"\n")
        beside.replace(self.path)

    def write(self, progress: Progress) -> None:
        """Note how far it came."""
        line: dict[str, Any] = {  # Any: JSON
            "directories": progress.directories,
            "files": progress.files,
            "failed": progress.failed,
            "token": progress.token,
            "walked": progress.walked,
        }
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(line) + b"\n")
        finally:
            os.close(descriptor)

    def read(self) -> Progress | None:
        """Return how far an interrupted one came, or `None` when there is none.

        Raises:
            BadFile: It cannot be understood.
        """
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return None
        whole = [line for line in lines if line.endswith(b"\n")]
        try:
            return msgspec.json.decode(whole[-1], type=Progress) if len(whole) > 1 else Progress()
        except msgspec.MsgspecError as error:
            raise BadFile(f"{self.path} is no journal of a change: {error}", hint="Remove it") from error

    def end(self) -> None:
        """Remove it: all is done."""
        self.path.unlink(missing_ok=True)


def folder_of_changes() -> Path:
    """Return the folder of this user's journals, made if need be; those that ended long ago are removed."""
    folder = platformdirs.user_state_path("lakeport") / "acl"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    limit = (datetime.now(UTC) - KEPT).timestamp()
    for file in folder.glob("*.jsonl"):
        if file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
    return folder
