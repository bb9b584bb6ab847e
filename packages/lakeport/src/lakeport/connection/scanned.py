"""A table of a lake that a program with an event loop reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from lakeport.connection.threads import InTurn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from lakeport.lake.asynchronous import AsyncFileSystem
    from lakeport.tables import Scan

_END = object()


class Reading(TypedDict, total=False):
    """What `Lake.scan_table` and `Lake.read_table` take beside a path, by their names."""

    columns: Sequence[str]
    where: str | Any  # Any: pyarrow's Expression
    file_format: str
    types: Mapping[str, object] | None
    version: int | None


class Writing(TypedDict, total=False):
    """What `Lake.write_table` takes beside rows and a path, by their names."""

    file_format: str
    mode: str
    partition_by: Sequence[str]
    compression: str


class AsyncScan:
    """A table that is there to be read, or a part of it; nothing of its rows is read before it is asked for.

    Args:
        lake: Whose threads.
        scan: The same, for callers that wait.

    Attributes:
        scan: The same: `scan.columns`, `scan.schema`, `scan.files` and `scan.size_bytes` ask nothing of the lake.
    """

    def __init__(self, lake: AsyncFileSystem, scan: Scan) -> None:
        self.scan = scan
        self._lake = lake

    async def batches(self, *, rows: int = 0) -> AsyncIterator[Any]:  # Any: pyarrow has no types
        """Yield the rows as `pyarrow.RecordBatch`es, in the order of files and rows, in bounded memory.

        Args:
            rows: How many rows a batch has at most; 0: as many as are usual.

        Raises:
            BadData: A file is damaged; the error names it, and the row where one is known.
        """
        found, turn = self.scan.batches(rows=rows) if rows else self.scan.batches(), InTurn(self._lake)
        try:
            while (batch := await turn.do(next, found, _END)) is not _END:
                yield batch
        finally:
            await turn.do(getattr(found, "close", lambda: None))

    async def table(self) -> Any:  # Any: as above
        """Return all rows as a `pyarrow.Table`; they must fit in memory."""
        return await self._lake.apart(self.scan.table)

    async def polars(self) -> Any:  # Any: an extra
        """Return all rows as a `polars.DataFrame`.

        Raises:
            MissingExtra: polars is not installed.
        """
        return await self._lake.apart(self.scan.polars)

    async def pandas(self) -> Any:  # Any: an extra
        """Return all rows as a `pandas.DataFrame`, with the index that pandas gave the file, if it did.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return await self._lake.apart(self.scan.pandas)

    async def head(self, rows: int) -> Any:  # Any: pyarrow has no types
        """Return the first rows as a `pyarrow.Table`, without reading on.

        Args:
            rows: How many, at most.
        """
        return await self._lake.apart(self.scan.head, rows)

    async def count(self) -> int:
        """Return how many rows there are; of Parquet without a condition, none is read."""
        return await self._lake.apart(self.scan.count)
