"""The state machines of both sides, and what an event on one side does to the other (data-share.md 2.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

DAILY = {
    "kind": "ScheduleBased",
    "properties": {"recurrenceInterval": "Day", "synchronizationTime": "2029-01-01T08:00:00Z"},
}


@pytest.fixture
def view(contoso: Any, mapped: str) -> str:
    """The provider's view of fabrikam's subscription: its path below contoso's account."""
    (found,) = contoso.get("shares/sales/providerShareSubscriptions")["value"]
    return f"shares/sales/providerShareSubscriptions/{found['properties']['shareSubscriptionObjectId']}"


def status(org: Any, path: str) -> str:
    return str(org.get(path)["properties"]["shareSubscriptionStatus"])


def test_an_account_is_deleted_with_its_identity_by_a_polled_operation(world: Any, contoso: Any) -> None:
    identity = contoso.identity
    answer = contoso.delete("")
    assert (answer.status, answer.response.body) == (202, b"")
    url = answer.header("Location").removeprefix("https://management.azure.com")
    path, _, query = url.partition("?")
    guid = path.rsplit("/", 1)[1]
    assert path == (
        f"/subscriptions/{contoso.subscription_id}/providers/Microsoft.DataShare/locations/eastus/operationResults/{guid}"
    )
    assert query == "api-version=2020-09-01"
    assert int(answer.header("x-ms-retry-after-ms")) > 0
    assert answer.response.header("Retry-After") is None
    running = contoso.send("GET", path)
    assert (running.status, running.response.body) == (202, b"")
    assert running.header("Location") == answer.header("Location")
    world.clock.advance(timedelta(seconds=1))
    done = contoso.send("GET", path)
    assert done.body == {"startTime": None, "endTime": None, "status": "Succeeded", "error": None}
    assert '"target":""' in done.header("x-ms-quota")
    assert world.directory.principal(contoso.tenant_id, identity) is None
    assert contoso.delete("").status == 204


def test_nobody_else_can_poll_an_operation(contoso: Any, fabrikam: Any) -> None:
    path = (
        contoso.delete("shares/sales").header("Location").partition("?")[0].removeprefix("https://management.azure.com")
    )
    assert fabrikam.send("GET", path).status == 401


def test_revoking_answers_revoking_then_revoked_and_reinstating_active(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, view: str
) -> None:
    answer = contoso.post(f"{view}/revoke")
    assert (answer.status, answer.body["properties"]["shareSubscriptionStatus"]) == (202, "Revoking")
    operation = answer.header("Azure-AsyncOperation").partition("?")[0].removeprefix("https://management.azure.com")
    assert operation.rsplit("/", 1)[0] == f"{contoso.acc}/shares/sales/operationResults"
    assert answer.header("Location").partition("?")[0] == f"https://management.azure.com{contoso.acc}/{view}"
    assert answer.response.header("x-ms-quota") is None
    assert contoso.get(operation)["status"] == "Accepted"
    world.clock.advance(timedelta(seconds=1))
    assert contoso.get(operation) == {"startTime": None, "endTime": None, "status": "Succeeded", "error": None}
    assert status(contoso, view) == status(fabrikam, mapped) == "Revoked"
    again = contoso.post(f"{view}/reinstate")
    assert (again.status, again.body["properties"]["shareSubscriptionStatus"]) == (200, "Active")
    assert status(fabrikam, mapped) == "Active"


def test_a_revoked_subscription_may_look_but_not_synchronize(
    contoso: Any, fabrikam: Any, mapped: str, view: str
) -> None:
    contoso.post(f"{view}/revoke")
    answer = fabrikam.post(f"{mapped}/synchronize", {})
    assert (answer.status, answer.code) == (403, "94031")
    assert len(fabrikam.get(f"{mapped}/consumerSourceDataSets")["value"]) == 1


async def test_a_run_queued_before_the_revocation_does_not_start(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, view: str
) -> None:
    fabrikam.post(f"{mapped}/synchronize", {})
    contoso.post(f"{view}/revoke")
    await world.share.drain()
    (record,) = fabrikam.post(f"{mapped}/listSynchronizations").body["value"]
    assert record["status"] == "Failed"
    assert not world.lake.file_system_exists(fabrikam.store, "copy")


def test_deleting_the_share_leaves_the_subscription_as_source_deleted(contoso: Any, fabrikam: Any, mapped: str) -> None:
    assert contoso.delete("shares/sales").status == 202
    assert status(fabrikam, mapped) == "SourceDeleted"
    assert fabrikam.get(f"{mapped}/dataSetMappings/raw")["properties"]["dataSetMappingStatus"] == "Broken"
    assert fabrikam.get(f"{mapped}/consumerSourceDataSets") == {"value": []}
    assert fabrikam.post(f"{mapped}/synchronize", {}).code == "94033"
    assert fabrikam.delete(mapped).status == 202


def test_a_share_made_again_under_its_name_is_another_share(contoso: Any, fabrikam: Any, mapped: str) -> None:
    contoso.delete("shares/sales")
    contoso.put("shares/sales", {"properties": {}})
    assert status(fabrikam, mapped) == "SourceDeleted"
    assert contoso.get("shares/sales/providerShareSubscriptions") == {"value": []}


def test_deleting_the_providers_account_leaves_the_subscription_as_source_deleted(
    contoso: Any, fabrikam: Any, mapped: str
) -> None:
    contoso.delete("")
    assert status(fabrikam, mapped) == "SourceDeleted"


