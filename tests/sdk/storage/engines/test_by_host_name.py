"""Engines under `exec`: the real host names, a principal's own credential, programs that know nothing of a local Azure."""

from __future__ import annotations

from typing import Any

import pytest

Place = Any  # conftest's; test modules do not import one another


@pytest.mark.parametrize(
    ("program", "principal"), [("engines", "writer"), ("engines_as_identity", "node")], ids=["secret", "identity"]
)
def test_engines_reach_the_lake_by_its_real_name(place: Place, program: str, principal: str) -> None:
    done = place.azure.run_as(
        principal, "python", f"tests/sdk/scripts/{program}.py", "lake1", place.container, timeout=55
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
