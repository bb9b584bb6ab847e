"""What surrounds every call: the activity log, locks, the throttle, roles that arrive late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Cloud, Tenant

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
LOG = "providers/Microsoft.Insights/eventtypes/management/values"


def events(cloud: Cloud, tenant: Tenant, text: str, **more: str) -> Any:
    query = "".join(f"&{name}={quote(value)}" for name, value in more.items())
    path = f"{tenant.scope}/{LOG}?$filter={quote(text)}{query}"
    return cloud.send(tenant.owner, "GET", path, version="2015-04-01")


def test_writes_are_in_the_activity_log_and_reads_are_not(cloud: Cloud, contoso: Tenant) -> None:
    group = f"{contoso.scope}/resourceGroups/logged"
    cloud.send(contoso.owner, "PUT", group, {"location": "westeurope"})
    cloud.send(contoso.owner, "GET", group)
    cloud.clock.advance(timedelta(minutes=1))
    gadget = f"{group}/providers/Test.Things/gadgets/g"
    cloud.send(contoso.owner, "PUT", gadget, {"properties": {"password": "hush"}}, version="2020-01-01")
    cloud.send(
        contoso.owner, "PUT", f"{group}/providers/Microsoft.Storage/storageAccounts/X", {"location": "westeurope"}
    )
    found = events(cloud, contoso, "eventTimestamp ge '2026-11-22T11:00:00Z'").body["value"]
    assert [(one["operationName"]["value"], one["status"]["value"]) for one in found] == [
        ("Microsoft.Storage/storageAccounts/write", "Failed"),
        ("Test.Things/gadgets/write", "Succeeded"),
        ("Microsoft.Resources/subscriptions/resourceGroups/write", "Succeeded"),
    ]
    assert found[1]["caller"] == contoso.owner.object_id
    assert found[1]["resourceId"].lower() == gadget.lower()
    assert "hush" not in str(found)
    within = events(
        cloud, contoso, "eventTimestamp ge '2026-11-22T12:00:30Z' and eventTimestamp le '2026-11-22T13:00:00Z'"
    )
    assert len(within.body["value"]) == 2
    named = events(
        cloud,
        contoso,
        f"eventTimestamp ge '2026-11-22T11:00:00Z' and resourceUri eq '{gadget}'",
        **{"$select": "caller"},
    )
    assert named.body["value"] == [{"caller": contoso.owner.object_id}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resourceGroupName eq 'x'",
        "eventTimestamp ge '2020-01-01'",
        "eventTimestamp ge 'noon'",
        "x or y",
        "eventTimestamp ge '2026-11-22' and shape eq 'x'",
    ],
)
def test_a_filter_that_the_log_does_not_know_is_refused(cloud: Cloud, contoso: Tenant, text: str) -> None:
    assert events(cloud, contoso, text).code == "BadRequest"


def test_the_log_is_for_readers_of_the_subscription(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    stranger = cloud.add_app(contoso.id, "stranger")
    path = f"{contoso.scope}/{LOG}?$filter={quote(chr(34))}"
    assert cloud.send(stranger, "GET", path).code == "AuthorizationFailed"
    assert cloud.send(fabrikam.owner, "GET", path).code == "InvalidAuthenticationTokenTenant"


def test_what_is_locked_is_not_deleted_nor_what_holds_it(cloud: Cloud, contoso: Tenant) -> None:
    gadget = f"{contoso.group}/providers/Test.Things/gadgets/g"
    cloud.send(contoso.owner, "PUT", gadget, {"properties": {}}, version="2020-01-01")
    lock = f"{gadget}/providers/Microsoft.Authorization/locks/keep"
    assert cloud.send(contoso.owner, "PUT", lock, {"properties": {"level": "CanNotDelete"}}).status == 201
    assert cloud.send(contoso.owner, "DELETE", gadget, version="2020-01-01").code == "ScopeLocked"
    assert cloud.send(contoso.owner, "DELETE", contoso.group).code == "ScopeLocked"
    assert cloud.send(contoso.owner, "PUT", gadget, {"properties": {"a": 1}}, version="2020-01-01").status == 200
    assert [
        one["name"]
        for one in cloud.send(contoso.owner, "GET", f"{contoso.group}/providers/Microsoft.Authorization/locks").body[
            "value"
        ]
    ] == ["keep"]
    assert cloud.send(contoso.owner, "PUT", lock, {"properties": {"level": "ReadOnly"}}).status == 200
    assert cloud.send(contoso.owner, "PUT", gadget, {"properties": {}}, version="2020-01-01").code == "ScopeLocked"
    assert cloud.send(contoso.owner, "PUT", lock, {"properties": {"level": "Gentle"}}).code == "InvalidRequestContent"
    assert cloud.send(contoso.owner, "DELETE", lock).status == 200
    assert cloud.send(contoso.owner, "DELETE", gadget, version="2020-01-01").status == 200


def test_beyond_a_limit_a_principal_is_throttled_until_the_bucket_fills(cloud: Cloud, contoso: Tenant) -> None:
    cloud.plane.throttle.limit(2)
    reader = cloud.add_app(contoso.id, "reader")
    cloud.assign(reader, READER, contoso.scope)
    assert [cloud.send(contoso.owner, "GET", contoso.group).status for _ in range(3)] == [200, 200, 429]
    refused = cloud.send(contoso.owner, "GET", contoso.group)
    assert (refused.code, refused.headers["retry-after"]) == ("SubscriptionRequestsThrottled", "30")
    assert cloud.send(reader, "GET", contoso.group).status == 200
    assert cloud.send(contoso.owner, "PATCH", contoso.group, {"tags": {}}).status == 200
    cloud.clock.advance(timedelta(seconds=30))
    assert [cloud.send(contoso.owner, "GET", contoso.group).status for _ in range(2)] == [200, 429]
    cloud.plane.throttle.limit(None)
    assert cloud.send(contoso.owner, "GET", contoso.group).status == 200


def test_a_role_holds_only_after_the_delay_that_was_set(cloud: Cloud, contoso: Tenant) -> None:
    late = cloud.add_app(contoso.id, "late")
    cloud.plane.access.role_delay = timedelta(minutes=5)
    path = f"{contoso.group}/providers/Microsoft.Authorization/roleAssignments/{cloud.ids.guid()}"
    role = f"{contoso.scope}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    asked = {"properties": {"roleDefinitionId": role, "principalId": late.object_id}}
    assert cloud.send(contoso.owner, "PUT", path, asked).status == 201
    assert cloud.send(contoso.owner, "GET", path).status == 200  # listed at once, as in the cloud
    assert cloud.send(late, "GET", contoso.group).code == "AuthorizationFailed"
    cloud.clock.advance(timedelta(minutes=5))
    assert cloud.send(late, "GET", contoso.group).status == 200


def test_there_are_no_deny_assignments(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.group}/providers/Microsoft.Authorization/denyAssignments"
    assert cloud.send(contoso.owner, "GET", path).body == {"value": []}
    assert cloud.send(contoso.owner, "GET", f"{path}/x").status == 404
