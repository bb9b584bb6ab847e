"""Who may do what: tenants are apart, invitations are personal, stores need the caller's right and the identity's role."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
PROVIDER_PATHS = (
    "",
    "shares",
    "shares/sales",
    "shares/sales/dataSets",
    "shares/sales/invitations",
    "shares/sales/providerShareSubscriptions",
    "shares/sales/synchronizationSettings",
)


@pytest.fixture
def stranger(world: Any) -> Any:
    """A third tenant, with an account of its own."""
    made = world.organisation(3, "northwind")
    world.open_account(made)
    return made


@pytest.mark.parametrize("path", PROVIDER_PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_another_tenants_token_opens_nothing(contoso: Any, fabrikam: Any, mapped: str, path: str, method: str) -> None:
    full = f"{contoso.acc}/{path}".rstrip("/")
    answer = fabrikam.send(method, full, {})
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationTokenTenant")


def test_only_the_invited_sees_and_accepts_an_invitation(
    contoso: Any, fabrikam: Any, stranger: Any, invite: Any
) -> None:
    invitation_id = invite()
    one = f"/providers/Microsoft.DataShare/locations/eastus/consumerInvitations/{invitation_id}"
    for other in (contoso, stranger):
        assert other.get("/providers/Microsoft.DataShare/listInvitations") == {"value": []}
        refused = other.send("GET", one)
        assert (refused.status, refused.code, refused.body["error"]["message"]) == (404, "7001", "Invitation not found")
        body = {"properties": {"invitationId": invitation_id, "sourceShareLocation": "eastus"}}
        assert other.put("shareSubscriptions/stolen", body).code == "7001"
    assert fabrikam.get(one)["name"] == "invitation"


def test_another_principal_of_the_invited_tenant_does_not_see_it(world: Any, fabrikam: Any, invite: Any) -> None:
    invite()
    other = replace(
        fabrikam.principal,
        object_id="2c000000-0000-4000-8000-000000000000",
        client_id="2d000000-0000-4000-8000-000000000000",
    )
    world.directory.add_app(other.tenant_id, name="other", client_id=other.client_id, object_id=other.object_id)
    answer = world.send(other, "GET", "/providers/Microsoft.DataShare/listInvitations", None)
    assert answer.body == {"value": []}


def test_the_wrong_region_finds_no_invitation(fabrikam: Any, invite: Any) -> None:
    body = {"properties": {"invitationId": invite(), "sourceShareLocation": "westus2"}}
    assert fabrikam.put("shareSubscriptions/one", body).code == "7001"


def test_a_tenant_without_the_provider_sees_no_invitations(world: Any, fabrikam: Any, invite: Any) -> None:
    invite()
    found = world.resources.get(f"/subscriptions/{fabrikam.subscription_id}")
    world.resources.put(replace(found, internal={**found.internal, "registered": []}))
    assert fabrikam.get("/providers/Microsoft.DataShare/listInvitations") == {"value": []}


def test_an_invitation_by_mail_is_for_the_user_of_that_name_and_for_no_guest(
    world: Any, contoso: Any, fabrikam: Any
) -> None:
    answer = contoso.put(
        "shares/sales/invitations/mail", {"properties": {"targetEmail": "Ada@fabrikam.onmicrosoft.com"}}
    )
    assert answer.body["properties"]["targetEmail"] == "Ada@fabrikam.onmicrosoft.com"
    ada = world.directory.add_user(
        fabrikam.tenant_id,
        name="ada@fabrikam.onmicrosoft.com",
        object_id="2e000000-0000-4000-8000-000000000000",
        password="x",
    )
    guest = world.directory.add_user(
        contoso.tenant_id, name=ada.name, object_id="1e000000-0000-4000-8000-000000000000", password=None, guest_of=ada
    )
    seen = {}
    for user in (ada, guest):
        who = world.directory.principal(user.tenant_id, user.object_id)
        seen[user.object_id] = len(
            world.send(who, "GET", "/providers/Microsoft.DataShare/listInvitations", None).body["value"]
        )
    assert seen == {ada.object_id: 1, guest.object_id: 0}
    assert fabrikam.get("/providers/Microsoft.DataShare/listInvitations") == {"value": []}


def test_two_consumers_of_one_share_see_nothing_of_each_other(
    contoso: Any, fabrikam: Any, stranger: Any, mapped: str
) -> None:
    target = {"targetActiveDirectoryId": stranger.tenant_id, "targetObjectId": stranger.principal.object_id}
    sent = contoso.put("shares/sales/invitations/third", {"properties": target}).body["properties"]["invitationId"]
    body = {"properties": {"invitationId": sent, "sourceShareLocation": "eastus"}}
    assert stranger.put("shareSubscriptions/mine", body).status == 201
    assert [one["name"] for one in stranger.get("shareSubscriptions")["value"]] == ["mine"]
    assert [one["name"] for one in fabrikam.get("shareSubscriptions")["value"]] == ["received"]
    run_id = fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"]
    assert stranger.post("shareSubscriptions/mine/listSynchronizations").body == {"value": []}
    details = stranger.post("shareSubscriptions/mine/listSynchronizationDetails", {"synchronizationId": run_id})
    assert details.status == 404
    assert stranger.post("shareSubscriptions/mine/cancelSynchronization", {"synchronizationId": run_id}).status == 404
    assert len(contoso.get("shares/sales/providerShareSubscriptions")["value"]) == 2


def test_a_data_set_without_the_identitys_role_is_refused_with_5006(world: Any, contoso: Any) -> None:
    for one in world.resources.under(contoso.store.id, "Microsoft.Authorization/roleAssignments"):
        world.resources.delete(one.id)
    body = {"kind": "Container", "properties": contoso.at(containerName="fs")}
    refused = contoso.put("shares/sales/dataSets/one", body)
    assert (refused.status, refused.code) == (403, "5006")
    assert refused.body["error"]["message"] == (
        f"Missing permissions for DataShareAccount on resource '{contoso.store.id.lstrip('/')}'"
    )
    contoso.grant_identity(DATA_READER, f"{contoso.store.id}/blobServices/default/containers/fs")
    assert contoso.put("shares/sales/dataSets/one", body).status == 201


def test_a_mapping_needs_the_right_to_write(contoso: Any, fabrikam: Any, accept: Any, world: Any) -> None:
    made = contoso.put("shares/sales/dataSets/one", {"kind": "Container", "properties": contoso.at(containerName="fs")})
    for one in world.resources.under(fabrikam.store.id, "Microsoft.Authorization/roleAssignments"):
        world.resources.delete(one.id)
    fabrikam.grant_identity(DATA_READER)
    target = {**fabrikam.at(containerName="copy"), "dataSetId": made.body["properties"]["dataSetId"]}
    path = accept()
    answer = fabrikam.put(f"{path}/dataSetMappings/one", {"kind": "Container", "properties": target})
    assert (answer.status, answer.code) == (403, "5006")


def test_a_store_of_another_tenant_is_refused_whether_or_not_it_exists(contoso: Any, fabrikam: Any) -> None:
    answers = []
    for name in (fabrikam.store_name, "nobodys"):
        members = {**fabrikam.at(containerName="fs"), "storageAccountName": name}
        answers.append(contoso.put("shares/sales/dataSets/one", {"kind": "Container", "properties": members}))
    assert [(one.status, one.code) for one in answers] == [(403, "LinkedAuthorizationFailed")] * 2
    assert answers[0].header("Content-Type") == "application/json; charset=utf-8"


def test_the_caller_needs_write_on_the_store_too(world: Any, contoso: Any) -> None:
    members = {"kind": "Container", "properties": contoso.at(containerName="fs")}
    limited = "1c000000-0000-4000-8000-000000000000"
    world.directory.add_app(
        contoso.tenant_id, name="limited", client_id="1d000000-0000-4000-8000-000000000000", object_id=limited
    )
    world.grant(limited, "b24988ac-6180-42a0-ab88-20f7382dd24c", contoso.acc)
    who = world.directory.principal(contoso.tenant_id, limited)
    answer = world.send(who, "PUT", f"{contoso.acc}/shares/sales/dataSets/one", members)
    assert (answer.status, answer.code) == (403, "LinkedAuthorizationFailed")


def test_a_reader_may_look_but_not_synchronize(world: Any, fabrikam: Any, mapped: str) -> None:
    object_id = "2c000000-0000-4000-8000-000000000000"
    world.directory.add_app(
        fabrikam.tenant_id, name="reader", client_id="2d000000-0000-4000-8000-000000000000", object_id=object_id
    )
    world.grant(object_id, READER, fabrikam.group)
    who = world.directory.principal(fabrikam.tenant_id, object_id)
    assert world.send(who, "GET", f"{fabrikam.acc}/{mapped}", None).status == 200
    refused = world.send(who, "POST", f"{fabrikam.acc}/{mapped}/synchronize", {})
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
    assert refused.header("Content-Type") == "application/json; charset=utf-8"
