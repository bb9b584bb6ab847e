"""Microsoft's storage management client, unmodified: containers, signatures, identities, offers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobLeaseClient, BlobServiceClient, ContainerClient

if TYPE_CHECKING:
    from tests.sdk.arm.conftest import Person

NAME = "contosolake"


@pytest.fixture
def client(owner: Person, subscription_id: str) -> Any:
    return owner.storage(subscription_id)


def fresh(prefix: str) -> str:
    return prefix + uuid.uuid4().hex[:10]


def test_a_container_is_one_in_both_planes(owner: Person, client: Any) -> None:
    name = fresh("c")
    made = client.blob_containers.create("lake", NAME, name, {"properties": {"metadata": {"a": "b"}}})
    assert (made.name, made.metadata, made.public_access) == (name, {"a": "b"}, "None")
    key = client.storage_accounts.list_keys("lake", NAME).keys_property[0].value
    blobs = BlobServiceClient(f"https://{NAME}.blob.core.windows.net", credential=key, **owner.azure.sdk)
    there = blobs.get_container_client(name)
    assert there.get_container_properties().metadata == {"a": "b"}
    there.acquire_lease(15)
    seen = client.blob_containers.get("lake", NAME, name)
    assert (seen.lease_state, seen.lease_duration) == ("Leased", "Fixed")
    with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
        client.blob_containers.delete("lake", NAME, name)
    BlobLeaseClient(there).break_lease(0)
    assert client.blob_containers.update("lake", NAME, name, {"properties": {"metadata": {"c": "d"}}}).metadata == {
        "c": "d"
    }
    listed = [one.name for one in client.blob_containers.list("lake", NAME, maxpagesize="1", filter=name[:5])]
    assert name in listed
    client.blob_containers.delete("lake", NAME, name)
    with pytest.raises(ResourceNotFoundError, match="ContainerNotFound"):
        client.blob_containers.get("lake", NAME, name)
    with pytest.raises(HttpResponseError, match="PublicAccessNotPermitted"):
        client.blob_containers.create("lake", NAME, fresh("c"), {"properties": {"publicAccess": "Blob"}})


def test_signatures_that_the_control_plane_makes_open_the_lake(owner: Person, client: Any) -> None:
    name, until = fresh("s"), (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    client.blob_containers.create("lake", NAME, name, {})
    account = client.storage_accounts.list_account_sas(
        "lake",
        NAME,
        {"signedServices": "b", "signedResourceTypes": "sco", "signedPermission": "rwlc", "signedExpiry": until},
    ).account_sas_token
    blobs = BlobServiceClient(f"https://{NAME}.blob.core.windows.net", credential=account, **owner.azure.sdk)
    blobs.get_blob_client(name, "x").upload_blob(b"1")
    service = client.storage_accounts.list_service_sas(
        "lake",
        NAME,
        {
            "canonicalizedResource": f"/blob/{NAME}/{name}",
            "signedResource": "c",
            "signedPermission": "rl",
            "signedExpiry": until,
            "keyToSign": "key2",
        },
    ).service_sas_token
    container = ContainerClient(f"https://{NAME}.blob.core.windows.net", name, credential=service, **owner.azure.sdk)
    assert [one.name for one in container.list_blobs()] == ["x"]
    with pytest.raises(HttpResponseError):
        container.upload_blob("y", b"2")
    client.storage_accounts.regenerate_key("lake", NAME, {"keyName": "key2"})
    with pytest.raises(HttpResponseError, match="AuthenticationFailed"):
        list(container.list_blobs())
    with pytest.raises(HttpResponseError, match="InvalidValuesForRequestParameters"):
        client.storage_accounts.list_account_sas(
            "lake",
            NAME,
            {"signedServices": "b", "signedResourceTypes": "s", "signedPermission": "", "signedExpiry": until},
        )


def test_an_account_has_an_identity_of_its_own_as_long_as_it_wants_one(
    owner: Person, client: Any, subscription_id: str
) -> None:
    name = fresh("idt")
    sku: Any = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    made = client.storage_accounts.begin_create("lake", name, {**sku, "identity": {"type": "SystemAssigned"}}).result()
    assert made.identity.tenant_id == owner.tenant_id
    roles: Any = owner.roles(subscription_id)
    role = f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    asked = {"properties": {"roleDefinitionId": role, "principalId": made.identity.principal_id}}
    assert roles.role_assignments.create(made.id, str(uuid.uuid4()), asked).principal_type == "ServicePrincipal"
    again = client.storage_accounts.update("lake", name, {"tags": {"a": "b"}})
    assert again.identity.principal_id == made.identity.principal_id
    assert client.storage_accounts.update("lake", name, {"identity": {"type": "None"}}).identity.type == "None"
    client.storage_accounts.delete("lake", name)


def test_what_can_be_had_and_what_is_used_is_listed(client: Any) -> None:
    offers = {(one.kind, one.name) for one in client.skus.list()}
    assert ("StorageV2", "Standard_LRS") in offers
    (usage,) = client.usages.list_by_location("westeurope")
    assert usage.current_value >= 1
    with pytest.raises(HttpResponseError, match="LocationNotAvailable"):
        list(client.usages.list_by_location("atlantis"))
