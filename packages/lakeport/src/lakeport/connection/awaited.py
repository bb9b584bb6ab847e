"""Places in a lake for programs with an event loop: the words of `Directory` and `File`, awaited."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.connection.carrying import carried
from lakeport.connection.opened import AsyncOpened
from lakeport.connection.points import Point, asked
from lakeport.errors import Conflict, Misused
from lakeport.lake import deeds
from lakeport.lake.asynchronous import AsyncFileSystem
from lakeport.lake.blocks import Addition, Blocks
from lakeport.lake.opened import opened
from lakeport.lake.urls import place_below

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping
    from os import PathLike

    from lakeport.lake import Checksum, Entry
    from lakeport.transfer import Outcome, Rules
    from lakeport.transfer.run import Told


class AsyncPlace(Point[AsyncFileSystem]):
    """A path in a file system.

    Attributes:
        lake: The file system.
        path: Without slashes around it; empty for the root.
    """

    @property
    def parent(self) -> AsyncDirectory:
        """The directory that it is in; the root's is the root."""
        return AsyncDirectory(self.lake, self._above)

    async def exists(self) -> bool:
        """Tell whether something is there.

        Raises:
            Forbidden: The caller may not know.
        """
        return await self.lake.do(deeds.exists(self.lake, self.path))

    async def stat(self) -> Entry:
        """Return what is there: whether it is a directory, size in bytes, time of the last change, ETag.

        Raises:
            NotFound: Nothing is there.
        """
        return await self.lake.do(deeds.entry(self.lake, self.path) if self.path else deeds.root(self.lake))

    async def metadata(self) -> dict[str, str]:
        """Return the metadata that users gave it.

        Raises:
            NotFound: Nothing is there.
        """
        return await self.lake.do(deeds.metadata(self.lake, self.path))

    async def set_metadata(self, metadata: Mapping[str, str]) -> None:
        """Replace its metadata.

        Args:
            metadata: By name.

        Raises:
            NotFound: Nothing is there.
        """
        await self.lake.do(deeds.set_metadata(self.lake, self.path, metadata))

    async def _renamed(self, target: str, *, replace: bool = False) -> str:
        into = self._into(target)
        await self.lake.do(deeds.rename(self.lake, self.path, into, replace=replace))
        return into


