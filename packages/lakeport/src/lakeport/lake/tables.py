"""The first rows of a table in a lake. Needs the extra `tables`."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from lakeport.errors import MissingExtra, Misused

if TYPE_CHECKING:
    from lakeport.lake.client import FileSystem

FORMATS = (".parquet", ".csv")


def head(lake: FileSystem, path: str, rows: int) -> tuple[list[str], list[list[Any]]]:  # Any: cells of any type
    """Return the columns and the first rows of a CSV or Parquet file, or of the first such file in a directory.

    Raises:
        MissingExtra: pyarrow is not installed.
        Misused: There is no CSV or Parquet file.
    """
    try:
        from pyarrow import csv, parquet  # noqa: PLC0415  (an extra)
    except ImportError:
        raise MissingExtra("reading tables needs pyarrow", hint="Next: pip install 'lakeport[tables]'") from None
    chosen = _table_file(lake, path)
    with tempfile.TemporaryDirectory(prefix="lakeport-") as folder:
        local = Path(folder, PurePosixPath(chosen).name)
        with local.open("wb") as file:
            file.writelines(lake.chunks(chosen))
        table = parquet.ParquetFile(local).read() if chosen.endswith(".parquet") else csv.read_csv(local)
    shown = table.slice(0, rows)
    return list(table.column_names), [list(row.values()) for row in shown.to_pylist()]


def _table_file(lake: FileSystem, path: str) -> str:
    if path.endswith(FORMATS):
        return path
    for entry in lake.entries(path, recursive=True):
        if not entry.is_directory and entry.path.endswith(FORMATS):
            return entry.path
    raise Misused(f"there is no CSV or Parquet file at {path or lake.name}")
