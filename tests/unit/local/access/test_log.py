"""The decision log stays small, on disk and in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access import Action, Decision, DecisionLog, Principal, Target

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = Principal("tenant", "object", "client", "Application", "nobody")
REFUSED = Decision(False, NOBODY, Action("Microsoft.Storage/storageAccounts/read"), Target("/", "tenant"), ("no role",))


def test_a_full_file_gives_way_to_a_new_one_and_only_one_old_one_is_kept(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path / "refusals.jsonl", most_bytes=2000)
    for number in range(100):
        log.add(str(number), REFUSED)
    assert sorted(path.name for path in tmp_path.iterdir()) in (
        ["refusals.jsonl", "refusals.jsonl.1"],
        ["refusals.jsonl.1"],
    )
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2 * 2500
    assert {entry.stat().st_mode & 0o077 for entry in tmp_path.iterdir()} == {
        0
    }  # who was refused what is the owner's to know


def test_only_the_newest_requests_are_remembered() -> None:
    log = DecisionLog(most=2)
    for number in ("a", "b", "c"):
        log.add(number, REFUSED)
    assert [len(log.of(number)) for number in ("a", "b", "c")] == [0, 1, 1]
