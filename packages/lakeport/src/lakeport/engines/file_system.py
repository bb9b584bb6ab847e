"""A storage account as fsspec has file systems: what pandas, dask, DuckDB, pyarrow and others read and write by."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from fsspec.asyn import AsyncFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK

from lakeport.engines import moving
from lakeport.engines.account import THREADS, opened
from lakeport.engines.files import LakeFile
from lakeport.engines.naming import PROTOCOLS, is_adlfs, named, profile_for
from lakeport.engines.ranges import Wanted, joined
from lakeport.engines.refusals import os_errors
from lakeport.errors import Conflict, Misused
from lakeport.storage import Found
from lakeport.storage.listing import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lakeport.engines.account import Account

    Info = dict[str, Any]  # Any: fsspec's protocol


class Opened:
    """An account with who opens it, as an argument: it is told from others by its text, as fsspec tells arguments."""

    def __init__(self, profile: Any, account: str) -> None:  # Any: profiles.Profile, which pickle finds by itself
        self.profile = profile
        self.account = account

    def __repr__(self) -> str:
        from lakeport.identity import broker  # noqa: PLC0415

        return f"Opened({self.account!r}, {broker.principal_of(self.profile)})"


class LakeFileSystem(AsyncFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A storage account.

    Paths are `container/path`; URLs `abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/path`. Nothing is remembered of
    listings, and for a second what a file was; a file is read as it was when it was opened, or not at all.

    Args:
        account_name: The storage account; empty: the profile's.
        profile: A profile's name; empty: the one whose storage account it is, else the usual one.
        opened_by: The account and a profile's values, instead of both.
        options: adlfs's names for a principal, key or SAS, so that what was written for it goes on: by adlfs, if it is
            installed, else by us.

    Raises:
        Misused: An option is none of ours.
        BadProfile: Nothing says which account, or the profile cannot be read.
    """

    protocol: ClassVar[tuple[str, ...]] = PROTOCOLS
    root_marker = ""
    cachable = False  # connections are kept by `account.opened`, by who is meant instead of by what was written
    async_impl = True

    def __new__(cls, *arguments: Any, **options: Any) -> Any:  # Any: fsspec's protocol
        """Make one; or, for whoever says something in adlfs's own words and has it, adlfs's."""
        if cls is LakeFileSystem and not arguments and is_adlfs(options):
            from adlfs import AzureBlobFileSystem  # noqa: PLC0415

            return AzureBlobFileSystem(**options)
        return super().__new__(cls)

    def __init__(
        self,
        account_name: str = "",
        profile: str = "",
        opened_by: Opened | None = None,
        **options: Any,  # Any: fsspec's protocol
    ) -> None:
        own = {name: options.pop(name) for name in ("asynchronous", "batch_size", "loop") if name in options}
        for name in ("use_listings_cache", "listings_expiry_time", "max_paths", "default_block_size"):
            options.pop(name, None)
        super().__init__(**own, use_listings_cache=False)
        if opened_by is None:
            chosen = profile_for(account_name, profile, options)
            opened_by = Opened(chosen, chosen.storage_account)
        if account_name:
            opened_by = Opened(opened_by.profile, account_name)
        if not opened_by.account:
            raise Misused("no storage account is named", hint="Give account_name, or a profile with storage_account")
        self.account: Account = opened(opened_by.profile, opened_by.account)
        self._strip_protocol = self._own_path  # type: ignore[method-assign]  # an instance knows its account

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:  # Any: a text, or a list of them
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return named(os.fspath(path)).path

    def _own_path(self, path: Any) -> Any:  # Any: a text, or a list of them
        if isinstance(path, list):
            return [self._own_path(one) for one in path]
        found = named(os.fspath(path))
        if found.account not in {"", self.account.name}:
            raise ValueError(f"{path} is in account {found.account}; this file system is of {self.account.name}")
        return found.path

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, str]:
        found = named(path)
        return {"account_name": found.account} if found.account else {}

    def unstrip_protocol(self, name: str) -> str:
        """Return the URL of a path, which names the account, too."""
        container, _, rest = self._own_path(name).partition("/")
        return f"abfss://{container}@{self.account.name}.{self.account.profile.cloud.dfs_suffix}/{rest}"

    @cached_property
    def _calls(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(THREADS, thread_name_prefix="lakeport-calls")

    async def _away(
        self, call: Callable[..., Any], *arguments: Any, **named_ones: Any
    ) -> Any:  # Any: what `call` takes
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._calls, partial(call, *arguments, **named_ones))

    # What there is

    def info(self, path: str, **_options: Any) -> Info:  # Any: fsspec's protocol
        """Return name, type, size, time and ETag of a file or directory.

        Raises:
            FileNotFoundError: There is none.
        """
        path = self._own_path(path)
        if not path:
            return {"name": "", "type": "directory", "size": 0}
        with os_errors(path):
            return _info(self.account.find(path))

    async def _info(self, path: str, **_options: Any) -> Info:  # Any: fsspec's protocol
        return dict(await self._away(self.info, path))

    def ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        """Return what lies in a directory: what `info` says of each, or names alone.

        Raises:
            FileNotFoundError: There is no such directory.
        """
        path = self._own_path(path)
        found = [self._own(one) for one in self._listed(path)]
        return found if detail else [one["name"] for one in found]

    async def _ls(self, path: str, detail: bool = True, **_options: Any) -> list[Any]:
        return list(await self._away(self.ls, path, detail))

    def _own(self, one: Found) -> Info:
        return _info(one)

    def _listed(self, path: str, *, recursive: bool = False) -> list[Found]:
        with os_errors(path):
            if not path:
                with self.account.requests() as asking:
                    return [_container(name) for name in asking.containers()]
            try:
                found = self.account.listed(path, recursive=recursive)
            except Conflict:
                return [self.account.find(path)]  # it is a file
            if not found and "/" in path:  # an empty directory, or none: a flat account has no empty ones
                one = self.account.find(path)
                return [] if one.is_directory else [one]
            return found

    async def _find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        **options: Any,
    ) -> Any:  # Any: names, or what `info` says by name
        top = self._own_path(path)
        if maxdepth is not None or not top:
            options.pop("prefix", None)
            return await super()._find(top, maxdepth=maxdepth, withdirs=withdirs, **options)
        found = await self._away(self._everything, top, prefix=options.get("prefix", ""), with_directories=withdirs)
        return found if options.get("detail") else list(found)

    def _everything(self, top: str, *, prefix: str, with_directories: bool) -> dict[str, Info]:
        try:
            listed = self._listed(top, recursive=True)
        except FileNotFoundError:
            return {}
        infos = {one.path: _info(one) for one in listed}
        if with_directories:
            for name in list(infos):
                for above in _between(top, name):
                    infos.setdefault(above, {"name": above, "type": "directory", "size": 0})
            if top not in infos:
                infos[top] = {"name": top, "type": "directory", "size": 0}
        begins = f"{top}/{prefix}"
        return {
            name: infos[name]
            for name in sorted(infos)
            if (with_directories or infos[name]["type"] == "file") and (name == top or name.startswith(begins))
        }

    # Reading

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        **options: Any,
    ) -> LakeFile:
        return LakeFile(self, self.account, path, mode, block_size=block_size, autocommit=autocommit, **options)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_options: Any) -> bytes:
        """Return a file's bytes, or those from `start` to before `end`; both count from the end when negative.

        Raises:
            FileNotFoundError: There is no such file.
        """
        path = self._own_path(path)
        with os_errors(path):
            if (start or 0) < 0 or (end or 0) < 0:
                found = self.account.find(path)
                start, end, _ = slice(start, end).indices(found.size_bytes)
                return self.account.read(path, start, end, of=found)
            return self.account.read(path, start or 0, end)

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **_options: Any) -> bytes:
        return bytes(await self._away(self.cat_file, path, start, end))

    async def _cat_ranges(  # noqa: PLR0917  (fsspec's)
        self,
        paths: Sequence[str],
        starts: Any,  # Any: numbers, or one of them
        ends: Any,
        max_gap: int | None = None,
        batch_size: int | None = None,
        on_error: str = "return",
        **_options: Any,  # Any: fsspec's protocol
    ) -> list[Any]:
        wanted = [
            Wanted(path, start, end)
            for path, start, end in zip(paths, _each(starts, paths), _each(ends, paths), strict=True)
        ]
        groups = joined(wanted, max_gap)
        found = await asyncio.gather(
            *(self._away(self._group, wanted, group) for group in groups), return_exceptions=True
        )
        results: list[Any] = [None] * len(wanted)
        for group, pieces in zip(groups, found, strict=True):
            for at, number in enumerate(group):
                results[number] = pieces if isinstance(pieces, BaseException) else pieces[at]
        wrong = next((one for one in results if isinstance(one, BaseException)), None)
        if on_error == "raise" and wrong is not None:
            raise wrong
        return results

    def _group(self, wanted: Sequence[Wanted], group: Sequence[int]) -> list[bytes]:
        first = wanted[group[0]]
        if len(group) == 1:
            return [self.cat_file(first.path, first.start, first.end)]
        start = min(wanted[number].start or 0 for number in group)
        data = self.cat_file(first.path, start, max(wanted[number].end or 0 for number in group))
        return [data[(wanted[number].start or 0) - start : (wanted[number].end or 0) - start] for number in group]

    async def _get_file(self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **_options: Any) -> None:
        path = self._own_path(rpath)
        if hasattr(lpath, "write"):
            lpath.write(await self._cat_file(path))
            return
        await self._away(self._fetch, path, Path(lpath), callback)

    def _fetch(self, path: str, target: Path, callback: Any) -> None:  # Any: fsspec's callback
        with os_errors(path):
            found = self.account.find(path)
            if found.is_directory:
                target.mkdir(parents=True, exist_ok=True)
                return
            callback.set_size(found.size_bytes)
            moving.fetch(self.account, found, target, callback.relative_update)

    # Writing

    def pipe_file(self, path: str, value: Any, mode: str = "overwrite", **_options: Any) -> None:  # Any: any buffer
        """Write a whole file; with mode `create` only where there is none.

        Raises:
            FileExistsError: There is one.
        """
        path = self._own_path(path)
        with os_errors(path):
            moving.send(self.account, path, memoryview(value).cast("B"), is_new=mode == "create")

    async def _pipe_file(self, path: str, value: Any, mode: str = "overwrite", **_options: Any) -> None:
        await self._away(self.pipe_file, path, value, mode)

    async def _put_file(
        self, lpath: str, rpath: str, mode: str = "overwrite", callback: Any = DEFAULT_CALLBACK, **_options: Any
    ) -> None:
        await self._away(self._send, Path(lpath), self._own_path(rpath), mode, callback)

    def _send(self, source: Path, path: str, mode: str, callback: Any) -> None:  # Any: fsspec's callback
        if source.is_dir():
            self.makedirs(path, exist_ok=True)
            return
        with os_errors(path), source.open("rb") as file:
            callback.set_size(source.stat().st_size)
            moving.send_file(self.account, path, file, callback.relative_update, is_new=mode == "create")

    async def _cp_file(self, path1: str, path2: str, **_options: Any) -> None:
        await self._away(self._copy_one, self._own_path(path1), self._own_path(path2))

    def _copy_one(self, source: str, target: str) -> None:
        with os_errors(source):
            if self.account.find(source).is_directory:
                self.makedirs(target, exist_ok=True)
            else:
                self.account.copy(source, target)

    def mv(self, path1: Any, path2: Any, recursive: bool = False, maxdepth: int | None = None, **options: Any) -> None:
        """Move files or directories; one of a hierarchical account by giving it another name, at once."""
        is_one = isinstance(path1, str) and isinstance(path2, str) and not set("*?[") & set(path1)
        if not is_one or maxdepth is not None or not self.account.is_hierarchical(self._own_path(path1)):
            super().mv(path1, path2, recursive=recursive, maxdepth=maxdepth, **options)
            return
        source, target = self._own_path(path1), self._own_path(path2)
        if self.isdir(source) and not recursive:
            raise IsADirectoryError(errno.EISDIR, "it is a directory", source)
        if path2.endswith("/") or self.isdir(target):
            target = f"{target}/{source.rpartition('/')[2]}"
        with os_errors(source), self.account.requests() as asking:
            asking.rename(source, target)

    # Directories

    def mkdir(self, path: str, create_parents: bool = True, **_options: Any) -> None:
        """Make a container, or a directory where there are any: in a flat account a name is enough.

        Raises:
            FileExistsError: It is there.
        """
        path = self._own_path(path)
        with os_errors(path), self.account.requests() as asking:
            if "/" not in path:
                asking.make_container(path)
            elif self.account.is_hierarchical(path):
                if not create_parents:
                    self.account.find(path.rpartition("/")[0])
                asking.make_directory(path)

    async def _mkdir(self, path: str, create_parents: bool = True, **_options: Any) -> None:
        await self._away(self.mkdir, path, create_parents)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a directory and those above it.

        Raises:
            FileExistsError: It is there, and `exist_ok` was not given; or a file is.
        """
        try:
            self.mkdir(path)
        except FileExistsError:
            if not (exist_ok and self.isdir(path)):
                raise

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        await self._away(self.makedirs, path, exist_ok)

    def rmdir(self, path: str) -> None:
        """Delete an empty directory or container.

        Raises:
            OSError: It is not empty.
        """
        path = self._own_path(path)
        if self._listed(path):
            raise OSError(errno.ENOTEMPTY, "it is not empty", path)
        with os_errors(path), self.account.requests() as asking:
            if "/" not in path:
                asking.remove_container(path)
            else:
                asking.remove(path)

    async def _rmdir(self, path: str) -> None:
        await self._away(self.rmdir, path)

    async def _rm(
        self,
        path: Any,
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **_: Any,
    ) -> None:
        """Delete files, and with `recursive` directories; a container is emptied and stays."""
        if maxdepth is not None:
            whole = await self._expand_path(path, recursive=recursive, maxdepth=maxdepth)
            chosen = [one for one in whole if not await self._isdir(one)]
        else:
            chosen = await self._expand_path(path)
        await asyncio.gather(*(self._away(self._remove, one, recursive) for one in chosen))

    async def _rm_file(self, path: str, **_options: Any) -> None:
        await self._away(self._remove, self._own_path(path), False)

    def _remove(self, path: str, recursive: bool) -> None:
        with os_errors(path):
            found = self.account.find(path)
            if found.is_directory and not recursive:
                raise IsADirectoryError(errno.EISDIR, "it is a directory", path)
            if not found.is_directory or ("/" in path and self.account.is_hierarchical(path)):
                with self.account.requests() as asking:
                    asking.remove(path, recursive=recursive and found.is_directory)
                return
            within = self._listed(path, recursive=not self.account.is_hierarchical(path))
            for one in within:
                with suppress(FileNotFoundError):
                    self._remove(one.path, recursive)

    def created(self, path: str) -> Any:
        """Return when a path was last written: the service shows no other instant in listings."""
        return self.modified(path)

    def modified(self, path: str) -> Any:  # Any: fsspec's protocol
        """Return when a path was last written."""
        return self.info(path)["last_modified"]

    def ukey(self, path: str) -> str:
        """Return a text that is another when the file is."""
        return hashlib.sha256(
            f"{self.account.name}/{self._own_path(path)} {self.info(path)['etag']}".encode()
        ).hexdigest()


def _info(found: Found) -> Info:
    kind = "directory" if found.is_directory else "file"
    about: Info = {"name": found.path, "type": kind, "size": found.size_bytes, "etag": found.etag}
    if found.etag:
        about |= {"last_modified": found.modified_at, "mtime": found.modified_at}
    return about


def _container(name: str) -> Found:
    return Found(name, 0, "", NEVER, is_directory=True)


def _between(top: str, name: str) -> Iterable[str]:
    above = name.rpartition("/")[0]
    while len(above) > len(top):
        yield above
        above = above.rpartition("/")[0]


def _each(value: Any, paths: Sequence[str]) -> Sequence[Any]:  # Any: numbers, or one of them
    return value if isinstance(value, (list, tuple)) else [value] * len(paths)
