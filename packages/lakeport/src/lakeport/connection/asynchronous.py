"""A lake, for programs with an event loop: the words of `Lake`, awaited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakeport.connection.awaited import AsyncDirectory, AsyncFile
from lakeport.connection.carrying import carried
from lakeport.connection.points import Point, asked, named
from lakeport.connection.scanned import AsyncScan
from lakeport.connection.threads import stoppable
from lakeport.errors import Stopped
from lakeport.lake import LakeUrl, deeds, parse
from lakeport.lake.asynchronous import AsyncFileSystem

if TYPE_CHECKING:
    import threading
    from collections.abc import AsyncIterator, Callable
    from os import PathLike
    from typing import Unpack

    from lakeport.connection.lake import Lake
    from lakeport.connection.opened import AsyncOpened
    from lakeport.connection.scanned import Reading, Writing
    from lakeport.lake import Entry
    from lakeport.tables import Written
    from lakeport.transfer import Outcome, Rules, Transfer
    from lakeport.transfer.run import Told

    Movable = Point[AsyncFileSystem] | str | PathLike[str]


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

    def open(
        self,
        path: str,
        mode: str = "r",
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> AsyncOpened:
        """Return a file of the lake as Python's `open` returns one of this machine, each call awaited; see `AsyncFile.open`.

        Args:
            path: In the file system, or its URL.
            mode: `r`, `w`, `x` or `a`, with `b` for bytes; without it text.
            encoding: Of the text; absent: UTF-8.
            errors: What becomes of text that cannot be decoded or encoded, as Python's `open` has it.
            newline: As Python's `open` has it.
        """
        return self.file(path).open(mode, encoding=encoding, errors=errors, newline=newline)

    async def copy(
        self, source: Movable, target: Movable, *, recursive: bool = False, told: Told | None = None
    ) -> Outcome:
        """Bring a file, or what is below a folder, to another place, and return what arrived; see `lakeport.transfer.copy`.

        Cancelled, it ends as an interrupted transfer does: nothing half-done is seen, and `resume` goes on.

        Args:
            source: Where from: a file or directory of a lake, a path of this machine, a URL, or `PROFILE:FILE_SYSTEM/PATH`.
            target: Where to; what comes to a directory goes into it.
            recursive: A folder is meant; a directory of a lake always is.
            told: Called in the event loop, after each part, with the outcome so far and the item that arrived, if one did.
        """
        from lakeport import transfer  # noqa: PLC0415  (brings the engine)

        deep = recursive or isinstance(source, AsyncDirectory)
        return await self.run(
            lambda: transfer.copy(self._moved(source), self._moved(target), recursive=deep), told=told
        )

    async def sync(
        self, source: Movable, target: Movable, rules: Rules | None = None, *, told: Told | None = None
    ) -> Outcome:
        """Make what is below one place like what is below another, and return what was done; see `lakeport.transfer.sync`.

        Args:
            source: Where from, as for `copy`.
            target: Where to.
            rules: What is meant, and how both sides are compared; absent: size and time, and nothing is deleted.
            told: As for `copy`.
        """
        from lakeport import transfer  # noqa: PLC0415

        return await self.run(lambda: transfer.sync(self._moved(source), self._moved(target), rules), told=told)

    async def resume(self, name: str, *, told: Told | None = None) -> Outcome:
        """Return what was done by going on with a transfer that was cancelled, interrupted or in part failed.

        Args:
            name: Its id, or the beginning of it.
            told: As for `copy`.

        Raises:
            NotFound: There is none.
        """
        from lakeport import transfer  # noqa: PLC0415

        return await self.run(lambda: transfer.resume(name), told=told)

    async def run(self, decide: Callable[[], Transfer], *, told: Told | None = None) -> Outcome:
        """Return what arrived by any transfer, decided on and run.

        Args:
            decide: Returns the transfer, such as `lambda: transfer.copy_all(...)`; called in a thread, since it may list.
            told: As for `copy`.
        """
        return await carried(self._files, decide, told)

    async def scan_table(self, path: str, **options: Unpack[Reading]) -> AsyncScan:
        """Return a table that is there to be read, in batches or whole; see `Lake.scan_table`.

        Args:
            path: Of a file or a directory of files.
            options: Those of `Lake.scan_table`, by the same names.
        """
        return AsyncScan(self._files, await self._files.apart(self._lake.scan_table, path, **options))

    async def read_table(self, path: str, **options: Unpack[Reading]) -> Any:  # Any: pyarrow has no types
        """Return a table as a `pyarrow.Table`; it must fit in memory. See `Lake.read_table`.

        Args:
            path: Of a file or a directory of files.
            options: Those of `Lake.read_table`, by the same names.
        """
        return await (await self.scan_table(path, **options)).table()

    async def write_table(self, data: object, path: str, **options: Unpack[Writing]) -> Written:
        """Write a table, frame or rows; it appears whole, or not at all, as when the task is cancelled. See `Lake.write_table`.

        Args:
            data: As for `Lake.write_table`.
            path: Of a file, or of a directory when it is partitioned.
            options: Those of `Lake.write_table`, by the same names.
        """

        def write(stop: threading.Event) -> Written:
            def heed(_rows: int) -> None:
                if stop.is_set():
                    raise Stopped("the table was not written", hint="Its task was cancelled")

            return self._lake.write_table(data, path, told=heed, **options)

        return await stoppable(self._files, write)

    def _moved(self, one: Movable) -> Path | LakeUrl:
        """What a transfer takes; a URL of this account is opened as this lake is."""
        if isinstance(one, Point):
            return asked(one, is_folder=isinstance(one, AsyncDirectory))
        found = parse(one) if isinstance(one, str) else Path(one)
        if isinstance(found, LakeUrl) and not found.profile and found.account == self._lake.account:
            return replace(found, profile=named(self._lake.profile))
        return found
