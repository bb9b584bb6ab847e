"""Microsoft's clients for managed identities and vaults, unmodified."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

if TYPE_CHECKING:
    from tests.sdk.arm.conftest import Person

PLACE: Any = {"location": "westeurope"}


def fresh(prefix: str) -> str:
    return prefix + uuid.uuid4().hex[:10]


def test_an_identity_lives_from_create_to_delete(owner: Person, subscription_id: str) -> None:
    client: Any = owner.identities(subscription_id)
    identities, name = client.user_assigned_identities, fresh("id")
    made = identities.create_or_update("lake", name, {**PLACE, "tags": {"a": "b"}})
    assert (made.name, made.tenant_id, made.tags) == (name, owner.tenant_id, {"a": "b"})
    assert identities.update("lake", name, {"tags": {"c": "d"}}).tags == {"c": "d"}
    assert identities.get("lake", name).principal_id == made.principal_id
    assert name in {one.name for one in identities.list_by_resource_group("lake")}
    assert name in {one.name for one in identities.list_by_subscription()}
    identities.delete("lake", name)
    with pytest.raises(ResourceNotFoundError):
        identities.get("lake", name)


def test_an_identity_has_federated_credentials(owner: Person, subscription_id: str) -> None:
    client: Any = owner.identities(subscription_id)
    name, credentials = fresh("fic"), client.federated_identity_credentials
    client.user_assigned_identities.create_or_update("lake", name, PLACE)
    asked = {
        "issuer": "https://token.example",
        "subject": "repo:a/b:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
    made = credentials.create_or_update("lake", name, "main", {"properties": asked})
    assert (made.issuer, made.subject, made.audiences) == tuple(asked.values())
    assert [one.name for one in credentials.list("lake", name)] == ["main"]
    assert credentials.get("lake", name, "main").subject == asked["subject"]
    with pytest.raises(HttpResponseError, match="already exists"):
        credentials.create_or_update("lake", name, "other", {"properties": asked})
    for bad in ({**asked, "audiences": []}, {**asked, "issuer": ""}, {"subject": "x"}):
        with pytest.raises(HttpResponseError, match="BadRequest"):
            credentials.create_or_update("lake", name, "bad-one", {"properties": bad})
    credentials.delete("lake", name, "main")
    assert list(credentials.list("lake", name)) == []


def test_a_vault_lives_from_create_to_purge(owner: Person, subscription_id: str) -> None:
    client: Any = owner.vaults(subscription_id)
    vaults, name = client.vaults, fresh("kv")
    asked = {
        **PLACE,
        "properties": {
            "tenantId": owner.tenant_id,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
        },
    }
    free = {"name": name, "type": "Microsoft.KeyVault/vaults"}
    assert vaults.check_name_availability(free).name_available
    made = vaults.begin_create_or_update("lake", name, asked).result()
    assert made.properties.vault_uri == f"https://{name}.vault.azure.net/"
    assert not vaults.check_name_availability(free).name_available
    assert vaults.update("lake", name, {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert name in {one.name for one in vaults.list_by_resource_group("lake")}
    assert name in {one.name for one in vaults.list_by_subscription()}
    vaults.delete("lake", name)
    assert name in {one.name for one in vaults.list_deleted()}
    vaults.begin_purge_deleted(name, "westeurope").result()
    with pytest.raises(HttpResponseError):
        vaults.get_deleted(name, "westeurope")
