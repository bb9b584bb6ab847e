"""This machine's files, asked for as a lake's are."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.errors import Conflict, Misused, NotFound
from lakeport.lake.values import Access, Checksum, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20


class Here:
    """The files of this machine; paths are as people write them. Has of `FileSystem` what commands need."""

    account = name = ""

    def entries(self, under: str = "", *, recursive: bool = False) -> Iterator[Entry]:
        """Yield what is in a folder, or everything below it, by name; links are shown and not followed.

        Raises:
            NotFound: There is no such folder.
        """
        if not self.entry(under or ".").is_directory:
            raise NotFound(f"{under} is no folder")
        yield from self._below(under, recursive=recursive)

    def _below(self, under: str, *, recursive: bool) -> Iterator[Entry]:
        with os.scandir(under or ".") as found:
            names = sorted(one.name for one in found)
        for name in names:
            one = self._seen(Path(under, name))
            yield one
            if recursive and one.is_directory:
                yield from self._below(one.path, recursive=True)

    def entry(self, path: str) -> Entry:
        """Return one path.

        Raises:
            NotFound: There is none.
        """
        try:
            return self._seen(Path(path))
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"there is no {path}") from None

    @staticmethod
    def _seen(path: Path) -> Entry:
        found = path.lstat()
        is_directory = path.is_dir() and not path.is_symlink()
        changed = datetime.fromtimestamp(found.st_mtime, UTC)
        return Entry(str(path), is_directory, 0 if is_directory else found.st_size, changed)

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes in order."""
        with Path(path).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def access(self, path: str) -> Access:
        """Return who owns a path, and its mode."""
        found = Path(path).lstat()
        return Access(str(found.st_uid), str(found.st_gid), f"{found.st_mode & 0o7777:o}")

    def checksum(self, path: str) -> Checksum:
        """Return a file's size; no MD5 is kept with it."""
        return Checksum(Path(path).stat().st_size, "")

    def make_directory(self, path: str) -> None:
        """Make a folder and those above it; one that is there stays as it is.

        Raises:
            Conflict: A file is there.
        """
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise Conflict(f"{path}: a file is there") from None

    def rename(self, source: str, target: str, *, replace: bool = False) -> None:
        """Give a file or folder another name.

        Raises:
            NotFound: There is no such path.
            Conflict: Something is there already.
        """
        self.entry(source)
        if os.path.lexists(target) and not replace:
            raise Conflict(f"{target} is there already", hint="Next: add --replace")
        try:
            shutil.move(source, target)
        except shutil.Error as error:
            raise Misused(f"{source} cannot become {target}: {error}") from None

    def delete(self, path: str, *, is_directory: bool) -> None:
        """Delete a file, or a folder with everything below it.

        Raises:
            Misused: It is the folder one is in, or one above it.
        """
        if not is_directory:
            Path(path).unlink()
            return
        self.check_apart(path)
        shutil.rmtree(path)

    def check_apart(self, path: str) -> None:
        """Require that nobody is in a folder that is to be deleted.

        Raises:
            Misused: It is the folder one is in, or one above it.
        """
        if Path.cwd().is_relative_to(Path(path).resolve()):
            raise Misused(f"{path} is the folder you are in, or one above it")
