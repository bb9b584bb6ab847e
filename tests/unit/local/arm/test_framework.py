"""What the framework does for every type: addresses, documents, collections, long-running operations, headers, filters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Answer, Cloud, Tenant

THINGS_VERSION = "2020-01-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def put(cloud: Cloud, tenant: Tenant, name: str = "g", group: str = "lake", **properties: object) -> Answer:
    path = f"{tenant.scope}/resourceGroups/{group}/providers/Test.Things/gadgets/{name}"
    return cloud.send(tenant.owner, "PUT", path, {"properties": properties}, version=THINGS_VERSION)


def get(cloud: Cloud, tenant: Tenant, path: str) -> Answer:
    return cloud.send(tenant.owner, "GET", path, version=THINGS_VERSION)


def test_a_put_makes_then_changes_a_resource_stamped_with_who_and_when(cloud: Cloud, contoso: Tenant) -> None:
    made = put(cloud, contoso, size=1)
    assert made.status == 201
    cloud.clock.advance(timedelta(minutes=1))
    changed = put(cloud, contoso, size=2)
    assert changed.status == 200
    assert changed.body["properties"] == {"size": 2}
    stamp = changed.body["systemData"]
    assert (stamp["createdBy"], stamp["createdByType"]) == (contoso.owner.object_id, "Application")
    assert (stamp["createdAt"], stamp["lastModifiedAt"]) == ("2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z")


def test_types_are_compared_without_case_and_shown_in_the_services_own(cloud: Cloud, contoso: Tenant) -> None:
    path = f"{contoso.scope}/resourcegroups/LAKE/Providers/test.things/GADGETS/Big"
    made = cloud.send(contoso.owner, "PUT", path, {}, version=THINGS_VERSION)
    assert made.status == 201
    assert made.body["id"] == f"{contoso.scope}/resourceGroups/LAKE/providers/Test.Things/gadgets/Big"
    assert (made.body["type"], made.body["name"]) == ("Test.Things/gadgets", "Big")
    found = get(cloud, contoso, f"{contoso.group}/providers/Test.Things/gadgets/bIG")
    assert found.body["name"] == "Big"


def test_deleting_takes_children_along_and_is_idempotent(cloud: Cloud, contoso: Tenant) -> None:
    put(cloud, contoso)
    path = f"{contoso.group}/providers/Test.Things/gadgets/g"
    assert cloud.send(contoso.owner, "PUT", f"{path}/parts/p", {}, version=THINGS_VERSION).status == 201
    assert cloud.send(contoso.owner, "DELETE", path, version=THINGS_VERSION).status == 200
    assert cloud.send(contoso.owner, "DELETE", path, version=THINGS_VERSION).status == 204
    put(cloud, contoso)
    assert get(cloud, contoso, f"{path}/parts").body == {"value": []}


def test_head_says_whether_it_exists(cloud: Cloud, contoso: Tenant) -> None:
    assert cloud.send(contoso.owner, "HEAD", contoso.group).status == 204
    assert cloud.send(contoso.owner, "HEAD", f"{contoso.group}-no").status == 404


def test_a_long_collection_comes_in_pages_that_survive_a_deletion(cloud: Cloud, contoso: Tenant) -> None:
    for name in "abcdefgh":
        put(cloud, contoso, name)
    collection = f"{contoso.group}/providers/Test.Things/gadgets"
    first = cloud.send(contoso.owner, "GET", f"{collection}?$filter=x%20eq%20'y'", version=THINGS_VERSION)
    assert [one["name"] for one in first.body["value"]] == ["a", "b", "c"]
    assert "%24filter=" in first.body["nextLink"] or "$filter=" in first.body["nextLink"]
    cloud.send(contoso.owner, "DELETE", f"{collection}/c", version=THINGS_VERSION)
    second = cloud.follow(contoso.owner, first.body["nextLink"])
    third = cloud.follow(contoso.owner, second.body["nextLink"])
    assert [one["name"] for one in second.body["value"] + third.body["value"]] == ["d", "e", "f", "g", "h"]
    assert "nextLink" not in third.body


def test_a_skip_token_of_nobody_is_refused(cloud: Cloud, contoso: Tenant) -> None:
    put(cloud, contoso)
    for token in ("***", "_w", "a"):
        answer = get(cloud, contoso, f"{contoso.group}/providers/Test.Things/gadgets?$skipToken={token}")
        assert (answer.status, answer.code) == (400, "InvalidSkipToken")


def test_a_collection_shows_as_much_as_the_callers_roles_reach(cloud: Cloud, contoso: Tenant) -> None:
    cloud.send(contoso.owner, "PUT", f"{contoso.scope}/resourceGroups/other", {"location": "westeurope"})
    put(cloud, contoso, "seen")
    put(cloud, contoso, "unseen", group="other")
    reader = cloud.add_app(contoso.id, "reader")
    collection = f"{contoso.scope}/providers/Test.Things/gadgets"
    assert cloud.send(reader, "GET", collection, version=THINGS_VERSION).code == "AuthorizationFailed"
    cloud.assign(reader, READER, contoso.group)
    seen = cloud.send(reader, "GET", collection, version=THINGS_VERSION)
    assert [one["name"] for one in seen.body["value"]] == ["seen"]
    groups = cloud.send(reader, "GET", f"{contoso.scope}/resourceGroups")
    assert [one["name"] for one in groups.body["value"]] == ["lake"]
    assert {one["name"] for one in get(cloud, contoso, collection).body["value"]} == {"seen", "unseen"}


def test_an_operation_is_polled_until_its_time_has_come(cloud: Cloud, contoso: Tenant) -> None:
    put(cloud, contoso)
    path = f"{contoso.group}/providers/Test.Things/gadgets/g/turn"
    begun = cloud.send(contoso.owner, "POST", path, version=THINGS_VERSION)
    assert (begun.status, begun.text) == (202, b"")
    assert int(begun.headers["x-ms-retry-after-ms"]) < 1000
    waiting = cloud.follow(contoso.owner, begun.headers["location"])
    assert (waiting.status, waiting.headers["location"]) == (202, begun.headers["location"])
    cloud.clock.advance(timedelta(seconds=5))
    done = cloud.follow(contoso.owner, begun.headers["location"])
    assert (done.status, done.body) == (200, {"turned": "g"})


def test_only_who_began_an_operation_may_poll_it(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    put(cloud, contoso)
    path = f"{contoso.group}/providers/Test.Things/gadgets/g/turn"
    location = cloud.send(contoso.owner, "POST", path, version=THINGS_VERSION).headers["location"]
    other = cloud.add_app(contoso.id, "other")
    cloud.assign(other, CONTRIBUTOR, contoso.scope)
    assert cloud.follow(other, location).status == 404
    assert cloud.follow(fabrikam.owner, location).code == "InvalidAuthenticationTokenTenant"


def test_operations_that_ended_long_ago_are_forgotten(cloud: Cloud, contoso: Tenant) -> None:
    put(cloud, contoso)
    path = f"{contoso.group}/providers/Test.Things/gadgets/g/turn"
    old = cloud.send(contoso.owner, "POST", path, version=THINGS_VERSION).headers["location"]
    cloud.clock.advance(timedelta(days=2))
    cloud.send(contoso.owner, "POST", path, version=THINGS_VERSION)
    assert cloud.follow(contoso.owner, old).status == 404


def test_every_answer_carries_the_standard_headers(cloud: Cloud, contoso: Tenant) -> None:
    for caller, path in ((contoso.owner, contoso.group), (None, contoso.group), (contoso.owner, "/nowhere/x/y")):
        headers = cloud.send(caller, "GET", path, headers={"x-ms-correlation-request-id": "mine"}).headers
        assert headers["x-ms-correlation-request-id"] == "mine"
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert {"x-ms-request-id", "cache-control", "strict-transport-security", "x-content-type-options"} <= set(
            headers
        )
    assert (
        cloud.send(contoso.owner, "GET", contoso.group)
        .headers["x-ms-routing-request-id"]
        .startswith("NORTHEUROPE:2026")
    )


def test_the_remaining_calls_count_down_by_kind(cloud: Cloud, contoso: Tenant) -> None:
    name = "x-ms-ratelimit-remaining-subscription-"
    assert cloud.send(contoso.owner, "GET", contoso.group).headers[f"{name}reads"] == "11999"
    assert cloud.send(contoso.owner, "GET", contoso.group).headers[f"{name}reads"] == "11998"
    assert put(cloud, contoso).headers[f"{name}writes"] == "1199"
    assert put(cloud, contoso).headers["server"] == "Things"
    cloud.clock.advance(timedelta(hours=1))
    assert cloud.send(contoso.owner, "GET", contoso.group).headers[f"{name}reads"] == "11999"


def test_a_refusal_undoes_what_the_call_had_changed(cloud: Cloud, contoso: Tenant) -> None:
    """Registering twice in one call is no case of ours; a role that is refused at its second scope is."""
    body = {
        "properties": {
            "roleName": "half",
            "permissions": [{"actions": ["*/read"]}],
            "assignableScopes": [contoso.scope, "/subscriptions/00000000-0000-4000-8000-00000000dead"],
        }
    }
    path = f"{contoso.scope}/providers/Microsoft.Authorization/roleDefinitions/{cloud.ids.guid()}"
    assert cloud.send(contoso.owner, "PUT", path, body).code == "InvalidAssignableScope"
    assert cloud.resources.get(path) is None


def test_who_listens_learns_of_what_left_with_its_group(cloud: Cloud, contoso: Tenant) -> None:
    gone: list[str] = []
    cloud.plane.on_removed("test.things/GADGETS", lambda resource: gone.append(resource.name))
    put(cloud, contoso)
    cloud.send(contoso.owner, "DELETE", contoso.group)
    assert gone == ["g"]
