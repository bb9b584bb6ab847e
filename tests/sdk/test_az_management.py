"""The real Azure CLI, unmodified: templates, containers, identities, the activity log; and a sample repository's script."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.sdk.az import Az

if TYPE_CHECKING:
    from tests.sdk.conftest import AzureOf

pytestmark = [pytest.mark.witness, pytest.mark.timeout(600)]

SAMPLE = Path("tests/sdk/scripts/sample.sh").resolve()
TEMPLATE: Any = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"name": {"type": "string"}},
    "resources": [
        {
            "type": "Microsoft.Storage/storageAccounts",
            "apiVersion": "2023-01-01",
            "name": "[parameters('name')]",
            "location": "[resourceGroup().location]",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
        }
    ],
    "outputs": {
        "id": {"type": "string", "value": "[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]"}
    },
}


TOPOLOGY = """
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
  [[tenants.apps]]
  name = "owner"
  [[tenants.subscriptions]]
  name = "main"
  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"
"""


@pytest.fixture(scope="module")
def az(azure_of: AzureOf) -> Az:
    return Az(azure_of(TOPOLOGY), "owner")


@pytest.fixture(scope="module")
def group(az: Az) -> str:
    assert az("account", "show")["user"]["type"] == "servicePrincipal"
    assert az("group", "create", "-n", "az-group", "-l", "westeurope")["properties"]["provisioningState"] == "Succeeded"
    return "az-group"


def test_a_template_is_deployed_and_its_output_read(az: Az, group: str, tmp_path: Path) -> None:
    file = tmp_path / "main.json"
    file.write_text(json.dumps(TEMPLATE))
    what_if = (
        "deployment",
        "group",
        "what-if",
        "-g",
        group,
        "-f",
        str(file),
        "-p",
        "name=azdeployed",
        "--no-pretty-print",
    )
    assert [one["changeType"] for one in az(*what_if)["changes"]] == ["Create"]
    asked = ("deployment", "group", "create", "-g", group, "-n", "d", "-f", str(file), "-p")
    made = az(*asked, "name=azdeployed")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["outputs"]["id"]["value"].endswith("/storageAccounts/azdeployed")
    status, _, err = az.raw(*asked, "name=No!")
    assert status != 0
    assert "AccountNameInvalid" in err


def test_an_identity_is_made_and_the_log_says_who_made_it(az: Az, group: str) -> None:
    made = az("identity", "create", "-g", group, "-n", "az-identity")
    assert made["principalId"]
    (event,) = [
        one
        for one in az("monitor", "activity-log", "list", "-g", group, "--offset", "1h")
        if one["operationName"]["value"] == "Microsoft.ManagedIdentity/userAssignedIdentities/write"
    ]
    assert (event["status"]["value"], event["caller"]) == ("Succeeded", az.object_id)
    assert "Administrative" in {one["value"] for one in az("monitor", "activity-log", "list-categories")}


def test_a_lock_is_made_listed_and_taken_away(az: Az, group: str) -> None:
    made = az("lock", "create", "-g", group, "-n", "az-lock", "-t", "CanNotDelete")
    assert made["level"] == "CanNotDelete"
    assert [one["name"] for one in az("lock", "list", "-g", group)] == ["az-lock"]
    az("lock", "delete", "-g", group, "-n", "az-lock")


def test_a_sample_repository_s_script_runs_unchanged(az: Az) -> None:
    subscription = az("account", "show")["id"]
    config = az.azure.state / f"az-{az.name}"
    program = f"AZURE_CONFIG_DIR={config} PATH={az.program.parent}:$PATH exec sh {shlex.quote(str(SAMPLE))}"
    env = {"SUBSCRIPTION": subscription, "LOCATION": "westeurope", "SUFFIX": "azsample1"}
    done = az.azure.run_as(az.name, "sh", "-c", program, env=env, timeout=480)
    assert done.returncode == 0, done.stderr
    assert "in/one.csv" in done.stdout.split()


def test_a_group_leaves_with_all_that_is_in_it(az: Az) -> None:
    group = "az-leaving"
    az("group", "create", "-n", group, "-l", "westeurope")
    az("identity", "create", "-g", group, "-n", "az-leaving-identity")
    az("group", "delete", "-n", group, "--yes")
    assert group not in {one["name"] for one in az("group", "list")}
