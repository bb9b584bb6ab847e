"""Rows on their way to files, by what their directories will say; in bounded memory however many directories there are."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from lakeport.tables.encoding import GROUP_ROWS
from lakeport.tables.partitions import NULL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lakeport.tables.whole import WholeFile

Arrow = Any  # pyarrow has no types
BUDGET_BYTES = 64 << 20
"""How many bytes of rows wait for more of their kind before they become a row group."""
MOST_OPEN = 32
"""How many files are being written at once; one more, and that which waited longest is ended and followed by another."""


class Spread:
    """Gathers rows by directory and gives them to files.

    Args:
        by: The columns that directories say; none: all rows go to one file.
        schema: The rows' `pyarrow.Schema`.
        open_file: Opens a file in a directory (empty: the table's own) for rows of a schema, with a number that tells it from others.
    """

    def __init__(self, by: Sequence[str], schema: Arrow, open_file: Callable[[str, int, Arrow], WholeFile]) -> None:
        self._by = list(by)
        self._schema = schema
        self._inner = pa.schema([one for one in schema if one.name not in by], metadata=schema.metadata)
        self._open_file = open_file
        self._waiting: dict[str, list[Arrow]] = {}
        self._bytes: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._open: OrderedDict[str, WholeFile] = OrderedDict()
        self.files: list[WholeFile] = []

    def add(self, batch: Arrow) -> None:
        """Take a `pyarrow.RecordBatch`."""
        for directory, rows in split(batch, self._by):
            self._waiting.setdefault(directory, []).append(rows)
            self._bytes[directory] = self._bytes.get(directory, 0) + rows.nbytes
            self._rows[directory] = self._rows.get(directory, 0) + rows.num_rows
            if self._rows[directory] >= GROUP_ROWS:
                self._give(directory)
        while sum(self._bytes.values()) > BUDGET_BYTES:
            self._give(max(self._bytes, key=self._bytes.__getitem__))

    def end(self) -> None:
        """Give what waits to its files, and end them; where no row came, one file says what columns there are."""
        for directory in sorted(self._waiting):
            self._give(directory)
        if not self.files:
            self.files.append(self._open_file("", 0, self._schema))
        for one in self.files:
            one.seal()

    def _give(self, directory: str) -> None:
        batches = self._waiting.pop(directory)
        del self._bytes[directory], self._rows[directory]
        self._file(directory).write(pa.Table.from_batches(batches, self._inner))

    def _file(self, directory: str) -> WholeFile:
        if directory in self._open:
            self._open.move_to_end(directory)
            return self._open[directory]
        if len(self._open) >= MOST_OPEN:
            self._open.popitem(last=False)[1].seal()
        one = self._open_file(directory, len(self.files), self._inner)
        self._open[directory] = one
        self.files.append(one)
        return one


def split(batch: Arrow, by: Sequence[str]) -> Iterator[tuple[str, Arrow]]:
    """Yield a batch's rows by directory, each with a memory of its own, without the columns that directories say.

    Example:
        >>> import pyarrow as pa
        >>> rows = pa.record_batch({"kind": ["a/b", None, "a/b"], "n": [1, 2, 3]})
        >>> [(directory, part["n"].to_pylist()) for directory, part in split(rows, ["kind"])]
        [('kind=__HIVE_DEFAULT_PARTITION__', [2]), ('kind=a%2Fb', [1, 3])]
    """
    if not by:
        yield "", batch
        return
    if not batch.num_rows:
        return
    pieces = [_directories(name, batch.column(name)) for name in by]
    names = pieces[0] if len(pieces) == 1 else pc.binary_join_element_wise(*pieces, "/")
    order = pc.array_sort_indices(names)
    ends = pc.run_end_encode(names.take(order))
    rest = batch.drop_columns(list(by))
    start = 0
    for directory, end in zip(ends.values.to_pylist(), ends.run_ends.to_pylist(), strict=True):
        yield str(directory), rest.take(order.slice(start, end - start))
        start = end


def _directories(name: str, column: Arrow) -> Arrow:
    encoded = (column.dictionary_decode() if pa.types.is_dictionary(column.type) else column).cast(pa.string())
    encoded = encoded.dictionary_encode(null_encoding="encode")
    texts = [
        f"{quote(name, safe='')}={NULL if one is None else quote(one, safe='')}"
        for one in encoded.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(encoded.indices)
