"""What a file system says of its paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Entry:
    """A path in a file system.

    Attributes:
        size_bytes: 0 for a directory.
    """

    path: str
    is_directory: bool
    size_bytes: int
    modified_at: datetime | None
    etag: str = ""


@dataclass(frozen=True)
class Checksum:
    """A file's size and stored MD5, in hex; empty when the service has none."""

    size_bytes: int
    md5: str


@dataclass(frozen=True)
class Access:
    """Who owns a path, and its access control list in its short text form."""

    owner: str
    group: str
    acl: str
