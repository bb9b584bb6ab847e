"""A lake, for programs with an event loop: the words of `Lake`, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.connection.awaited import AsyncDirectory, AsyncFile
from lakeport.lake import deeds
from lakeport.lake.asynchronous import AsyncFileSystem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lakeport.connection.lake import Lake
    from lakeport.lake import Entry


class AsyncLake:
    """A storage account, as one caller, within one event loop: what `Lake.asynchronous` returns, to be used by `async with`.

    Args:
        lake: The same, for callers that wait.

    Raises:
        MissingExtra: aiohttp is not installed.

    Example:
        >>> import lakeport
        >>> async def names() -> list[str]:
        ...     async with lakeport.connect("contoso", file_system="raw").asynchronous() as lake:
        ...         return [one.path async for one in lake.glob("2030/*.csv")]
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._files = AsyncFileSystem(lake.profile, lake.account, lake.name)

    def __repr__(self) -> str:
        return f"Async{self._lake!r}"

    async def __aenter__(self) -> AsyncLake:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._files.aclose()

    @property
    def file_system(self) -> AsyncFileSystem:
        """The file system that paths begin at.

        Raises:
            BadProfile: Nothing said which.
        """
        _ = self._lake.file_system.name
        return self._files

    async def file_systems(self) -> list[str]:
        """Return the names of the account's file systems.

        Raises:
            Forbidden: The caller may not list them.
        """
        return await self._files.siblings()

    async def create(self) -> bool:
        """Make the lake's file system; tell whether it was not there before.

        Raises:
            Forbidden: The caller may not make any.
        """
        return await self._files.do(deeds.create(self.file_system))

    def file(self, path: str) -> AsyncFile:
        """Return a file's handle, whether or not the file is there.

        Args:
            path: In the file system, or its URL.

        Raises:
            Misused: The path names the file system itself, or a place in another one.
        """
        return AsyncFile(self.file_system, self._lake.file(path).path)

    def directory(self, path: str = "") -> AsyncDirectory:
        """Return a directory's handle, whether or not the directory is there; of the root when no path is given.

        Args:
            path: In the file system, or its URL.

        Raises:
            Misused: It is a place in another file system.
        """
        return AsyncDirectory(self.file_system, self._lake.directory(path).path)

    def entries(self, path: str = "", *, recursive: bool = False) -> AsyncIterator[Entry]:
        """Yield the paths in a directory, or everything below it, in the service's order.

        Args:
            path: The directory.
            recursive: Descend.

        Raises:
            NotFound: There is no such directory.
        """
        return self.directory(path).entries(recursive=recursive)

    def glob(self, pattern: str) -> AsyncIterator[Entry]:
        """Yield the paths that a pattern means; see `Lake.glob`.

        Args:
            pattern: In the file system.

        Raises:
            Misused: It is no pattern.
        """
        return self.directory().glob(pattern)

    async def exists(self, path: str) -> bool:
        """Tell whether a file or directory is there.

        Args:
            path: In the file system, or its URL.
        """
        return await self.directory(path).exists()
