"""A file system of a lake, for programs with an event loop: the same deeds, through clients that give something to await."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import UTC
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from lakeport import identity
from lakeport.errors import MissingExtra, NotFound
from lakeport.identity import translated
from lakeport.lake import deeds
from lakeport.lake.client import FileSystem
from lakeport.lake.deeds import adone
from lakeport.lake.globs import awalk
from lakeport.lake.values import Entry
from lakeport.profiles.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractContextManager
    from types import ModuleType

    from azure.storage.blob.aio import BlobServiceClient, ContainerClient
    from azure.storage.filedatalake.aio import FileSystemClient

    from lakeport.profiles import Profile

R = TypeVar("R")
THREADS = 32
"""How many of what only threads can do is under way at once: files read by Python's own file objects, tables, transfers."""


class AsyncFileSystem:
    """One file system, as one caller, within one event loop. What it holds open is closed by `aclose`.

    Args:
        profile: Who asks.
        account: The storage account.
        name: The file system.

    Raises:
        MissingExtra: aiohttp is not installed.
    """

    single_bytes = 1 << 20
    """aiohttp would hold up the loop with a longer body that is not a file."""

    def __init__(self, profile: Profile, account: str, name: str) -> None:
        try:
            import aiohttp  # noqa: F401, PLC0415  (what azure-core's asynchronous clients speak through)
        except ImportError:
            hint = "Next: pip install 'lakeport[async]'"
            raise MissingExtra("asynchronous lakes need aiohttp, which is not installed", hint=hint) from None
        self.profile = profile
        self.account = account
        self.name = name
        self.flat: bool | None = None

    @cached_property
    def _opener(self) -> Any:  # Any: the SDK's clients are annotated with different unions of the same credentials
        if KINDS[self.profile.credential].opens_storage_only:
            return identity.storage_credential(self.profile, self.account)
        return identity.async_credential(self.profile)

    def _options(self, package: ModuleType) -> dict[str, Any]:  # Any: keyword arguments of the SDK's clients
        options = self.profile.cloud.sdk_options()
        return {
            "credential": self._opener,
            "proxies": options.get("proxies"),
            "connection_verify": options.get("connection_verify", True),
            "retry_policy": package.ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=3),
        }

    @cached_property
    def dfs(self) -> FileSystemClient:
        """The SDK's client of the file system, by the Data Lake API: for names and lists."""
        from azure.storage.filedatalake import aio  # noqa: PLC0415

        url = self.profile.cloud.account_url(self.account)
        return aio.FileSystemClient(url, self.name, **self._options(aio))

    @cached_property
    def blobs(self) -> ContainerClient:
        """The SDK's client of the same file system by the Blob API, whose uploads nobody sees before they are whole."""
        from azure.storage.blob import aio  # noqa: PLC0415

        return aio.ContainerClient(self.profile.cloud.blob_url(self.account), self.name, **self._options(aio))

    @cached_property
    def _service(self) -> BlobServiceClient:
        from azure.storage.blob import aio  # noqa: PLC0415

        return aio.BlobServiceClient(self.profile.cloud.blob_url(self.account), **self._options(aio))

    def asking(self, path: str = "") -> AbstractContextManager[None]:
        """Raise what the SDK raises inside this block as errors of ours.

        Args:
            path: What is asked about.
        """
        return translated(self.profile, f"{self.name}/{path} in {self.account}".replace("/ in", " in"))

    async def entries(self, under: str = "", *, recursive: bool = False) -> AsyncIterator[Entry]:
        """Yield the paths below a directory, in the service's order.

        Args:
            under: The directory; empty: the root.
            recursive: Descend.

        Raises:
            NotFound: There is no such directory or file system.

        Wire: one request a page of 5,000 paths.
        """
        try:
            with self.asking(under):
                async for one in self.dfs.get_paths(under.strip("/") or None, recursive=recursive):
                    etag = str(one.etag or "").strip('"')
                    size = 0 if one.is_directory else int(one.content_length or 0)
                    modified_at = one.last_modified.replace(tzinfo=UTC)  # the SDK leaves it out, and it always is
                    yield Entry(str(one.name), bool(one.is_directory), size, modified_at, f'"{etag}"')
        except NotFound:
            found = await self._flat(under.strip("/"), recursive=recursive) if under and await self._is_flat() else []
            if not found:
                raise
            for entry in found:
                yield entry

    async def _is_flat(self) -> bool:
        return await adone(deeds.is_flat(self))

    async def _flat(self, under: str, *, recursive: bool) -> list[Entry]:
        """What is below a directory that is there only by the names of files."""
        listing = self.blobs.list_blobs if recursive else self.blobs.walk_blobs
        with self.asking(under):
            return [deeds.listed(one) async for one in listing(name_starts_with=f"{under}/")]

    def glob(self, pattern: str, at: str = "") -> AsyncIterator[Entry]:
        """Yield the paths that a pattern means, once each; only directories that can hold something of it are listed.

        Args:
            pattern: From `at` on.
            at: A directory; empty: the root.

        Raises:
            ValueError: It is no pattern.
        """

        async def below(under: str, *, recursive: bool) -> AsyncIterator[Entry]:
            with suppress(NotFound):
                async for found in self.entries(under, recursive=recursive):
                    yield found

        async def one(path: str) -> Entry | None:
            with suppress(NotFound):
                return await self.do(deeds.entry(self, path))
            return None

        return awalk(pattern, below, one, at)

    async def below(self, path: str, *, most: int = 0) -> list[str]:
        """Return the names of the files below a path of a flat account.

        Args:
            path: Which.
            most: No more than so many; 0: all.
        """
        names: list[str] = []
        with self.asking(path):
            async for one in self.blobs.list_blobs(name_starts_with=f"{path}/", results_per_page=most or None):
                names.append(str(one.name))
                if len(names) == most:
                    break
        return names

    async def siblings(self) -> list[str]:
        """Return the names of the account's file systems."""
        with self.asking():
            return [str(one.name) async for one in self._service.list_containers()]

    async def chunks(self, path: str) -> AsyncIterator[bytes]:
        """Yield a file's bytes in order, a few MiB at a time; all of one version of it.

        Args:
            path: Which.

        Raises:
            NotFound: There is no such file.
            Conflict: Another has taken its place meanwhile.
        """
        with self.asking(path):
            stream = await self.blobs.get_blob_client(path).download_blob()
            async for chunk in stream.chunks():
                yield bytes(chunk)

    async def do(self, deed: deeds.Deed[deeds.T]) -> deeds.T:
        """Do a deed of this file system's and return what came of it.

        Args:
            deed: One of `lakeport.lake.deeds`, begun with this file system.
        """
        return await adone(deed)

    @cached_property
    def waiting(self) -> FileSystem:
        """The same file system, for threads, which wait."""
        return FileSystem(self.profile, self.account, self.name)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="lakeport-awaited")

    async def apart(self, call: Callable[..., R], *given: Any, **named: Any) -> R:  # Any: what the call takes
        """Call what waits in a thread of its own, and return what it does; a task that is cancelled does not end the call.

        Args:
            call: What.
            given: What it is called with.
            named: The same, by name.
        """
        loop, context = asyncio.get_running_loop(), copy_context()
        return await loop.run_in_executor(self._threads, partial(context.run, partial(call, *given, **named)))

    async def aclose(self) -> None:
        """Close the connections."""
        threads = self.__dict__.pop("_threads", None)
        if threads is not None:
            threads.shutdown(wait=False)
        for name in ("dfs", "blobs", "_service"):
            if name in self.__dict__:
                await self.__dict__.pop(name).close()
        opener = self.__dict__.pop("_opener", None)
        if opener is not None and hasattr(opener, "close"):
            await opener.close()
