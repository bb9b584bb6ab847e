"""What a transfer will do, decided before anything is sent: pure, and printable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  (msgspec looks at the fields' types)
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

import msgspec

from lakeport.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Direction = Literal["upload", "download", "copy"]
PART_BYTES = 4 << 20
"""The most of which one answer carries a checksum. Source: storage.md 3.3 (x-ms-range-get-content-crc64)."""
MOST_PARTS = 50_000
SMALL_BYTES = PART_BYTES
"""Files up to this are one request."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A file on either side, by its path relative to where the transfer begins.

    Attributes:
        etag: The lake's version of it; empty on this machine.
    """

    path: str
    size_bytes: int
    modified_at: datetime
    etag: str = ""


class Item(msgspec.Struct, frozen=True, gc=False):
    """One file's way.

    Attributes:
        source: A path on this machine, or in the lake.
        target: The same, of the other.
        etag: The version that is to be read from a lake; empty for an upload.
        modified_at: The source's, by which a later change is noticed.
    """

    source: str
    target: str
    size_bytes: int
    modified_at: datetime
    etag: str = ""

    @property
    def part_bytes(self) -> int:
        """The length of each part but the last: 4 MiB, more where that would be too many."""
        if self.size_bytes <= PART_BYTES * MOST_PARTS:
            return PART_BYTES
        needed = -(-self.size_bytes // MOST_PARTS)
        return PART_BYTES * -(-needed // PART_BYTES)

    def length(self, part: int) -> int:
        """Return how long a part is."""
        return min(self.part_bytes, self.size_bytes - part * self.part_bytes)

    @property
    def parts(self) -> int:
        """How many parts it goes in; 1 for a small one."""
        return max(1, -(-self.size_bytes // self.part_bytes)) if self.size_bytes > SMALL_BYTES else 1


@dataclass(frozen=True)
class Plan:
    """A transfer, before it begins.

    Attributes:
        items: What is copied.
        deletions: Paths of the target side that have no source any more.
        same: How many files are there already.
    """

    direction: Direction
    items: tuple[Item, ...]
    deletions: tuple[str, ...] = ()
    same: int = 0

    @property
    def size_bytes(self) -> int:
        """How many bytes are copied."""
        return sum(item.size_bytes for item in self.items)


@dataclass(frozen=True)
class Filter:
    """Which paths are meant: all that match an include (or any, without one) and no exclude.

    Patterns are shell's: `*.csv`, `raw/*/2030-*`; one without a slash is matched with the name alone.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def takes(self, path: str) -> bool:
        """Tell if a path is meant.

        Args:
            path: Relative to where the transfer begins.

        Example:
            >>> Filter(include=["*.csv"], exclude=["old/*"]).takes("old/a.csv"), Filter().takes("a")
            (False, True)
        """
        if any(_matches(path, pattern) for pattern in self.exclude):
            return False
        return not self.include or any(_matches(path, pattern) for pattern in self.include)


def _matches(path: str, pattern: str) -> bool:
    return fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern)


@dataclass(frozen=True)
class Rules:
    """How two sides are compared.

    Attributes:
        checksums: By MD5 where both have one, in place of size and time.
        deletes: What the target has and the source has not is deleted.
        empties: Also when the source has nothing: else that is taken for a mistake.
    """

    filter: Filter = field(default_factory=Filter)
    checksums: bool = False
    deletes: bool = False
    empties: bool = False


def copy(direction: Direction, files: Iterable[Entry], source: str, target: str) -> Plan:
    """Return the plan that copies files from below one place to below another, whatever is there."""
    return Plan(direction, tuple(_item(direction, one, source, target) for one in files))


def sync(
    direction: Direction,
    files: Iterable[Entry],
    there: Iterable[Entry],
    rules: Rules,
    *,
    source: str,
    target: str,
    digests: Mapping[str, tuple[str, str]] | None = None,
) -> Plan:
    """Return the plan that makes one place like another.

    A file is the same when both have its size and the target is not older; or, by checksums, when both digests agree.

    Args:
        direction: Which way.
        files: What the source has.
        there: What the target has.
        rules: How they are compared.
        source: Where the source begins.
        target: Where the target begins.
        digests: Both sides' MD5 by path, when checksums are compared; empty where one has none.

    Raises:
        Misused: All of the target would be deleted, and the rules do not say that it may be.
    """
    known = {one.path: one for one in there if rules.filter.takes(one.path)}
    wanted = [one for one in files if rules.filter.takes(one.path)]
    changed = [one for one in wanted if not _is_same(one, known.pop(one.path, None), digests)]
    deletions = tuple(_joined(target, path) for path in sorted(known)) if rules.deletes else ()
    if deletions and not wanted and not rules.empties:
        said = f"{source or 'the source'} has no file that is meant: {len(deletions)} of the target would be deleted"
        raise Misused(said, hint="If that is meant: --force")
    items = tuple(_item(direction, one, source, target) for one in changed)
    return Plan(direction, items, deletions, len(wanted) - len(changed))


def _is_same(one: Entry, other: Entry | None, digests: Mapping[str, tuple[str, str]] | None) -> bool:
    if other is None or one.size_bytes != other.size_bytes:
        return False
    if digests is not None:
        mine, theirs = digests.get(one.path, ("", ""))
        if mine and theirs:
            return mine == theirs
    return other.modified_at >= one.modified_at.replace(microsecond=0)


def _item(direction: Direction, one: Entry, source: str, target: str) -> Item:
    if direction == "download" and one.path:  # empty: a single file, whose name on this machine is the caller's
        check_local(one.path)
    return Item(_joined(source, one.path), _joined(target, one.path), one.size_bytes, one.modified_at, one.etag)


def _joined(base: str, path: str) -> str:
    if not path or not base:
        return path or base
    return f"{base.rstrip('/')}/{path}"


_NO_PATH = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)|[\\\0]")


def check_local(path: str) -> None:
    """Refuse a lake's path that would leave the folder it is to be written to.

    Raises:
        Misused: It has `..`, an empty part, or a backslash.
    """
    if _NO_PATH.search(path):
        raise Misused(f"the lake has a path that no folder here can hold: {path!r}")
