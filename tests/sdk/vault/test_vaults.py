"""Vaults through the control plane, by the generic resource client, and what becomes of their secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

if TYPE_CHECKING:
    from tests.sdk.vault.conftest import Vaults

_VERSION = "2026-02-01"


class Plane:
    """The control plane of the vaults, for the principal who owns it all."""

    def __init__(self, vaults: Vaults) -> None:
        self.credential = vaults.credential("owner")
        (subscription,) = SubscriptionClient(self.credential, **vaults.azure.sdk).subscriptions.list()
        self.tenant_id = vaults.azure.credentials("owner")["tenant_id"]
        self.subscription_id = str(subscription.subscription_id)
        self.client = ResourceManagementClient(self.credential, self.subscription_id, **vaults.azure.sdk)

    def id(self, name: str) -> str:
        return f"/subscriptions/{self.subscription_id}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}"

    def put(self, name: str, version: str = _VERSION, **properties: Any) -> Any:
        wanted = {"tenantId": self.tenant_id, "sku": {"family": "A", "name": "standard"}, **properties}
        body: Any = {"location": "westeurope", "properties": wanted}
        return self.client.resources.begin_create_or_update_by_id(self.id(name), body, api_version=version).result()

    def delete(self, name: str) -> None:
        self.client.resources.begin_delete_by_id(self.id(name), api_version=_VERSION).result()


@pytest.fixture(scope="module")
def plane(vaults: Vaults) -> Plane:
    return Plane(vaults)


def test_a_vault_is_not_there_until_it_is_made_and_then_opens_to_its_roles(vaults: Vaults, plane: Plane) -> None:
    with pytest.raises(ResourceNotFoundError):
        plane.client.resources.get_by_id(plane.id("new-vault"), api_version=_VERSION)
    made = plane.put("new-vault")
    assert made.properties["vaultUri"] == "https://new-vault.vault.azure.net/"
    assert made.properties["enableRbacAuthorization"] is True
    assert vaults.secrets(vault="new-vault").set_secret("s", "v").value == "v"
    with pytest.raises(HttpResponseError, match="ForbiddenByRbac"):
        vaults.secrets("owner", vault="new-vault").get_secret("s")


def test_an_older_api_makes_a_vault_that_goes_by_access_policies(vaults: Vaults, plane: Plane) -> None:
    policy = {
        "tenantId": plane.tenant_id,
        "objectId": vaults.azure.credentials("nobody")["object_id"],
        "permissions": {"secrets": ["get", "set"]},
    }
    plane.put("old-vault", "2023-07-01", accessPolicies=[policy])
    client = vaults.secrets("nobody", vault="old-vault")
    client.set_secret("s", "v")
    assert client.get_secret("s").value == "v"
    with pytest.raises(HttpResponseError, match="AccessDenied"):
        client.list_properties_of_secrets().next()
    with pytest.raises(HttpResponseError, match="AccessDenied"):
        vaults.secrets("keeper", vault="old-vault").get_secret("s")


def test_a_deleted_vault_keeps_its_name_and_comes_back_with_its_secrets(vaults: Vaults, plane: Plane) -> None:
    plane.put("back-vault", softDeleteRetentionInDays=7)
    vaults.secrets(vault="back-vault").set_secret("s", "v")
    plane.delete("back-vault")
    with pytest.raises(ResourceNotFoundError):
        vaults.secrets(vault="back-vault").get_secret("s")
    with pytest.raises(ResourceExistsError, match="deleted state"):
        plane.put("back-vault")
    plane.put("back-vault", createMode="recover")
    assert vaults.secrets(vault="back-vault").get_secret("s").value == "v"


def test_a_purged_vault_is_gone_with_what_was_in_it(vaults: Vaults, plane: Plane) -> None:
    plane.put("gone-vault")
    vaults.secrets(vault="gone-vault").set_secret("s", "v")
    plane.delete("gone-vault")
    deleted = f"/subscriptions/{plane.subscription_id}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/gone-vault"
    shown: Any = plane.client.resources.get_by_id(deleted, api_version=_VERSION)
    assert shown.properties["vaultId"] == plane.id("gone-vault")
    _post(vaults, plane, f"{deleted}/purge")
    plane.put("gone-vault")
    assert list(vaults.secrets(vault="gone-vault").list_properties_of_secrets()) == []


def _post(vaults: Vaults, plane: Plane, path: str) -> None:
    token = plane.credential.get_token("https://management.azure.com/.default").token
    answer = requests.post(
        f"https://management.azure.com{path}?api-version={_VERSION}",
        headers={"Authorization": f"Bearer {token}"},
        proxies=vaults.azure.sdk["proxies"],
        verify=vaults.azure.ca_bundle,
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("name", "properties", "code"),
    [
        ("two--hyphens", {}, "VaultNameNotValid"),
        ("contoso-vault-of-somebody", {}, "VaultNameNotValid"),
        ("bad-vault", {"tenantId": "22222222-2222-4222-8222-222222222222"}, "BadRequest"),
        ("bad-vault", {"softDeleteRetentionInDays": 5}, "BadRequest"),
        ("bad-vault", {"enableSoftDelete": False}, "BadRequest"),
        ("bad-vault", {"accessPolicies": [{"objectId": "me"}]}, "BadRequest"),
        ("bad-vault", {"networkAcls": {"defaultAction": "Maybe"}}, "BadRequest"),
    ],
)
def test_what_a_vault_cannot_be_is_refused(plane: Plane, name: str, properties: dict[str, Any], code: str) -> None:
    with pytest.raises(HttpResponseError) as refused:
        plane.put(name, **properties)
    assert refused.value.status_code == 400
    assert refused.value.error is not None
    assert refused.value.error.code == code
