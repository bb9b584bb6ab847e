"""Files that appear whole or not at all: on this machine written aside and renamed, in a lake sent as blocks that one request joins."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lakeport.errors import Conflict

if TYPE_CHECKING:
    from lakeport.tables.places import Place

Foreign = Any  # fsspec has no types


class Sink(Protocol):
    """A file that is being written; nobody sees it before `commit`.

    Attributes:
        size_bytes: How much was written.
    """

    size_bytes: int

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        ...

    def flush(self) -> None:
        """Do nothing: what is written is seen when it is whole."""
        ...

    def close(self) -> None:
        """Take no more; what is under way may arrive."""
        ...

    def commit(self) -> None:
        """Make what was written the file, at once.

        Raises:
            Conflict: It was to be new, and one is there.
        """
        ...

    def discard(self) -> None:
        """Leave nothing of it."""
        ...


class LocalSink:
    """A file of this machine.

    Args:
        path: Its name once it is whole.
        is_new: Refuse to replace one.
    """

    def __init__(self, path: str, *, is_new: bool) -> None:
        self._path = Path(path)
        self._aside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        self._is_new = is_new
        self._file = self._aside.open("xb")
        self.closed = False
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        if self.closed:  # a writer that was given up ends its file when it is let go of
            return len(data)
        self.size_bytes += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        """Do nothing: what is written is seen when it is whole."""

    def close(self) -> None:
        """Take no more."""
        self.closed = True
        self._file.close()

    def commit(self) -> None:
        """Make what was written the file, at once."""
        if self._is_new:
            try:
                os.link(self._aside, self._path)
            except FileExistsError:
                raise there(str(self._path)) from None
            finally:
                self._aside.unlink()
            return
        self._aside.replace(self._path)

    def discard(self) -> None:
        """Leave nothing of it."""
        self.closed = True
        with suppress(OSError):  # what was not written yet cannot be, where the disk is full
            self._file.close()
        self._aside.unlink(missing_ok=True)


class LakeSink:
    """A file of a lake, over the file that our fsspec file system opens: its blocks are seen by nobody before `commit`."""

    def __init__(self, file: Foreign, title: str) -> None:
        self._file = file
        self._title = title
        self.closed = False
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        if self.closed:  # a writer that was given up ends its file when it is let go of
            return len(data)
        self.size_bytes += len(data)
        return int(self._file.write(bytes(data)))

    def flush(self) -> None:
        """Do nothing: what is written is seen when it is whole."""

    def close(self) -> None:
        """Take no more; send what is left."""
        self.closed = True
        self._file.close()

    def commit(self) -> None:
        """Make what was sent the file, at once."""
        try:
            self._file.commit()
        except FileExistsError:
            raise there(self._title) from None

    def discard(self) -> None:
        """Forget it; the service drops its blocks within a week."""
        self.closed = True
        self._file.discard()


def there(title: str) -> Conflict:
    """Return the error of something that is there already."""
    return Conflict(f"{title} is there already", hint="Next: overwrite it (--mode overwrite), or name another")


def opened(place: Place, path: str, *, is_new: bool) -> Sink:
    """Return a file of a place's file system that is about to be written.

    Args:
        place: In whose file system.
        path: As that names it.
        is_new: Refuse to replace one when it is whole.

    Raises:
        LakeportError: It cannot be opened.
    """
    if place.lake is None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return LocalSink(path, is_new=is_new)
    store = place.writable
    return LakeSink(store.open(path, "xb" if is_new else "wb", autocommit=False), place.titled(path))
