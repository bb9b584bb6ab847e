"""A file system of a lake: list, read and write files, with their checksums."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cached_property
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from lakeport import identity
from lakeport.errors import NotFound, NotVerified
from lakeport.identity import translated
from lakeport.lake import deeds
from lakeport.lake.deeds import done
from lakeport.lake.globs import walk
from lakeport.lake.values import Access, Checksum, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient
    from azure.storage.filedatalake import DataLakeFileClient, FileSystemClient

    from lakeport.lake.urls import LakeUrl
    from lakeport.profiles import Profile

BLOCK_BYTES = 4 << 20


class FileSystem:
    """One file system, as one caller."""

    single_bytes = 8 << 20
    """The most that is written in one request without blocks."""

    def __init__(self, profile: Profile, account: str, name: str, credential: TokenCredential | None = None) -> None:
        self.profile = profile
        self.account = account
        self.name = name
        self.flat: bool | None = None
        self._credential = credential

    @classmethod
    def at(cls, url: LakeUrl, profile: Profile) -> FileSystem:
        """Return the file system that a URL is in.

        Args:
            url: The place.
            profile: Who asks.
        """
        return cls(profile, url.account or profile.storage_account, url.file_system or profile.file_system)

    @cached_property
    def _opener(self) -> Any:  # Any: the SDK's two clients are annotated with different unions of the same credentials
        return self._credential or identity.storage_credential(self.profile, self.account)

    @cached_property
    def dfs(self) -> FileSystemClient:
        """The SDK's client of the file system, by the Data Lake API: for names and lists."""
        from azure.storage.filedatalake import ExponentialRetry, FileSystemClient  # noqa: PLC0415  (half a second)

        cloud = self.profile.cloud
        options = cloud.sdk_options()
        return FileSystemClient(
            cloud.account_url(self.account),
            self.name,
            credential=self._opener,
            proxies=options.get("proxies"),
            connection_verify=options.get("connection_verify", True),
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=3),
        )

    @cached_property
    def blobs(self) -> ContainerClient:
        """The SDK's client of the same file system by the Blob API, whose uploads nobody sees before they are whole."""
        from azure.storage.blob import ContainerClient, ExponentialRetry  # noqa: PLC0415

        cloud = self.profile.cloud
        options = cloud.sdk_options()
        return ContainerClient(
            cloud.blob_url(self.account),
            self.name,
            credential=self._opener,
            proxies=options.get("proxies"),
            connection_verify=options.get("connection_verify", True),
            retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=3),
        )

    def asking(self, path: str = "") -> AbstractContextManager[None]:
        """Give a block in which what the SDK raises is raised as errors of ours, about a path.

        Args:
            path: What is asked about.
        """
        return translated(self.profile, f"{self.name}/{path} in {self.account}".replace("/ in", " in"))

    def entries(self, under: str = "", *, recursive: bool = False) -> Iterator[Entry]:
        """Yield the paths below a directory, in the service's order.

        Args:
            under: The directory; empty: the root.
            recursive: Descend.

        Raises:
            NotFound: There is no such directory or file system.
        """
        from lakeport.storage import Account, paths  # noqa: PLC0415  (pulls in azure-core)

        try:
            with self.asking(under), Account(self.profile, self.account, credential=self._credential) as account:
                for one in paths(account, self.name, under.strip("/"), recursive=recursive):
                    yield Entry(one.path, one.is_directory, one.size_bytes, one.modified_at, one.etag)
        except NotFound:
            found = self._flat(under.strip("/"), recursive=recursive) if under and done(deeds.is_flat(self)) else []
            if not found:
                raise
            yield from found

    def _flat(self, under: str, *, recursive: bool) -> list[Entry]:
        """What is below a directory that is there only by the names of files."""
        listing = self.blobs.list_blobs if recursive else self.blobs.walk_blobs
        with self.asking(under):
            return [deeds.listed(one) for one in listing(name_starts_with=f"{under}/")]

    def below(self, path: str, *, most: int = 0) -> list[str]:
        """Return the names of the files below a path of a flat account.

        Args:
            path: Which.
            most: No more than so many; 0: all.
        """
        with self.asking(path):
            listing = self.blobs.list_blobs(name_starts_with=f"{path}/", results_per_page=most or None)
            return [str(one.name) for one in islice(listing, most or None)]

    def entry(self, path: str) -> Entry:
        """Return one path.

        Args:
            path: In the file system, without slashes around it.

        Raises:
            NotFound: There is none.
        """
        return done(deeds.entry(self, path))

    def glob(self, pattern: str) -> Iterator[Entry]:
        """Yield the paths that a pattern means, once each; only directories that can hold something of it are listed.

        Args:
            pattern: The whole path's.

        Raises:
            ValueError: It is no pattern.
        """

        def below(under: str, *, recursive: bool) -> Iterator[Entry]:
            with suppress(NotFound):
                yield from self.entries(under, recursive=recursive)

        def one(path: str) -> Entry | None:
            with suppress(NotFound):
                return self.entry(path)
            return None

        return walk(pattern, below, one)

    def has(self, path: str) -> bool:
        """Tell if a file or directory is there.

        Args:
            path: In the file system, without slashes around it.
        """
        return done(deeds.exists(self, path))

    def root(self) -> Entry:
        """Return the file system's root.

        Raises:
            NotFound: There is no such file system.
        """
        return done(deeds.root(self))

    def create(self) -> bool:
        """Make the file system; tell whether it was not there before."""
        return done(deeds.create(self))

    def siblings(self) -> list[str]:
        """Return the names of the account's file systems."""
        from azure.storage.blob import BlobServiceClient  # noqa: PLC0415

        cloud = self.profile.cloud
        options = cloud.sdk_options()
        service = BlobServiceClient(
            cloud.blob_url(self.account),
            credential=self._opener,
            proxies=options.get("proxies"),
            connection_verify=options.get("connection_verify", True),
        )
        with self.asking():
            return [str(one.name) for one in service.list_containers()]

    def metadata(self, path: str) -> dict[str, str]:
        """Return the metadata that users gave a path.

        Args:
            path: In the file system, without slashes around it.

        Raises:
            NotFound: There is no such path.
        """
        return done(deeds.metadata(self, path))

    def set_metadata(self, path: str, metadata: Mapping[str, str]) -> None:
        """Replace the metadata of a path.

        Args:
            path: In the file system, without slashes around it.
            metadata: By name.

        Raises:
            NotFound: There is no such path.
        """
        done(deeds.set_metadata(self, path, metadata))

    def remove(self, path: str) -> None:
        """Delete a file; one that is not there is deleted.

        Args:
            path: In the file system, without slashes around it.
        """
        done(deeds.remove(self, path))

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it; one that is there stays as it is.

        Args:
            path: In the file system, without slashes around it.

        Raises:
            Conflict: A file is there.
        """
        done(deeds.make_directory(self, path))

    def rename(self, source: str, target: str, *, replace: bool = False) -> None:
        """Give a file or directory another name, at once, with everything below it.

        Args:
            source: What.
            target: Its new path.
            replace: A file that is there is replaced.

        Raises:
            NotFound: There is no such path.
            Conflict: Something is there already.
        """
        done(deeds.rename(self, source, target, replace=replace))

    def delete(self, path: str, *, is_directory: bool) -> None:
        """Delete a file, or a directory with everything below it.

        Args:
            path: In the file system, without slashes around it.
            is_directory: Whether it is one.

        Raises:
            NotFound: There is no such path.
        """
        done(deeds.delete(self, path, is_directory=is_directory))

    def access(self, path: str) -> Access:
        """Return who owns a path and what its list allows; it takes no right on the path itself.

        Args:
            path: In the file system, without slashes around it.

        Raises:
            Forbidden: A directory above does not let the caller through.
            NotFound: There is no such path.
        """
        return done(deeds.access(self, path))

    def checksum(self, path: str) -> Checksum:
        """Return a file's size and stored MD5.

        Args:
            path: In the file system, without slashes around it.
        """
        return done(deeds.checksum(self, path))

    def hashed(self, path: str) -> str:
        """Return the MD5 of a file's bytes, in hex, by reading them.

        Args:
            path: In the file system, without slashes around it.
        """
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self.chunks(path):
            digest.update(chunk)
        return digest.hexdigest()

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield a file's bytes in order, a few MiB at a time.

        Args:
            path: In the file system, without slashes around it.
        """
        with self.asking(path):
            yield from self.dfs.get_file_client(path).download_file().chunks()

    def read(self, found: Entry, offset: int, length: int) -> bytes:
        """Return some of a file's bytes, in one request when they are no more than 32 MiB.

        Args:
            found: The file, as it was found.
            offset: Of the first byte.
            length: How many bytes.

        Raises:
            Conflict: Another has taken its place since it was found.
        """
        return done(deeds.read(self, found, offset, length))

    def file_client(self, path: str) -> DataLakeFileClient:
        """Return the SDK's client of a file, by the Data Lake API.

        Args:
            path: Which.
        """
        return self.dfs.get_file_client(path)

    def write(self, path: str, source: IO[bytes]) -> Checksum:
        """Write a file, replacing one that is there, with its MD5 stored beside it.

        Args:
            path: Where to.
            source: What; it must be seekable: it is read once for the checksum and once to be sent.
        """
        from azure.storage.filedatalake import ContentSettings  # noqa: PLC0415

        size, digest = digest_of(source)
        settings = ContentSettings(content_md5=bytearray(digest))
        with self.asking(path):
            file = self.dfs.get_file_client(path)
            if size:
                file.upload_data(source, size, overwrite=True, content_settings=settings)
            else:
                file.create_file()  # upload_data sends nothing at all for an empty file
        return Checksum(size, digest.hex() if size else "")


def digest_of(source: IO[bytes]) -> tuple[int, bytes]:
    """Return size and MD5 of what is left in a file, and wind it back to its beginning."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    while block := source.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    source.seek(0)
    return size, digest.digest()


def check_arrival(path: str, stored: Checksum, md5: str, size_bytes: int) -> None:
    """Compare what was read with what the service says it has.

    Raises:
        NotVerified: Size or MD5 differ.
    """
    if size_bytes != stored.size_bytes or (stored.md5 and md5 != stored.md5):
        said = f"{stored.size_bytes} bytes, MD5 {stored.md5 or 'not stored'}"
        raise NotVerified(f"{path}: read {size_bytes} bytes, MD5 {md5}; the lake says {said}")
