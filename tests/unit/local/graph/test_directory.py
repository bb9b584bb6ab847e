"""Applications, service principals, users, groups and guests through Graph."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lakeport_local.graph.rights import may_read

if TYPE_CHECKING:
    from tests.unit.local.graph.conftest import World

    from lakeport_local.access import Principal

_CONTOSO = "11111111-1111-4111-8111-111111111111"
_FABRIKAM = "22222222-2222-4222-8222-222222222222"
_DEEP: list[object] = []
for _ in range(246):
    _DEEP = [_DEEP]
_EVENTUAL = {"ConsistencyLevel": "eventual"}


def _names(answer: dict[str, Any]) -> list[str]:
    return sorted(one["displayName"] for one in answer["value"])


def _application(world: World, name: str = "made", **more: object) -> dict[str, Any]:
    made: dict[str, Any] = world.ask("POST", "applications", {"displayName": name, **more})
    return made


def test_an_application_signs_in_once_it_has_a_principal_and_a_secret(world: World) -> None:
    made = _application(world)
    asked = {"passwordCredential": {"displayName": "rbac", "endDateTime": "2027-01-01T00:00:00Z"}}
    secret = world.ask("POST", f"applications/{made['id']}/addPassword", asked)
    assert world.directory.app(_CONTOSO, made["appId"]) is None
    principal = world.ask("POST", "servicePrincipals", {"appId": made["appId"], "accountEnabled": True})
    assert principal["id"] not in (made["id"], made["appId"])
    assert world.directory.secret_state(made["appId"], secret["secretText"]) == "right"
    world.clock.advance(timedelta(days=60))
    assert world.directory.secret_state(made["appId"], secret["secretText"]) == "expired"


def test_a_secret_is_told_once_and_gone_when_removed(world: World) -> None:
    path = f"applications/{_application(world)['id']}"
    secret = world.ask("POST", f"{path}/addPassword", {})
    shown = world.ask("GET", path)
    assert secret["secretText"] not in str(shown)
    assert shown["passwordCredentials"][0]["hint"] == secret["secretText"][:3]
    world.ask("POST", f"{path}/removePassword", {"keyId": secret["keyId"]})
    assert world.ask("GET", path)["passwordCredentials"] == []
    assert world.directory.secret_state(shown["appId"], secret["secretText"]) == "wrong"


def test_key_credentials_are_replaced_and_those_named_by_id_stay(world: World) -> None:
    made = _application(
        world, keyCredentials=[{"key": _certificate(), "type": "AsymmetricX509Cert", "usage": "Verify"}]
    )
    kept = made["keyCredentials"][0]
    new = {"key": _certificate(), "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "second"}
    world.ask("PATCH", f"applications/{made['id']}", {"keyCredentials": [kept, new]})
    shown = world.ask("GET", f"applications/{made['id']}")["keyCredentials"]
    assert {one["displayName"] for one in shown} == {None, "second"}
    world.ask("PATCH", f"applications/{made['id']}", {"keyCredentials": [kept]})
    assert [one["keyId"] for one in world.ask("GET", f"applications/{made['id']}")["keyCredentials"]] == [kept["keyId"]]
    assert len(world.directory.certificates(made["appId"])) == 1
    assert world.refused("PATCH", f"applications/{made['id']}", {"keyCredentials": [{"key": "AAAA"}]})[0] == 400


def _certificate() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    at = datetime(2026, 11, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), at, at.replace(year=2027)
    )
    return base64.encodebytes(built.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


def test_an_app_id_that_names_no_application_is_refused_in_the_words_az_retries_on(world: World) -> None:
    response = world.send("POST", "servicePrincipals", {"appId": "00000000-0000-4000-8000-00000000ffff"})
    assert response.status == 400
    assert isinstance(response.body, bytes)
    assert b" does not reference " in response.body


def test_a_second_service_principal_of_an_application_conflicts(world: World) -> None:
    body = {"appId": world.client_ids["plain"]}
    assert world.refused("POST", "servicePrincipals", body) == (409, "Request_MultipleObjectsWithSameKeyValue")


def test_another_tenants_application_is_taken_in_only_when_it_is_for_many(world: World) -> None:
    world.subscribe("/subscriptions/55555555-5555-4555-8555-555555555555", _FABRIKAM)
    world.assign(
        "/subscriptions/55555555-5555-4555-8555-555555555555",
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        world.ids["consumer"],
    )
    single, many = _application(world), _application(world, signInAudience="AzureADMultipleOrgs")
    assert world.refused("POST", "servicePrincipals", {"appId": single["appId"]}, who="consumer")[0] == 403
    taken = world.ask("POST", "servicePrincipals", {"appId": many["appId"]}, who="consumer")
    assert taken["appOwnerOrganizationId"] == _CONTOSO
    assert not may_read(_principal(world, taken["id"], many["appId"]), world.directory)
    path = f"servicePrincipals/{taken['id']}/addPassword"
    assert world.refused("POST", path, {}, who="consumer")[0] == 400
    assert (
        world.refused("PATCH", f"servicePrincipals/{taken['id']}", {"accountEnabled": False}, who="consumer")[0] == 400
    )


def _principal(world: World, object_id: str, client_id: str) -> Principal:
    found = world.directory.principal(_FABRIKAM, object_id)
    assert found is not None
    return replace(found, client_id=client_id)


def test_a_secret_of_a_service_principal_goes_with_it(world: World) -> None:
    path = f"servicePrincipals/{world.ids['plain']}"
    secret = world.ask("POST", f"{path}/addPassword", {})["secretText"]
    assert world.directory.secret_state(world.client_ids["plain"], secret) == "right"
    world.ask("DELETE", path)
    world.ask("POST", "servicePrincipals", {"appId": world.client_ids["plain"]})
    assert world.directory.secret_state(world.client_ids["plain"], secret) == "wrong"


@pytest.mark.parametrize(
    "body",
    [{"passwordCredentials": 5}, {"passwordCredentials": None}, {"keyCredentials": 5}, {"info": None, "web": None}],
)
def test_a_change_that_makes_no_sense_changes_nothing(world: World, body: dict[str, object]) -> None:
    made = _application(world, info={"termsOfServiceUrl": "https://example.org"})
    assert world.refused("PATCH", f"applications/{made['id']}", body)[0] == 400
    assert world.ask("GET", f"applications/{made['id']}") == made


def test_what_was_emptied_may_be_filled_again(world: World) -> None:
    path = f"applications/{_application(world)['id']}"
    world.ask("PATCH", path, {"info": None})
    world.ask("PATCH", path, {"info": {"supportUrl": "https://example.org"}})
    assert world.ask("GET", path)["info"] == {"supportUrl": "https://example.org"}


def test_a_disabled_service_principal_is_a_disabled_app(world: World) -> None:
    world.ask("PATCH", f"servicePrincipals/{world.ids['plain']}", {"accountEnabled": False})
    app = world.directory.app(_CONTOSO, world.client_ids["plain"])
    assert app is not None
    assert not app.is_enabled


def test_an_application_takes_its_service_principal_with_it_but_not_the_other_way_round(world: World) -> None:
    world.ask("DELETE", f"servicePrincipals/{world.ids['plain']}")
    assert "plain" in _names(world.ask("GET", "applications"))
    made = _application(world)
    principal = world.ask("POST", "servicePrincipals", {"appId": made["appId"]})
    world.ask("DELETE", f"applications/{made['id']}")
    assert world.refused("GET", f"servicePrincipals/{principal['id']}") == (404, "Request_ResourceNotFound")


def test_objects_are_found_by_every_name_they_have(world: World) -> None:
    client_id, object_id = world.client_ids["plain"], world.ids["plain"]
    for key in (f"/{object_id}", f"('{object_id}')", f"(appId='{client_id}')"):
        assert world.ask("GET", f"servicePrincipals{key}")["displayName"] == "plain"
    application = world.ask("GET", f"applications(appId='{client_id}')")
    assert world.ask("GET", f"applications/{application['id']}")["appId"] == client_id
    for key in (world.ids["ada"], "ADA@contoso.onmicrosoft.com"):
        assert world.ask("GET", f"users/{key}")["id"] == world.ids["ada"]
    guest = "grace_fabrikam.onmicrosoft.com%23EXT%23@contoso.onmicrosoft.com"
    assert world.ask("GET", f"users/{guest}", select="userType,id")["userType"] == "Guest"
    assert world.refused("GET", f"groups/{object_id}") == (404, "Request_ResourceNotFound")


def test_managed_identities_are_service_principals_that_graph_does_not_remove(world: World) -> None:
    node = world.ask(
        "GET", "servicePrincipals", filter=f"servicePrincipalNames/any(c:c eq '{world.client_ids['node']}')"
    )
    assert node["value"][0]["servicePrincipalType"] == "ManagedIdentity"
    assert world.refused("DELETE", f"servicePrincipals/{world.ids['node']}")[0] == 400
    assert world.refused("POST", f"servicePrincipals/{world.ids['node']}/addPassword", {})[0] == 400


def test_pages_follow_each_other_to_the_end_while_objects_come_and_go(world: World) -> None:
    for number in range(7):
        _application(world, f"app {number}")
    answer = world.ask(
        "GET", "applications", top="4", orderby="displayName desc", filter="startswith(displayName,'app')"
    )
    first = answer["value"]
    world.ask("DELETE", f"applications/{first[-1]['id']}")
    link = answer["@odata.nextLink"].partition("?")[2]
    rest = world.ask("GET", "applications", **{name[1:]: value for name, value in parse_qsl(link)})
    assert [one["displayName"][-1] for one in first + rest["value"]] == list("6543210")
    assert "@odata.nextLink" not in rest


def test_count_is_given_to_those_who_accept_an_old_one(world: World) -> None:
    assert world.ask("GET", "users", count="true", top="1", headers=_EVENTUAL)["@odata.count"] == 2
    assert "@odata.count" not in world.ask("GET", "users", count="true")
    assert world.send("GET", "groups/$count", headers=_EVENTUAL).body == b"1"
    assert world.refused("GET", "groups/$count")[0] == 400


def test_select_gives_what_was_asked_for_and_refuses_what_does_not_exist(world: World) -> None:
    user = world.ask("GET", f"users/{world.ids['ada']}", select="displayName,accountEnabled")
    assert {name for name in user if not name.startswith("@")} == {"displayName", "accountEnabled"}
    assert "accountEnabled" not in world.ask("GET", f"users/{world.ids['ada']}")
    assert world.refused("GET", "users", select="shoeSize")[0] == 400


def test_groups_in_groups_are_seen_through(world: World) -> None:
    body = {"displayName": "outer", "mailNickname": "outer", "mailEnabled": False, "securityEnabled": True}
    outer = world.ask("POST", "groups", body)
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{world.ids['analysts']}"}
    world.ask("POST", f"groups/{outer['id']}/members/$ref", reference)
    assert world.refused("POST", f"groups/{outer['id']}/members/$ref", reference) == (400, "Request_BadRequest")
    assert [one["@odata.type"] for one in world.ask("GET", f"groups/{outer['id']}/members")["value"]] == [
        "#microsoft.graph.group"
    ]
    assert len(world.ask("GET", f"groups/{outer['id']}/transitiveMembers")["value"]) == 2
    assert len(world.ask("GET", f"groups/{outer['id']}/transitiveMembers/microsoft.graph.user")["value"]) == 1
    ada = f"users/{world.ids['ada']}"
    assert _names(world.ask("GET", f"{ada}/memberOf")) == ["analysts"]
    assert _names(world.ask("GET", f"{ada}/transitiveMemberOf")) == ["analysts", "outer"]
    assert len(world.ask("POST", f"{ada}/getMemberGroups", {"securityEnabledOnly": True})["value"]) == 2
    checked = world.ask("POST", f"directoryObjects/{world.ids['ada']}/checkMemberGroups", {"groupIds": [outer["id"]]})
    assert checked["value"] == [outer["id"]]
    principal = world.directory.principal(_CONTOSO, world.ids["ada"])
    assert principal is not None
    assert outer["id"] in principal.groups
    world.ask("DELETE", f"groups/{outer['id']}/members/{world.ids['analysts']}/$ref")
    assert world.refused("DELETE", f"groups/{outer['id']}/members/{world.ids['analysts']}/$ref")[0] == 404


def test_members_come_with_their_group_when_asked_for(world: World) -> None:
    group = world.ask("GET", f"groups/{world.ids['analysts']}", expand="members($select=id)")
    assert [one["id"] for one in group["members"]] == [world.ids["ada"]]


def test_objects_are_found_by_ids_of_the_types_asked_for(world: World) -> None:
    ids = [world.ids[name] for name in ("ada", "analysts", "plain")]
    types = ["user", "servicePrincipal", "directoryObjectPartnerReference"]
    found = world.ask("POST", "directoryObjects/getByIds", {"ids": [*ids, ids[0]], "types": types})["value"]
    assert {one["@odata.type"] for one in found} == {"#microsoft.graph.user", "#microsoft.graph.servicePrincipal"}
    assert len(found) == 2


def test_a_new_user_has_the_password_given(world: World) -> None:
    body = {
        "accountEnabled": True,
        "displayName": "Bob",
        "mailNickname": "bob",
        "userPrincipalName": "bob@contoso.onmicrosoft.com",
        "passwordProfile": {"password": "correct horse"},
    }
    made = world.ask("POST", "users", body)
    user = world.directory.user(_CONTOSO, made["id"])
    assert user is not None
    assert world.directory.password_is(user, "correct horse")
    assert world.refused("POST", "users", body) == (400, "Request_BadRequest")
    assert world.refused("POST", "users", {**body, "userPrincipalName": "bob@fabrikam.onmicrosoft.com"})[0] == 400
    world.ask(
        "PATCH", f"users/{made['id']}", {"jobTitle": "analyst", "passwordProfile": {"password": "battery staple"}}
    )
    assert world.directory.password_is(user, "battery staple")
    assert world.ask("GET", f"users/{made['id']}")["jobTitle"] == "analyst"


def test_an_invited_guest_is_another_object_of_the_same_person(world: World) -> None:
    world.directory.add_user(
        _FABRIKAM, name="eve@fabrikam.onmicrosoft.com", object_id="cccccccc-0000-4000-8000-000000000001", password="p"
    )
    body = {"invitedUserEmailAddress": "eve@fabrikam.onmicrosoft.com", "inviteRedirectUrl": "https://example.org"}
    invitation = world.ask("POST", "invitations", body)
    assert invitation["status"] == "Completed"
    guest = world.directory.user(_CONTOSO, invitation["invitedUser"]["id"])
    assert guest is not None
    assert guest.home_object_id == "cccccccc-0000-4000-8000-000000000001"
    assert world.ask("POST", "invitations", body)["invitedUser"] == invitation["invitedUser"]
    member = {**body, "invitedUserEmailAddress": "ada@contoso.onmicrosoft.com"}
    assert world.refused("POST", "invitations", member) == (400, "Request_BadRequest")


def test_a_guest_of_nowhere_waits_for_ever(world: World) -> None:
    body = {"invitedUserEmailAddress": "someone@example.org", "inviteRedirectUrl": "https://example.org"}
    invitation = world.ask("POST", "invitations", body)
    assert invitation["status"] == "PendingAcceptance"
    guest = world.directory.user(_CONTOSO, invitation["invitedUser"]["id"])
    assert guest is not None
    assert guest.is_guest


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 400),
        ("PUT", "users", {}, 405),
        ("POST", "applications", [], 400),
        ("POST", "applications", {"displayName": 7}, 400),
        ("POST", "applications", {"displayName": "a", "id": "x"}, 400),
        ("POST", "applications", {"displayName": "a", "web": "x"}, 400),
        ("POST", "applications", {"displayName": "a", "signInAudience": "x"}, 400),
        ("POST", "applications", {"displayName": "a", "notes": "x" * 70_000}, 400),
        ("POST", "applications", {"displayName": "a", "web": {"redirectUris": 5}}, 400),
        ("POST", "applications", {"displayName": "a", "identifierUris": [{}]}, 400),
        ("POST", "applications", {"displayName": "a", "tags": _DEEP}, 400),
        ("POST", "directoryObjects/getByIds", {"ids": "x"}, 400),
        ("POST", "directoryObjects/getByIds", {"ids": ["x"]}, 400),
        ("POST", "groups", {"displayName": "g"}, 400),
        ("GET", "me", None, 400),
        ("GET", "users?$search=x", None, 400),
    ],
)
def test_what_makes_no_sense_is_refused_in_graphs_envelope(
    world: World, method: str, path: str, body: object, status: int
) -> None:
    before = len(world.ask("GET", "applications")["value"])
    path, _, query = path.partition("?$search=")
    options = {"search": query} if query else {}
    assert world.refused(method, path, body, **options)[0] == status
    assert len(world.ask("GET", "applications")["value"]) == before
