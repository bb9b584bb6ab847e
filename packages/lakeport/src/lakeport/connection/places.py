"""Places in a lake: a file and a directory, whether or not anything is there."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lakeport.connection.points import Point, asked
from lakeport.errors import Misused
from lakeport.lake import FileSystem, deeds
from lakeport.lake.deeds import done
from lakeport.lake.opened import Writer, opened
from lakeport.lake.urls import place_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from os import PathLike

    from lakeport.lake import Checksum, Entry
    from lakeport.transfer import Outcome, Rules
    from lakeport.transfer.run import Told


class Place(Point[FileSystem]):
    """A path in a file system.

    Attributes:
        lake: The file system.
        path: Without slashes around it; empty for the root.
    """

    @property
    def parent(self) -> Directory:
        """The directory that it is in; the root's is the root."""
        return Directory(self.lake, self._above)

    def exists(self) -> bool:
        """Tell whether something is there.

        Raises:
            Forbidden: The caller may not know.
        """
        return done(deeds.exists(self.lake, self.path))

    def stat(self) -> Entry:
        """Return what is there: whether it is a directory, size in bytes, time of the last change, ETag.

        Raises:
            NotFound: Nothing is there.
        """
        return self.lake.entry(self.path)

    def metadata(self) -> dict[str, str]:
        """Return the metadata that users gave it.

        Raises:
            NotFound: Nothing is there.
        """
        return self.lake.metadata(self.path)

    def set_metadata(self, metadata: Mapping[str, str]) -> None:
        """Replace its metadata.

        Args:
            metadata: By name.

        Raises:
            NotFound: Nothing is there.
        """
        self.lake.set_metadata(self.path, metadata)


