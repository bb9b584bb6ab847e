"""A lake as pyarrow's file systems are: ours, with fewer questions before a file is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyarrow import PythonFile
from pyarrow.fs import FSSpecHandler, PyFileSystem

if TYPE_CHECKING:
    from lakeport.engines.file_system import LakeFileSystem


class LakeHandler(FSSpecHandler):  # type: ignore[misc]  # pyarrow has no types
    """What pyarrow asks of a file system, answered by ours."""

    def get_type_name(self) -> str:
        """Return what pyarrow calls it."""
        return "lakeport"

    def open_input_stream(self, path: str) -> Any:  # Any: pyarrow has no types
        """Open a file to be read from its beginning.

        Raises:
            FileNotFoundError: There is none.
        """
        return self.open_input_file(path)

    def open_input_file(self, path: str) -> Any:  # Any: pyarrow has no types
        """Open a file to be read anywhere.

        Raises:
            FileNotFoundError: There is none.
        """
        return PythonFile(self.fs.open(path, "rb"), mode="r")

    def delete_file(self, path: str) -> None:
        """Delete a file.

        Raises:
            FileNotFoundError: There is none.
        """
        self.fs.rm_file(path)


def file_system(lake: LakeFileSystem) -> Any:  # Any: pyarrow has no types
    """Return a lake as pyarrow's file systems are."""
    return PyFileSystem(LakeHandler(lake))
