"""A lake: a storage account, as one caller."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from lakeport import engines, profiles
from lakeport.connection.places import Directory, File
from lakeport.errors import BadProfile, Misused
from lakeport.lake import FileSystem, LakeUrl, parse, profile_of
from lakeport.lake.opened import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lakeport.access.permissions import Permissions
    from lakeport.connection.asynchronous import AsyncLake
    from lakeport.engines import Library
    from lakeport.engines.file_system import LakeFileSystem
    from lakeport.lake import Entry
    from lakeport.profiles import Profile
    from lakeport.tables import Place, Scan, Written


def connect(where: str = "", *, account: str = "", file_system: str = "") -> Lake:
    """Return a lake. Nothing is sent before something is asked of it.

    Args:
        where: A profile's name; or the URL of a file system (`abfss://`, `https://` or `PROFILE:FILE_SYSTEM`), whose account
            selects the profile; empty: the profile that the environment and the profile files select.
        account: The storage account; empty: the URL's or the profile's.
        file_system: The file system that paths begin at; empty: the URL's or the profile's.

    Raises:
        BadProfile: There is no such profile, or nothing says which account.
        Misused: The URL names no lake.

    Example:
        >>> from lakeport import connect
        >>> lake = connect("contoso", file_system="raw")  # doctest: +SKIP
        >>> lake.file("2030/a.csv").read_text()  # doctest: +SKIP
        'name,age\\nada,36\\n'
    """
    url = _url(where)
    if url is None:
        profile = profiles.resolve(where or None)
        account = account or profile.storage_account
    else:
        profile = profile_of(url)
        account = account or url.account or profile.storage_account
    if not account:
        raise BadProfile(
            f"profile {profile.name!r} has no storage_account", hint="Give it one, or connect(..., account=NAME)"
        )
    chosen = file_system or (url.file_system if url else "") or profile.file_system
    return Lake(profile, account, chosen)


def _url(where: str) -> LakeUrl | None:
    """Return the place that a text names; `None` when it is a profile's name."""
    is_name = "://" not in where and (":" not in where.removeprefix("local:"))
    if is_name or not where:
        return None
    found = parse(where)
    if isinstance(found, Path):
        raise Misused(f"{where} names no lake", hint="Write a profile's name or an abfss:// URL")
    return found


