"""The requests that move a file's bytes: whole files, blocks, ranges, lists; checked, and tried again.

Source: storage.md 2 (list paths) and 3 (blobs); Blob service REST reference.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

import msgspec
from awscrt.checksums import crc64nvme

from lakeport.errors import LakeportError, NotFound, NotVerified, Unreachable, class_of
from lakeport.transfer.opening import Asked
from lakeport.transfer.retrying import PASSING, Patience
from lakeport.transfer.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakeport.clock import Clock
    from lakeport.profiles import Profile
    from lakeport.transfer.opening import Opener
    from lakeport.transfer.wire import Reply

Data = bytes | bytearray | memoryview
BLOCK_ID_DIGITS = 8
"""Ids of blocks count from 0; all of a blob's are of one length."""


@dataclass(frozen=True)
class Found:
    """A file or directory of a lake.

    Attributes:
        path: In its file system, without a slash at either end.
        md5: What is stored with it, in hex; empty when nothing is, or when it was listed.
    """

    path: str
    size_bytes: int
    etag: str
    modified_at: datetime
    is_directory: bool = False
    md5: str = ""


@dataclass(frozen=True)
class Side:
    """A file system and who opens it; workers make their own `Blobs` of it."""

    profile: Profile
    account: str
    file_system: str
    opener: Opener


class Blobs:
    """One file system, through connections of its own. Not thread-safe.

    Every method raises `LakeportError`s: what passes is tried again first.
    """

    def __init__(self, side: Side, clock: Clock, patience: Patience | None = None) -> None:
        cloud = side.profile.cloud
        self._side = side
        self._clock = clock
        self._patience = patience or Patience()
        self._blob = Wire(f"{side.account}.{cloud.blob_suffix}", cloud.proxy, cloud.ca_bundle)
        self._dfs = Wire(f"{side.account}.{cloud.dfs_suffix}", cloud.proxy, cloud.ca_bundle)

    def close(self) -> None:
        """Close the connections."""
        self._blob.close()
        self._dfs.close()

    def put(self, path: str, data: Data) -> str:
        """Write a whole file in one request, its MD5 checked on arrival and kept; return the MD5 in hex."""
        digest = hashlib.md5(data, usedforsecurity=False)
        encoded = base64.b64encode(digest.digest()).decode()
        headers = {"x-ms-blob-type": "BlockBlob", "Content-MD5": encoded, "x-ms-blob-content-md5": encoded}
        self._ask("PUT", self._target(path), headers, data)
        return digest.hexdigest()

    def stage(self, path: str, number: int, data: Data) -> None:
        """Send one block, its CRC-64 checked on arrival; nobody sees it before `commit`."""
        headers = {"x-ms-content-crc64": crc64(data)}
        self._ask("PUT", f"{self._target(path)}?comp=block&blockid={quote(block_id(number), safe='')}", headers, data)

    def commit(self, path: str, count: int, md5: bytes = b"") -> None:
        """Make the first `count` blocks the file, at once."""
        blocks = "".join(f"<Uncommitted>{block_id(number)}</Uncommitted>" for number in range(count))
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{blocks}</BlockList>'.encode()
        headers = {"x-ms-blob-content-md5": base64.b64encode(md5).decode()} if md5 else {}
        self._ask("PUT", f"{self._target(path)}?comp=blocklist", headers, body)

    def staged(self, path: str) -> dict[int, int]:
        """Return the sizes of the blocks that were sent and not committed, by number."""
        try:
            _, data = self._ask("GET", f"{self._target(path)}?comp=blocklist&blocklisttype=uncommitted", {})
        except NotFound:
            return {}
        if b"<!DOCTYPE" in bytes(data[:1000]):  # what it would take to harm the parser
            raise LakeportError(f"the list of {path}'s blocks is no such list")
        sizes = {}
        for block in ET.fromstring(bytes(data).lstrip(b"\xef\xbb\xbf")).iter("Block"):  # noqa: S314
            number = base64.b64decode(block.findtext("Name", "")).decode("ascii", "replace")
            if len(number) == BLOCK_ID_DIGITS and number.isdigit():
                sizes[int(number)] = int(block.findtext("Size", "0"))
        return sizes

    def read(self, found: Found, offset: int, into: memoryview) -> None:
        """Read a range of a file into memory, its CRC-64 checked; the file must not have changed since it was found."""
        headers = {
            "x-ms-range": f"bytes={offset}-{offset + len(into) - 1}",
            "x-ms-range-get-content-crc64": "true",
            "If-Match": found.etag,
        }
        reply, data = self._ask("GET", self._target(found.path), headers, into=into)
        if len(data) != len(into):
            raise NotVerified(f"{found.path}: asked for {len(into)} bytes at {offset}, got {len(data)}")
        sent = reply.headers.get("x-ms-content-crc64", "")
        if sent and sent != crc64(data):
            raise NotVerified(f"{found.path}: the bytes at {offset} are not those that were sent")

    def find(self, path: str) -> Found:
        """Return one file or directory.

        Raises:
            NotFound: There is none.
        """
        reply, _ = self._ask("HEAD", self._target(path), {})
        headers = reply.headers
        stored = headers.get("content-md5", "")
        return Found(
            path,
            max(reply.size_bytes, 0),
            headers.get("etag", ""),
            _instant(headers.get("last-modified", "")),
            is_directory=headers.get("x-ms-resource-type") == "directory"
            or headers.get("x-ms-meta-hdi_isfolder") == "true",
            md5=base64.b64decode(stored).hex() if stored else "",
        )

    def below(self, directory: str) -> Iterator[Found]:
        """Yield every file and directory below a directory, by the service's order."""
        token = ""
        while True:
            query = f"resource=filesystem&recursive=true&maxResults=5000&directory={quote(directory, safe='')}"
            after = f"&continuation={quote(token, safe='')}" if token else ""
            reply, data = self._ask("GET", f"/{self._side.file_system}?{query}{after}", {}, dfs=True)
            for one in msgspec.json.decode(data, type=_Page).paths:
                yield Found(
                    one.name,
                    int(one.contentLength),
                    f'"{one.etag.strip(chr(34))}"',
                    _instant(one.lastModified),
                    is_directory=one.isDirectory == "true",
                )
            token = reply.headers.get("x-ms-continuation", "")
            if not token:
                return

    def delete(self, path: str) -> None:
        """Delete a file; one that is not there is deleted."""
        try:
            self._ask("DELETE", self._target(path), {})
        except NotFound:
            return

    def _target(self, path: str) -> str:
        return f"/{self._side.file_system}/{quote(path, safe='/')}"

    def _ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Data = b"",
        *,
        into: memoryview | None = None,
        dfs: bool = False,
    ) -> tuple[Reply, memoryview]:
        wire, tried, has_renewed = (self._dfs if dfs else self._blob), 0, False
        while True:
            address, opened = self._side.opener.open(Asked(method, target, headers, len(body)))
            tried += 1
            try:
                reply, data = wire.ask(method, address, opened, body, into)
            except Unreachable:
                if tried >= self._patience.tries:
                    raise
                self._clock.sleep(self._patience.pause(tried, {}))
                continue
            if reply.status < 300:
                return reply, data
            if reply.status in PASSING and tried < self._patience.tries:
                self._clock.sleep(self._patience.pause(tried, reply.headers))
                continue
            if (
                reply.status in {401, 403}
                and not has_renewed
                and self._side.opener.renewed(reply.status, address, opened)
            ):
                has_renewed = True
                continue
            raise refusal(reply, data, f"{method} {target.partition('?')[0].lstrip('/')} in {self._side.account}")


