"""What is asked of a file system and what the answers mean, written once for callers that wait and callers that await.

A deed is a generator: it yields what a client of the SDK gives, an answer or something to await, and is sent the answer.
The SDK's two kinds of clients have the same methods, so that a deed need not know which of them it asks.
"""

from __future__ import annotations

import io
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

from lakeport.errors import Conflict, LakeportError, Misused, NotFound
from lakeport.lake.values import Access, Checksum, Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

T = TypeVar("T")
Deed = Generator[Any, Any, T]  # Any: what the SDK's clients give, of either kind
IF_NEW = {"If-None-Match": "*"}
"""Refuses to replace what is there."""


class Asked(Protocol):
    """A file system, of either kind.

    Attributes:
        flat: Whether its account has no directories; `None` before that was asked.
    """

    flat: bool | None

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def single_bytes(self) -> int:
        """The most that is written in one request without blocks."""
        ...

    @property
    def dfs(self) -> Any:  # Any: the SDK's clients of both kinds
        """The SDK's client of the file system, by the Data Lake API."""
        ...

    @property
    def blobs(self) -> Any:  # Any: as above
        """The SDK's client of the same, by the Blob API."""
        ...

    def below(self, path: str, *, most: int = 0) -> Any:  # Any: a list of names, or something to await that gives it
        """Give the names of the files below a path of a flat account; no more than so many, or all."""
        ...

    def asking(self, path: str = "") -> AbstractContextManager[None]:
        """Raise what the SDK raises as errors of ours, about a path."""
        ...


def done(deed: Deed[T]) -> T:
    """Do a deed with clients that wait."""
    answer = None
    try:
        while True:
            answer = deed.send(answer)
    except StopIteration as stop:
        found: T = stop.value
        return found


async def adone(deed: Deed[T]) -> T:
    """Do a deed with clients that give something to await."""
    try:
        asked = next(deed)
        while True:
            try:
                answer = await asked
            except BaseException as error:  # noqa: BLE001  (the deed's own to handle)
                asked = deed.throw(error)
            else:
                asked = deed.send(answer)
    except StopIteration as stop:
        found: T = stop.value
        return found


def entry(lake: Asked, path: str) -> Deed[Entry]:
    """Look one path up; in a flat account, what files lie in is a directory."""
    try:
        with lake.asking(path):
            found = yield lake.dfs.get_file_client(path).get_file_properties()
    except NotFound:
        files = (yield lake.below(path, most=1)) if path and (yield from is_flat(lake)) else []
        if not files:
            raise
        return Entry(path, is_directory=True, size_bytes=0, modified_at=None)
    is_directory = (found.metadata or {}).get("hdi_isfolder") == "true"
    return Entry(path, is_directory, int(found.size or 0), found.last_modified, str(found.etag or ""))


def is_flat(lake: Asked) -> Deed[bool]:
    """Tell if the account has no directories: asked once, and only after something was not found."""
    if lake.flat is None:
        try:
            with lake.asking():
                yield lake.dfs.get_directory_client("/").get_access_control()
            lake.flat = False
        except LakeportError as error:
            lake.flat = error.code == "HierarchicalNamespaceNotEnabled"
    return lake.flat


def root(lake: Asked) -> Deed[Entry]:
    """Look the root up."""
    with lake.asking():
        found = yield lake.dfs.get_file_system_properties()
    return Entry("", is_directory=True, size_bytes=0, modified_at=found.last_modified, etag=str(found.etag or ""))


def create(lake: Asked) -> Deed[bool]:
    """Make the file system; tell whether it was not there before."""
    try:
        with lake.asking():
            yield lake.dfs.create_file_system()
    except Conflict:
        return False
    return True


def metadata(lake: Asked, path: str) -> Deed[dict[str, str]]:
    """Read the metadata of a path."""
    with lake.asking(path):
        found = yield lake.dfs.get_file_client(path).get_file_properties()
    return {str(name): str(value) for name, value in (found.metadata or {}).items() if name != "hdi_isfolder"}


def set_metadata(lake: Asked, path: str, wanted: Mapping[str, str]) -> Deed[None]:
    """Replace the metadata of a path; a directory stays marked as one."""
    found = yield from entry(lake, path)
    marked = {"hdi_isfolder": "true"} if found.is_directory else {}
    with lake.asking(path):
        yield lake.dfs.get_file_client(path).set_metadata({**wanted, **marked})


def remove(lake: Asked, path: str) -> Deed[None]:
    """Delete a file; one that is not there is deleted."""
    try:
        with lake.asking(path):
            yield lake.dfs.get_file_client(path).delete_file()
    except NotFound:
        return


def make_directory(lake: Asked, path: str) -> Deed[None]:
    """Make a directory and those above it."""
    try:
        with lake.asking(path):
            yield lake.dfs.get_directory_client(path).create_directory(headers=IF_NEW)
    except Conflict:
        found = yield from entry(lake, path)
        if not found.is_directory:
            raise


def rename(lake: Asked, source: str, target: str, *, replace: bool = False) -> Deed[None]:
    """Give a path another name."""
    with lake.asking(source):
        client = lake.dfs.get_directory_client(quote(source))  # the SDK unquotes a source before it quotes it
        yield client.rename_directory(f"{lake.name}/{target}", headers={} if replace else IF_NEW)


