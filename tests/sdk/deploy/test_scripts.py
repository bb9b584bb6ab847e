"""The bash scripts of deploy/ through the real `az`: both sides made, given to an automation, and removed again."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sdk.az import Az

if TYPE_CHECKING:
    from tests.azure import LocalAzure

SCRIPTS = Path(__file__).parents[3] / "deploy" / "scripts"
GROUP = "data-share-automation"


def run(az: Az, script: str, *arguments: str) -> str:
    """Run a script with the test's az; return what it prints."""
    config = az.azure.state / f"az-{az.name}"
    path = f"{az.program.parent}:/usr/bin:/bin"
    done = az.azure.run_as(
        az.name,
        "env",
        f"PATH={path}",
        f"AZURE_CONFIG_DIR={config}",
        str(SCRIPTS / script),
        *arguments,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.witness
@pytest.mark.timeout(600)
@pytest.mark.parametrize("side", ["provider", "consumer"])
def test_a_side_is_made_given_to_an_automation_and_removed(azure: LocalAzure, side: str) -> None:
    az = Az(azure, side)
    store, account = run(az, "create.sh", side, "script1").split()
    run(az, "roles.sh", side, "script1", az.object_id)
    roles = az("role", "assignment", "list", "--scope", store, "--query", "[].roleDefinitionName")
    wanted = "Storage Blob Data Reader" if side == "provider" else "Storage Blob Data Contributor"
    assert {wanted, "Contributor", "Role Based Access Control Administrator"} <= set(roles)
    assert az.rest("get", account)["properties"]["provisioningState"] == "Succeeded"
    run(az, "remove.sh", side, "script1", "--yes")
    left = az("resource", "list", "-g", GROUP, "--query", "[].name")
    assert not [name for name in left if name.endswith("script1")]


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("create.sh", ("provider", "ab")),
        ("create.sh", ("provider", "Abc123")),
        ("create.sh", ("provider", "abcdefghijkl")),
        ("create.sh", ("nobody", "abc123")),
        ("create.sh", ("provider",)),
        ("remove.sh", ("provider", "abc123")),
        ("remove.sh", ("provider", "a;b;c", "--yes")),
        ("roles.sh", ("provider", "abc123", "an-app")),
    ],
)
def test_what_azure_would_refuse_is_refused_before_az_is_asked(script: str, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(SCRIPTS / script), *arguments], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.witness
def test_shellcheck_finds_nothing() -> None:
    scripts = sorted(str(one) for one in SCRIPTS.glob("*.sh"))
    done = subprocess.run(["shellcheck", "-x", *scripts], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