class AsyncFile(AsyncPlace):
    """A file of a lake, there or not.

    Args:
        lake: The file system.
        path: Without slashes around it.
    """

    async def read_bytes(self) -> bytes:
        """Return the file's bytes.

        Raises:
            NotFound: There is no such file.
            Conflict: A directory is there, or another file took its place while this one was read.
        """
        found = await self.stat()
        if found.is_directory:
            raise Conflict(f"{self.path} is a directory")
        return await self._part(found, 0, found.size_bytes)

    async def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the file's text.

        Args:
            encoding: Of the text.
            errors: What becomes of text that cannot be decoded, as Python's `open` has it.

        Raises:
            NotFound: There is no such file.
            UnicodeDecodeError: It is not text of this encoding.
        """
        return (await self.read_bytes()).decode(encoding, errors)

    async def read_range(self, offset: int, length: int) -> bytes:
        """Return some of the file's bytes; fewer where it ends.

        Args:
            offset: Of the first byte.
            length: How many bytes.

        Raises:
            NotFound: There is no such file.
        """
        found = await self.stat()
        return await self._part(found, offset, min(length, found.size_bytes - offset))

    async def _part(self, found: Entry, offset: int, length: int) -> bytes:
        return await self.lake.do(deeds.read(self.lake, found, offset, length)) if length > 0 else b""

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the file's bytes in order, a few MiB at a time.

        Raises:
            NotFound: There is no such file.
        """
        return self.lake.chunks(self.path)

    async def write_bytes(self, data: bytes | bytearray | memoryview) -> None:
        """Write the file; readers see the old one or the new one, whole.

        Args:
            data: What.

        Raises:
            Conflict: A directory is there.
            Forbidden: The caller may not write here.
        """
        await self._written(Blocks(self.lake, self.path), data)

    async def write_text(self, text: str, encoding: str = "utf-8") -> None:
        """Write the file, as text; see `write_bytes`.

        Args:
            text: What.
            encoding: Of the file.
        """
        await self.write_bytes(text.encode(encoding))

    async def write_chunks(self, chunks: AsyncIterable[bytes]) -> None:
        """Write the file from pieces, in order; nothing appears when the pieces end in an exception.

        Args:
            chunks: The pieces, of any length.

        Raises:
            Conflict: A directory is there.
        """
        blocks = Blocks(self.lake, self.path)
        async for chunk in chunks:
            await self.lake.do(blocks.write(chunk))
        await self.lake.do(blocks.commit())

    async def append_bytes(self, data: bytes | bytearray | memoryview) -> None:
        """Add to the file's end, all at once; make it when it is not there.

        Args:
            data: What.

        Raises:
            Conflict: The file has changed meanwhile, or a directory is there.
        """
        addition = Addition(self.lake, self.path)
        await self.lake.do(addition.begin())
        await self._written(addition, data)

    async def _written(self, blocks: Blocks, data: bytes | bytearray | memoryview) -> None:
        await self.lake.do(blocks.write(data))
        await self.lake.do(blocks.commit())

    def open(
        self,
        mode: str = "r",
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> AsyncOpened:
        """Return the file as `File.open` does, each call awaited; to be awaited itself, or used by `async with`.

        Args:
            mode: `r`, `w`, `x` or `a`, with `b` for bytes; without it text.
            encoding: Of text; absent: UTF-8.
            errors: As Python's `open`.
            newline: As Python's `open`.

        Raises:
            LakeportError: When it is opened: as `File.open`.
        """
        return AsyncOpened(
            self.lake,
            lambda: opened(self.lake.waiting, self.path, mode, encoding=encoding, errors=errors, newline=newline),
        )

    async def checksum(self) -> Checksum:
        """Return size in bytes and stored MD5, in hex; the MD5 is empty when the service has none.

        Raises:
            NotFound: There is no such file.
        """
        return await self.lake.do(deeds.checksum(self.lake, self.path))

    async def rename(self, target: str, *, replace: bool = False) -> AsyncFile:
        """Give the file another path of its file system, at once, and return it there.

        Args:
            target: The path.
            replace: A file that is there is replaced.

        Raises:
            NotFound: There is no such file.
            Conflict: Something is there and `replace` is false.
        """
        return AsyncFile(self.lake, await self._renamed(target, replace=replace))

    async def remove(self) -> None:
        """Delete the file; one that is not there is deleted.

        Raises:
            Conflict: A directory is there.
        """
        await self.lake.do(deeds.remove_file(self.lake, self.path))

    async def upload(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring a file of this machine here, and return what arrived; see `File.upload`. Cancelled, it can be resumed.

        Args:
            local: A path of this machine.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return await carried(self.lake, lambda: transfer.copy(Path(local), asked(self)), told)

    async def download(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring this file to a path or into a folder of this machine, and return what arrived; see `File.download`.

        Args:
            local: A path of this machine.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return await carried(self.lake, lambda: transfer.copy(asked(self), Path(local)), told)


class AsyncDirectory(AsyncPlace):
    """A directory of a lake, there or not.

    Args:
        lake: The file system.
        path: Without slashes around it; empty for the root.
    """

    def file(self, path: str) -> AsyncFile:
        """Return the handle of a file below it.

        Args:
            path: From here.
        """
        return AsyncFile(self.lake, place_below(self.path, path))

    def directory(self, path: str) -> AsyncDirectory:
        """Return the handle of a directory below it.

        Args:
            path: From here.
        """
        return AsyncDirectory(self.lake, place_below(self.path, path))

    def entries(self, *, recursive: bool = False) -> AsyncIterator[Entry]:
        """Yield what is in it, or everything below it, in the service's order.

        Args:
            recursive: Descend.

        Raises:
            NotFound: There is no such directory.

        Wire: one request a page of 5,000 paths.
        """
        return self.lake.entries(self.path, recursive=recursive)

    async def glob(self, pattern: str) -> AsyncIterator[Entry]:
        """Yield the paths below it that a pattern means, once each; see `Lake.glob`.

        Args:
            pattern: From here.

        Raises:
            Misused: It is no pattern.

        Wire: only directories that can hold something of it are listed.
        """
        try:
            async for found in self.lake.glob(pattern.strip("/"), self.path):
                yield found
        except ValueError as error:
            raise Misused(str(error)) from None

    async def make(self) -> AsyncDirectory:
        """Make it and the directories above it; one that is there stays as it is.

        Raises:
            Conflict: A file is there.
        """
        if self.path:
            await self.lake.do(deeds.make_directory(self.lake, self.path))
        return self

    async def rename(self, target: str) -> AsyncDirectory:
        """Give it another path of its file system, at once, with everything below it, and return it there.

        Args:
            target: The path.

        Raises:
            NotFound: There is no such directory.
            Conflict: Something is there already.
        """
        return AsyncDirectory(self.lake, await self._renamed(target))

    async def remove(self) -> None:
        """Delete it with everything below it; one that is not there is deleted.

        Raises:
            Misused: It is the root.
            Conflict: A file is there.
        """
        await self.lake.do(deeds.remove_directory(self.lake, self.path))

    async def upload(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring what is below a folder of this machine below this directory, and return what arrived; see `Directory.upload`.

        Args:
            local: A path of this machine.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return await carried(self.lake, lambda: transfer.copy(Path(local), asked(self), recursive=True), told)

    async def download(self, local: str | PathLike[str], *, told: Told | None = None) -> Outcome:
        """Bring what is below it below a folder of this machine, and return what arrived; see `Directory.download`.

        Args:
            local: A path of this machine.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return await carried(self.lake, lambda: transfer.copy(asked(self), Path(local), recursive=True), told)

    async def sync_from(
        self, local: str | PathLike[str], rules: Rules | None = None, *, told: Told | None = None
    ) -> Outcome:
        """Make what is below it like what is below a folder of this machine; see `Directory.sync_from`.

        Args:
            local: A path of this machine.
            rules: What is meant, and how both sides are compared; absent: size and time, and nothing is deleted.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return await carried(self.lake, lambda: transfer.sync(Path(local), asked(self), rules), told)

    async def sync_to(
        self, local: str | PathLike[str], rules: Rules | None = None, *, told: Told | None = None
    ) -> Outcome:
        """Make what is below a folder of this machine like what is below it; see `Directory.sync_to`.

        Args:
            local: A path of this machine.
            rules: What is meant, and how both sides are compared; absent: size and time, and nothing is deleted.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        return await carried(self.lake, lambda: transfer.sync(asked(self), Path(local), rules), told)
