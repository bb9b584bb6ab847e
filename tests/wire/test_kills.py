"""The server is killed at random moments under a mixed load: nothing acknowledged is lost, no file is torn, nothing is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.crash import TOPOLOGY, crash, orphans

if TYPE_CHECKING:
    NewAzure = Any  # the root conftest's; test modules do not import one another


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("durability", "kills"), [("process", 6), ("full", 2)])
def test_a_killed_server_keeps_what_it_acknowledged(new_azure: NewAzure, durability: str, kills: int) -> None:
    azure = new_azure(topology=TOPOLOGY, memory=False, arguments=("--durability", durability))
    changes, wrong = crash(azure, kills)
    assert changes > kills
    assert wrong == []
    azure.stop()
    assert orphans(azure) == []
