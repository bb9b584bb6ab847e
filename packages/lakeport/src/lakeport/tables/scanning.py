"""Reading a table: what is wanted of it, decided before a byte of data is fetched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from lakeport.engines.extras import needed
from lakeport.errors import Misused
from lakeport.tables import conditions, formats, partitions, refusals, schemas, sources, streams
from lakeport.tables.conditions import Condition
from lakeport.tables.places import at

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from lakeport.lake import LakeUrl
    from lakeport.tables.partitions import Part
    from lakeport.tables.places import Place
    from lakeport.tables.sources import Source

Arrow = Any  # pyarrow has no types
Foreign = Any  # a frame of a library that may not be installed
LOOKERS = 8
"""How many files' schemas are looked at at once."""


@dataclass(frozen=True)
class Scan:
    """A table that is there to be read, or a part of it; nothing of its rows is read before it is asked for.

    Attributes:
        title: What people call it.
        format: The format's name.
        files: How many files it is read from, after those that the condition rules out.
        size_bytes: Their size together.
        columns: Those wanted, in order.
    """

    title: str
    format: str
    files: int
    size_bytes: int
    columns: tuple[str, ...]
    source: Source
    condition: Condition | None = None

    @property
    def schema(self) -> Arrow:
        """The `pyarrow.Schema` of the columns wanted."""
        whole = self.source.schema
        return pa.schema([whole.field(name) for name in self.columns], metadata=whole.metadata)

    def batches(self, *, rows: int = sources.BATCH_ROWS) -> Iterator[Arrow]:
        """Yield the rows as `pyarrow.RecordBatch`es, in the order of files and rows, in bounded memory.

        Args:
            rows: How many rows a batch has at most.

        Raises:
            BadData: A file is damaged; the error names it, and the row where one is known.
        """
        condition = self.condition
        yield from self.source.batches(
            self.columns,
            condition.expression if condition else None,
            condition.columns if condition else frozenset(),
            rows,
        )

    def reader(self) -> Arrow:
        """Return the rows as a `pyarrow.RecordBatchReader`, which other libraries take without copies."""
        return pa.RecordBatchReader.from_batches(self.schema, self.batches())

    def table(self) -> Arrow:
        """Return all rows as a `pyarrow.Table`; they must fit in memory."""
        found = self.source.table(self.columns, self.condition.expression if self.condition else None)
        return found.replace_schema_metadata(self.schema.metadata)

    def polars(self) -> Foreign:
        """Return all rows as a `polars.DataFrame`.

        Raises:
            MissingExtra: polars is not installed.
        """
        return needed("polars", "a polars frame").from_arrow(self.table())

    def pandas(self) -> Foreign:
        """Return all rows as a `pandas.DataFrame`, with the index that pandas gave the file, if it did.

        Raises:
            MissingExtra: pandas is not installed.
        """
        needed("pandas", "a pandas frame")
        return self.table().to_pandas()

    def head(self, rows: int) -> Arrow:
        """Return the first rows as a `pyarrow.Table`, without reading on.

        Args:
            rows: How many, at most.
        """
        found, left = [], rows
        for batch in self.batches(rows=max(rows, 1)) if rows else ():
            found.append(batch.slice(0, left))
            left -= found[-1].num_rows
            if not left:
                break
        return pa.Table.from_batches(found, self.schema)

    def count(self) -> int:
        """Return how many rows there are; of Parquet without a condition, none is read."""
        condition = self.condition
        return self.source.count(
            condition.expression if condition else None, condition.columns if condition else frozenset()
        )


def scan(
    source: str | os.PathLike[str] | LakeUrl | Place,
    *,
    columns: Sequence[str] = (),
    where: str | Arrow = "",
    file_format: str = "",
    types: Mapping[str, object] | None = None,
    version: int | None = None,
    profile: str = "",
) -> Scan:
    """Return a table that is there to be read; columns, row groups and directories that are not wanted are not fetched.

    Args:
        source: A file, or a directory of files of one format, in a lake or on this machine.
        columns: Their names, in order; absent: all.
        where: Which rows, as `year = 2030 and kind in ('a', 'b')`, or a `pyarrow.compute.Expression`.
        file_format: One of `formats.NAMES`; absent: as names and first bytes say.
        types: Types of columns of text, by words such as `string` or `timestamp`, or as `pyarrow.DataType`; the others' are guessed.
        version: An earlier state of a Delta table.
        profile: Who connects; absent: the URL's, else the account's own.

    Raises:
        NotFound: Nothing is there.
        Misused: A column, format or condition is none; the files are of several formats.
        BadData: A file is damaged, or two disagree on a column's type.

    Example:
        >>> import tempfile
        >>> from lakeport.tables import write
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rows = [{"year": 2029, "price": 7}, {"year": 2030, "price": 9}]
        ...     _ = write(rows, f"{folder}/sales/", partition_by=["year"])
        ...     found = scan(f"{folder}/sales/", where="year = 2030", columns=["price"])
        ...     [batch.to_pydict() for batch in found.batches()]
        [{'price': [9]}]
    """
    place = at(source, profile=profile)
    with refusals.reading(place.title):
        if file_format == formats.DELTA or (not file_format and place.is_delta):
            return _of_delta(place, columns, where, version)
        if version is not None:
            raise Misused(f"{place.title} is no Delta table: it has no versions")
        return _of_files(place, file_format, columns, where, schemas.typed(types or {}))


def _of_files(
    place: Place, file_format: str, columns: Sequence[str], where: str | Arrow, types: dict[str, Arrow]
) -> Scan:
    files = place.files(file_format)
    parts, said = partitions.parted(files, place.inside)
    opening = _Opening(place, parts, said, types)
    parts, condition = _needed(opening, where)
    found = opening.source(parts)
    schemas.check_names(found.schema, place.title)
    condition = condition or _condition(where, found.schema)
    wanted = tuple(schemas.chosen(found.schema, columns))
    size = sum(one.file.size_bytes for one in parts)
    return Scan(place.title, files[0].format.name, len(parts), size, wanted, found, condition)


