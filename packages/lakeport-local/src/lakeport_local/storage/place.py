"""A path as a request names it, with the rows on the way to it, and what access control lists must grant there.

Source: storage.md 5.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lakeport_local.access import Step
from lakeport_local.access.acl import EXECUTE
from lakeport_local.storage.paths import segments
from lakeport_local.storage.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.storage.file_systems import FileSystem
    from lakeport_local.storage.listed import Standing
    from lakeport_local.storage.paths import Path, Paths


class Place(msgspec.Struct, frozen=True):
    """A path and the rows on the way to it, as far as they exist.

    Attributes:
        paths: Where the rows are.
        file_system: In which file system.
        path: Full path; empty for the root.
        trail: The root and what exists below it on the way.
    """

    paths: Paths
    file_system: FileSystem
    path: str
    trail: list[Path]

    @property
    def item(self) -> Path | None:
        """What has this path, or None."""
        return self.trail[-1] if len(self.trail) == len(self.names) + 1 else None

    @property
    def is_flat(self) -> bool:
        """Whether its file system has no directories."""
        return self.trail[0].is_flat

    @property
    def names(self) -> list[str]:
        """The names along the path."""
        return segments(self.path, is_flat=self.is_flat)

    @property
    def parent(self) -> Path | None:
        """The directory that contains the path, if it exists; None for the root."""
        levels = len(self.names)
        return self.trail[levels - 1] if levels and len(self.trail) >= levels else None

    @property
    def name(self) -> str:
        """The last segment."""
        return self.path if self.is_flat else self.path.rpartition("/")[2]

    def step(self, path: Path | Standing, full: str, wanted: int, owners: frozenset[str] = frozenset()) -> Step:
        """Return what is asked of one row's list."""
        return Step(f"/{full}", self.paths.acl(path), path.owner, path.group, wanted, owners)

    def steps(self, *, parent: int = EXECUTE, item: int = 0) -> Iterator[Step]:
        """Yield what is asked along the way: execute above, `parent` of the parent, `item` of the path itself.

        Of a path that does not exist, the deepest directory that does stands for the parent.
        """
        names = self.names
        last = len(self.trail) - 1 if self.item is None else len(names) - 1
        for level, path in enumerate(self.trail):
            wanted = EXECUTE if level < last else parent if level == last else item
            if wanted:
                yield self.step(path, "/".join(names[:level]), wanted)

    def inner_steps(self, full: str, wanted: int) -> Iterator[Step]:
        """Yield what is asked of the directories between this one and a path somewhere below it."""
        above = full.rpartition("/")[0]
        if self.is_flat or len(above) <= len(self.path):
            return
        names = above.split("/")
        for level, path in enumerate(self.paths.trail(self.file_system.root, above)):
            if level > len(self.names):
                yield self.step(path, "/".join(names[:level]), wanted)

    def removal_steps(self, *, parent: int, below: int) -> Iterator[Step]:
        """Yield what removing or moving the path asks: the way, the sticky directory's owners, every directory below.

        Args:
            parent: Bits of the parent.
            below: Bits of the path, when it is a directory, and of every directory in it; 0 for none.
        """
        yield from self.steps(parent=parent)
        item, holder = self.item, self.parent
        if item is None:
            return
        if holder is not None and self.paths.acl(holder).is_sticky:
            yield self.step(item, self.path, 0, frozenset({holder.owner, item.owner}))
        if below and item.is_directory and self.paths.has_children(item):
            yield self.step(item, self.path, below)
            for full, path in walk(self.paths, item, self.path, recursive=True):
                if path.is_directory:
                    yield self.step(path, full, below)
