"""Snapshots kept for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.share.archive import Archive
from lakeport.share.resources import Detail, Run

if TYPE_CHECKING:
    from pathlib import Path

RUNS = [
    Run(
        synchronization_id="a",
        status="Succeeded",
        start_time="2026-10-31T02:00:00Z",
        synchronization_mode="Incremental",
    ),
    Run(synchronization_id="b", status="Failed", start_time="2026-11-01T02:00:00Z", message="gone"),
    Run(synchronization_id="c", status="InProgress", start_time="2026-11-02T02:00:00Z"),
]


def test_a_run_is_kept_once_with_its_details_when_it_has_ended(tmp_path: Path) -> None:
    asked: list[str] = []

    def details(run: Run) -> list[Detail]:
        asked.append(run.synchronization_id)
        return [Detail(name="raw", status="Succeeded", files_written=3, size_written=30)] if run is RUNS[0] else []

    archive = Archive(tmp_path)
    assert [archive.keep("acc", "sales", RUNS, details) for _ in range(2)] == [2, 0]
    assert asked == ["a", "b"]
    rows = archive.read("acc", "sales")
    assert [(row["synchronization_id"], row["data_set"], row["files_written"]) for row in rows] == [
        ("a", "raw", 3),
        ("b", "", 0),
    ]
    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == ["2026-10.parquet", "2026-11.parquet"]


def test_a_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    Archive(tmp_path / "kept").keep("..", "../../evil", RUNS, lambda run: [])
    assert all(path.is_relative_to(tmp_path / "kept") for path in tmp_path.rglob("*.parquet"))
