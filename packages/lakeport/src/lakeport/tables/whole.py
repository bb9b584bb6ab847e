"""One file of a table that is being written: rows in, seen by nobody before it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakeport.tables import encoding, sinks

if TYPE_CHECKING:
    from lakeport.tables.formats import Format
    from lakeport.tables.places import Place

Arrow = Any  # pyarrow has no types


class WholeFile:
    """A file that is being written.

    Args:
        place: In whose file system.
        path: As that names it.
        kind: Its format.
        schema: Its rows' `pyarrow.Schema`.
        compression: Of the parts of it, or of text as a whole.
        is_new: Refuse to replace one when it is whole.

    Raises:
        Misused: The format has no such types or compression.
    """

    def __init__(self, place: Place, path: str, kind: Format, schema: Arrow, compression: str, *, is_new: bool) -> None:
        encoding.check(kind, schema)
        self.path = path
        self._sink = sinks.opened(place, path, is_new=is_new)
        try:
            stream = pa.PythonFile(self._sink, mode="w")
            self._stream = encoding.compressed(stream, compression) if kind.is_text else stream
            self._encoder = encoding.encoder(kind, self._stream, schema, compression)
        except BaseException:
            self._sink.discard()
            raise
        self.is_sealed = False

    @property
    def size_bytes(self) -> int:
        """How much was written."""
        return self._sink.size_bytes

    def write(self, rows: Arrow) -> None:
        """Take a `pyarrow.Table`; of Parquet it becomes a row group."""
        self._encoder.write(rows)

    def seal(self) -> None:
        """Take no more rows, and hold no more memory."""
        if not self.is_sealed:
            self._encoder.close()
            self._stream.close()
            self._sink.close()
        self.is_sealed = True

    def commit(self) -> None:
        """Let it appear.

        Raises:
            Conflict: It was to be new, and one is there.
        """
        self._sink.commit()

    def discard(self) -> None:
        """Leave nothing of it."""
        self._sink.discard()
