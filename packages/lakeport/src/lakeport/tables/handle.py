"""pyarrow's file system over a lake's own client; one function, so that another can take its place."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import fs

from lakeport.errors import NotFound

if TYPE_CHECKING:
    from lakeport.lake import Entry, FileSystem

Arrow = Any  # pyarrow has no types
BUFFER_BYTES = 4 << 20


def arrow_file_system(lake: FileSystem) -> Arrow:
    """Return a `pyarrow.fs.FileSystem` for reading; paths begin with the file system's name, as Azure's own do."""
    return fs.PyFileSystem(_Handler(lake))


class _Handler(fs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    """Reads a lake for pyarrow."""

    def __init__(self, lake: FileSystem) -> None:
        self._lake = lake

    def get_type_name(self) -> str:
        return "lakeport"

    def normalize_path(self, path: str) -> str:
        return path.strip("/")

    def get_file_info(self, paths: list[str]) -> list[Arrow]:
        return [self._info(path) for path in paths]

    def _info(self, path: str) -> Arrow:
        try:
            return _told(self._lake.entry(self._inside(path)), path)
        except NotFound:
            return fs.FileInfo(path, fs.FileType.NotFound)

    def get_file_info_selector(self, selector: Arrow) -> list[Arrow]:
        below = self._lake.entries(self._inside(selector.base_dir), recursive=selector.recursive)
        try:
            return [_told(one, f"{self._lake.name}/{one.path}") for one in below]
        except NotFound:
            if selector.allow_not_found:
                return []
            raise

    def open_input_file(self, path: str) -> Arrow:
        inside = self._inside(path)
        return pa.PythonFile(_Ranged(self._lake, inside, self._lake.entry(inside).size_bytes), mode="r")

    def open_input_stream(self, path: str) -> Arrow:
        inside = self._inside(path)
        ranged = _Ranged(self._lake, inside, self._lake.entry(inside).size_bytes)
        return pa.PythonFile(io.BufferedReader(ranged, BUFFER_BYTES), mode="r")

    def _read_only(self, *_arguments: object, **_named: object) -> None:
        raise PermissionError("this handle reads; tables are written whole by other means")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _read_only
    move = copy_file = open_output_stream = open_append_stream = _read_only

    def _inside(self, path: str) -> str:
        return path.strip("/").partition("/")[2]


class _Ranged(io.RawIOBase):
    """A file of a lake that is read in ranges."""

    def __init__(self, lake: FileSystem, path: str, size_bytes: int) -> None:
        super().__init__()
        self._lake = lake
        self._path = path
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:  # Any: any writable buffer
        view = memoryview(buffer)
        length = min(len(view), self._size - self._at)
        if length <= 0:
            return 0
        view[:length] = self._lake.read_range(self._path, self._at, length)
        self._at += length
        return length


def _told(entry: Entry, path: str) -> Arrow:
    if entry.is_directory:
        return fs.FileInfo(path, fs.FileType.Directory)
    return fs.FileInfo(path, fs.FileType.File, size=entry.size_bytes, mtime=entry.modified_at)