class File(Place):
    """A file of a lake, there or not.

    Args:
        lake: The file system.
        path: Without slashes around it.
    """

    def read_bytes(self) -> bytes:
        """Return the file's bytes.

        Raises:
            NotFound: There is no such file.
            Conflict: A directory is there, or another file took its place while this one was read.
        """
        with self.open("rb") as file:
            return bytes(file.read())

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the file's text.

        Args:
            encoding: Of the text; absent: UTF-8.
            errors: What becomes of text that cannot be decoded or encoded, as Python's `open` has it.

        Raises:
            NotFound: There is no such file.
            UnicodeDecodeError: It is not text of this encoding.
        """
        return self.read_bytes().decode(encoding, errors)

    def chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes in order, a few MiB at a time.

        Raises:
            NotFound: There is no such file.
        """
        return self.lake.chunks(self.path)

    def write_bytes(self, data: bytes | bytearray | memoryview) -> None:
        """Write the file; readers see the old one or the new one, whole.

        Args:
            data: The bytes.

        Raises:
            Conflict: A directory is there.
            Forbidden: The caller may not write here.
        """
        with Writer(self.lake, self.path) as sink:
            sink.write(data)

    def write_text(self, text: str, encoding: str = "utf-8") -> None:
        """Write the file, as text; see `write_bytes`.

        Args:
            text: What is written.
            encoding: Of the text; absent: UTF-8.
        """
        self.write_bytes(text.encode(encoding))

    def write_chunks(self, chunks: Iterable[bytes]) -> None:
        """Write the file from pieces, in order; nothing appears when the pieces end in an exception.

        Args:
            chunks: The pieces, of any length.

        Raises:
            Conflict: A directory is there.
        """
        with Writer(self.lake, self.path) as sink:
            for chunk in chunks:
                sink.write(chunk)

    def open(
        self,
        mode: str = "r",
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:  # Any: text or bytes, by the mode
        """Return the file as Python's `open` returns one of this machine: buffered, seekable when read.

        What is written appears, whole, when the file object is closed, and not at all when its `with` block ends in an
        exception; what is appended too.

        Args:
            mode: `r`, `w`, `x` or `a`, with `b` for bytes; without it text.
            encoding: Of text; absent: UTF-8.
            errors: As Python's `open`.
            newline: As Python's `open`.

        Raises:
            Misused: There is no such mode.
            NotFound: There is no such file, to be read.
            Conflict: A directory is there.
        """
        return opened(self.lake, self.path, mode, encoding=encoding, errors=errors, newline=newline)

    def checksum(self) -> Checksum:
        """Return size in bytes and stored MD5, in hex; the MD5 is empty when the service has none."""
        return self.lake.checksum(self.path)

    def rename(self, target: str, *, replace: bool = False) -> File:
        """Give the file another path of its file system, at once, and return it there.

        Args:
            target: The new path, in the same file system.
            replace: A file that is there is replaced.

        Raises:
            NotFound: There is no such file.
            Conflict: Something is there and `replace` is false.
        """
        into = self._into(target)
        self.lake.rename(self.path, into, replace=replace)
        return File(self.lake, into)

    def remove(self) -> None:
        """Delete the file; one that is not there is deleted.

        Raises:
            Conflict: A directory is there.
        """
        done(deeds.remove_file(self.lake, self.path))

    def upload(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring a file of this machine here, in parts, checked and journaled, and return what arrived; see `lakeport.transfer`.

        Args:
            local: A path of this machine.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return transfer.copy(Path(local), asked(self)).run(told=told)

    def download(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring this file to a path or into a folder of this machine, and return what arrived; see `lakeport.transfer`.

        Args:
            local: A path of this machine.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415

        return transfer.copy(asked(self), Path(local)).run(told=told)


class Directory(Place):
    """A directory of a lake, there or not.

    Args:
        lake: The file system.
        path: Without slashes around it; empty for the root.
    """

    def stat(self) -> Entry:
        """Return what is there; of the root, that it is a directory.

        Raises:
            NotFound: Nothing is there.
        """
        return self.lake.entry(self.path) if self.path else self.lake.root()

    def file(self, path: str) -> File:
        """Return the handle of a file below it.

        Args:
            path: From here.
        """
        return File(self.lake, place_below(self.path, path))

    def directory(self, path: str) -> Directory:
        """Return the handle of a directory below it.

        Args:
            path: From here.
        """
        return Directory(self.lake, place_below(self.path, path))

    def entries(self, *, recursive: bool = False) -> Iterator[Entry]:
        """Yield what is in it, or everything below it, in the service's order.

        Args:
            recursive: Descend.

        Raises:
            NotFound: There is no such directory.

        Wire: one request a page of 5,000 paths.
        """
        return self.lake.entries(self.path, recursive=recursive)

    def glob(self, pattern: str) -> Iterator[Entry]:
        """Yield the paths below it that a pattern means; see `Lake.glob`.

        Args:
            pattern: The whole path's, from here.

        Raises:
            Misused: It is no pattern.
        """
        below = f"{literally(self.path)}/{pattern}".strip("/")
        try:
            yield from self.lake.glob(below)
        except ValueError as error:
            raise Misused(str(error)) from None

    def make(self) -> Directory:
        """Make it and the directories above it; one that is there stays as it is.

        Raises:
            Conflict: A file is there.
        """
        if self.path:
            self.lake.make_directory(self.path)
        return self

    def rename(self, target: str) -> Directory:
        """Give it another path of its file system, at once, with everything below it, and return it there.

        Args:
            target: The new path, in the same file system.

        Raises:
            NotFound: There is no such directory.
            Conflict: Something is there already.
        """
        into = self._into(target)
        self.lake.rename(self.path, into)
        return Directory(self.lake, into)

    def remove(self) -> None:
        """Delete it with everything below it; one that is not there is deleted.

        Raises:
            Misused: It is the root.
            Conflict: A file is there.
        """
        done(deeds.remove_directory(self.lake, self.path))

    def upload(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring what is below a folder of this machine below this directory, and return what arrived; see `lakeport.transfer.copy`.

        Args:
            local: A path of this machine.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415

        return transfer.copy(Path(local), asked(self), recursive=True).run(told=told)

    def download(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring what is below it below a folder of this machine, and return what arrived; see `lakeport.transfer.copy`.

        Args:
            local: A path of this machine.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415

        return transfer.copy(asked(self), Path(local), recursive=True).run(told=told)

    def sync_from(self, local: str | PathLike[str], rules: Rules | None = None, *, told: Told | None = None) -> Outcome:
        """Make what is below it like what is below a folder of this machine; see `lakeport.transfer.sync`.

        Args:
            local: A path of this machine.
            rules: What is meant, and how both sides are compared; absent: size and time, and nothing is deleted.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415

        return transfer.sync(Path(local), asked(self), rules).run(told=told)

    def sync_to(self, local: str | PathLike[str], rules: Rules | None = None, *, told: Told | None = None) -> Outcome:
        """Make what is below a folder of this machine like what is below it; see `lakeport.transfer.sync`.

        Args:
            local: A path of this machine.
            rules: What is meant, and how both sides are compared; absent: size and time, and nothing is deleted.
            told: Called after each part, from any thread, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415

        return transfer.sync(asked(self), Path(local), rules).run(told=told)


def literally(path: str) -> str:
    """Return the pattern that means this path and no other.

    Example:
        >>> literally("a[1]/*")
        'a[[]1]/[*]'
    """
    return "".join(f"[{char}]" if char in "*?[{" else char for char in path)
