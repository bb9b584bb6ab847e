"""The requests that move a file's bytes: whole files, blocks, ranges, lists; checked, and tried again.

Source: storage.md 2 (list paths) and 3 (blobs); Blob service REST reference.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from lakeport.errors import LakeportError, NotFound, NotVerified
from lakeport.storage import Account, Found, paths
from lakeport.storage.listing import instant
from lakeport.storage.sums import crc64
from lakeport.transfer.failing import again_when_damaged
from lakeport.transfer.plan import PART_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakeport.clock import Clock
    from lakeport.profiles import Profile
    from lakeport.storage import Data, Patience
    from lakeport.storage.opening import Opener

_CONTENT = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "cache-control",
    "content-md5",
)
BLOCK_ID_DIGITS = 8
"""Ids of blocks count from 0; all of a blob's are of one length."""


@dataclass(frozen=True)
class Side:
    """A file system and who opens it; workers make their own `Blobs` of it."""

    profile: Profile
    account: str
    file_system: str
    opener: Opener
    patience: Patience | None = None


class Blobs:
    """One file system, through connections of its own. Not thread-safe.

    Every method raises `LakeportError`s: what passes is tried again first.
    """

    def __init__(
        self, side: Side, clock: Clock, patience: Patience | None = None, account: Account | None = None
    ) -> None:
        self._side = side
        self._account = account or Account(
            side.profile, side.account, clock=clock, patience=patience or side.patience, opened=side.opener
        )

    def twin(self) -> Blobs:
        """Return the same file system through other connections."""
        return Blobs(self._side, self._account.clock, account=self._account.twin())

    def close(self) -> None:
        """Close the connections."""
        self._account.close()

    def interrupt(self) -> None:
        """Let what another thread asks through these connections end now."""
        self._account.interrupt()

    def put(self, path: str, data: Data, kept: Mapping[str, str] | None = None) -> str:
        """Write a whole file in one request, its MD5 checked on arrival and kept; return the MD5 in hex.

        Args:
            path: Where.
            data: What.
            kept: What else is kept with it, as `properties` gives it.
        """
        digest = hashlib.md5(data, usedforsecurity=False)
        encoded = base64.b64encode(digest.digest()).decode()
        headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": encoded, "x-ms-blob-content-md5": encoded}
        headers = {**(kept or {}), **headers}
        self._account.ask("PUT", self._target(path), headers, data)
        return digest.hexdigest()

    def stage(self, path: str, mark: str, number: int, data: Data) -> None:
        """Send one block, its CRC-64 checked on arrival; nobody sees it before `commit`."""
        headers = {"x-ms-content-crc64": crc64(data)}
        name = quote(block_id(mark, number), safe="")
        self._account.ask("PUT", f"{self._target(path)}?comp=block&blockid={name}", headers, data)

    def put_from(self, path: str, lent: Mapping[str, str]) -> None:
        """Let the account write a whole file from a source that it reads itself, with the source's headers and metadata."""
        self._account.ask("PUT", self._target(path), {"x-ms-blob-type": "BlockBlob", **lent})

    def stage_from(self, path: str, mark: str, number: int, lent: Mapping[str, str], span: tuple[int, int]) -> None:
        """Let the account take one block from a source that it reads itself.

        Args:
            path: Where to.
            mark: Whose block.
            number: Its place.
            lent: What names and opens the source.
            span: The first and the last byte of the source that it is.
        """
        name = quote(block_id(mark, number), safe="")
        headers = {**lent, "x-ms-source-range": f"bytes={span[0]}-{span[1]}"}
        self._account.ask("PUT", f"{self._target(path)}?comp=block&blockid={name}", headers)

    def properties(self, path: str) -> dict[str, str]:
        """Return a file's content headers and metadata, as headers that give another the same."""
        reply, _ = self._account.ask("HEAD", self._target(path), {})
        kept = {name: value for name, value in reply.headers.items() if name.startswith("x-ms-meta-")}
        return kept | {f"x-ms-blob-{name}": reply.headers[name] for name in _CONTENT if reply.headers.get(name)}

    def check(self, path: str, size_bytes: int) -> None:
        """Look that a file is as long as it must be.

        Raises:
            NotVerified: It is not.
        """
        found = self.find(path)
        if found.size_bytes != size_bytes:
            raise NotVerified(f"{path}: {found.size_bytes} bytes arrived of {size_bytes}")

    def commit(self, path: str, mark: str, count: int, md5: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Make the first `count` blocks of a mark the file, at once; again, when the answer was lost, it is the same.

        Args:
            path: Where.
            mark: Whose blocks they are.
            count: How many.
            md5: The whole file's, in hex, to be kept with it; empty: none.
            headers: What else is to be kept with it.
        """
        blocks = "".join(f"<Latest>{block_id(mark, number)}</Latest>" for number in range(count))
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode()
        kept = {"x-ms-blob-content-md5": base64.b64encode(bytes.fromhex(md5)).decode()} if md5 else {}
        self._account.ask("PUT", f"{self._target(path)}?comp=blocklist", {**(headers or {}), **kept}, body)

    def staged(self, path: str, mark: str) -> dict[int, int]:
        """Return the sizes of the blocks of a mark that were sent and not committed, by number."""
        try:
            _, data = self._account.ask("GET", f"{self._target(path)}?comp=blocklist&blocklisttype=uncommitted", {})
        except NotFound:
            return {}
        if b"<!DOCTYPE" in bytes(data[:1000]):  # what it would take to harm the parser
            raise LakeportError(f"the list of {path}'s blocks is no such list")
        sizes = {}
        for block in ET.fromstring(bytes(data).lstrip(b"\xef\xbb\xbf")).iter("Block"):  # noqa: S314
            name = base64.b64decode(block.findtext("Name", "")).decode("ascii", "replace")
            number = name.removeprefix(mark)
            if name.startswith(mark) and len(number) == BLOCK_ID_DIGITS and number.isdigit():
                sizes[int(number)] = int(block.findtext("Size", "0"))
        return sizes

    @again_when_damaged
    def read(self, found: Found, offset: int, into: memoryview) -> str:
        """Read a range of a file into memory, its CRC-64 checked; the file must not have changed since it was found.

        Returns:
            The MD5 that is kept with the whole file, in hex; empty for none.
        """
        md5 = ""
        for at in range(0, len(into), PART_BYTES):  # a longer answer carries no checksum
            md5 = self._read(found, offset + at, into[at : at + PART_BYTES])
        return md5

    def _read(self, found: Found, offset: int, into: memoryview) -> str:
        headers = {
            "x-ms-range": f"bytes={offset}-{offset + len(into) - 1}",
            "x-ms-range-get-content-crc64": "true",
            "If-Match": found.etag,
        }
        reply, data = self._account.ask("GET", self._target(found.path), headers, into=into)
        if len(data) != len(into):
            raise NotVerified(f"{found.path}: asked for {len(into)} bytes at {offset}, got {len(data)}")
        sent = reply.headers.get("x-ms-content-crc64", "")
        if sent and sent != crc64(data):
            raise NotVerified(f"{found.path}: the bytes at {offset} are not those that were sent")
        return base64.b64decode(reply.headers.get("x-ms-blob-content-md5", "")).hex()

    def find(self, path: str) -> Found:
        """Return one file or directory.

        Raises:
            NotFound: There is none.
        """
        reply, _ = self._account.ask("HEAD", self._target(path), {})
        headers = reply.headers
        stored = headers.get("content-md5", "")
        return Found(
            path,
            max(reply.size_bytes, 0),
            headers.get("etag", ""),
            instant(headers.get("last-modified", "")),
            is_directory=headers.get("x-ms-resource-type") == "directory"
            or headers.get("x-ms-meta-hdi_isfolder") == "true",
            md5=base64.b64decode(stored).hex() if stored else "",
        )

    def below(self, directory: str) -> Iterator[Found]:
        """Yield every file and directory below a directory, by the service's order."""
        return paths(self._account, self._side.file_system, directory)

    def delete(self, path: str) -> None:
        """Delete a file; one that is not there is deleted."""
        try:
            self._account.ask("DELETE", self._target(path), {})
        except NotFound:
            return

    def _target(self, path: str) -> str:
        return f"/{self._side.file_system}/{quote(path, safe='/')}"


def block_id(mark: str, number: int) -> str:
    """Return a block's id as it is sent.

    Args:
        mark: Of who sends it, always of the same length: two that write the same file must not mix their blocks.
        number: Its place.

    Example:
        >>> block_id("0a1b2c3d", 7)
        'MGExYjJjM2QwMDAwMDAwNw=='
    """
    return base64.b64encode(f"{mark}{number:0{BLOCK_ID_DIGITS}d}".encode()).decode()
