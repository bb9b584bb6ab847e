"""Programs of every kind reach the local Azure by real host names under `exec`, or by the recipe of docs/clients.md."""

from __future__ import annotations

import base64
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import BlobSasPermissions, generate_blob_sas

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

KEY = base64.b64encode(bytes(range(64))).decode()
TOPOLOGY = f"""
[[tenants]]
name = "contoso"
  [[tenants.apps]]
  name = "writer"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "lakes"
    location = "westeurope"
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "reachlake"
      key = "{KEY}"
      file_systems = ["box", "plain"]
  [[tenants.role_assignments]]
  principal = "writer"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"
"""
SCRIPTS = Path("tests/sdk/scripts")
ADDRESSES = (
    "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration",
    "https://management.azure.com/subscriptions?api-version=2022-12-01",
    "https://reachlake.blob.core.windows.net/plain?restype=container",
    "https://reachlake.dfs.core.windows.net/plain?resource=filesystem&recursive=false",
    "https://graph.microsoft.com/v1.0/me",
    "https://management.azure.com/metadata/endpoints?api-version=2022-09-01",
    "http://169.254.169.254/metadata/identity/oauth2/token",
)
STATUSES = [200, 401, 409, 401, 401, 200, 400]
"""What each answers to whoever brings no credential."""


@pytest.fixture(scope="module")
def reached(azure_of: AzureOf) -> LocalAzure:
    return azure_of(TOPOLOGY)


def signed_url(azure: LocalAzure) -> str:
    until = datetime.now(UTC) + timedelta(hours=1)
    permission = BlobSasPermissions(read=True)
    query = generate_blob_sas("reachlake", "box", "a/one", account_key=KEY, permission=permission, expiry=until)
    return f"http://127.0.0.1:{azure.port}/reachlake/box/a/one?{query}"


def statuses(azure: LocalAzure, *program: str, width: int = 1) -> list[list[int]]:
    done = azure.run_as(None, *program, *ADDRESSES, timeout=240)
    assert done.returncode == 0, done.stderr
    found = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    assert {len(line) for line in found} == {width}, done.stdout
    return found


def test_pythons_http_clients_reach_every_host(reached: LocalAzure) -> None:
    assert statuses(reached, "python", str(SCRIPTS / "reach.py"), width=4) == [[status] * 4 for status in STATUSES]


@pytest.mark.witness
@pytest.mark.timeout(360)
def test_java_reaches_every_host(reached: LocalAzure) -> None:
    assert statuses(reached, "java", str(SCRIPTS / "Reach.java"), width=2) == [[status] * 2 for status in STATUSES]


@pytest.mark.witness
@pytest.mark.timeout(360)
def test_go_reaches_every_host(reached: LocalAzure, tmp_path: Path) -> None:
    go = shutil.which("go") or "/usr/lib/go/bin/go"
    run = ("sh", "-c", f'GOCACHE={tmp_path} GO111MODULE=off exec "$0" run "$@"', go, str(SCRIPTS / "reach.go"))
    assert statuses(reached, *run) == [[status] for status in STATUSES]


@pytest.mark.witness
def test_curl_reaches_every_host(reached: LocalAzure) -> None:
    run = ("sh", "-c", 'for one; do curl -sS -o /dev/null -w "%{http_code}\\n" "$one"; done', "sh")
    assert statuses(reached, *run) == [[status] for status in STATUSES]


@pytest.mark.witness
@pytest.mark.timeout(360)
def test_azures_packages_for_node_work_by_real_names_and_fetch_by_an_explicit_endpoint(reached: LocalAzure) -> None:
    modules = Path(".witness/npm/node_modules").resolve()
    assert modules.exists(), "the packages are not installed; next: make witness"
    done = reached.run_as(
        "writer",
        "node",
        str(SCRIPTS / "lake.js"),
        "reachlake",
        "box",
        signed_url(reached),
        env={"WITNESS_MODULES": str(modules)},
        timeout=240,
    )
    assert (done.returncode, done.stdout) == (0, "done 200\n"), done.stderr
