"""Delta tables: read by their log, so that files which it rules out are not fetched; written by it, so that all of a write is seen or none.

Source: Delta Lake protocol, "Reader requirements" and "Add file"; delta-rs.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs

from lakeport.engines.extras import needed
from lakeport.errors import BadData, Conflict, Forbidden, LakeportError, Misused, NotFound
from lakeport.tables import sinks
from lakeport.tables.handle import delta_options
from lakeport.tables.sources import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lakeport.tables.frames import Rows
    from lakeport.tables.places import Place

Arrow = Any  # pyarrow has no types
Foreign = Any  # deltalake's own
_UNKNOWN = re.compile(
    r"(?:Feature |features: \{)'(?P<feature>[^}]+?)'(?:\}| is not)|(?P<version>minimum reader version \d+)"
)
"""How delta-rs and pyarrow's half of it say that a reader must know more than they do."""
_STATUS = re.compile(r"status(?: code)?[: ]+(\d{3})|\b(403|401)\b")


def source(place: Place, version: int | None = None) -> Dataset:
    """Return a Delta table as pyarrow's dataset: its bytes come by our file system, its log by delta-rs.

    Args:
        place: Its directory.
        version: An earlier state of it; absent: the newest.

    Raises:
        MissingExtra: deltalake is not installed.
        NotFound: There is no Delta table, or no such version of it.
        Misused: It has features that this reader does not know.
    """
    with _told(place, "read"):
        table = _table(place, version)
        _check_names(table, place.title)
        inner = fs.SubTreeFileSystem(place.inside, place.file_system)
        dataset = table.to_pyarrow_dataset(filesystem=inner)
        added = pa.table(table.get_add_actions(flatten=True))
    sizes = dict(zip(map(unquote, added["path"].to_pylist()), added["size_bytes"].to_pylist(), strict=True))
    said = frozenset(table.metadata().partition_columns)
    return Dataset(dataset, place.title, lambda path: place.titled(f"{place.inside}/{path}"), said, sizes)


def write(
    rows: Rows, place: Place, *, mode: str, by: Sequence[str], told: Callable[[int], None] | None
) -> tuple[int, int]:
    """Write rows as a new version of a Delta table, seen when its log says so.

    Args:
        rows: Which.
        place: Its directory.
        mode: `error`, `overwrite` or `append`.
        by: The columns that directories say; of a table that is there, as it was made.
        told: Called with the number of rows so far.

    Returns:
        How many rows and files were added.

    Raises:
        Conflict: A table is there, and `mode` is `error`; or another writer was faster.
        Misused: The rows do not go with those that are there.
    """
    deltalake = needed("deltalake", "writing Delta tables")
    counted = _Counted(rows, told)
    with _told(place, "written", counted):
        with suppress(deltalake.exceptions.TableNotFoundError):  # its is_deltatable would keep our tokens from it
            _check_names(_table(place, None), place.title)
        deltalake.write_deltalake(
            address(place),
            pa.RecordBatchReader.from_batches(rows.schema, counted.batches()),
            mode=mode,
            partition_by=list(by) or None,
            schema_mode="overwrite" if mode == "overwrite" else None,
            storage_options=options(place),
        )
        last = _table(place, None).history(1)[0]
    return counted.rows, int(last.get("operationMetrics", {}).get("num_added_files", 0))


def address(place: Place) -> str:
    """Return a Delta table's URL, as delta-rs knows it."""
    if place.lake is None:
        return place.inside
    suffix = place.lake.profile.cloud.dfs_suffix
    return f"abfss://{place.lake.name}@{place.lake.account}.{suffix}/{place.path}"


def options(place: Place) -> dict[str, str] | None:
    """Return what opens a place to delta-rs."""
    return None if place.lake is None else delta_options(place.lake)


def _table(place: Place, version: int | None) -> Foreign:
    deltalake = needed("deltalake", "reading Delta tables")
    return deltalake.DeltaTable(address(place), version=version, storage_options=options(place))


def _check_names(table: Foreign, title: str) -> None:
    """Refuse columns whose names are not those in the files: they would be read as if nothing were in them."""
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        raise _unknown(title, "columnMapping")


def _unknown(title: str, feature: str) -> Misused:
    hint = "Next: ALTER TABLE ... DROP FEATURE where it was written, or have it copied to Parquet there"
    return Misused(f"{title} is a Delta table that needs {feature}, which is not known here", hint=hint)


class _Counted:
    """Rows on their way to delta-rs, which keeps an error that it meets to itself."""

    def __init__(self, source: Rows, told: Callable[[int], None] | None) -> None:
        self._source = source
        self._told = told
        self.rows = 0
        self.error: BaseException | None = None

    def batches(self) -> Iterator[Arrow]:
        try:
            for batch in self._source.batches:
                self.rows += batch.num_rows
                if self._told is not None:
                    self._told(self.rows)
                yield batch
        except Exception as error:
            self.error = error
            raise


@contextmanager
def _told(place: Place, what: str, counted: _Counted | None = None) -> Iterator[None]:
    """Turn what delta-rs says into our errors."""
    exceptions = needed("deltalake.exceptions", "working with Delta tables")
    try:
        yield
    except (exceptions.DeltaError, OSError) as error:
        if counted is not None and counted.error is not None:
            raise counted.error from error
        raise _meant(place, what, error, exceptions) from error


def _meant(place: Place, what: str, error: Exception, exceptions: Foreign) -> LakeportError:
    text, title = str(error), place.title
    status = _STATUS.search(text)
    if status and (status[1] or status[2]) in {"401", "403"}:
        return Forbidden(f"{title} may not be {what}", hint="Next: lakeport doctor, to see which right is missing")
    unknown = _UNKNOWN.search(text)
    if unknown:
        return _unknown(title, (unknown["feature"] or unknown["version"]).replace("'", ""))
    if "already exists at" in text:
        return sinks.there(title)
    if "specified end version" in text:
        return NotFound(f"{title} has no such version")
    if "Cast error" in text or "partitioning does not match" in text:
        return Misused(f"the rows do not go with those of {title}: {text}")
    meanings: tuple[tuple[type[Exception], type[LakeportError], str, str], ...] = (
        (exceptions.TableNotFoundError, NotFound, f"no Delta table is at {title}", ""),
        (exceptions.CommitFailedError, Conflict, f"{title}: another writer was faster: {text}", "Next: write it again"),
        (exceptions.SchemaMismatchError, Misused, f"the rows do not go with those of {title}: {text}", ""),
        (exceptions.DeltaProtocolError, Misused, f"{title} has a feature that is not known here: {text}", ""),
        (Exception, Misused if what == "written" else BadData, f"{title} cannot be {what}: {text}", ""),
    )
    return next(ours(said, hint=hint) for theirs, ours, said, hint in meanings if isinstance(error, theirs))
