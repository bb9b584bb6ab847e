"""One connection for other people's libraries: fsspec, pyarrow, obstore, DuckDB, and options for polars, pandas, delta.

Every handle signs in by the profile and goes on when its token or SAS ends. Knows nothing of tables. Libraries are
loaded when their handle is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from lakeport.engines.extras import needed

if TYPE_CHECKING:
    from lakeport.engines.file_system import LakeFileSystem
    from lakeport.profiles import Profile

    Library = Literal["polars", "delta", "pandas", "dask"]

__all__ = ["duckdb", "fsspec", "obstore", "pyarrow", "register", "storage_options"]


def fsspec(profile: Profile, account: str) -> LakeFileSystem:
    """Return an fsspec file system of a storage account; its paths are `FILE_SYSTEM/PATH` or URLs.

    Args:
        profile: Who asks.
        account: The storage account.

    Raises:
        MissingExtra: fsspec is not installed.
        BadProfile: The profile's secret or certificate cannot be read.
    """
    needed("fsspec", "a file system of fsspec")
    from lakeport.engines.file_system import LakeFileSystem, Opened  # noqa: PLC0415

    return LakeFileSystem(opened_by=Opened(profile, account))


def pyarrow(profile: Profile, account: str) -> Any:  # Any: pyarrow has no types
    """Return a `pyarrow.fs.PyFileSystem` of a storage account; its paths are `FILE_SYSTEM/PATH`.

    pyarrow's own `AzureFileSystem` is not used: it signs in by itself, and ends the process where it cannot.

    Args:
        profile: Who asks.
        account: The storage account.

    Raises:
        MissingExtra: pyarrow or fsspec is not installed.
        BadProfile: The profile's secret or certificate cannot be read.
    """
    needed("pyarrow", "a file system of pyarrow")
    lake = fsspec(profile, account)
    from lakeport.engines.arrow import file_system  # noqa: PLC0415

    return file_system(lake)


def obstore(profile: Profile, account: str, file_system: str, prefix: str = "") -> Any:  # Any: obstore is an extra
    """Return an `obstore.store.AzureStore` of a file system, or of what lies below a directory of it.

    Args:
        profile: Who asks.
        account: The storage account.
        file_system: Its name.
        prefix: A directory; empty: the whole file system.

    Raises:
        MissingExtra: obstore is not installed.
        BadProfile: The profile's secret or certificate cannot be read.
    """
    needed("obstore", "an object store")
    from lakeport.engines.object_stores import store  # noqa: PLC0415

    return store(profile, account, file_system, prefix)


def storage_options(library: Library, profile: Profile, account: str) -> dict[str, Any]:  # Any: as the library has it
    """Return what a library's `storage_options` takes to work on URLs of a storage account.

    Those of polars and delta name an address of this process at which they get tokens for as long as it runs; those of
    pandas and dask make `abfss://` lakeport's in this process, and name the profile.

    Args:
        library: `polars`, `delta`, `pandas` or `dask`.
        profile: Who asks.
        account: The storage account.

    Raises:
        Misused: There is no such library.
        MissingExtra: fsspec is not installed, which pandas and dask go through.
        BadProfile: The profile's secret or certificate cannot be read.
    """
    from lakeport.engines import options  # noqa: PLC0415

    return options.storage_options(library, profile, account)


def duckdb(connection: Any, profile: Profile, account: str) -> Any:  # Any: DuckDB is an extra
    """Let a DuckDB connection read and write `abfss://` URLs of a storage account; return the connection.

    Args:
        connection: A DuckDB connection.
        profile: Who asks.
        account: The storage account.

    Raises:
        MissingExtra: fsspec is not installed.
        BadProfile: The profile's secret or certificate cannot be read.
    """
    lake = fsspec(profile, account)
    registered = set(connection.list_filesystems())
    for protocol in lake.protocol:
        if protocol in registered:
            connection.unregister_filesystem(protocol)
    connection.register_filesystem(lake)
    return connection


def register() -> None:
    """Make `abfss://`, `abfs://` and `az://` lakeport's for everything in this process that goes through fsspec.

    Installed beside adlfs it is chance which of the two fsspec takes for `abfss://`; after this it is ours. What is said
    with adlfs's own options goes to adlfs all the same.

    Then `pandas.read_csv("abfss://...")` and `pandas.read_parquet("az://...")` are plain calls. Of Parquet and `abfss://`
    pandas asks pyarrow before fsspec, and pyarrow has a reader of its own that cannot be replaced from outside: say
    `az://` for `abfss://` in the same URL, or give `storage_options={}` or `filesystem=lake.fsspec()`.

    Raises:
        MissingExtra: fsspec is not installed.
    """
    from lakeport.engines.options import register as registered  # noqa: PLC0415

    registered()
