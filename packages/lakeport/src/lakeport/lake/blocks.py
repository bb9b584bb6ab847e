"""Writing a file in pieces, as deeds: nothing is seen before the last of it, and all of it at once then.

Blocks nobody sees before their list is committed (storage.md 3.3); what is appended is not seen before it is flushed
(storage.md 2.4).
"""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING, Any

from lakeport.errors import Conflict, NotFound
from lakeport.lake.deeds import IF_NEW, Only, commit, entry, put, read, stage

if TYPE_CHECKING:
    from lakeport.lake.deeds import Asked, Deed
    from lakeport.lake.values import Entry

BLOCK_BYTES = 8 << 20


class Blocks:
    """A file that is being written: blocks that nobody sees before the last of it, and all of them at once then.

    Args:
        lake: Where to.
        path: What.
        is_new: Nothing may be there.
        etag: Of the version that may be replaced, and no other; empty: any.
    """

    def __init__(self, lake: Asked, path: str, *, is_new: bool = False, etag: str = "") -> None:
        self.size_bytes = 0
        self._lake = lake
        self._path = path
        self._only = Only(is_new=is_new, etag=etag)
        self._held = bytearray()
        self._blocks: list[str] = []
        self._digest = hashlib.md5(usedforsecurity=False)

    def write(self, data: Any) -> Deed[int]:  # Any: whatever has a buffer
        """Take bytes, and send what fills a block; return how many were taken, which is all of them."""
        view = memoryview(data).cast("B")
        self._digest.update(view)
        self.size_bytes += len(view)
        for at in range(0, len(view), BLOCK_BYTES):
            self._held += view[at : at + BLOCK_BYTES]
            if len(self._held) >= BLOCK_BYTES:
                block = bytes(self._held[:BLOCK_BYTES])
                del self._held[:BLOCK_BYTES]
                yield from self.send(block)
        return len(view)

    def send(self, block: bytes) -> Deed[None]:
        """Send one block."""
        name = base64.b64encode(b"%08d" % len(self._blocks)).decode()
        yield from stage(self._lake, self._path, name, block)
        self._blocks.append(name)

    def commit(self) -> Deed[None]:
        """Let the file appear."""
        digest = self._digest.digest()
        if not self._blocks and len(self._held) <= self._lake.single_bytes:
            yield from put(self._lake, self._path, bytes(self._held), digest, self._only)
            return
        if self._held:
            yield from self.send(bytes(self._held))
        yield from commit(self._lake, self._path, self._blocks, digest, self._only)


class Addition(Blocks):
    """What is being written after a file's last byte: seen when it is flushed, all at once.

    A file that the Blob API wrote takes nothing more by the Data Lake API (storage.md 2.4), and is written anew.

    Args:
        lake: Where to.
        path: What; made when it is not there.
    """

    def __init__(self, lake: Asked, path: str) -> None:
        super().__init__(lake, path)
        self._found: Entry | None = None
        self._anew: Blocks | None = None
        self._etag = ""
        self._sent = 0

    @property
    def begins_at(self) -> int:
        """How long the file was."""
        return self._found.size_bytes if self._found else 0

    def begin(self) -> Deed[None]:
        """Find the file's end.

        Raises:
            Conflict: A directory is there.
        """
        try:
            found = yield from entry(self._lake, self._path)
        except NotFound:
            return
        if found.is_directory:
            raise Conflict(f"{self._path} is a directory")
        self._found, self._etag = found, found.etag

    def send(self, block: bytes) -> Deed[None]:
        """Send one block; the first one makes the file when it was not there."""
        if self._anew is None:
            try:
                yield from self._append(block)
            except Conflict as error:
                if error.code != "InvalidAppendOperation" or self._found is None:
                    raise
                self._anew = yield from self._again(self._found)
        if self._anew is not None:
            yield from self._anew.write(block)

    def _append(self, block: bytes) -> Deed[None]:
        with self._lake.asking(self._path):
            file = self._lake.dfs.get_file_client(self._path)
            if not self._etag:
                made = yield file.create_file(headers=IF_NEW)
                self._etag = str(made["etag"])
            if block:
                yield file.append_data(io.BytesIO(block), self.begins_at + self._sent, len(block))
        self._sent += len(block)

    def _again(self, found: Entry) -> Deed[Blocks]:
        """Begin the file anew with what it holds."""
        anew = Blocks(self._lake, self._path, etag=found.etag)
        for offset in range(0, found.size_bytes, BLOCK_BYTES):
            length = min(BLOCK_BYTES, found.size_bytes - offset)
            data = yield from read(self._lake, found, offset, length)
            yield from anew.write(data)
        return anew

    def commit(self) -> Deed[None]:
        """Let what was sent be seen.

        Raises:
            Conflict: The file has changed meanwhile.
        """
        from azure.core import MatchConditions  # noqa: PLC0415

        if self._held or not self._etag:
            yield from self.send(bytes(self._held))
        if self._anew is not None:
            yield from self._anew.commit()
        elif self._sent:
            same = MatchConditions.IfNotModified
            with self._lake.asking(self._path):
                file = self._lake.dfs.get_file_client(self._path)
                yield file.flush_data(self.begins_at + self._sent, etag=self._etag, match_condition=same)
