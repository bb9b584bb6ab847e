"""A request's body on its way to become a chunk: small in memory, large straight into a file of the content folder."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport_local.core import ServiceError
from lakeport_local.storage.checksums import crc64
from lakeport_local.storage.hashing import Following

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from lakeport_local.core import Ids
    from lakeport_local.state import Store
    from lakeport_local.storage.loose import LooseFiles

INLINE_BYTES = 64 * 1024
"""Bodies up to this size live in their row."""
_HASHED_HERE_BYTES = 1024 * 1024
"""What is larger is hashed beside."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk's row.

    Attributes:
        id: Its number.
        size_bytes: How many bytes it holds.
    """

    id: int
    size_bytes: int


class ChunkSink:
    """Takes a body and becomes a chunk.

    Args:
        store: Whose content folder is used.
        loose: Its loose files, of which this is one until a row refers to it.
        ids: Names the file.
        limit_bytes: More is refused.
        hashes: `md5` and `crc64`, as wanted.

    Attributes:
        size_bytes: Bytes taken.
        file: Name of the file below the content folder; None while the body is small.
        is_claimed: A row refers to it, in a transaction that is not over.
        hashing: Done when the body's hashes are; None when they are as soon as it is complete.
    """

    def __init__(self, store: Store, loose: LooseFiles, ids: Ids, *, limit_bytes: int, hashes: frozenset[str]) -> None:
        self.size_bytes = 0
        self.file: str | None = None
        self.is_claimed = False
        self.hashing: Future[None] | None = None
        self._following: Following | None = None
        self._is_kept = False
        self._store = store
        self._loose = loose
        self._ids = ids
        self._limit_bytes = limit_bytes
        self._small = bytearray()
        self._handle = -1
        self._md5 = hashlib.md5(usedforsecurity=False) if "md5" in hashes else None
        self._crc64: int | None = 0 if "crc64" in hashes else None

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes.

        Raises:
            ServiceError: 413 `RequestBodyTooLarge`.
        """
        if self.size_bytes + len(data) > self._limit_bytes:
            raise ServiceError(
                413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit."
            )
        before, self.size_bytes = self.size_bytes, self.size_bytes + len(data)
        is_hashed_here = self.size_bytes <= _HASHED_HERE_BYTES
        if self._md5 is not None and is_hashed_here:
            self._md5.update(data)
        if self._crc64 is not None:
            self._crc64 = crc64(data, self._crc64)
        if self._handle < 0 and self.size_bytes <= INLINE_BYTES:
            self._small += data
            return
        if self._handle < 0:
            self._spill()
        self._write_out(data)
        if self._md5 is not None and self.file is not None and not is_hashed_here:
            if self._following is None:
                self._following = Following(self._store.content_folder / self.file, self._md5, before)
            self._following.reach(self.size_bytes)

    def _spill(self) -> None:
        name = self._ids.token(16).hex()
        self.file = f"{name[:2]}/{name[2:]}"
        self._loose.add([self.file])
        target = self._store.content_folder / self.file
        target.parent.mkdir(exist_ok=True, mode=0o700)
        self._handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._write_out(self._small)
        self._small = bytearray()

    def _write_out(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._handle, view) :]

    def finish(self) -> None:
        """The body is complete; where power may fail, it is on the disk before a row names it."""
        if self._handle >= 0 and self._store.is_durable and self.file is not None:
            os.fsync(self._handle)
            parent = (self._store.content_folder / self.file).parent
            for folder in (parent, parent.parent):
                _sync_folder(folder)
        if self._following is not None:
            self.hashing, self._following = self._following.finish(), None
        self._close()

    def settle(self) -> None:
        """The transaction is committed: what it claimed stays."""
        self._is_kept = self.is_claimed

    def abort(self) -> None:
        """Have unlinked what was written, unless a row refers to it."""
        if self._following is not None:
            self._following.abort()
            self._following = None
        self._close()
        self._small.clear()
        if self.file is None or self._is_kept:
            return
        self._loose.unlink([self.file])
        self.file = None

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    @property
    def inline(self) -> bytes | None:
        """The bytes of a small body; None when they are in the file."""
        return None if self.file is not None else bytes(self._small)

    @property
    def md5(self) -> bytes:
        """The MD5 of the body, which was asked for at the beginning; waits for it."""
        if self.hashing is not None:
            self.hashing.result()
        return b"" if self._md5 is None else self._md5.digest()

    @property
    def crc64(self) -> bytes:
        """The CRC-64/NVME of the body as it is sent: 8 bytes, little-endian."""
        return (self._crc64 or 0).to_bytes(8, "little")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
