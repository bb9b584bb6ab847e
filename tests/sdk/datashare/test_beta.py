"""The newest beta of azure-mgmt-datashare, in an environment of its own: two strangers' scripts from share to snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

pytestmark = [pytest.mark.witness, pytest.mark.timeout(400)]

SCRIPTS = Path(__file__).parents[1] / "scripts"
GROUP = "data-share-automation"


def run(azure: LocalAzure, app: str, side: str, **more: str) -> str:
    """Run a side's script with the beta; return what it prints."""
    python = Path(".witness/beta/bin/python").absolute()
    assert python.exists(), "the beta is not installed; next: make witness"
    (account,) = (one for one in azure.things("storage_account") if one["name"] == f"{side}storage")
    where = {"AZURE_SUBSCRIPTION_ID": account["subscription_id"], "RESOURCE_GROUP": GROUP}
    variables = {f"{prefix}_{name}": value for prefix in ("DATA_SHARE", "STORAGE") for name, value in where.items()}
    variables |= {"DATA_SHARE_ACCOUNT_NAME": f"{side}-data-share", "STORAGE_ACCOUNT_NAME": account["name"], **more}
    done = azure.run_as(app, str(python), str(SCRIPTS / f"{app}.py"), env=variables, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_newest_beta_shares_and_receives(new_azure: NewAzure) -> None:
    azure = new_azure()
    consumer = azure.credentials("consumer")
    invited = {"DESTINATION_TENANT_ID": consumer["tenant_id"], "DESTINATION_OBJECT_ID": consumer["object_id"]}
    run(azure, "provider", "source", SHARE_NAME="sales", DATASET_NAME="raw", FILE_SYSTEM_NAME="share-data", **invited)
    said = run(azure, "consumer", "dest", RECEIVED_SHARE_NAME="received")
    assert "Succeeded" in said
