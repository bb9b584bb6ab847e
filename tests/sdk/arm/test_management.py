"""Microsoft's management clients, unmodified, against the local control plane."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.filedatalake import DataLakeServiceClient

if TYPE_CHECKING:
    from tests.sdk.arm.conftest import Person

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACCOUNT: Any = {
    "location": "westeurope",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "properties": {"isHnsEnabled": True},
}


def fresh(prefix: str) -> str:
    return prefix + uuid.uuid4().hex[:10]


def test_subscriptions_tenants_and_regions_are_listed(owner: Person, subscription_id: str) -> None:
    found = owner.subscriptions.subscriptions.get(subscription_id)
    assert (found.display_name, found.tenant_id) == ("main", owner.tenant_id)
    assert [one.tenant_id for one in owner.subscriptions.tenants.list()] == [owner.tenant_id]
    assert "westeurope" in {one.name for one in owner.subscriptions.subscriptions.list_locations(subscription_id)}


def test_a_group_lives_from_create_to_delete_without_a_long_poll(owner: Person, subscription_id: str) -> None:
    client, name = owner.resources(subscription_id), fresh("group")
    began = time.monotonic()
    made = client.resource_groups.create_or_update(name, {"location": "westeurope", "tags": {"a": "b"}})
    assert made.properties is not None
    assert made.properties.provisioning_state == "Succeeded"
    assert client.resource_groups.check_existence(name)
    assert client.resource_groups.update(name, {"tags": {"c": "d"}}).tags == {"c": "d"}
    assert name in {group.name for group in client.resource_groups.list()}
    owner.storage(subscription_id).storage_accounts.begin_create(name, fresh("lake"), ACCOUNT).result()
    assert [one.type for one in client.resources.list_by_resource_group(name)] == ["Microsoft.Storage/storageAccounts"]
    client.resource_groups.begin_delete(name).result()
    assert time.monotonic() - began < 25, "without a hint the SDK waits thirty seconds before it polls again"
    assert not client.resource_groups.check_existence(name)
    with pytest.raises(ResourceNotFoundError) as refused:
        client.resource_groups.get(name)
    assert refused.value.error is not None
    assert refused.value.error.code == "ResourceGroupNotFound"


def test_providers_are_listed_registered_and_unregistered(owner: Person, subscription_id: str) -> None:
    client = owner.resources(subscription_id).providers
    assert {"Microsoft.Storage", "Microsoft.Authorization"} <= {one.namespace for one in client.list()}
    assert client.unregister("Microsoft.ManagedIdentity").registration_state == "NotRegistered"
    assert client.get("Microsoft.ManagedIdentity").registration_state == "NotRegistered"
    assert client.register("Microsoft.ManagedIdentity").registration_state == "Registered"


def test_a_storage_account_lives_from_name_check_to_delete(contributor: Person, subscription_id: str) -> None:
    client, name = contributor.storage(subscription_id).storage_accounts, fresh("lake")
    began = time.monotonic()
    assert client.check_name_availability({"name": name, "type": "Microsoft.Storage/storageAccounts"}).name_available
    made = client.begin_create("lake", name, ACCOUNT).result()
    assert time.monotonic() - began < 25, "without a hint the SDK waits thirty seconds before it polls again"
    assert made.name == name
    assert made.is_hns_enabled
    assert made.primary_endpoints is not None
    assert made.primary_endpoints.dfs == f"https://{name}.dfs.core.windows.net/"
    again = client.begin_create("lake", name, ACCOUNT).result()
    assert again.id == made.id
    changed = client.update("lake", name, {"properties": {"allowSharedKeyAccess": False}, "tags": {"a": "b"}})
    assert (changed.allow_shared_key_access, changed.tags) == (False, {"a": "b"})
    keys = client.list_keys("lake", name).keys_property
    assert keys is not None
    rotated = client.regenerate_key("lake", name, {"keyName": "key1"}).keys_property
    assert rotated is not None
    assert (rotated[0].value != keys[0].value, rotated[1].value == keys[1].value) == (True, True)
    assert name in {one.name for one in client.list()}
    assert name in {one.name for one in client.list_by_resource_group("lake")}
    client.delete("lake", name)
    with pytest.raises(ResourceNotFoundError):
        client.get_properties("lake", name)


def test_a_taken_name_is_a_conflict(contributor: Person, subscription_id: str) -> None:
    client = contributor.storage(subscription_id).storage_accounts
    with pytest.raises(HttpResponseError) as refused:
        client.begin_create("lake", "No-Name", ACCOUNT)
    assert "AccountNameInvalid" in str(refused.value)


def test_a_role_is_given_and_taken(owner: Person, contributor: Person, subscription_id: str) -> None:
    client, scope = owner.roles(subscription_id), f"/subscriptions/{subscription_id}/resourceGroups/lake"
    (reader,) = client.role_definitions.list(scope, filter="roleName eq 'Reader'")
    assert reader.name == READER
    name = str(uuid.uuid4())
    wanted: Any = {
        "properties": {
            "roleDefinitionId": reader.id,
            "principalId": contributor.object_id,
            "principalType": "ServicePrincipal",
        }
    }
    made = client.role_assignments.create(scope, name, wanted)
    assert (made.scope, made.principal_id) == (scope, contributor.object_id)
    with pytest.raises(ResourceExistsError) as refused:
        client.role_assignments.create(scope, str(uuid.uuid4()), wanted)
    assert refused.value.error is not None
    assert refused.value.error.code == "RoleAssignmentExists"
    assert name in {one.name for one in client.role_assignments.list_for_scope(scope)}
    assert name in {one.name for one in client.role_assignments.list_for_subscription()}
    mine = client.role_assignments.list_for_scope(scope, filter=f"principalId eq '{contributor.object_id}'")
    assert name in {one.name for one in mine}
    assert client.role_assignments.get_by_id(str(made.id)).name == name
    deleted = client.role_assignments.delete(scope, name)
    assert deleted is not None
    assert client.role_assignments.delete(scope, name) is None


def test_a_custom_role_is_defined_and_deleted(owner: Person, subscription_id: str) -> None:
    client, scope, name = owner.roles(subscription_id), f"/subscriptions/{subscription_id}", str(uuid.uuid4())
    wanted: Any = {
        "role_name": fresh("role"),
        "permissions": [{"actions": ["Microsoft.Storage/*/read"]}],
        "assignable_scopes": [scope],
    }
    made = client.role_definitions.create_or_update(scope, name, wanted)
    assert made.role_type == "CustomRole"
    assert client.role_definitions.get(scope, name).name == name
    client.role_definitions.delete(scope, name)
    with pytest.raises(ResourceNotFoundError):
        client.role_definitions.get(scope, name)


def test_a_lock_keeps_a_group_until_it_is_taken_away(owner: Person, subscription_id: str) -> None:
    client, group = owner.resources(subscription_id), fresh("locked")
    client.resource_groups.create_or_update(group, {"location": "westeurope"})
    lock = f"/subscriptions/{subscription_id}/resourceGroups/{group}/providers/Microsoft.Authorization/locks/stay"
    wanted: Any = {"properties": {"level": "CanNotDelete", "notes": "in use"}}
    made = client.resources.begin_create_or_update_by_id(lock, wanted, api_version="2016-09-01").result()
    assert made.name == "stay"
    found: Any = client.resources.get_by_id(lock, api_version="2016-09-01")
    assert found.properties["level"] == "CanNotDelete"
    with pytest.raises(ResourceExistsError) as refused:
        client.resource_groups.begin_delete(group)
    assert refused.value.error is not None
    assert refused.value.error.code == "ScopeLocked"
    client.resources.begin_delete_by_id(lock, api_version="2016-09-01").result()
    client.resource_groups.begin_delete(group).result()


def test_nobody_is_denied_or_a_classic_administrator(owner: Person, subscription_id: str) -> None:
    client, scope = owner.roles(subscription_id), f"/subscriptions/{subscription_id}"
    assert list(client.deny_assignments.list_for_scope(scope)) == []
    assert list(client.classic_administrators.list()) == []


def test_who_lacks_the_role_or_the_tenant_is_refused_as_azure_does(
    contributor: Person, stranger: Person, subscription_id: str
) -> None:
    with pytest.raises(HttpResponseError) as refused:
        contributor.resources(subscription_id).resource_groups.create_or_update("no", {"location": "westeurope"})
    assert (refused.value.status_code, "(AuthorizationFailed)" in str(refused.value)) == (403, True)
    assert {group.name for group in contributor.resources(subscription_id).resource_groups.list()} == {"lake"}
    assert list(stranger.subscriptions.subscriptions.list()) == []
    with pytest.raises(ClientAuthenticationError, match="InvalidAuthenticationTokenTenant"):
        stranger.resources(subscription_id).resource_groups.get("lake")


def test_an_account_made_again_is_empty(owner: Person, subscription_id: str) -> None:
    client, name = owner.storage(subscription_id).storage_accounts, fresh("lake")
    seen = []
    for _ in range(2):
        client.begin_create("lake", name, ACCOUNT).result()
        keys = client.list_keys("lake", name).keys_property
        assert keys is not None
        with DataLakeServiceClient(
            f"https://{name}.dfs.core.windows.net", credential=keys[0].value, **owner.azure.sdk
        ) as lake:
            seen.append([one.name for one in lake.list_file_systems()])
            lake.create_file_system("data").create_file("a.txt")
        client.delete("lake", name)
    assert seen == [[], []]