def test_deleting_a_data_set_answers_200_and_breaks_its_mapping(contoso: Any, fabrikam: Any, mapped: str) -> None:
    answer = contoso.delete("shares/sales/dataSets/raw")
    assert (answer.status, answer.response.body) == (200, b"")
    assert answer.header("x-ms-quota")
    assert fabrikam.get(f"{mapped}/consumerSourceDataSets") == {"value": []}
    assert fabrikam.get(f"{mapped}/dataSetMappings/raw")["properties"]["dataSetMappingStatus"] == "Broken"


def test_deleting_the_target_store_breaks_the_mapping(world: Any, fabrikam: Any, mapped: str) -> None:
    world.resources.delete(fabrikam.store.id)
    assert fabrikam.get(f"{mapped}/dataSetMappings/raw")["properties"]["dataSetMappingStatus"] == "Broken"


def test_deleting_the_schedule_ends_the_trigger_until_it_is_made_anew(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    contoso.put("shares/sales/synchronizationSettings/daily", DAILY)
    fabrikam.put(f"{mapped}/triggers/daily", DAILY)
    world.clock.advance(timedelta(seconds=1))
    assert contoso.delete("shares/sales/synchronizationSettings/daily").status == 202
    contoso.put("shares/sales/synchronizationSettings/again", DAILY)

    def trigger() -> str:
        return str(fabrikam.get(f"{mapped}/triggers/daily")["properties"]["triggerStatus"])

    assert trigger() == "SourceSynchronizationSettingDeleted"
    assert fabrikam.delete(f"{mapped}/triggers/daily").status == 202
    fabrikam.put(f"{mapped}/triggers/daily", DAILY)
    world.clock.advance(timedelta(seconds=1))
    assert trigger() == "Active"


def test_deleting_the_subscription_removes_the_mirror_and_keeps_the_invitation_accepted(
    contoso: Any, fabrikam: Any, mapped: str
) -> None:
    assert fabrikam.delete(mapped).status == 202
    assert contoso.get("shares/sales/providerShareSubscriptions") == {"value": []}
    invitation = contoso.get("shares/sales/invitations/to-received")["properties"]
    assert invitation["invitationStatus"] == "Accepted"
    assert invitation["respondedAt"] == "2030-01-01T12:02:00.4422Z"


async def test_deleting_the_subscription_cancels_what_is_queued(world: Any, fabrikam: Any, mapped: str) -> None:
    fabrikam.post(f"{mapped}/synchronize", {})
    fabrikam.delete(mapped)
    await world.share.drain()
    assert not world.lake.file_system_exists(fabrikam.store, "copy")


def test_an_answered_invitation_leaves_the_list_but_can_still_be_looked_at(fabrikam: Any, invite: Any) -> None:
    invitation_id = invite()
    one = f"/providers/Microsoft.DataShare/locations/EastUS/consumerInvitations/{invitation_id}"
    assert fabrikam.get(one)["properties"]["invitationStatus"] == "Pending"
    reject = "/providers/Microsoft.DataShare/locations/eastus/rejectInvitation"
    answer = fabrikam.post(reject, {"properties": {"invitationId": invitation_id}})
    assert (answer.status, answer.body["properties"]["invitationStatus"]) == (200, "Rejected")
    assert fabrikam.get("/providers/Microsoft.DataShare/listInvitations") == {"value": []}
    assert fabrikam.get(one)["properties"]["invitationStatus"] == "Rejected"
    body = {"properties": {"invitationId": invitation_id, "sourceShareLocation": "eastus"}}
    assert fabrikam.put("shareSubscriptions/late", body).code == "7001"


def test_a_withdrawn_invitation_is_shown_to_its_recipient_only_when_asked_for(
    contoso: Any, fabrikam: Any, invite: Any
) -> None:
    invitation_id = invite("first")
    assert contoso.delete("shares/sales/invitations/first").status == 200
    assert contoso.delete("shares/sales/invitations/first").status == 204
    assert contoso.send("GET", "shares/sales/invitations/first").code == "7001"
    assert fabrikam.get("/providers/Microsoft.DataShare/listInvitations") == {"value": []}
    one = f"/providers/Microsoft.DataShare/locations/eastus/consumerInvitations/{invitation_id}"
    assert fabrikam.get(one)["properties"]["invitationStatus"] == "Withdrawn"


def test_an_expired_invitation_is_not_found_and_ends_its_subscription(
    world: Any, contoso: Any, fabrikam: Any, invite: Any, accept: Callable[..., str]
) -> None:
    until = "2030-01-01T12:30:00Z"
    path = accept(expirationDate=until)
    late = invite("late", expirationDate=until)
    assert fabrikam.get(path)["properties"]["expirationDate"] == until
    world.clock.advance(timedelta(hours=1))
    assert fabrikam.get("/providers/Microsoft.DataShare/listInvitations") == {"value": []}
    body = {"properties": {"invitationId": late, "sourceShareLocation": "eastus"}}
    assert fabrikam.put("shareSubscriptions/late", body).code == "7001"
    assert status(fabrikam, path) == "Revoked"


def test_the_provider_can_adjust_when_access_ends(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, view: str
) -> None:
    answer = contoso.post(f"{view}/adjust", {"properties": {"expirationDate": "2030-01-01T13:00:00.000Z"}})
    assert answer.status == 200
    assert answer.body["properties"]["expirationDate"] == "2030-01-01T13:00:00Z"
    world.clock.advance(timedelta(hours=1))
    refused = fabrikam.post(f"{mapped}/synchronize", {})
    assert (refused.status, refused.code) == (403, "94032")
    contoso.post(f"{view}/reinstate", {"properties": {"expirationDate": "2030-02-01T00:00:00Z"}})
    assert fabrikam.post(f"{mapped}/synchronize", {}).status == 202


def test_without_a_mapping_a_synchronization_is_refused(fabrikam: Any, accept: Any) -> None:
    assert fabrikam.post(f"{accept()}/synchronize", {}).status == 400