def delete(lake: Asked, path: str, *, is_directory: bool) -> Deed[None]:
    """Delete a file, or a directory with everything below it: in a flat account, one by one."""
    if not is_directory:
        with lake.asking(path):
            yield lake.dfs.get_file_client(path).delete_file()
        return
    try:
        with lake.asking(path):
            yield lake.dfs.get_directory_client(path).delete_directory()
    except NotFound:
        names = (yield lake.below(path)) if (yield from is_flat(lake)) else []
        if not names:
            raise
        for name in names:
            yield from remove(lake, name)


def access(lake: Asked, path: str) -> Deed[Access]:
    """Read who owns a path, and its list."""
    with lake.asking(path):
        found = yield lake.dfs.get_file_client(path or "/").get_access_control()
    return Access(str(found["owner"]), str(found["group"]), str(found["acl"]))


def checksum(lake: Asked, path: str) -> Deed[Checksum]:
    """Read a file's size and stored MD5."""
    with lake.asking(path):
        found = yield lake.dfs.get_file_client(path).get_file_properties()
    stored = found.content_settings.content_md5 if found.content_settings else None
    return Checksum(int(found.size or 0), bytes(stored).hex() if stored else "")


def read(lake: Asked, found: Entry, offset: int, length: int) -> Deed[bytes]:
    """Read some of a file, as it was when it was found."""
    from azure.core import MatchConditions  # noqa: PLC0415

    same = MatchConditions.IfNotModified if found.etag else None
    with lake.asking(found.path):
        blob = lake.blobs.get_blob_client(found.path)
        stream = yield blob.download_blob(offset, length, etag=found.etag or None, match_condition=same)
        data: bytes = yield stream.readall()
    return data


def stage(lake: Asked, path: str, name: str, block: bytes) -> Deed[None]:
    """Send one block; nobody sees it before `commit`."""
    with lake.asking(path):
        yield lake.blobs.get_blob_client(path).stage_block(name, io.BytesIO(block), len(block))


@dataclass(frozen=True)
class Only:
    """What may be replaced.

    Attributes:
        is_new: Nothing.
        etag: This version; empty: any.
    """

    is_new: bool = False
    etag: str = ""

    def condition(self) -> dict[str, Any]:  # Any: keyword arguments of the SDK's
        """Return what the SDK's clients are told."""
        from azure.core import MatchConditions  # noqa: PLC0415

        if self.etag:
            return {"etag": self.etag, "match_condition": MatchConditions.IfNotModified}
        return {"match_condition": MatchConditions.IfMissing} if self.is_new else {}


def put(lake: Asked, path: str, data: bytes, digest: bytes, only: Only) -> Deed[None]:
    """Write a whole file in one request."""
    from azure.storage.blob import ContentSettings  # noqa: PLC0415

    settings = ContentSettings(content_md5=bytearray(digest))
    condition = {} if only.is_new else only.condition()
    with lake.asking(path):
        blob = lake.blobs.get_blob_client(path)
        yield blob.upload_blob(data, overwrite=not only.is_new, content_settings=settings, **condition)


def commit(lake: Asked, path: str, blocks: list[str], digest: bytes, only: Only) -> Deed[None]:
    """Make blocks the file, at once."""
    from azure.storage.blob import BlobBlock, ContentSettings  # noqa: PLC0415

    settings = ContentSettings(content_md5=bytearray(digest))
    with lake.asking(path):
        blob = lake.blobs.get_blob_client(path)
        listed = [BlobBlock(name) for name in blocks]
        yield blob.commit_block_list(listed, content_settings=settings, **only.condition())


def exists(lake: Asked, path: str) -> Deed[bool]:
    """Tell whether something is at a path; the root is there when the file system is."""
    try:
        yield from entry(lake, path) if path else root(lake)
    except NotFound:
        return False
    return True


def remove_file(lake: Asked, path: str) -> Deed[None]:
    """Delete a file, and no directory; one that is not there is deleted."""
    try:
        found = yield from entry(lake, path)
    except NotFound:
        return
    if found.is_directory:
        raise Conflict(f"{path} is a directory", hint="Next: lake.directory(PATH).remove()")
    yield from remove(lake, path)


def remove_directory(lake: Asked, path: str) -> Deed[None]:
    """Delete a directory with everything below it, and no file; one that is not there is deleted."""
    if not path:
        raise Misused("the root cannot be deleted", hint="Name a directory in it")
    try:
        found = yield from entry(lake, path)
    except NotFound:
        return
    if not found.is_directory:
        raise Conflict(f"{path} is a file", hint="Next: lake.file(PATH).remove()")
    yield from delete(lake, path, is_directory=True)


def listed(one: Any) -> Entry:  # Any: what the SDK's lists of blobs hold
    """Return what a list of a flat account's blobs says of one, or of a prefix of several."""
    if not hasattr(one, "etag"):
        return Entry(str(one.name).rstrip("/"), is_directory=True, size_bytes=0, modified_at=None)
    is_directory = (one.metadata or {}).get("hdi_isfolder") == "true"
    return Entry(
        str(one.name), is_directory, int(one.size or 0), one.last_modified, f'"{str(one.etag).strip(chr(34))}"'
    )