def _of_delta(place: Place, columns: Sequence[str], where: str | Arrow, version: int | None) -> Scan:
    from lakeport.tables import delta  # noqa: PLC0415  (an extra)

    found = delta.source(place, version)
    condition = _condition(where, found.schema)
    fragments = list(found.dataset.get_fragments(filter=condition.expression if condition else None))
    size = sum(found.sizes[one.path] for one in fragments)
    wanted = tuple(schemas.chosen(found.schema, columns))
    return Scan(place.title, formats.DELTA, len(fragments), size, wanted, found, condition)


def _condition(where: str | Arrow, schema: Arrow) -> Condition | None:
    if not isinstance(where, str):
        return Condition(where, frozenset(schema.names))
    return conditions.parse(where, schema) if where.strip() else None


def read(
    source: str | os.PathLike[str] | LakeUrl | Place,
    *,
    columns: Sequence[str] = (),
    where: str | Arrow = "",
    file_format: str = "",
    types: Mapping[str, object] | None = None,
    version: int | None = None,
    profile: str = "",
) -> Arrow:
    """Return a table as a `pyarrow.Table`; it must fit in memory. Arguments and errors are those of `scan`.

    Args:
        source: Where it lies: a path of this machine, a URL, or a place.
        columns: Only these, in this order; empty: all.
        where: Which rows, such as `age > 30 and name != 'ada'`; or an expression of pyarrow's.
        file_format: Such as `csv`, where the name does not tell.
        types: Types of columns by name, for formats without any.
        version: Of a Delta table; absent: the newest.
        profile: Who opens the lake, by name; empty: as the URL says.
    """
    return scan(
        source, columns=columns, where=where, file_format=file_format, types=types, version=version, profile=profile
    ).table()


def head(source: str | os.PathLike[str] | LakeUrl | Place, rows: int = 10, *, file_format: str = "") -> Arrow:
    """Return the first rows of a table as a `pyarrow.Table`. Errors are those of `scan`.

    Args:
        source: Where it lies: a path of this machine, a URL, or a place.
        rows: How many, at most.
        file_format: Such as `csv`, where the name does not tell.
    """
    return scan(source, file_format=file_format).head(rows)


def schema(source: str | os.PathLike[str] | LakeUrl | Place, *, file_format: str = "") -> Arrow:
    """Return a table's `pyarrow.Schema`: every column of any of its files. Errors are those of `scan`.

    Args:
        source: Where it lies: a path of this machine, a URL, or a place.
        file_format: Such as `csv`, where the name does not tell.
    """
    return scan(source, file_format=file_format).schema


def _needed(opening: _Opening, where: str | Arrow) -> tuple[list[Part], Condition | None]:
    """Return the parts that a condition leaves, and the condition once it can be read."""
    if isinstance(where, str) and not where.strip():
        return list(opening.parts), None
    if not opening.said.names:
        return list(opening.parts), None
    first = _together(opening.schema_of(opening.parts[0]), opening.said)
    if not isinstance(where, str):
        return partitions.left(opening.parts, first, where) or opening.parts[:1], None
    try:
        condition = conditions.parse(where, first)
    except Misused:  # a column that another file has, or none has: told once all were seen
        return list(opening.parts), None
    return partitions.left(opening.parts, first, condition.expression) or opening.parts[:1], condition


@dataclass(frozen=True)
class _Opening:
    """A table whose files are being looked at."""

    place: Place
    parts: list[Part]
    said: Arrow
    types: dict[str, Arrow]

    def schema_of(self, part: Part) -> Arrow:
        with refusals.reading(part.file.title):
            if part.file.format.is_dataset:
                return sources.datasets([part], self.place.file_system)[0].physical_schema
        return streams.schema_of(part.file, self.place.file_system, self.types)

    def source(self, parts: list[Part]) -> Source:
        if not parts[0].file.format.is_dataset:
            inner = self.unified(
                parts, [self.schema_of(one) for one in parts] if len(parts) == 1 else self.all_of(parts)
            )
            return sources.Streams(parts, self.place.file_system, _together(inner, self.said), inner, self.types)
        fragments = sources.datasets(parts, self.place.file_system)
        inner = self.unified(parts, _looked_at(parts, fragments))
        name = parts[0].file.format.name
        dataset = ds.FileSystemDataset(
            fragments, _together(inner, self.said), sources.format_of(name), self.place.file_system
        )
        return sources.Dataset(dataset, self.place.title, self.place.titled, frozenset(self.said.names))

    def all_of(self, parts: list[Part]) -> list[Arrow]:
        with ThreadPoolExecutor(LOOKERS) as threads:
            return list(threads.map(self.schema_of, parts))

    def unified(self, parts: list[Part], found: list[Arrow]) -> Arrow:
        return schemas.unified((part.file.title, one) for part, one in zip(parts, found, strict=True))


def _looked_at(parts: Sequence[Part], fragments: Sequence[Arrow]) -> list[Arrow]:
    def look(pair: tuple[Part, Arrow]) -> Arrow:
        with refusals.reading(pair[0].file.title):
            return pair[1].physical_schema

    with ThreadPoolExecutor(LOOKERS) as threads:
        return list(threads.map(look, zip(parts, fragments, strict=True)))


def _together(inner: Arrow, said: Arrow) -> Arrow:
    """Return the columns of files with those of directories; a directory is believed over its files."""
    fields = [one for one in inner if one.name not in said.names]
    return pa.schema([*fields, *said], metadata=inner.metadata)
