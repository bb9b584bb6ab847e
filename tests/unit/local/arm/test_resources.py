"""Subscriptions, tenants, regions, resource groups, registration, the cloud's description."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Cloud, Tenant

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def test_a_caller_sees_the_subscriptions_where_a_role_reaches_them(
    cloud: Cloud, contoso: Tenant, fabrikam: Tenant
) -> None:
    stranger = cloud.add_app(contoso.id, "stranger")
    for _ in range(2):
        assert cloud.send(stranger, "GET", "/subscriptions").body["value"] == []
    assert cloud.send(stranger, "GET", contoso.scope).code == "AuthorizationFailed"
    cloud.assign(stranger, READER, contoso.group)
    (seen,) = cloud.send(stranger, "GET", "/subscriptions").body["value"]
    assert (seen["subscriptionId"], seen["tenantId"], seen["state"]) == (contoso.subscription_id, contoso.id, "Enabled")
    assert cloud.send(stranger, "GET", contoso.scope).body == seen
    locations = cloud.send(stranger, "GET", f"{contoso.scope}/locations").body["value"]
    assert {"westeurope", "eastus"} <= {one["name"] for one in locations}


def test_a_caller_sees_their_own_tenant(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    (seen,) = cloud.send(contoso.owner, "GET", "/tenants").body["value"]
    assert (seen["tenantId"], seen["displayName"]) == (contoso.id, "contoso")
    assert (seen["defaultDomain"], seen["tenantCategory"]) == ("contoso.onmicrosoft.com", "Home")


def test_a_person_sees_the_tenants_where_they_are_a_guest_too(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    name = "grace@fabrikam.onmicrosoft.com"
    home = cloud.directory.add_user(fabrikam.id, name=name, object_id=cloud.ids.guid(), password=None)
    guest = cloud.directory.add_user(contoso.id, name=name, object_id=cloud.ids.guid(), password=None, guest_of=home)
    for tenant_id, object_id in ((fabrikam.id, home.object_id), (contoso.id, guest.object_id)):
        grace = cloud.directory.principal(tenant_id, object_id)
        assert grace is not None
        tenants = cloud.send(grace, "GET", "/tenants").body["value"]
        assert {one["tenantId"] for one in tenants} == {contoso.id, fabrikam.id}
        assert cloud.send(grace, "GET", "/subscriptions").body["value"] == []


def test_a_group_is_made_once_and_then_changed(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.scope}/resourcegroups/New.Group"
    made = cloud.send(contoso.owner, "PUT", path, {"location": "West Europe", "tags": {"a": "b"}})
    assert made.status == 201
    assert made.body == {
        "id": f"{contoso.scope}/resourceGroups/New.Group",
        "name": "New.Group",
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }
    assert cloud.send(contoso.owner, "PUT", path, {"location": "westeurope"}).status == 200
    patched = cloud.send(contoso.owner, "PATCH", path, {"tags": {"c": "d"}})
    assert patched.body["tags"] == {"c": "d"}


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("g", {}, 400, "LocationRequired"),
        ("g", {"location": 5}, 400, "LocationRequired"),
        ("g", {"location": "atlantis"}, 400, "LocationNotAvailableForResourceType"),
        ("g.", {"location": "westeurope"}, 400, "InvalidResourceGroup"),
        ("a b", {"location": "westeurope"}, 400, "InvalidResourceGroup"),
        ("a" * 91, {"location": "westeurope"}, 400, "InvalidResourceGroup"),
        ("g", {"location": "westeurope", "tags": []}, 400, "InvalidRequestContent"),
        ("g", {"location": "westeurope", "tags": {"a": 1}}, 400, "InvalidRequestContent"),
        ("g", {"location": "westeurope", "tags": {str(n): "" for n in range(51)}}, 400, "InvalidTags"),
        ("g", {"location": "westeurope", "tags": {"a": "b" * 257}}, 400, "TagValueTooLong"),
        ("lake", {"location": "westeurope"}, 409, "InvalidResourceGroupLocation"),
    ],
)
def test_a_group_that_cannot_be_is_refused(
    cloud: Cloud, contoso: Tenant, name: str, body: object, status: int, code: str
) -> None:
    answer = cloud.send(contoso.owner, "PUT", f"{contoso.scope}/resourceGroups/{name}", body)
    assert (answer.status, answer.code) == (status, code)


def test_deleting_a_group_takes_everything_in_it(cloud: Cloud, contoso: Tenant) -> None:
    inside = f"{contoso.group}/providers/Test.Things/gadgets/g"
    cloud.send(contoso.owner, "PUT", inside, {}, version="2020-01-01")
    begun = cloud.send(contoso.owner, "DELETE", contoso.group)
    assert begun.status == 202
    assert cloud.follow(contoso.owner, begun.headers["location"]).status == 200
    assert cloud.send(contoso.owner, "DELETE", contoso.group).code == "ResourceGroupNotFound"
    cloud.send(contoso.owner, "PUT", contoso.group, {"location": "westeurope"})
    assert cloud.send(contoso.owner, "GET", inside, version="2020-01-01").code == "ResourceNotFound"


def test_a_subscription_cannot_be_made_or_deleted(cloud: Cloud, contoso: Tenant) -> None:
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        assert cloud.send(contoso.owner, method, contoso.scope, {}).status == 405


def test_the_generic_list_shows_tracked_resources_that_the_caller_may_read(cloud: Cloud, contoso: Tenant) -> None:
    identity = f"{contoso.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/batch"
    cloud.send(contoso.owner, "PUT", identity, {"location": "westeurope"})
    cloud.send(contoso.owner, "PUT", f"{contoso.group}/providers/Test.Things/gadgets/g", {}, version="2020-01-01")
    everything = cloud.send(contoso.owner, "GET", f"{contoso.scope}/resources").body["value"]
    assert {one["type"] for one in everything} == {
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Test.Things/gadgets",
    }
    assert all("properties" not in one for one in everything)
    only = cloud.send(
        contoso.owner, "GET", f"{contoso.group}/resources?$filter=resourceType%20eq%20'test.things/gadgets'"
    )
    assert [one["name"] for one in only.body["value"]] == ["g"]
    stranger = cloud.add_app(contoso.id, "stranger")
    assert cloud.send(stranger, "GET", f"{contoso.group}/resources").body["value"] == []


def test_registering_needs_the_right_on_the_subscription(cloud: Cloud, contoso: Tenant) -> None:
    limited = cloud.add_app(contoso.id, "limited")
    cloud.assign(limited, CONTRIBUTOR, contoso.group)
    path = f"{contoso.scope}/providers/Test.Things"
    assert cloud.send(limited, "GET", path).body["registrationState"] == "Registered"
    refused = cloud.send(limited, "POST", f"{path}/register")
    assert refused.code == "AuthorizationFailed"
    assert "'Test.Things/register/action'" in refused.message


def test_a_provider_is_unregistered_and_registered_again(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.scope}/providers/test.things"
    assert cloud.send(contoso.owner, "POST", f"{path}/unregister").body["registrationState"] == "NotRegistered"
    assert cloud.send(contoso.owner, "GET", path).body["registrationState"] == "NotRegistered"
    storage = cloud.send(contoso.owner, "GET", f"{contoso.scope}/providers/Microsoft.Storage").body
    assert storage["registrationState"] == "Registered"
    assert cloud.send(contoso.owner, "POST", f"{path}/register").body["registrationState"] == "Registered"
    described = cloud.send(contoso.owner, "GET", path).body
    assert described["resourceTypes"][0]["apiVersions"] == ["2020-01-01", "2021-01-01-preview"]
    listed = cloud.send(contoso.owner, "GET", f"{contoso.scope}/providers").body["value"]
    assert {"Microsoft.Storage", "Test.Things"} <= {one["namespace"] for one in listed}
    assert cloud.send(contoso.owner, "GET", f"{contoso.scope}/providers/No.Such").code == "InvalidResourceNamespace"


def test_the_cloud_describes_itself_to_anybody(cloud: Cloud) -> None:
    (real,) = cloud.send(None, "GET", "/metadata/endpoints", version="2022-09-01").body
    assert real["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com"
    assert real["resourceManager"] == "https://management.azure.com/"
    (own,) = cloud.send(None, "GET", "/metadata/endpoints", version="2022-09-01", host="127.0.0.1").body
    assert own["authentication"]["loginEndpoint"] == "https://127.0.0.1"
    assert own["resourceManager"] == "https://127.0.0.1/"
    assert cloud.send(None, "GET", "/metadata/other").status == 404


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["one", "two"]),
        ("resourceType eq 'test.things/GADGETS'", ["one", "two"]),
        ("name eq 'ONE'", ["one"]),
        ("tagName eq 'Stage' and tagValue eq 'test'", ["two"]),
        ("tagName eq 'stage'", ["one", "two"]),
        ("resourceGroup eq 'lake' and name eq 'two'", ["two"]),
        ("location eq 'nowhere'", []),
    ],
)
def test_resources_are_listed_as_the_filter_says(cloud: Cloud, contoso: Tenant, text: str, names: list[str]) -> None:
    for name, stage in (("one", "live"), ("two", "test")):
        path = f"{contoso.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
        body = {"location": "westeurope", "tags": {"stage": stage}}
        assert cloud.send(contoso.owner, "PUT", path, body).status == 201
        text = text.replace("test.things/GADGETS", kind.upper())
    found = cloud.send(contoso.owner, "GET", f"{contoso.scope}/resources?$filter={quote(text)}")
    assert [one["name"] for one in found.body["value"]] == names


def test_a_filter_that_nobody_knows_is_refused(cloud: Cloud, contoso: Tenant) -> None:
    for text in ("shape eq 'round'", "name", "name ne 'x'"):
        refused = cloud.send(contoso.owner, "GET", f"{contoso.scope}/resources?$filter={quote(text)}")
        assert refused.code == "InvalidFilterInQueryString"
