"""What List Blobs finds, in its order: blobs, directories or common prefixes, and what is kept or not yet committed.

Each kind is a stream ordered by name and moment; a page begins behind a position in them all.

Source: storage.md 3.3.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lakeport_local.storage.listed import BlobReader, Listing
from lakeport_local.storage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport_local.storage.call import Call
    from lakeport_local.storage.kept import Kept
    from lakeport_local.storage.listed import ListedBlob, Run
    from lakeport_local.storage.paths import Path
    from lakeport_local.storage.place import Place

Position: TypeAlias = tuple[str, int]
"""A name, and the moment of what was kept of it; a blob itself comes behind everything that was kept of it."""

NOW = 1 << 62


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a listing.

    Attributes:
        name: Full name; of a common prefix, with the delimiter at its end.
        path: Its row; None for a common prefix and for a blob of which only blocks exist.
        kept: How it is kept, when it is not the blob itself.
        is_prefix: It stands for what begins so.
        has_versions_only: There is no blob of this name any more, but versions of it are kept.
    """

    name: str
    path: Path | None = None
    kept: Kept | None = None
    is_prefix: bool = False
    has_versions_only: bool = False

    @property
    def position(self) -> Position:
        """Where a listing goes on behind this entry."""
        if self.is_prefix and self.path is None:
            return f"{self.name[:-1]}{chr(ord(self.name[-1]) + 1)}", 0
        return self.name, NOW if self.kept is None else self.kept.moment


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing asks for.

    Attributes:
        prefix: Names begin so.
        delimiter: Folds names into common prefixes; None for a flat listing.
        include: Words of `include`.
        only: `files`, `directories`, `deleted`, or nothing.
    """

    prefix: str
    delimiter: str | None
    include: frozenset[str]
    only: str

    def takes(self, kept: Kept) -> bool:
        """Tell whether something that is kept belongs into the listing."""
        if self.only == "deleted":
            return kept.kind == "deleted"
        if kept.deleted is not None and "deleted" not in self.include:
            return False
        return kept.kind == "deleted" or f"{kept.kind}s" in self.include

    @property
    def is_bare(self) -> bool:
        """Whether all blobs are asked for and nothing special is, of any of them."""
        return self.delimiter is None and not self.only and not self.include

    @property
    def is_plain(self) -> bool:
        """Whether blobs alone are asked for."""
        more = {"snapshots", "versions", "deleted", "deletedwithversions", "uncommittedblobs"}
        return self.only != "deleted" and not self.include & more


def entries(call: Call, place: Place, wanted: Wanted, behind: Position) -> Iterator[Entry]:
    """Yield what a listing finds behind a position.

    Args:
        call: The listing.
        place: The directory of it; the root where there are none.
        wanted: What it asks for.
        behind: Where the page begins.
    """
    found = _folded(call, place, wanted, behind) if place.is_flat else _merged(call, place, wanted, behind)
    if wanted.only in {"files", "directories"}:
        is_directory = wanted.only == "directories"
        return (one for one in found if one.path is not None and one.path.is_directory == is_directory)
    return found


def _folded(call: Call, place: Place, wanted: Wanted, behind: Position) -> Iterator[Entry]:
    """Fold names into common prefixes, and go on behind each without reading what it stands for."""
    while True:
        for entry in _merged(call, place, wanted, behind):
            cut = entry.name.find(wanted.delimiter, len(wanted.prefix)) if wanted.delimiter else -1
            if cut < 0:
                yield entry
                continue
            common = Entry(entry.name[: cut + len(wanted.delimiter or "")], is_prefix=True)
            yield common
            behind = common.position
            break
        else:
            return


def _merged(call: Call, place: Place, wanted: Wanted, behind: Position) -> Iterator[Entry]:
    blobs = iter(()) if wanted.only == "deleted" else _blobs(call, place, wanted, behind)
    if wanted.is_plain:
        return blobs

    def key(entry: Entry) -> tuple[object, int]:
        name, moment = entry.position
        return (name if place.is_flat else name.split("/")), moment

    streams = [blobs, _kept(call, place, wanted, behind, key=lambda one: key(Entry(one.name, kept=one)))]
    if "uncommittedblobs" in wanted.include:
        streams.append(_uncommitted(call, wanted, behind))
    if "deletedwithversions" in wanted.include:
        streams.append(_versions_only(call, wanted, behind))
    return heapq.merge(*streams, key=key)


def plain_runs(call: Call, place: Place, wanted: Wanted, behind: Position, most: int) -> Iterator[Run[ListedBlob]]:
    """Yield what `entries` does for a listing that is bare, many at a time."""
    directory = place.item
    if directory is None or not directory.is_directory:
        return iter(())
    found = Listing(call.lake.paths, BlobReader(call.lake.paths), is_recursive=True, most=most)
    after, moment = _begin(place, behind)
    begins = wanted.prefix if place.is_flat else wanted.prefix.rpartition("/")[2]
    return found.runs(directory, place.path, after=after, inclusive=moment < NOW, begins=begins)


def _begin(place: Place, behind: Position) -> Position:
    after, moment = behind
    if place.path and after and not after.startswith(f"{place.path}/"):
        after = "" if after <= place.path else f"{place.path}/\U0010ffff"
    return after, moment


def _blobs(call: Call, place: Place, wanted: Wanted, behind: Position) -> Iterator[Entry]:
    directory, (after, moment) = place.item, _begin(place, behind)
    if directory is None or not directory.is_directory:
        return
    recursive = wanted.delimiter is None
    found = walk(
        call.lake.paths,
        directory,
        place.path,
        recursive=recursive,
        after=after,
        inclusive=moment < NOW,
        begins=wanted.prefix if place.is_flat else wanted.prefix.rpartition("/")[2],
    )
    for name, path in found:
        yield Entry(name, path, is_prefix=path.is_directory and not recursive)


def _kept(
    call: Call, place: Place, wanted: Wanted, behind: Position, *, key: Callable[[Kept], tuple[object, int]]
) -> Iterator[Entry]:
    name, moment = behind if place.is_flat else ("", 0)
    found = call.lake.kept.walk(place.file_system.id, begins=wanted.prefix, name=name, moment=moment)
    if not place.is_flat:
        start = (behind[0].split("/"), behind[1])
        is_deep = wanted.delimiter is None or wanted.only == "deleted"
        at = len(place.path) + 1 if place.path else 0
        here = (one for one in found if is_deep or "/" not in one.name[at:])
        found = iter(sorted((one for one in here if not behind[0] or key(one) > start), key=key))
    for one in found:
        if wanted.takes(one):
            yield Entry(one.name, one.path, one)


def _uncommitted(call: Call, wanted: Wanted, behind: Position) -> Iterator[Entry]:
    for name in call.lake.staging.blobs(call.file_system.id, wanted.prefix):
        if (name, NOW) > behind and call.place_of(call.file_system, name).item is None:
            yield Entry(name)


def _versions_only(call: Call, wanted: Wanted, behind: Position) -> Iterator[Entry]:
    """Yield the last version of each name that no blob has any more."""
    last: Kept | None = None
    for one in call.lake.kept.walk(call.file_system.id, begins=wanted.prefix, name="", moment=0):
        if one.kind != "version" or one.deleted is not None:
            continue
        if last is not None and last.name != one.name and _is_orphan(call, last, behind):
            yield Entry(last.name, last.path, has_versions_only=True)
        last = one
    if last is not None and _is_orphan(call, last, behind):
        yield Entry(last.name, last.path, has_versions_only=True)


def _is_orphan(call: Call, last: Kept, behind: Position) -> bool:
    return (last.name, NOW) > behind and call.place_of(call.file_system, last.name).item is None
