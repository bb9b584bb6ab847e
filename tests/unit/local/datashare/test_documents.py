"""Every resource's document, whole, against the forms captured from the real service (data-share.md 1 and 7)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BY = {"createdByType": "Application", "lastModifiedByType": "Application"}
NOW = "2030-01-01T12:01:00.4422Z"
LATER = "2030-01-01T12:02:00.4422Z"


def stamp(object_id: str, at: str, changed: str = "") -> dict[str, str]:
    return {
        "createdBy": object_id,
        "createdByType": "Application",
        "createdAt": at,
        "lastModifiedBy": object_id,
        "lastModifiedByType": "Application",
        "lastModifiedAt": changed or at,
    }


def quota(answer: Any) -> Any:
    return orjson.loads(answer.header("x-ms-quota"))[0]


def test_a_new_account_answers_as_captured_7_1(world: Any) -> None:
    org = world.organisation(1, "contoso")
    answer = org.put("", {"location": "East US", "identity": {"type": "SystemAssigned"}})
    at = "2030-01-01T12:00:00.4422Z"
    assert answer.status == 201
    assert answer.body == {
        "identity": {
            "type": "SystemAssigned",
            "principalId": answer.body["identity"]["principalId"],
            "tenantId": org.tenant_id,
        },
        "properties": {
            "createdAt": at,
            "provisioningState": "Creating",
            "userName": "contoso app",
            "userEmail": "",
        },
        "location": "eastus",
        "id": org.acc,
        "name": "sharing",
        "type": "Microsoft.DataShare/accounts",
        "systemData": stamp(org.principal.object_id, at),
    }
    assert list(answer.body) == ["identity", "properties", "location", "id", "name", "type", "systemData"]
    assert quota(answer) == {
        "currentUsed": 1,
        "limit": 100,
        "name": {"localizedValue": "Account resource quota", "value": "Account resource quota"},
        "target": org.acc,
    }
    assert answer.response.header("Location") is None
    assert answer.header("Server") == "Kestrel"
    assert answer.header("Content-Type") == "application/json; charset=utf-8"


def test_an_account_is_creating_until_the_clock_says_otherwise(world: Any) -> None:
    org = world.organisation(1, "contoso")
    org.put("", {"location": "eastus", "identity": {"type": "SystemAssigned"}})
    assert org.get("")["properties"]["provisioningState"] == "Creating"
    world.clock.advance(timedelta(milliseconds=200))
    assert org.get("")["properties"]["provisioningState"] == "Succeeded"


def test_putting_an_account_again_keeps_it_and_moves_last_modified(world: Any) -> None:
    org = world.organisation(1, "contoso")
    first = world.open_account(org).body
    again = org.put("", {"location": "eastus", "identity": {"type": "SystemAssigned"}, "tags": {"a": "1"}})
    assert again.status == 200
    assert again.body["identity"] == first["identity"]
    assert again.body["properties"] == {**first["properties"], "provisioningState": "Succeeded"}
    assert again.body["systemData"] == stamp(org.principal.object_id, first["systemData"]["createdAt"], NOW)
    assert again.response.header("x-ms-quota") is None


def test_patching_tags_replaces_them(world: Any) -> None:
    org = world.organisation(1, "contoso")
    org.put("", {"location": "eastus", "identity": {"type": "SystemAssigned"}, "tags": {"a": "1", "b": "2"}})
    assert org.send("PATCH", "", {"tags": {"c": "3"}}).body["tags"] == {"c": "3"}


def test_a_share_answers_as_captured(contoso: Any) -> None:
    answer = contoso.put("shares/first", {"properties": {"shareKind": "CopyBased", "terms": "Confidential"}})
    assert answer.status == 201
    assert answer.body == {
        "properties": {
            "terms": "Confidential",
            "shareKind": "CopyBased",
            "provisioningState": "Succeeded",
            "createdAt": NOW,
            "userName": "contoso app",
            "userEmail": "",
        },
        "id": f"{contoso.acc}/shares/first",
        "name": "first",
        "type": "Microsoft.DataShare/accounts/shares",
        "systemData": stamp(contoso.principal.object_id, NOW),
    }
    assert answer.header("Location") == f"{contoso.acc}/shares/first/first"
    assert quota(answer)["currentUsed"] == 2
    assert quota(answer)["limit"] == 200


def test_putting_a_share_again_keeps_created_at_and_moves_both_stamps(world: Any, contoso: Any) -> None:
    world.clock.advance(timedelta(minutes=1))
    again = contoso.put("shares/sales", {"properties": {"shareKind": "CopyBased", "description": "new"}})
    assert again.status == 200
    assert again.body["properties"]["createdAt"] == NOW
    assert again.body["properties"]["description"] == "new"
    assert again.body["systemData"] == stamp(contoso.principal.object_id, LATER)
    assert again.response.header("x-ms-quota") is None


KINDS = {
    "AdlsGen2FileSystem": {"fileSystem": "fs"},
    "AdlsGen2Folder": {"fileSystem": "fs", "folderPath": "a/b"},
    "AdlsGen2File": {"fileSystem": "fs", "filePath": "a/b.csv"},
    "Container": {"containerName": "fs"},
    "BlobFolder": {"containerName": "fs", "prefix": "a/b"},
    "Blob": {"containerName": "fs", "filePath": "a/b.csv"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_data_set_of_every_file_kind_answers_as_captured(contoso: Any, kind: str) -> None:
    answer = contoso.put("shares/sales/dataSets/one", {"kind": kind, "properties": contoso.at(**KINDS[kind])})
    assert answer.status == 201
    assert answer.body == {
        "properties": {
            **KINDS[kind],
            "subscriptionId": contoso.subscription_id,
            "resourceGroup": "group",
            "storageAccountName": "contosostore",
            "dataSetId": answer.body["properties"]["dataSetId"],
        },
        "kind": kind,
        "id": f"{contoso.acc}/shares/sales/dataSets/one",
        "name": "one",
        "type": "Microsoft.DataShare/accounts/shares/dataSets",
        "systemData": stamp(contoso.principal.object_id, NOW),
    }
    assert list(answer.body["properties"]) == [
        *KINDS[kind], "subscriptionId", "resourceGroup", "storageAccountName", "dataSetId",
    ]  # fmt: skip
    assert answer.header("Location") == (
        f"https://management.azure.com{contoso.acc}/shares/sales/dataSets/one?api-version=2020-09-01"
    )
    assert quota(answer)["name"]["value"] == "DataSet resource quota"


def test_a_synchronization_setting_has_no_system_data_and_no_quota(contoso: Any) -> None:
    given = {"recurrenceInterval": "Day", "synchronizationTime": "2020-04-05T10:50:00.000Z"}
    answer = contoso.put("shares/sales/synchronizationSettings/daily", {"kind": "ScheduleBased", "properties": given})
    assert answer.status == 201
    assert answer.body == {
        "properties": {
            "recurrenceInterval": "Day",
            "synchronizationTime": "2020-04-05T10:50:00Z",
            "createdAt": NOW,
            "userName": "contoso app",
            "provisioningState": "Succeeded",
        },
        "kind": "ScheduleBased",
        "id": f"{contoso.acc}/shares/sales/synchronizationSettings/daily",
        "name": "daily",
        "type": "Microsoft.DataShare/accounts/shares/synchronizationSettings",
    }
    assert answer.response.header("x-ms-quota") is None
    assert answer.header("Location") == answer.body["id"]


def test_an_invitation_answers_as_captured_7_2(contoso: Any, fabrikam: Any) -> None:
    target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
    answer = contoso.put("shares/sales/invitations/first", {"properties": target})
    assert answer.status == 201
    assert answer.body == {
        "properties": {
            "sentAt": LATER,
            **target,
            "invitationStatus": "Pending",
            "invitationId": answer.body["properties"]["invitationId"],
            "userName": "contoso app",
            "userEmail": "",
        },
        "id": f"{contoso.acc}/shares/sales/invitations/first",
        "name": "first",
        "type": "Microsoft.DataShare/accounts/shares/invitations",
        "systemData": stamp(contoso.principal.object_id, LATER),
    }
    assert answer.header("Location") == f"{answer.body['id']}/{answer.body['properties']['invitationId']}"


def test_a_pending_invitation_put_again_is_resent(world: Any, contoso: Any, fabrikam: Any, invite: Any) -> None:
    invitation_id = invite("first")
    world.clock.advance(timedelta(minutes=1))
    target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
    again = contoso.put("shares/sales/invitations/first", {"properties": target})
    assert again.status == 201
    assert again.body["properties"]["invitationId"] == invitation_id
    assert again.body["properties"]["sentAt"] == "2030-01-01T12:03:00.4422+00:00"
    assert again.body["systemData"] == stamp(contoso.principal.object_id, LATER)
    assert [again.response.header(name) for name in ("x-ms-quota", "Location")] == [None, None]
    assert contoso.get("shares/sales/invitations/first") == again.body
    assert contoso.get("shares/sales/invitations")["value"] == [again.body]
    seen = fabrikam.get("/providers/Microsoft.DataShare/listInvitations")["value"]
    assert [one["properties"]["sentAt"] for one in seen] == ["2030-01-01T12:03:00.4422Z"]


@pytest.mark.parametrize("version", ["2020-09-01", "2020-10-01-preview", "2021-08-01"])
def test_later_versions_name_the_region_of_a_consumer_invitation(fabrikam: Any, invite: Any, version: str) -> None:
    invitation_id = invite()
    place = f"/providers/Microsoft.DataShare/locations/eastus/consumerInvitations/{invitation_id}"
    (listed,) = fabrikam.get("/providers/Microsoft.DataShare/listInvitations", version=version)["value"]
    assert (listed["id"], listed["type"]) == (place, "Microsoft.DataShare/locations/consumerInvitations")
    assert fabrikam.get(place, version=version) == listed


def test_the_invited_sees_the_invitation_as_captured_7_3(contoso: Any, fabrikam: Any, invite: Any) -> None:
    contoso.put("shares/cli", {"properties": {"description": "share description", "terms": "Confidential"}})
    contoso.put("shares/cli/dataSets/one", {"kind": "Container", "properties": contoso.at(containerName="fs")})
    invitation_id = invite("cli_test_invitation", "cli")
    answer = fabrikam.send("GET", "/providers/Microsoft.DataShare/listInvitations", version="2019-11-01")
    assert answer.body == {
        "value": [
            {
                "properties": {
                    "description": "share description",
                    "dataSetCount": 1,
                    "invitationId": invitation_id,
                    "invitationStatus": "Pending",
                    "location": "eastus",
                    "shareName": "cli",
                    "sentAt": LATER,
                    "termsOfUse": "Confidential",
                    "providerName": "contoso app",
                    "providerEmail": "",
                    "providerTenantName": "contoso",
                    "userName": None,
                    "userEmail": None,
                },
                "id": f"/providers/Microsoft.DataShare/consumerInvitations/{invitation_id}",
                "name": "cli_test_invitation",
                "type": "Microsoft.DataShare/consumerInvitations",
            }
        ]
    }
    assert answer.header("x-ms-original-request-ids")
    assert answer.response.header("Server") is None


def test_accepting_answers_as_captured(fabrikam: Any, invite: Any) -> None:
    invitation_id = invite()
    body = {"properties": {"invitationId": invitation_id, "sourceShareLocation": "East US"}}
    answer = fabrikam.put("shareSubscriptions/received", body)
    assert answer.status == 201
    assert answer.body == {
        "properties": {
            "createdAt": LATER,
            "invitationId": invitation_id,
            "sourceShareLocation": "eastus",
            "provisioningState": "Succeeded",
            "shareKind": "CopyBased",
            "shareName": "sales",
            "shareSubscriptionStatus": "Active",
            "providerName": "contoso app",
            "providerEmail": "",
            "providerTenantName": "contoso",
            "userName": "fabrikam app",
            "userEmail": "",
        },
        "id": f"{fabrikam.acc}/shareSubscriptions/received",
        "name": "received",
        "type": "Microsoft.DataShare/accounts/shareSubscriptions",
    }
    assert answer.header("Location") == f"{answer.body['id']}/received"
    assert quota(answer) | {"target": ""} == {
        "currentUsed": 1,
        "limit": 100,
        "name": {
            "localizedValue": "ShareSubscription resource quota",
            "value": "ShareSubscription resource quota",
        },
        "target": "",
    }


def test_the_provider_sees_the_subscription_as_captured_7_4(contoso: Any, accept: Callable[..., str]) -> None:
    accept()
    (found,) = contoso.get("shares/sales/providerShareSubscriptions", version="2019-11-01")["value"]
    object_id = found["properties"]["shareSubscriptionObjectId"]
    assert found == {
        "properties": {
            "shareSubscriptionObjectId": object_id,
            "consumerName": "fabrikam app",
            "createdAt": LATER,
            "sharedAt": LATER,
            "consumerEmail": "",
            "consumerTenantName": "fabrikam",
            "providerName": "contoso app",
            "providerEmail": "",
            "shareSubscriptionStatus": "Active",
        },
        "id": f"{contoso.acc}/shares/sales/shareSubscriptions/{object_id}",
        "name": "received",
        "type": "Microsoft.DataShare/ShareSubscriptions",
    }
    newest = contoso.get(f"shares/sales/providerShareSubscriptions/{object_id}", version="2021-08-01")
    assert newest["properties"].pop("expirationDate", "absent") is None
    assert newest["type"] == "Microsoft.DataShare/accounts/shares/providerShareSubscriptions"


def test_the_consumer_sees_source_data_sets_as_captured_7_5(contoso: Any, fabrikam: Any, accept: Any) -> None:
    made = contoso.put("shares/sales/dataSets/set", {"kind": "Container", "properties": contoso.at(containerName="fs")})
    path = accept()
    (found,) = fabrikam.get(f"{path}/ConsumerSourceDataSets", version="2021-08-01")["value"]
    assert found == {
        "properties": {
            "dataSetName": "set",
            "dataSetPath": "fs",
            "dataSetId": made.body["properties"]["dataSetId"],
            "dataSetLocation": None,
            "dataSetType": "Container",
        },
        "id": f"{fabrikam.acc}/{path}/consumerSourceDataSets/set",
        "name": "set",
        "type": "Microsoft.DataShare/accounts/shareSubscriptions/consumerSourceDataSets",
        "systemData": made.body["systemData"],
    }


def test_a_blob_mapping_answers_as_captured(contoso: Any, fabrikam: Any, accept: Any) -> None:
    place = {"containerName": "containername", "filePath": "apple.txt"}
    made = contoso.put("shares/sales/dataSets/set", {"kind": "Blob", "properties": contoso.at(**place)})
    data_set_id = made.body["properties"]["dataSetId"]
    path = accept()
    answer = fabrikam.put(
        f"{path}/dataSetMappings/one",
        {"kind": "Blob", "properties": {**fabrikam.at(**place), "dataSetId": data_set_id}},
    )
    assert answer.status == 201
    assert answer.body == {
        "properties": {
            **place,
            "outputType": None,
            "subscriptionId": fabrikam.subscription_id,
            "resourceGroup": "group",
            "storageAccountName": "fabrikamstore",
            "dataSetId": data_set_id,
            "dataSetMappingStatus": "Ok",
            "provisioningState": "Succeeded",
        },
        "kind": "Blob",
        "id": f"{fabrikam.acc}/{path}/dataSetMappings/one",
        "name": "one",
        "type": "Microsoft.DataShare/accounts/shareSubscriptions/dataSetMappings",
        "systemData": stamp(fabrikam.principal.object_id, LATER),
    }
    assert list(answer.body["properties"])[:3] == ["containerName", "filePath", "outputType"]


def test_a_trigger_answers_as_captured_7_8_and_becomes_active(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    schedule = {"recurrenceInterval": "Day", "synchronizationTime": "2021-03-11T02:52:00.7663245Z"}
    contoso.put("shares/sales/synchronizationSettings/daily", {"kind": "ScheduleBased", "properties": schedule})
    (source,) = fabrikam.post(f"{mapped}/listSourceShareSynchronizationSettings").body["value"]
    assert source == {"kind": "ScheduleBased", "properties": schedule}
    answer = fabrikam.put(f"{mapped}/triggers/daily", source)
    assert answer.status == 201
    assert answer.response.header("Location") is None
    assert answer.body["properties"] == {
        **schedule,
        "createdAt": LATER,
        "userName": "fabrikam app",
        "provisioningState": "Creating",
        "triggerStatus": "Inactive",
        "synchronizationMode": "Incremental",
    }
    world.clock.advance(timedelta(seconds=1))
    found = fabrikam.get(f"{mapped}/triggers/daily")["properties"]
    assert (found["provisioningState"], found["triggerStatus"]) == ("Succeeded", "Active")


EARLY = {
    "shares/sales": "Microsoft.DataShare/shares",
    "shares/sales/dataSets/raw": "Microsoft.DataShare/DataSets",
    "shares/sales/invitations/to-received": "Microsoft.DataShare/Invitations",
}


@pytest.mark.usefixtures("mapped")
@pytest.mark.parametrize("path", EARLY)
def test_the_early_version_has_short_types_and_no_system_data(contoso: Any, path: str) -> None:
    found = contoso.get(path, version="2019-11-01")
    assert found["type"] == EARLY[path]
    assert "systemData" not in found


def test_the_early_version_reports_no_quota_with_an_invitation(contoso: Any, fabrikam: Any) -> None:
    target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
    found = {}
    for version in ("2019-11-01", "2020-09-01"):
        answer = contoso.put(f"shares/sales/invitations/{version}", {"properties": target}, version=version)
        found[version] = answer.response.header("x-ms-quota") is not None
    assert found == {"2019-11-01": False, "2020-09-01": True}


def test_the_services_own_refusal_has_its_envelope_and_no_charset(contoso: Any) -> None:
    answer = contoso.send("GET", "shares/sales/invitations/none")
    assert answer.status == 404
    assert answer.header("Content-Type") == "application/json"
    assert answer.body == {
        "error": {"code": "7001", "message": "Invitation not found under share", "target": None, "details": []}
    }


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("shares/none", "3000"),
        ("shares/none/dataSets", "3000"),
        ("shares/sales/synchronizationSettings/none", "13002"),
        ("/subscriptions/{sub}/resourceGroups/group/providers/Microsoft.DataShare/accounts/none", "ResourceNotFound"),
    ],
)
def test_what_does_not_exist_is_refused_with_its_code(contoso: Any, path: str, code: str) -> None:
    answer = contoso.send("GET", path.replace("{sub}", contoso.subscription_id))
    assert (answer.status, answer.code) == (404, code)


def test_the_last_poll_of_a_subscriptions_deletion_reports_the_quota(world: Any, fabrikam: Any, accept: Any) -> None:
    begun = fabrikam.delete(accept())
    world.clock.advance(timedelta(seconds=1))
    ended = fabrikam.send("GET", begun.header("Location").removeprefix("https://management.azure.com").split("?")[0])
    assert ended.body["status"] == "Succeeded"
    name = "ShareSubscription resource quota"
    report = {"currentUsed": 0, "limit": 100, "name": {"localizedValue": name, "value": name}, "target": ""}
    assert quota(ended) == report


def test_what_lay_below_a_resource_that_left_is_deleted_as_what_left_itself(fabrikam: Any, accept: Any) -> None:
    received = accept()
    fabrikam.delete(received)
    for path in ("dataSetMappings/raw", "triggers/daily"):
        assert fabrikam.delete(f"{received}/{path}").status == 204
        assert fabrikam.send("GET", f"{received}/{path}").code == "94042"
    elsewhere = f"{fabrikam.group}/providers/Microsoft.DataShare/accounts/unknown/shares/sales"
    assert (fabrikam.delete(elsewhere).status, fabrikam.delete(elsewhere).code) == (404, "ResourceNotFound")


def test_a_refusal_of_arms_own_names_neither_the_service_nor_limits(contoso: Any) -> None:
    from_arm = contoso.send("GET", f"{contoso.group}/providers/Microsoft.DataShare/accounts/unknown").response
    from_service = contoso.send("GET", "shares/unknown").response
    names = ("Server", "x-ms-ratelimit-remaining-subscription-reads", "x-ms-failure-cause")
    assert [from_arm.header(name) for name in names] == [None, None, "gateway"]
    assert [from_service.header(name) is not None for name in names] == [True, True, False]


def test_names_beyond_latin_1_are_escaped_in_headers(world: Any, fabrikam: Any, invite: Any) -> None:
    body = {"properties": {"invitationId": invite(), "sourceShareLocation": "eastus"}}
    answer = fabrikam.put("shareSubscriptions/%E2%82%AC", body)
    assert answer.body["name"] == "\u20ac"
    assert answer.header("Location").endswith("/shareSubscriptions/%E2%82%AC/%E2%82%AC")
    assert answer.header("x-ms-quota").isascii()
    assert quota(answer)["target"] == answer.body["id"]
