"""Snapshots remembered past the thirty days of the service: Parquet files in a folder. Needs the extra `tables`.

One file a received share and month, `ACCOUNT/SUBSCRIPTION/2026-11.parquet`; one row a data set of a run. A file is
written beside and renamed, and a row is known by run and data set, so that keeping twice is keeping once.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from lakeport.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from lakeport.share.resources import Detail, Run

ENDED = frozenset({"Succeeded", "Failed", "Cancelled", "Canceled"})


@dataclass(frozen=True)
class Row:
    """What one run did to one data set; a run that tells no details is one row without data set."""

    account: str
    subscription: str
    synchronization_id: str
    mode: str
    status: str
    start_time: str
    end_time: str
    duration_ms: int
    message: str
    data_set: str = ""
    data_set_id: str = ""
    data_set_status: str = ""
    data_set_message: str = ""
    files_read: int = 0
    files_written: int = 0
    size_read_bytes: int = 0
    size_written_bytes: int = 0


def rows(account: str, subscription: str, run: Run, details: Iterable[Detail]) -> list[Row]:
    """Return a run as rows."""
    head = (account, subscription, run.synchronization_id, run.synchronization_mode, run.status, run.start_time)
    tail = (run.end_time, run.duration_ms, run.message)
    found = [
        Row(
            *head,
            *tail,
            one.name,
            one.data_set_id,
            one.status,
            one.message,
            one.files_read,
            one.files_written,
            one.size_read,
            one.size_written,
        )
        for one in details
    ]
    return found or [Row(*head, *tail)]


class Archive:
    """The runs of received shares, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parquet, self._arrow = _pyarrow()

    def keep(
        self, account: str, subscription: str, runs: Iterable[Run], details: Callable[[Run], Iterable[Detail]]
    ) -> int:
        """Keep the runs that have ended and are not kept yet; return how many.

        Args:
            account: The data share account.
            subscription: The received share.
            runs: Its runs, as the service lists them.
            details: Asks for the details of one run; asked only for runs that are new here.
        """
        ended = [one for one in runs if one.status in ENDED and one.start_time]
        months: dict[str, list[Run]] = {}
        for one in ended:
            months.setdefault(one.start_time[:7], []).append(one)
        count = 0
        for month, of_month in months.items():
            path = self._path(account, subscription, month)
            known = self._read(path)
            ids = {row["synchronization_id"] for row in known}
            new = [one for one in of_month if one.synchronization_id not in ids]
            added = [asdict(row) for one in new for row in rows(account, subscription, one, details(one))]
            if added:
                self._write(path, [*known, *added])
            count += len(new)
        return count

    def read(self, account: str, subscription: str) -> list[dict[str, Any]]:  # Any: cells
        """Return every row of a received share, oldest first."""
        folder = self._path(account, subscription, "").parent
        found = [row for path in sorted(folder.glob("*.parquet")) for row in self._read(path)]
        return sorted(found, key=lambda row: (row["start_time"], row["synchronization_id"], row["data_set"]))

    def _path(self, account: str, subscription: str, month: str) -> Path:
        parts = [part.replace("/", "_").replace("..", "_") for part in (account, subscription)]
        return self._folder.joinpath(*parts, f"{month}.parquet")

    def _read(self, path: Path) -> list[dict[str, Any]]:  # Any: cells
        if not path.exists():
            return []
        found: list[dict[str, Any]] = self._parquet.ParquetFile(path).read().to_pylist()
        return found

    def _write(self, path: Path, kept: list[dict[str, Any]]) -> None:  # Any: cells
        types = {"str": self._arrow.string(), "int": self._arrow.int64()}
        schema = self._arrow.schema([(one.name, types[str(one.type)]) for one in fields(Row)])
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        self._parquet.write_table(self._arrow.Table.from_pylist(kept, schema), beside)
        beside.replace(path)


def _pyarrow() -> tuple[Any, Any]:  # Any: an extra without types
    try:
        import pyarrow as pa  # noqa: PLC0415  (an extra)
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MissingExtra("an archive needs pyarrow", hint="Next: pip install 'lakeport[tables]'") from None
    return parquet, pa