class _Path(msgspec.Struct):
    name: str
    lastModified: str = ""  # noqa: N815  (the wire's)
    etag: str = ""
    contentLength: str = "0"  # noqa: N815
    isDirectory: str = "false"  # noqa: N815


class _Page(msgspec.Struct):
    paths: list[_Path]


def refusal(reply: Reply, data: memoryview, about: str) -> LakeportError:
    """Return the error that an answer is."""
    code = reply.headers.get("x-ms-error-code", "")
    text = bytes(data[:4000]).decode("utf-8", "replace")
    said = text.partition("<Message>")[2].partition("\n")[0] or text.partition('"message":"')[2].partition("\\n")[0]
    message = f"{about}: {said or code or reply.status}"
    return class_of(code, reply.status)(
        message, code=code, status=reply.status, request_id=reply.headers.get("x-ms-request-id", "")
    )


def block_id(number: int) -> str:
    """Return a block's id as it is sent.

    Example:
        >>> block_id(7)
        'MDAwMDAwMDc='
    """
    return base64.b64encode(f"{number:0{BLOCK_ID_DIGITS}d}".encode()).decode()


def crc64(data: Data) -> str:
    """Return the CRC-64/NVME of bytes, as the service writes it: base64 of its eight bytes, the lowest first.

    Example:
        >>> crc64(b"123456789")
        'iJh5CoYUi64='
    """
    return base64.b64encode(crc64nvme(data).to_bytes(8, "little")).decode()


def _instant(text: str) -> datetime:
    return parsedate_to_datetime(text).astimezone(UTC) if text else datetime.fromtimestamp(0, UTC) + timedelta()
