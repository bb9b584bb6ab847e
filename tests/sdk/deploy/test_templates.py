"""Both sides are deployed from their compiled templates by azure-mgmt-resource, and a snapshot crosses between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare import models as m
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from tests.sdk.principal import Principal

if TYPE_CHECKING:
    from tests.azure import LocalAzure

DEPLOY = Path(__file__).parents[3] / "deploy"
GROUP = "data-share-automation"


def deploy(who: Principal, side: str, **parameters: str) -> dict[str, str]:
    """Deploy a side; return the outputs."""
    client = who.client(DeploymentsMgmtClient, subscription_id=who.subscription_id).deployments
    template: Any = json.loads((DEPLOY / side / "main.json").read_text())
    given = {name: {"value": value} for name, value in parameters.items()}
    body = {"properties": {"mode": "Incremental", "template": template, "parameters": given}}
    done = client.begin_create_or_update(GROUP, side, body, polling_interval=0.1).result()  # type: ignore[call-overload]
    return {name: one["value"] for name, one in done.properties.outputs.items()}


def test_two_deployed_sides_share_a_container(azure: LocalAzure) -> None:
    provider, consumer = Principal(azure, "provider"), Principal(azure, "consumer")
    source, target = deploy(provider, "provider", suffix="bicep1"), deploy(consumer, "consumer", suffix="bicep1")
    assert source["storageAccountName"] == "sourcestoragebicep1"
    assert deploy(provider, "provider", suffix="bicep1") == source
    ours = provider.client(DataShareManagementClient, subscription_id=provider.subscription_id)
    theirs = consumer.client(DataShareManagementClient, subscription_id=consumer.subscription_id)
    account = (GROUP, source["dataShareAccountName"])
    ours.shares.create(*account, "deployed", m.Share(share_kind="CopyBased"))
    place = {"resource_group": GROUP, "subscription_id": provider.subscription_id}
    container = m.BlobContainerDataSet(
        container_name="share-data", storage_account_name=source["storageAccountName"], **place
    )
    data_set = ours.data_sets.create(*account, "deployed", "raw", container)
    invited = m.Invitation(target_active_directory_id=consumer.tenant_id, target_object_id=consumer.object_id)
    sent = ours.invitations.create(*account, "deployed", "to", invited)
    accepted = m.ShareSubscription(invitation_id=str(sent.invitation_id), source_share_location="westeurope")
    here = (GROUP, target["dataShareAccountName"])
    theirs.share_subscriptions.create(*here, "deployed", accepted)
    place = {"resource_group": GROUP, "subscription_id": consumer.subscription_id}
    mapping = m.BlobContainerDataSetMapping(
        container_name="landing",
        data_set_id=data_set.data_set_id,  # type: ignore[attr-defined]  # the base class has it on the wire only
        storage_account_name=target["storageAccountName"],
        **place,
    )
    theirs.data_set_mappings.create(*here, "deployed", "raw", mapping)
    done = theirs.share_subscriptions.begin_synchronize(
        *here, "deployed", m.Synchronize(synchronization_mode="FullSync")
    )
    assert done.result().status == "Succeeded"


@pytest.mark.parametrize("suffix", ["ab", "abcdefghijkl"])
def test_a_suffix_of_another_length_is_refused_before_anything_is_made(azure: LocalAzure, suffix: str) -> None:
    with pytest.raises(HttpResponseError, match="suffix"):
        deploy(Principal(azure, "provider"), "provider", suffix=suffix)
