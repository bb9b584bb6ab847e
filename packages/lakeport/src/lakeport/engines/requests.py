"""The requests of a storage account, by `container/path`, over one connection.

Source: Blob service and Data Lake Storage REST references; storage.md 2 and 3.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from lakeport.errors import Forbidden, LakeportError, NotVerified, Refused
from lakeport.storage import Account, Found, paths
from lakeport.storage.listing import NEVER, instant
from lakeport.storage.opening import Asked
from lakeport.storage.sums import crc64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lakeport.storage import Data
    from lakeport.storage.wire import Reply

IF_NEW = {"If-None-Match": "*"}


@dataclass(frozen=True)
class Piece:
    """Some bytes of a file, and what the service said of the whole.

    Attributes:
        data: The bytes; fewer than were asked for when the file ends before.
        size_bytes: The whole file's.
    """

    data: memoryview
    size_bytes: int
    etag: str


class Requests(Account):
    """What is asked of an account; paths begin with their container. Not thread-safe.

    Attributes:
        on_change: Called when something may have been changed.
    """

    on_change: Callable[[], object] | None = None

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: Data = b"",
        *,
        into: memoryview | None = None,
        dfs: bool = False,
    ) -> tuple[Reply, memoryview]:
        """Send a request; see `Account.ask`."""
        try:
            return super().ask(method, target, headers, body, into=into, dfs=dfs)
        finally:
            if method not in {"GET", "HEAD"} and self.on_change is not None:
                self.on_change()

    def find(self, path: str) -> Found:
        """Return a file or directory.

        Raises:
            NotFound: There is none.
        """
        reply, _ = self.ask("HEAD", _target(path))
        headers = reply.headers
        is_directory = (
            headers.get("x-ms-resource-type") == "directory" or headers.get("x-ms-meta-hdi_isfolder") == "true"
        )
        at = instant(headers.get("last-modified", ""))
        return Found(path, max(reply.size_bytes, 0), headers.get("etag", ""), at, is_directory)

    def piece(self, path: str, start: int, length: int, etag: str = "", into: memoryview | None = None) -> Piece:
        """Read a range, its CRC-64 checked.

        Args:
            path: Of the file.
            start: The first byte.
            length: How many, 4 MiB at most: more have no checksum.
            etag: Which the file must have; empty: any.
            into: Where to, of that length.

        Raises:
            NotFound: There is no such file.
            Conflict: It is another file by now.
            NotVerified: The bytes are not those that were sent.
        """
        headers = {"x-ms-range": f"bytes={start}-{start + length - 1}", "x-ms-range-get-content-crc64": "true"}
        if etag:
            headers["If-Match"] = etag
        try:
            reply, data = self.ask("GET", _target(path), headers, into=into)
        except Refused as error:
            if error.status != 416:
                raise
            return Piece(memoryview(b""), self.find(path).size_bytes, etag)  # there is nothing so far behind
        sent = reply.headers.get("x-ms-content-crc64", "")
        if sent and sent != crc64(data):
            raise NotVerified(f"{path}: the bytes at {start} are not those that were sent")
        whole = reply.headers.get("content-range", "").rpartition("/")[2]
        return Piece(data, int(whole) if whole.isdigit() else len(data), reply.headers.get("etag", ""))

    def write(self, path: str, data: Data, *, is_new: bool = False) -> None:
        """Write a whole file in one request; with `is_new` only where there is none."""
        encoded = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": encoded, "x-ms-blob-content-md5": encoded}
        self.ask("PUT", _target(path), {**headers, **(IF_NEW if is_new else {})}, data)

    def send_block(self, path: str, name: str, data: Data) -> None:
        """Send a block, its CRC-64 checked on arrival; nobody sees it before `join_blocks`."""
        target = f"{_target(path)}?comp=block&blockid={_block_id(name)}"
        self.ask("PUT", target, {"x-ms-content-crc64": crc64(data)}, data)

    def join_blocks(self, path: str, names: Sequence[str], *, is_new: bool = False, etag: str = "") -> None:
        """Make these blocks the file, at once; with `is_new` only where there is none, with `etag` only in place of that."""
        condition = IF_NEW if is_new else {"If-Match": etag} if etag else {}
        blocks = "".join(f"<Uncommitted>{base64.b64encode(name.encode()).decode()}</Uncommitted>" for name in names)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode()
        self.ask("PUT", f"{_target(path)}?comp=blocklist", condition, body)

    def append(self, path: str, position: int, data: Data) -> None:
        """Add bytes at a file's end, seen by all at once."""
        self.ask("PATCH", f"{_target(path)}?action=append&position={position}", {}, data, dfs=True)
        target = f"{_target(path)}?action=flush&position={position + len(data)}"
        self.ask("PATCH", target, {}, dfs=True)

    def copy(self, source: str, target: str) -> str:
        """Begin to copy a file inside the account; return how it stands, `success` as a rule."""
        reply = self._sourced("PUT", target, "x-ms-copy-source", source, self.profile.cloud.blob_url(self.name))
        return reply.headers.get("x-ms-copy-status", "success")

    def copying(self, target: str) -> str:
        """Tell how the copy that a file is stands."""
        reply, _ = self.ask("HEAD", _target(target), {})
        return reply.headers.get("x-ms-copy-status", "success")

    def rename(self, source: str, target: str) -> None:
        """Give a file or directory of a hierarchical account another name, at once; a file that is there is replaced."""
        self._sourced("PUT", target, "x-ms-rename-source", source, "", dfs=True)

    def _sourced(self, method: str, target: str, name: str, source: str, host: str, *, dfs: bool = False) -> Reply:
        """Ask with a header that names a source, which a SAS has to open, too; the SAS may change once on the way."""
        before = ""
        while True:
            opened, _ = self._opener.open(Asked(method, _target(source), {}, 0))
            try:
                return self.ask(method, _target(target), {name: f"{host}{opened}"}, dfs=dfs)[0]
            except Forbidden:
                if opened == before or "?" not in opened:
                    raise
                before = opened

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it.

        Raises:
            Conflict: Something is there.
        """
        self.ask("PUT", f"{_target(path)}?resource=directory", IF_NEW, dfs=True)

    def remove(self, path: str, *, recursive: bool = False) -> None:
        """Delete a file, or a directory: an empty one, or with all below it.

        Raises:
            NotFound: There is none.
            Conflict: The directory is not empty.
        """
        after = ""
        while True:
            target = f"{_target(path)}?recursive={str(recursive).lower()}{after}"
            reply, _ = self.ask("DELETE", target, {}, dfs=True)
            token = reply.headers.get("x-ms-continuation", "")
            if not token:
                return
            after = f"&continuation={quote(token, safe='')}"

    def make_container(self, name: str) -> None:
        """Make a container.

        Raises:
            Conflict: There is one.
        """
        self.ask("PUT", f"/{name}?restype=container", {})

    def remove_container(self, name: str) -> None:
        """Delete a container with all that is in it."""
        self.ask("DELETE", f"/{name}?restype=container", {})

    def container(self, name: str) -> bool:
        """Return whether a container has a hierarchical namespace.

        Raises:
            NotFound: There is none of that name.
        """
        reply, _ = self.ask("HEAD", f"/{name}?resource=filesystem", {}, dfs=True)
        return reply.headers.get("x-ms-namespace-enabled", "true") == "true"

    def containers(self) -> Iterator[str]:
        """Yield the names of the account's containers."""
        marker = ""
        while True:
            page = self._xml(f"/?comp=list{marker}")
            yield from (name.text or "" for name in page.iter("Name"))
            after = page.findtext("NextMarker", "") or ""
            if not after:
                return
            marker = f"&marker={quote(after, safe='')}"

    def flat_listed(self, path: str, *, recursive: bool = False, most: int = 5000) -> Iterator[Found]:
        """Yield what `listed` does, of an account without directories: there they are what names have in common."""
        container, _, directory = path.partition("/")
        prefix = quote(f"{directory}/" if directory else "", safe="")
        query = f"restype=container&comp=list&include=metadata&prefix={prefix}&maxresults={most}"
        query += "" if recursive else "&delimiter=%2F"
        marker = ""
        while True:
            page = self._xml(f"/{container}?{query}{marker}")
            for one in page.iterfind("Blobs/*"):
                found = _flat_found(container, one)
                if found.path != path:
                    yield found
            after = page.findtext("NextMarker", "") or ""
            if not after:
                return
            marker = f"&marker={quote(after, safe='')}"

    def _xml(self, target: str) -> ET.Element:
        _, data = self.ask("GET", target, {})
        text = bytes(data)
        if b"<!DOCTYPE" in text[:1000]:  # what it would take to harm the parser
            raise LakeportError("the listing is none")
        return ET.fromstring(text.lstrip(b"\xef\xbb\xbf"))  # noqa: S314

    def listed(self, path: str, *, recursive: bool = False) -> Iterator[Found]:
        """Yield what lies in a directory, or with `recursive` everywhere below it.

        Args:
            path: The container or `container/directory`.
            recursive: Descend.

        Raises:
            NotFound: There is no such directory.
            Conflict: It is a file.
        """
        container, _, directory = path.partition("/")
        for one in paths(self, container, directory, recursive=recursive):
            yield Found(f"{container}/{one.path}", one.size_bytes, one.etag, one.modified_at, one.is_directory)


def _target(path: str) -> str:
    return f"/{quote(path, safe='/$')}"


def _flat_found(container: str, one: ET.Element) -> Found:
    name = (one.findtext("Name", "") or "").rstrip("/")
    is_marker = (one.findtext("Metadata/hdi_isfolder", "") or "").lower() == "true"
    if one.tag == "BlobPrefix" or is_marker:
        return Found(f"{container}/{name}", 0, "", NEVER, is_directory=True)
    modified, etag = one.findtext("Properties/Last-Modified", ""), one.findtext("Properties/Etag", "").strip('"')
    return Found(
        f"{container}/{name}", int(one.findtext("Properties/Content-Length", "0")), f'"{etag}"', instant(modified)
    )


def _block_id(name: str) -> str:
    return quote(base64.b64encode(name.encode()).decode(), safe="")
