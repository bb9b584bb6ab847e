"""Azurite as a peer: the same calls to it and to a flat account here; every difference is explained in `parity/azurite.toml`."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import tomllib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.sdk.azurite.calls import CALLS
from tests.sdk.azurite.peer import KEY, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import NewAzure

pytestmark = [pytest.mark.witness, pytest.mark.timeout(360)]

TOPOLOGY = f"""
[[tenants]]
name = "contoso"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "lakes"
    location = "westeurope"
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "devstoreaccount1"
      hns = false
      key = "{KEY}"
"""
PROGRAM = Path(".witness/npm/node_modules/.bin/azurite-blob")


@pytest.fixture
def azurite(tmp_path: Path) -> Iterator[Peer]:
    assert PROGRAM.exists(), "Azurite is not installed; next: make witness"
    command = ["node", str(PROGRAM.resolve()), "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    ports = (re.search(r"listens on http://127\.0\.0\.1:(\d+)", line) for line in process.stdout)
    found = next(one for one in ports if one)
    yield Peer(int(found[1]))
    process.terminate()
    process.wait(20)
    process.stdout.close()


def test_every_difference_to_azurite_is_explained(azurite: Peer, new_azure: NewAzure) -> None:
    ours = Peer(new_azure(topology=TOPOLOGY).port)
    container = f"c{uuid.uuid4().hex[:12]}"
    ours.names["c"] = azurite.names["c"] = container
    found = {(call.name, what) for call in CALLS for what in ours.ask(call).differences(azurite.ask(call))}
    explained = tomllib.loads(Path("parity/azurite.toml").read_text())["difference"]
    assert len({call.name for call in CALLS}) == len(CALLS) >= 150
    unexplained = sorted(one for one in found if not any(_covers(entry, *one) for entry in explained))
    assert unexplained == [], "differences that parity/azurite.toml does not explain"
    vanished = [
        (name, entry["what"])
        for entry in explained
        for name in entry["calls"]
        if not any(_covers({**entry, "calls": [name]}, *one) for one in found)
    ]
    assert vanished == [], "parity/azurite.toml explains differences that are no more"


def _covers(entry: dict[str, Any], name: str, what: str) -> bool:  # Any: decoded TOML
    """Tell whether an entry explains a difference; `*` in its names stands for anything."""
    calls = any(fnmatch.fnmatchcase(name, pattern) for pattern in entry["calls"])
    return calls and any(fnmatch.fnmatchcase(what, pattern) for pattern in entry["what"])
