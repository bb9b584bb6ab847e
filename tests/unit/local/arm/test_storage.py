"""Storage accounts and user-assigned identities."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Answer, Cloud, Tenant

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
BODY = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def account(tenant: Tenant, name: str = "lake1") -> str:
    return f"{tenant.group}/providers/Microsoft.Storage/storageAccounts/{name}"


def make(cloud: Cloud, tenant: Tenant, name: str = "lake1", **properties: object) -> Answer:
    body = {**BODY, "properties": {"isHnsEnabled": True, **properties}}
    return cloud.send(tenant.owner, "PUT", account(tenant, name), body, version="2026-09-01")


def test_an_account_is_made_as_a_long_running_operation_and_set_again_at_once(cloud: Cloud, contoso: Tenant) -> None:
    begun = make(cloud, contoso)
    assert (begun.status, begun.text) == (202, b"")
    done = cloud.follow(contoso.owner, begun.headers["location"])
    assert done.status == 200
    shown = done.body
    assert (shown["kind"], shown["sku"]) == ("StorageV2", {"name": "Standard_LRS", "tier": "Standard"})
    assert shown["properties"]["primaryEndpoints"]["dfs"] == "https://lake1.dfs.core.windows.net/"
    assert shown["properties"]["isHnsEnabled"] is True
    assert shown["properties"]["provisioningState"] == "Succeeded"
    assert "keys" not in str(shown)
    again = make(cloud, contoso, allowSharedKeyAccess=False)
    assert (again.status, again.body["properties"]["allowSharedKeyAccess"]) == (200, False)
    assert cloud.send(contoso.owner, "GET", account(contoso, "LAKE1")).body["name"] == "lake1"


def test_keys_are_kept_from_readers_and_regenerated_one_by_one(cloud: Cloud, contoso: Tenant) -> None:
    make(cloud, contoso)
    listing, regenerating = f"{account(contoso)}/listKeys", f"{account(contoso)}/regenerateKey"
    before = cloud.send(contoso.owner, "POST", f"{listing}?$expand=kerb").body["keys"]
    assert [(key["keyName"], key["permissions"]) for key in before] == [("key1", "FULL"), ("key2", "FULL")]
    assert [len(base64.b64decode(key["value"])) for key in before] == [64, 64]
    cloud.clock.advance(timedelta(hours=1))
    after = cloud.send(contoso.owner, "POST", regenerating, {"keyName": "key2"}).body["keys"]
    assert after[0] == before[0]
    assert after[1]["value"] != before[1]["value"]
    assert after[1]["creationTime"] == "2026-11-22T13:00:00Z"
    assert cloud.send(contoso.owner, "POST", regenerating, {"keyName": "key3"}).code == "InvalidRequestPropertyValue"
    reader = cloud.add_app(contoso.id, "reader")
    cloud.assign(reader, READER, contoso.scope)
    assert cloud.send(reader, "POST", listing).code == "AuthorizationFailed"
    assert before[0]["value"] not in str(cloud.send(reader, "GET", account(contoso)).body)


@pytest.mark.parametrize("name", ["ab", "Lake", "lake-1", "a" * 25, "läke"])
def test_a_name_that_no_account_may_have_is_refused(cloud: Cloud, contoso: Tenant, name: str) -> None:
    answer = make(cloud, contoso, name)
    assert (answer.status, answer.code) == (400, "AccountNameInvalid")


def test_a_name_is_taken_everywhere(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    make(cloud, contoso)
    taken = make(cloud, fabrikam)
    assert (taken.status, taken.code) == (409, "StorageAccountAlreadyTaken")
    cloud.send(contoso.owner, "PUT", f"{contoso.scope}/resourceGroups/other", {"location": "westeurope"})
    path = account(contoso).replace("resourceGroups/lake", "resourceGroups/other")
    assert cloud.send(contoso.owner, "PUT", path, BODY).code == "StorageAccountInAnotherResourceGroup"
    checking = f"{fabrikam.scope}/providers/Microsoft.Storage/checkNameAvailability"
    for name, reason in (("lake1", "AlreadyExists"), ("LAKE", "AccountNameInvalid"), ("free1", None)):
        answer = cloud.send(
            fabrikam.owner, "POST", checking, {"name": name, "type": "Microsoft.Storage/storageAccounts"}
        )
        assert answer.body.get("reason") == reason
        assert answer.body["nameAvailable"] is (reason is None)
    assert cloud.send(contoso.owner, "DELETE", account(contoso)).status == 200
    assert cloud.send(contoso.owner, "DELETE", account(contoso)).status == 204
    assert make(cloud, fabrikam).status == 202


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"location": None}, 400, "LocationRequired"),
        ({"location": "moon"}, 400, "LocationNotAvailableForResourceType"),
        ({"kind": "Bucket"}, 400, "InvalidRequestPropertyValue"),
        ({"kind": None}, 400, "InvalidRequestPropertyValue"),
        ({"sku": None}, 400, "InvalidRequestPropertyValue"),
        ({"sku": {"name": "Gold"}}, 400, "InvalidRequestPropertyValue"),
        ({"kind": "BlobStorage", "properties": {"isHnsEnabled": True}}, 400, "InvalidRequestPropertyValue"),
        ({"properties": {"isHnsEnabled": "yes"}}, 400, "InvalidRequestPropertyValue"),
        ({"properties": {"minimumTlsVersion": "TLS9"}}, 400, "InvalidRequestPropertyValue"),
        ({"properties": {"networkAcls": []}}, 400, "InvalidRequestPropertyValue"),
        ({"properties": {"networkAcls": {"ipRules": ["a"]}}}, 400, "InvalidRequestPropertyValue"),
        ({"properties": {"networkAcls": {"defaultAction": "Maybe"}}}, 400, "InvalidRequestPropertyValue"),
        ({"properties": {"networkAcls": {"ipRules": [{"value": "here"}]}}}, 400, "InvalidValuesForRequestParameters"),
        (
            {"properties": {"networkAcls": {"ipRules": [{"value": "10.0.0.1"}]}}},
            400,
            "InvalidValuesForRequestParameters",
        ),
        (
            {"properties": {"networkAcls": {"ipRules": [{"value": "8.8.8.8/32"}]}}},
            400,
            "InvalidValuesForRequestParameters",
        ),
        ({"properties": {"networkAcls": {"ipRules": [{"value": "::1"}]}}}, 400, "InvalidValuesForRequestParameters"),
        ({"properties": []}, 202, None),
        ({"properties": "x"}, 400, "InvalidRequestContent"),
    ],
)
def test_a_body_that_makes_no_account_is_refused(
    cloud: Cloud, contoso: Tenant, change: dict[str, Any], status: int, code: str | None
) -> None:
    answer = cloud.send(contoso.owner, "PUT", account(contoso), {**BODY, **change})
    assert (answer.status, answer.code if code else None) == (status, code)


def test_what_is_decided_at_birth_does_not_change(cloud: Cloud, contoso: Tenant) -> None:
    make(cloud, contoso)
    for method in ("PUT", "PATCH"):
        answer = cloud.send(contoso.owner, method, account(contoso), {**BODY, "properties": {"isHnsEnabled": False}})
        assert (answer.status, answer.code) == (409, "AccountPropertyCannotBeUpdated")
    moved = cloud.send(contoso.owner, "PUT", account(contoso), {**BODY, "location": "eastus"})
    assert (moved.status, moved.code) == (409, "InvalidResourceLocation")


def test_network_rules_are_kept_in_the_services_own_spelling(cloud: Cloud, contoso: Tenant) -> None:
    make(cloud, contoso)
    rules = {
        "defaultAction": "deny",
        "ipRules": [{"value": "203.0.113.0/24"}, {"value": "127.0.0.1"}],
        "bypass": "logging,metrics",
    }
    patched = cloud.send(
        contoso.owner, "PATCH", account(contoso), {"tags": {"a": "b"}, "properties": {"networkAcls": rules}}
    )
    assert patched.status == 200
    assert patched.body["tags"] == {"a": "b"}
    assert patched.body["properties"]["networkAcls"] == {
        "bypass": "Logging, Metrics",
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.0/24", "action": "Allow"}, {"value": "127.0.0.1", "action": "Allow"}],
        "ipv6Rules": [],
        "virtualNetworkRules": [],
        "resourceAccessRules": [],
    }


def test_accounts_are_listed_by_group_and_by_subscription(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    make(cloud, contoso)
    make(cloud, fabrikam, "lake2")
    for scope in (contoso.scope, contoso.group):
        listed = cloud.send(contoso.owner, "GET", f"{scope}/providers/Microsoft.Storage/storageAccounts").body["value"]
        assert [one["name"] for one in listed] == ["lake1"]


def test_an_identity_is_a_principal_of_its_tenant_as_long_as_it_exists(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/batch-node"
    made = cloud.send(contoso.owner, "PUT", path, {"location": "westeurope"})
    assert made.status == 201
    ids = made.body["properties"]
    principal = cloud.directory.principal(contoso.id, ids["principalId"])
    assert principal is not None
    assert (principal.kind, principal.client_id, ids["tenantId"]) == ("ManagedIdentity", ids["clientId"], contoso.id)
    again = cloud.send(contoso.owner, "PUT", path, {"location": "westeurope", "tags": {"a": "b"}})
    assert (again.status, again.body["properties"]) == (200, ids)
    cloud.send(contoso.owner, "DELETE", contoso.group)
    assert cloud.directory.principal(contoso.id, ids["principalId"]) is None
