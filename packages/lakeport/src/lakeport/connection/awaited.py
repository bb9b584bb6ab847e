"""Places in a lake for programs with an event loop: the words of `Directory` and `File`, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.errors import Conflict, Misused
from lakeport.lake import deeds
from lakeport.lake.blocks import Addition, Blocks
from lakeport.lake.globs import expression, is_pattern, unfolded
from lakeport.lake.urls import place_below

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping

    from lakeport.lake import Checksum, Entry
    from lakeport.lake.asynchronous import AsyncFileSystem


class AsyncPlace:
    """A path in a file system.

    Attributes:
        lake: The file system.
        path: Without slashes around it; empty for the root.
    """

    def __init__(self, lake: AsyncFileSystem, path: str) -> None:
        self.lake = lake
        self.path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r} of {self.lake.name!r} in {self.lake.account!r})"

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

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
        into = target.strip("/")
        if not self.path or not into:
            raise Misused("a file system cannot be renamed", hint="Name a path in it")
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

        Wire: what is below the directories that the pattern names in full is listed.
        """
        seen: set[str] = set()
        try:
            plain = [(one, expression(one)) for one in unfolded(pattern.strip("/"))]
        except ValueError as error:
            raise Misused(str(error)) from None
        for one, meant in plain:
            async for found in self._like(one):
                below = found.path[len(self.path) :].lstrip("/") if self.path else found.path
                if found.path not in seen and meant.fullmatch(below):
                    seen.add(found.path)
                    yield found

    async def _like(self, pattern: str) -> AsyncIterator[Entry]:
        """What a pattern can mean: the path it is, or what is below the directory that it begins with."""
        parts = pattern.split("/")
        fixed = next((count for count, part in enumerate(parts) if is_pattern(part)), len(parts))
        at = "/".join([*([self.path] if self.path else []), *parts[:fixed]])
        place = AsyncDirectory(self.lake, at)
        if not await place.exists():
            return
        if fixed == len(parts):
            yield await place.stat()
            return
        async for found in place.entries(recursive=fixed < len(parts) - 1 or parts[-1] == "**"):
            yield found

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
