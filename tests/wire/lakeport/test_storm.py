"""Transfers in bad weather: all of `benchmarks/run.py faults` is five hundred of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.storm import TOPOLOGY, Storm

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewAzure

SEED = 1
COUNT = 42


@pytest.mark.timeout(600)
def test_transfers_under_random_faults_end_complete_or_say_that_they_failed_and_are_resumed(
    new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm = Storm(new_azure(topology=TOPOLOGY), here / "storm", SEED)
    for name, value in storm.environment().items():
        monkeypatch.setenv(name, value)
    tally = storm.run(COUNT)
    assert "\n".join(tally.wrong) == "", f"seed {SEED}"
    assert sum(tally.ends.values()) == COUNT
    assert min(tally.ends["complete"], tally.ends["failed"], sum(tally.struck.values())) > 0, tally