class Lake:
    """A storage account, as one caller. Paths are of its file system, with slashes; safe to use from several threads.

    Args:
        profile: Who asks.
        account: The storage account's name.
        name: The file system that paths begin at; empty: only other file systems can be asked for.

    Attributes:
        profile: Who asks.
        account: The storage account's name.
    """

    def __init__(self, profile: Profile, account: str, name: str = "") -> None:
        self.profile = profile
        self.account = account
        self._name = name

    def __repr__(self) -> str:
        return f"Lake({self.account!r}, {self._name!r}, profile={self.profile.name!r})"

    @cached_property
    def file_system(self) -> FileSystem:
        """The file system that paths begin at.

        Raises:
            BadProfile: Nothing said which.
        """
        if not self._name:
            hint = f"Next: connect(..., file_system=NAME), or lake.of(NAME); {self.account}'s: lake.file_systems()"
            raise BadProfile("this lake names no file system", hint=hint)
        return FileSystem(self.profile, self.account, self._name)

    @property
    def name(self) -> str:
        """The file system's name, or empty."""
        return self._name

    def asynchronous(self) -> AsyncLake:
        """Return the same lake for a program with an event loop, to be used by `async with`.

        Raises:
            MissingExtra: aiohttp is not installed.
        """
        from lakeport.connection.asynchronous import AsyncLake  # noqa: PLC0415  (few need it)

        return AsyncLake(self)

    def of(self, file_system: str) -> Lake:
        """Return the same account, with paths that begin at another file system.

        Args:
            file_system: Its name.
        """
        return Lake(self.profile, self.account, file_system)

    def file_systems(self) -> list[str]:
        """Return the names of the account's file systems.

        Raises:
            Forbidden: The caller may not list them.
        """
        return FileSystem(self.profile, self.account, "").siblings()

    def create(self) -> bool:
        """Make the lake's file system; tell whether it was not there before.

        Raises:
            Forbidden: The caller may not make any.
        """
        return self.file_system.create()

    def file(self, path: str) -> File:
        """Return a file's handle, whether or not the file is there.

        Args:
            path: In the file system, or a URL in it.

        Raises:
            Misused: The path names the file system itself, or a place in another one.
        """
        inside = self._inside(path)
        if not inside:
            raise Misused(f"{path!r} names no file", hint="Name a path in the file system")
        return File(self.file_system, inside)

    def directory(self, path: str = "") -> Directory:
        """Return a directory's handle, whether or not the directory is there; of the root when no path is given.

        Args:
            path: In the file system, or a URL in it; empty: the root.

        Raises:
            Misused: It is a place in another file system.
        """
        return Directory(self.file_system, self._inside(path))

    def acl(self, path: str = "") -> Permissions:
        """Return the permissions of a path: its list read, changed by people's names, and explained.

        Args:
            path: In the file system; empty: the root.

        Example:
            >>> there = lake.acl("raw/2030")  # doctest: +SKIP
            >>> there.do(there.grant("ada@contoso.com", "read", recursive=True, default=True))  # doctest: +SKIP
            >>> there.explain("ada@contoso.com", "list")["list"].allowed  # doctest: +SKIP
            True
        """
        from lakeport.access.permissions import Permissions  # noqa: PLC0415  (the directory's client comes with it)

        return Permissions(self.profile, self.account, self.file_system.name, self._inside(path))

    def entries(self, path: str = "", *, recursive: bool = False) -> Iterator[Entry]:
        """Yield the paths in a directory, or everything below it, in the service's order.

        Args:
            path: The directory; empty: the root.
            recursive: Descend.

        Raises:
            NotFound: There is no such directory.

        Wire: one request a page of 5,000 paths.
        """
        return self.directory(path).entries(recursive=recursive)

    def glob(self, pattern: str) -> Iterator[Entry]:
        """Yield the paths that a pattern means: `*`, `?`, `[...]` and `{a,b}` within a name, `**` for any directories.

        Args:
            pattern: The whole path's.

        Raises:
            Misused: It is no pattern.

        Wire: only directories that can hold something of it are listed.
        """
        return self.directory().glob(self._inside(pattern))

    def exists(self, path: str) -> bool:
        """Tell whether a file or directory is there.

        Args:
            path: In the file system, or a URL in it; empty: the root.
        """
        return self.directory(path).exists()

    def open(
        self,
        path: str,
        mode: str = "r",
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:  # Any: text or bytes, by the mode
        """Return a file of the lake as Python's `open` returns one of this machine; see `File.open`.

        Args:
            path: In the file system, without slashes around it.
            mode: `r`, `w`, `x` or `a`, with `b` for bytes; without it text.
            encoding: Of the text; absent: UTF-8.
            errors: What becomes of text that cannot be decoded or encoded, as Python's `open` has it.
            newline: As Python's `open` has it.
        """
        found = self.file(path)
        return opened(found.lake, found.path, mode, encoding=encoding, errors=errors, newline=newline)

    def scan_table(
        self,
        path: str,
        *,
        columns: Sequence[str] = (),
        where: str | Any = "",  # Any: pyarrow's Expression
        file_format: str = "",
        types: Mapping[str, object] | None = None,
        version: int | None = None,
    ) -> Scan:
        """Return a table that is there to be read, in batches or whole; see `tables.scan`.

        Args:
            path: Of a file or a directory of files.
            columns: Only these, in this order; empty: all.
            where: Which rows, such as `age > 30 and name != 'ada'`; or an expression of pyarrow's.
            file_format: Such as `csv`, where the name does not tell.
            types: Types of columns by name, for formats without any.
            version: Of a Delta table; absent: the newest.

        Example:
            >>> found = lake.scan_table("sales", where="year = 2030", columns=["price"])  # doctest: +SKIP
            >>> sum(batch.num_rows for batch in found.batches())  # doctest: +SKIP
            1200
        """
        from lakeport import tables  # noqa: PLC0415  (an extra)

        place = self._place(path)
        return tables.scan(place, columns=columns, where=where, file_format=file_format, types=types, version=version)

    def read_table(
        self,
        path: str,
        *,
        columns: Sequence[str] = (),
        where: str | Any = "",  # Any: pyarrow's Expression
        file_format: str = "",
        types: Mapping[str, object] | None = None,
        version: int | None = None,
    ) -> Any:  # Any: pyarrow has no types
        """Return a table as a `pyarrow.Table`; it must fit in memory. See `tables.scan`.

        Args:
            path: Of a file or a directory of files.
            columns: Only these, in this order; empty: all.
            where: Which rows, such as `age > 30 and name != 'ada'`; or an expression of pyarrow's.
            file_format: Such as `csv`, where the name does not tell.
            types: Types of columns by name, for formats without any.
            version: Of a Delta table; absent: the newest.

        Example:
            >>> lake.read_table("sales/2030.parquet", columns=["price"]).num_columns  # doctest: +SKIP
            1
        """
        return self.scan_table(
            path, columns=columns, where=where, file_format=file_format, types=types, version=version
        ).table()

    def write_table(
        self,
        data: object,
        path: str,
        *,
        file_format: str = "",
        mode: str = "error",
        partition_by: Sequence[str] = (),
        compression: str = "",
        told: Callable[[int], None] | None = None,
    ) -> Written:
        """Write a table, frame or rows; it appears whole, or not at all. See `tables.write`.

        Args:
            data: A `pyarrow.Table`, batches, a data frame of polars or pandas, or rows as mappings.
            path: Of a file, or of a directory when it is partitioned.
            file_format: Such as `csv`, where the name does not tell.
            mode: `error`, `overwrite` or `append`, when something is there.
            partition_by: Columns by whose values the rows lie in directories.
            compression: Such as `zstd`; empty: the format's usual.
            told: Called with the number of rows so far.

        Example:
            >>> lake.write_table({"n": [1, 2]}, "numbers.parquet").rows  # doctest: +SKIP
            2
        """
        from lakeport import tables  # noqa: PLC0415  (an extra)

        return tables.write(
            data,
            self._place(path),
            file_format=file_format,
            mode=mode,
            partition_by=partition_by,
            compression=compression,
            told=told,
        )

    def _place(self, path: str) -> Place:
        from lakeport import tables  # noqa: PLC0415  (an extra)

        return tables.Place(self._inside(path), self.file_system, is_folder=path.endswith("/"))

    def _inside(self, path: str) -> str:
        """Return a path of this lake's file system, of a path or of a URL."""
        if "://" not in path:
            return path.strip("/")
        url = parse(path)
        if not isinstance(url, LakeUrl) or (url.account, url.file_system) != (self.account, self._name):
            raise Misused(
                f"{path} is not in {self._name or 'this lake'} of {self.account}", hint="Next: lakeport.connect(URL)"
            )
        return url.path

    def fsspec(self) -> LakeFileSystem:
        """Return an fsspec file system of the account; its paths are `FILE_SYSTEM/PATH` or URLs.

        Raises:
            MissingExtra: fsspec is not installed.
        """
        return engines.fsspec(self.profile, self.account)

    def pyarrow(self) -> Any:  # Any: pyarrow has no types
        """Return a `pyarrow.fs.PyFileSystem` of the account; its paths are `FILE_SYSTEM/PATH`.

        Raises:
            MissingExtra: pyarrow or fsspec is not installed.
        """
        return engines.pyarrow(self.profile, self.account)

    def obstore(self, prefix: str = "") -> Any:  # Any: obstore is an extra
        """Return an `obstore.store.AzureStore` of the lake's file system, or of what lies below a directory of it.

        Args:
            prefix: A directory; empty: the whole file system.

        Raises:
            MissingExtra: obstore is not installed.
        """
        return engines.obstore(self.profile, self.account, self.file_system.name, prefix)

    def storage_options(self, library: Library) -> dict[str, Any]:  # Any: as the library has it
        """Return what `storage_options` of polars, delta, pandas or dask takes; see `engines.storage_options`.

        Args:
            library: `polars`, `delta`, `pandas` or `dask`.

        Raises:
            Misused: There is no such library.
        """
        return engines.storage_options(library, self.profile, self.account)

    def duckdb(self, connection: Any) -> Any:  # Any: DuckDB is an extra
        """Let a DuckDB connection read and write `abfss://` URLs of the account; return the connection.

        Args:
            connection: A DuckDB connection.

        Raises:
            MissingExtra: fsspec is not installed.
        """
        return engines.duckdb(connection, self.profile, self.account)
