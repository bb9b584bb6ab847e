"""A file of a lake as Python's own files are: read through windows, written as blocks that become a file when it is closed."""

from __future__ import annotations

import errno
from collections import deque
from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractBufferedFile

from lakeport.engines import held, windows
from lakeport.engines.account import block_names
from lakeport.engines.refusals import os_errors
from lakeport.errors import Conflict, NotFound

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from lakeport.engines.account import Account
    from lakeport.storage import Found

BLOCK = 8 << 20
UNDER_WAY = 4
"""How many blocks may be on their way while the next one is written."""
MANY = 5_000
"""After so many blocks they become twice as big: a file has 50,000 at most."""


class LakeFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """A file of an account.

    Nobody sees what is written before `close`, and nobody ever when the block that writes it fails.

    Args:
        fs: The file system that it is of.
        account: Where it lies.
        path: `container/path`.
        mode: `rb`, `wb`, `xb` or `ab`.
        found: What is read, where it is known already.
    """

    DEFAULT_BLOCK_SIZE = BLOCK

    def __init__(
        self,
        fs: Any,  # Any: fsspec has no types
        account: Account,
        path: str,
        mode: str = "rb",
        *,
        found: Found | None = None,
        block_size: int | None = None,
        autocommit: bool = True,
        cache_type: str = windows.Windows.name,
        cache_options: dict[str, Any] | None = None,
        size: int | None = None,
        **options: Any,  # Any: fsspec's protocol
    ) -> None:
        self._account = account
        self._found = found
        self.path = path
        if mode == "rb" and found is None:
            self._find()
        if mode == "xb":
            self._demand_none()
        size = self._found.size_bytes if self._found is not None else size
        super().__init__(
            fs, path, mode, block_size or BLOCK, autocommit, cache_type, cache_options, size=size, **options
        )
        self._is_unread = True
        self._names = block_names()
        self._whole = b""
        self._sent: list[str] = []
        self._jobs: deque[Future[None]] = deque()
        self._position: int | None = None
        self._is_held = False
        if mode == "ab":
            self._go_to_end()

    def read(self, length: int = -1) -> bytes:
        """Return the next bytes, as many as asked for or as there are; without a number, the rest.

        Args:
            length: How many bytes, at most.
        """
        self._note_holder()
        found: bytes = super().read(length)
        return found

    def write(self, data: bytes) -> int:
        """Take bytes to be written, and return how many they are.

        Args:
            data: Any buffer of bytes.
        """
        self._note_holder()
        taken: int = super().write(data)
        return taken

    def _note_holder(self) -> None:
        if not self._is_held and held.is_by_a_foreign_thread():
            self._is_held = True
            held.note(self)

    def _find(self) -> None:
        with os_errors(self.path):
            self._found = self._account.find(self.path)
        if self._found.is_directory:
            raise IsADirectoryError(errno.EISDIR, "it is a directory", self.path)

    def _demand_none(self) -> None:
        with os_errors(self.path):
            try:
                self._account.find(self.path, is_fresh=True)
            except NotFound:
                return
        raise FileExistsError(errno.EEXIST, "it is there already", self.path)

    def _go_to_end(self) -> None:
        with os_errors(self.path):
            try:
                self._found = self._account.find(self.path, is_fresh=True)
            except NotFound:
                return
        self._position = self.loc = self._found.size_bytes

    def _fetch_range(self, start: int, end: int) -> bytes:
        with os_errors(self.path):
            try:
                data = self._account.read(self.path, start, end, of=self._found)
            except Conflict:
                if not self._is_unread:
                    raise
                data = self._account.read(self.path, start, end, of=self._found_again())
        self._is_unread = False
        return data

    def _found_again(self) -> Found:
        """Return what the file is now, if it changed in the moment before it was opened and is as long as it was.

        Raises:
            Conflict: It has another length, which its reader may have been told.
        """
        found = self._account.find(self.path, is_fresh=True)
        if found.size_bytes != self.size:
            raise Conflict(f"{self.path} has just been changed: open it again", code="ConditionNotMet")
        self._found = found
        return found

    def _upload_chunk(self, final: bool = False) -> bool:
        data = self.buffer.getbuffer()
        with os_errors(self.path):
            if self._position is not None:
                self._append(bytes(data))
            elif final and not self._sent:
                self._whole = bytes(data)
            elif len(data):
                self._send(bytes(data))
        data.release()
        if final and self.autocommit:
            self.commit()
        return True

    def _append(self, data: bytes) -> None:
        if not data or self._position is None:
            return
        try:
            with self._account.requests() as asking:
                asking.append(self.path, self._position, data)
        except Conflict as error:
            if error.code != "InvalidAppendOperation":
                raise
            self._begin_again()
            self._send(data)
        else:
            self._position += len(data)

    def _begin_again(self) -> None:
        """Send what is there once more, as blocks: nothing can be added to a file that was not made to be added to."""
        end, self._position = self._position or 0, None
        for at in range(0, end, self.blocksize):
            self._send(self._account.read(self.path, at, min(at + self.blocksize, end), of=self._found))

    def _send(self, data: bytes) -> None:
        name = next(self._names)
        self._sent.append(name)
        if len(self._sent) % MANY == 0:
            self.blocksize *= 2
        while len(self._jobs) >= UNDER_WAY:
            self._jobs.popleft().result()
        self._jobs.append(self._account.parts.submit(self._block, name, data))

    def _block(self, name: str, data: bytes) -> None:
        with self._account.requests() as asking:
            asking.send_block(self.path, name, data)

    def commit(self) -> None:
        """Make what was written the file."""
        is_new = self.mode == "xb"
        with os_errors(self.path):
            while self._jobs:
                self._jobs.popleft().result()
            if self._position is not None:
                return
            with self._account.requests() as asking:
                if self._sent:
                    etag = self._found.etag if self._found is not None else ""
                    asking.join_blocks(self.path, self._sent, is_new=is_new, etag=etag)
                else:
                    asking.write(self.path, self._whole, is_new=is_new)

    def discard(self) -> None:
        """Forget what was written; what has been sent of it is seen by nobody, and gone in a week."""
        self.forced = True
        self.closed = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self.writable() and self._position is None:
            self.discard()
        self.close()
