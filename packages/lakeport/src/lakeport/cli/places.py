"""What people name on the command line: places in a lake or on this machine, and patterns of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.cli.here import Here
from lakeport.errors import Misused, NotFound
from lakeport.lake import FileSystem, parse, profile_of
from lakeport.lake.globs import is_pattern, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakeport.lake.values import Entry

Files = FileSystem | Here


@dataclass(frozen=True)
class Place:
    """A place that was named.

    Attributes:
        files: Where it lies.
        path: What it is called there; empty for a file system's root.
        text: As it can be written again.
        is_folder: It was written with a slash at its end.
        entry: What is there, when a pattern found it.
    """

    files: Files
    path: str
    text: str
    is_folder: bool = False
    entry: Entry | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def is_root(self) -> bool:
        """Whether it is a whole file system."""
        return not self.path

    @property
    def base(self) -> str:
        """What is written before the path."""
        written = self.text.rstrip("/")
        if written.endswith(self.path) or isinstance(self.files, Here):
            return written.removesuffix(self.path)
        return f"abfss://{self.files.name}@{self.files.account}.{self.files.profile.cloud.dfs_suffix}/"

    def found(self) -> Entry:
        """Return what is there.

        Raises:
            NotFound: Nothing is.
            Misused: It is a whole file system.
        """
        if self.is_root:
            raise Misused(f"{self.text} is a whole file system", hint="Name a path in it")
        return self.entry or self.files.entry(self.path)

    def below(self, *, recursive: bool) -> Iterator[Entry]:
        """Yield what is in it, or everything below it; of a file, the file.

        Raises:
            NotFound: Nothing is there.
        """
        if self.entry is not None and not self.entry.is_directory:
            yield self.entry
            return
        try:
            yield from self.files.entries(self.path, recursive=recursive)
        except NotFound:
            one = self.found() if self.path else None
            if one is None or one.is_directory:
                raise
            yield one


def place(text: str, profile: str | None) -> Place:
    """Return the one place that a text names, taken literally."""
    where = parse(text)
    if isinstance(where, Path):
        return Place(Here(), str(where), text, text.endswith("/"))
    return Place(FileSystem.at(where, profile_of(where, profile)), where.path, text, where.is_folder)


def places(texts: Iterable[str], profile: str | None) -> Iterator[Place]:
    """Yield the places that texts name: one each, or all that a pattern means.

    A path that is there is never taken for a pattern, whatever characters are in it.

    Raises:
        NotFound: A pattern means nothing that is there.
        Misused: It is no pattern.
    """
    for text in texts:
        one = place(text, profile)
        if not is_pattern(one.path) or is_there(one):
            yield one
            continue
        is_empty = True
        for found in _matching(one):
            is_empty = False
            yield Place(one.files, found.path, f"{one.base}{found.path}", entry=found)
        if is_empty:
            raise NotFound(f"nothing matches {text}")


def many(found: Sequence[Place]) -> bool:
    """Tell if more than one place was meant: several texts, or a pattern."""
    return len(found) > 1 or any(one.entry is not None for one in found)


def is_there(one: Place) -> bool:
    """Tell if something is at a place that is no root."""
    try:
        one.files.entry(one.path)
    except NotFound:
        return False
    return True


def _matching(one: Place) -> Iterator[Entry]:
    files, top = one.files, "/" if one.path.startswith("/") else ""

    def below(under: str, *, recursive: bool) -> Iterator[Entry]:
        try:
            yield from files.entries(under or top, recursive=recursive)
        except NotFound:
            return

    def single(path: str) -> Entry | None:
        try:
            return files.entry(path)
        except NotFound:
            return None

    try:
        yield from walk(one.path, below, single)
    except ValueError as error:
        raise Misused(str(error)) from None
