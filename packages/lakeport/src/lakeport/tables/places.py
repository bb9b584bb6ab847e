"""Where a table lies, or will: a file or directory of a lake or of this machine, and the files that are its data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import fs

from lakeport.errors import Misused, NotFound
from lakeport.lake import FileSystem, LakeUrl, parse, profile_of
from lakeport.tables import formats
from lakeport.tables.handle import arrow_file_system, fsspec_file_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport.tables.formats import Format

Arrow = Any  # pyarrow has no types
HIDDEN = ("_", ".")
"""How names begin that are no data: logs of tables, marks of success, what is being written."""
MAGIC_BYTES = 8


@dataclass(frozen=True)
class DataFile:
    """A file of a table.

    Attributes:
        path: As the place's file system names it.
        title: As people know it.
        compression: Of the whole file, or empty.
    """

    path: str
    title: str
    size_bytes: int
    format: Format
    compression: str = ""


@dataclass(frozen=True)
class Place:
    """A path of a lake, or of this machine when there is no lake.

    Attributes:
        path: In the lake's file system, without slashes around it; or on this machine.
        is_folder: It was written with a slash at its end.
    """

    path: str
    lake: FileSystem | None = None
    is_folder: bool = False

    @property
    def title(self) -> str:
        """What people call it."""
        return self.titled(self.inside)

    @property
    def inside(self) -> str:
        """The path as its file system names it."""
        if self.lake is None:
            return os.path.abspath(self.path)  # noqa: PTH100  (links stay as they are named)
        return f"{self.lake.name}/{self.path}".rstrip("/")

    @cached_property
    def file_system(self) -> Arrow:
        """The `pyarrow.fs.FileSystem` that reads it."""
        return fs.LocalFileSystem() if self.lake is None else arrow_file_system(self.lake)

    @cached_property
    def writable(self) -> Arrow:
        """The fsspec file system that writes to the lake."""
        if self.lake is None:
            raise Misused(f"{self.title} is in no lake")
        return fsspec_file_system(self.lake)

    def titled(self, path: str) -> str:
        """Return what people call a path of this place's file system.

        Args:
            path: In the place's file system.
        """
        if self.lake is None:
            return os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else path
        return f"{self.lake.account}:{path}"

    def info(self) -> Arrow:
        """Return what is there.

        Raises:
            NotFound: Nothing is.
        """
        if self.lake is not None and not self.path:
            return fs.FileInfo(self.inside, fs.FileType.Directory)
        found = self.file_system.get_file_info([self.inside])[0]
        if found.type == fs.FileType.NotFound:
            raise NotFound(f"nothing is at {self.title}", hint=self._listing())
        return found

    @property
    def is_delta(self) -> bool:
        """Tell if a Delta table is there: a directory with its log."""
        found = self.file_system.get_file_info([f"{self.inside}/_delta_log"])[0]
        return bool(found.type == fs.FileType.Directory)

    def files(self, wanted: str = "") -> list[DataFile]:
        """Return the files of the table, in the order of their names; each is read as one format.

        Args:
            wanted: The format's name; empty: as the files' names or beginnings say.

        Raises:
            NotFound: Nothing is there, or no data in the directory.
            Misused: The files are of several formats, or of none that is known.
        """
        found = self.info()
        if found.type == fs.FileType.File:
            return [self._single(found, wanted)]
        everything = self.file_system.get_file_info(fs.FileSelector(self.inside, recursive=True))
        infos = sorted((one for one in everything if self._is_data(one)), key=lambda one: str(one.path))
        if not infos:
            raise NotFound(f"{self.title} is a directory without a table's files", hint=self._listing())
        return self._of_one_format(infos, wanted)

    def _single(self, info: Arrow, wanted: str) -> DataFile:
        guessed, compression = formats.of_name(info.path)
        if not wanted and (guessed is None or guessed.magic):
            guessed = formats.of_magic(self._beginning(info.path)) or guessed
        if guessed is None and not wanted:
            hint = f"Next: name its format: {', '.join(formats.FORMATS)}"
            raise Misused(f"neither name nor beginning of {self.title} say which format it is in", hint=hint)
        return self._file(info, formats.named(wanted) if wanted else guessed, compression)

    def _of_one_format(self, infos: Sequence[Arrow], wanted: str) -> list[DataFile]:
        by_name: dict[str, list[tuple[Arrow, str]]] = {}
        for info in infos:
            guessed, compression = formats.of_name(info.path)
            by_name.setdefault(guessed.name if guessed else "", []).append((info, compression))
        if wanted:
            chosen = formats.named(wanted)
            kept = by_name.get(wanted) or by_name.get("", [])
            if not kept:
                raise NotFound(f"{self.title} has no files of format {wanted}, but of {', '.join(sorted(by_name))}")
            return [self._file(info, chosen, compression) for info, compression in kept]
        known = {name: kept for name, kept in by_name.items() if name}
        if not known:
            return [self._single(info, "") for info in infos]
        if len(known) > 1 or "" in by_name:
            told = ", ".join(
                f"{len(kept)} {name or 'unknown'}"
                for name, kept in sorted(by_name.items(), key=lambda one: (not one[0], one[0]))
            )
            hint = f"Next: name one format: {', '.join(sorted(known))}"
            raise Misused(f"{self.title} holds files of several formats ({told})", hint=hint)
        return [self._file(info, formats.FORMATS[name], how) for name, kept in known.items() for info, how in kept]

    def _file(self, info: Arrow, found: Format | None, compression: str) -> DataFile:
        if found is None:
            raise Misused(f"{self.titled(info.path)} is in no known format")
        if compression and not found.is_text:
            hint = f"Next: decompress it, or write {found.name} with a compression of its own"
            raise Misused(f"{self.titled(info.path)}: a {found.name} file is not compressed as a whole", hint=hint)
        return DataFile(info.path, self.titled(info.path), int(info.size or 0), found, compression)

    def _beginning(self, path: str) -> bytes:
        with self.file_system.open_input_file(path) as file:
            return bytes(file.read(MAGIC_BYTES))

    def _is_data(self, info: Arrow) -> bool:
        below = info.path[len(self.inside) :].strip("/").split("/")
        return info.type == fs.FileType.File and not any(part.startswith(HIDDEN) for part in below)

    def _listing(self) -> str:
        return "" if self.lake is None else f"Next: lakeport ls, to see what is in {self.lake.name}"


def at(source: str | os.PathLike[str] | LakeUrl | Place, *, profile: str = "") -> Place:
    """Return where a text or path points: into a lake, else on this machine.

    Args:
        source: `abfss://FILE_SYSTEM@ACCOUNT.../PATH`, `PROFILE:PATH`, or a local path.
        profile: Who connects; absent: the URL's, else the account's own.

    Raises:
        Misused: It has a URL's form and names no lake.
        BadProfile: Neither URL nor profile says which account or file system.

    Example:
        >>> at("sales/2030.parquet").lake is None
        True
    """
    if isinstance(source, Place):
        return source
    found = source if isinstance(source, LakeUrl) else parse(os.fspath(source))
    if isinstance(found, Path):
        return Place(str(found), is_folder=str(source).endswith("/"))
    lake = FileSystem.at(found, profile_of(found, profile or None))
    return Place(found.path, lake, is_folder=found.is_folder)
