"""Parquet and Arrow files a batch at a time, in memory that does not grow with file or row group.

pyarrow's dataset decodes whole row groups, and several ahead: fast, and as big as whoever wrote the file made them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Arrow = Any  # pyarrow has no types
BUFFERS_BYTES = 64 << 20
"""How much of a file is fetched ahead, for all columns together."""
LEAST_BUFFER, MOST_BUFFER = 256 << 10, 8 << 20
FEW_ROWS = 4096
"""Who asks for batches so small wants to see the beginning, and nothing fetched ahead."""


def batches(fragment: Arrow, schema: Arrow, columns: Sequence[str], condition: Arrow, rows: int) -> Iterator[Arrow]:
    """Yield the batches of one file.

    Args:
        fragment: Of pyarrow's dataset: the file, and what is known of it.
        schema: The table's `pyarrow.Schema`.
        columns: Those of the table that are wanted; what the file lacks of them is left out.
        condition: Rules row groups out, or `None`; rows that do not meet it are among the rest.
        rows: How many rows a batch has at most.
    """
    names = [name for name in fragment.physical_schema.names if name in set(columns)]
    with fragment.filesystem.open_input_file(fragment.path) as file:
        if fragment.format.default_extname == "parquet":
            yield from _parquet(file, fragment, names, _groups(fragment, schema, condition), rows)
        else:
            yield from _arrow(file, fragment, names)


def _groups(fragment: Arrow, schema: Arrow, condition: Arrow) -> list[int]:
    """Return the row groups that may hold a row that is wanted."""
    fragment.ensure_complete_metadata()
    left = [fragment] if condition is None else fragment.split_by_row_group(filter=condition, schema=schema)
    return [group.id for one in left for group in one.row_groups]


def _parquet(file: Arrow, fragment: Arrow, names: list[str], groups: Sequence[int], rows: int) -> Iterator[Arrow]:
    if not groups:
        return
    opened = pq.ParquetFile(
        file, metadata=fragment.metadata, pre_buffer=False, buffer_size=buffer_bytes(len(names), rows)
    )
    yield from opened.iter_batches(batch_size=rows, row_groups=groups, columns=names)


def _arrow(file: Arrow, fragment: Arrow, names: list[str]) -> Iterator[Arrow]:
    chosen = [at for at, name in enumerate(fragment.physical_schema.names) if name in names]
    options = pa.ipc.IpcReadOptions(included_fields=chosen)
    opened = pa.ipc.open_file(file, options=options)
    for at in range(opened.num_record_batches):
        yield opened.get_batch(at)


def buffer_bytes(columns: int, rows: int) -> int:
    """Return how much of each column is fetched at once.

    Example:
        >>> buffer_bytes(10, 65_536) >> 20, buffer_bytes(1000, 65_536) >> 10, buffer_bytes(10, 10) >> 10
        (6, 256, 256)
    """
    if rows <= FEW_ROWS:
        return LEAST_BUFFER
    return min(max(BUFFERS_BYTES // max(columns, 1), LEAST_BUFFER), MOST_BUFFER)
