"""Mirroring deletions: what lies at a destination though its provider has it no more. The service never deletes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.errors import NotFound
from lakeport.share.manifests import NAME, place
from lakeport.share.verification import THE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lakeport.lake import Entry, FileSystem
    from lakeport.share.consumer import Received
    from lakeport.share.manifests import Manifest


@dataclass(frozen=True)
class Target:
    """Where one data set goes.

    Attributes:
        kept: What its provider has, by path below it; `None` when nobody can tell.
        made_at: When the provider looked; `None` when it did not.
    """

    data_set: str
    account: str
    root: str
    below: str
    kept: frozenset[str] | None
    made_at: datetime | None

    def relative(self, account: str, root: str, path: str) -> str | None:
        """Return a path as seen from here, or `None` when it is not below here."""
        if (account.lower(), root.lower()) != (self.account.lower(), self.root.lower()):
            return None
        if not self.below:
            return path
        if path == self.below:
            return THE_FILE
        return path.removeprefix(f"{self.below}/") if path.startswith(f"{self.below}/") else None

    def has(self, relative: str) -> bool:
        """Tell if a path may be the provider's: when nobody can tell, it may."""
        return self.kept is None or relative in self.kept


@dataclass(frozen=True)
class Excess:
    """A file at a destination that its provider does not have."""

    data_set: str
    account: str
    root: str
    path: str
    size_bytes: int


def targets(one: Received, manifest: Manifest | None) -> list[Target]:
    """Return where the data sets of a received share go, and what of them is known."""
    offered = {source.data_set_id.lower(): source for source in one.offered}
    found = []
    for mapping in one.mappings:
        source = offered.get(mapping.data_set_id.lower())
        if not mapping.properties.get("storageAccountName"):
            continue
        root, below = place(mapping.properties)
        if source is None:  # revoked, or no longer offered: what it brought stays, and nobody can tell what that was
            account = str(mapping.properties["storageAccountName"])
            found.append(Target(mapping.name, account, root, below, None, None))
            continue
        files = manifest.files.get(source.data_set_name.lower()) if manifest else None
        is_manifest = source.data_set_name == NAME
        kept = frozenset({THE_FILE}) if is_manifest else frozenset(files) if files is not None else None
        made_at = manifest.made_at if manifest else None
        account = str(mapping.properties["storageAccountName"])
        found.append(Target(source.data_set_name, account, root, below, kept, made_at))
    return found


def excess(target: Target, there: Iterable[Entry], everything: Iterable[Target]) -> Iterator[Excess]:
    """Yield the files of one target that neither its provider nor that of any other target there has.

    A file that came after the provider looked is left: the manifest cannot know it.

    Args:
        target: What is looked through.
        there: The paths at its destination.
        everything: All targets of the receiving side.
    """
    others = [one for one in everything if one != target]
    for entry in there:
        relative = target.relative(target.account, target.root, entry.path)
        if entry.is_directory or relative is None or target.has(relative):
            continue
        if entry.modified_at is None or target.made_at is None or entry.modified_at >= target.made_at:
            continue
        seen = ((one, one.relative(target.account, target.root, entry.path)) for one in others)
        if not any(path is not None and one.has(path) for one, path in seen):
            yield Excess(target.data_set, target.account, target.root, entry.path, entry.size_bytes)


def entries(lake: FileSystem, below: str) -> Iterator[Entry]:
    """Yield what lies at a destination; nothing when it does not exist yet."""
    try:
        yield from lake.entries(below, recursive=True)
    except NotFound:
        return
