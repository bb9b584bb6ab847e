"""200 kills at random moments under a mixed load: what was lost, torn or left over. All of it must be none."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure
from tests.azure import LocalAzure
from tests.crash import TOPOLOGY, crash, orphans

if TYPE_CHECKING:
    from collections.abc import Iterator

_KILLS = {"process": 150, "full": 50}


def measure() -> Iterator[Figure]:
    """Yield how many changes were made between the kills, and how many of them did not hold."""
    for durability, kills in _KILLS.items():
        with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
            azure = LocalAzure(Path(folder), topology=TOPOLOGY, memory=False, arguments=("--durability", durability))
            try:
                changes, wrong = crash(azure, kills, seed=7)
            finally:
                azure.stop()
            wrong += orphans(azure)
            for one in wrong[:10]:
                print(f"  {one}")
            yield Figure(f"changes under {kills} kills, --durability {durability}", changes, "changes", at_least=kills)
            yield Figure("  lost, torn or left over", len(wrong), "files", at_most=0)
