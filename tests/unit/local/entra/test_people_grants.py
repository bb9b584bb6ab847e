"""User name and password, on behalf of, redirect URIs, and the end of sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
import pytest

from lakeport_local.entra import STORAGE, Catalog

if TYPE_CHECKING:
    from tests.unit.local.entra.conftest import World

    from lakeport_local.core import Response
    from lakeport_local.entra import Tenant, User
    from lakeport_local.state import Store

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
PASSWORD = "ada's own"
OBO = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://storage.azure.com/.default offline_access openid profile"


@pytest.fixture
def ada(world: World, contoso: Tenant) -> User:
    object_id = "ada00000-0000-4000-8000-000000000001"
    return world.directory.add_user(
        contoso.id, name="ada@contoso.onmicrosoft.com", object_id=object_id, password=PASSWORD
    )


@pytest.fixture
def catalog(world: World, store: Store) -> Catalog:
    return Catalog(world.directory, store)


def body(response: Response) -> dict[str, Any]:
    assert isinstance(response.body, bytes)
    return dict(orjson.loads(response.body))


def number(response: Response) -> int:
    return int(body(response)["error_codes"][0])


def by_password(world: World, user: User, tenant: str = "organizations", **changes: str) -> Response:
    form = {"grant_type": "password", "client_id": CLI, "scope": SCOPE, "username": user.name, "password": PASSWORD}
    return world.post(form | changes, f"/{tenant}/oauth2/v2.0/token")


def refreshed(world: World, token: str) -> Response:
    form = {"grant_type": "refresh_token", "client_id": CLI, "scope": SCOPE, "refresh_token": token}
    return world.post(form, "/organizations/oauth2/v2.0/token")


def registered(world: World, catalog: Catalog, **profile: Any) -> None:
    entry = catalog.registration(world.app.client_id)
    assert entry is not None
    catalog.set_profile(entry, {**entry.profile, **profile})


def test_a_password_signs_in_where_it_is_allowed(world: World, ada: User) -> None:
    token = body(by_password(world, ada))["access_token"]
    assert world.tokens.verify(token, audiences=STORAGE.audiences).object_id == ada.object_id


@pytest.mark.parametrize(
    ("tenant", "changes", "expected"),
    [
        ("organizations", {"password": "wrong"}, 50126),
        ("organizations", {"username": "eve@contoso.onmicrosoft.com"}, 50034),
        ("organizations", {"username": ""}, 900144),
        ("common", {}, 9001023),
        ("organizations", {"client_secret": "x"}, 700025),
        ("22222222-2222-4222-8222-222222222222", {}, 50020),
    ],
    ids=str,
)
def test_a_password_is_refused_by_number(
    world: World, ada: User, fabrikam: Tenant, tenant: str, changes: dict[str, str], expected: int
) -> None:
    assert fabrikam.id
    assert number(by_password(world, ada, tenant, **changes)) == expected


def test_a_tenant_may_block_passwords(world: World, ada: User, contoso: Tenant) -> None:
    world.directory.add_tenant(id=contoso.id, name=contoso.name, domain=contoso.domain, blocked=["password"])
    refused = by_password(world, ada)
    assert (number(refused), body(refused)["suberror"]) == (53003, "message_only")


def test_a_refresh_gives_another_refresh_token_and_both_are_good_until_sessions_are_revoked(
    world: World, ada: User
) -> None:
    first = body(by_password(world, ada))["refresh_token"]
    second = body(refreshed(world, first))["refresh_token"]
    assert second != first
    world.clock.advance(timedelta(seconds=1))
    world.directory.revoke_sessions(ada.tenant_id, ada.object_id)
    assert [number(refreshed(world, one)) for one in (first, second)] == [50173, 50173]
    after = body(by_password(world, ada))["refresh_token"]
    assert refreshed(world, after).status == 200


def test_a_new_password_ends_the_sessions_of_the_old_one(world: World, ada: User) -> None:
    token = body(by_password(world, ada))["refresh_token"]
    world.clock.advance(timedelta(seconds=1))
    world.directory.add_user(ada.tenant_id, name=ada.name, object_id=ada.object_id, password=PASSWORD)
    assert refreshed(world, token).status == 200
    world.directory.add_user(ada.tenant_id, name=ada.name, object_id=ada.object_id, password="a new one")
    assert number(refreshed(world, token)) == 50173


def test_a_disabled_account_gets_nothing(world: World, ada: User) -> None:
    token = body(by_password(world, ada))["refresh_token"]
    world.directory.enable(ada.tenant_id, ada.object_id, is_enabled=False)
    assert (number(by_password(world, ada)), number(refreshed(world, token))) == (50057, 50057)


def test_an_api_gets_the_persons_token_for_another_api(world: World, ada: User, catalog: Catalog) -> None:
    for version in (1, 2):
        registered(world, catalog, identifierUris=["api://sales"], api={"requestedAccessTokenVersion": version})
        presented = body(by_password(world, ada, scope="api://sales/.default"))["access_token"]
        asked = {"grant_type": OBO, "assertion": presented, "requested_token_use": "on_behalf_of"}
        answer = body(world.post(world.form(**asked)))
        principal = world.tokens.verify(answer["access_token"], audiences=STORAGE.audiences)
        assert (principal.object_id, principal.client_id) == (ada.object_id, world.app.client_id)


def test_what_an_api_may_not_present_is_refused_by_number(world: World, ada: User, catalog: Catalog) -> None:
    registered(world, catalog, identifierUris=["api://sales"])

    def outcome(assertion: str, **changes: str) -> int:
        asked = {"grant_type": OBO, "assertion": assertion, "requested_token_use": "on_behalf_of"}
        return number(world.post(world.form(**asked | changes)))

    token = body(by_password(world, ada, scope="api://sales/.default"))["access_token"]
    another = body(by_password(world, ada))["access_token"]
    apps = body(world.post(world.form(scope="api://sales/.default")))["access_token"]
    assert outcome(another) == 500131
    assert outcome(apps) == 7000114
    assert outcome(token[:-8] + "AAAAAAAA") == 50013
    assert outcome("x.y.z") == 50027
    assert outcome(token, requested_token_use="other") == 9002313
    assert outcome(token, client_secret="wrong") == 7000215
    world.clock.advance(timedelta(hours=2))
    assert outcome(token) == 500133


@pytest.mark.parametrize(
    ("profile", "redirect", "said"),
    [
        ({}, "https://app.example/back", "AADSTS500113"),
        ({"web": {"redirectUris": ["https://app.example/back"]}}, "https://app.example/other", "AADSTS50011"),
        ({"web": {"redirectUris": ["https://app.example/back"]}}, "https://app.example/back/", "AADSTS50011"),
        ({"web": {"redirectUris": ["https://app.example/back"]}}, "https://app.example/back?x=1", "AADSTS50011"),
        ({"web": {"redirectUris": ["https://app.example/back"]}}, "https://app.example/back", ""),
        ({"publicClient": {"redirectUris": ["http://localhost/in"]}}, "http://localhost:4711/in", ""),
        ({"publicClient": {"redirectUris": ["http://localhost/in"]}}, "http://localhost:4711/out", "AADSTS50011"),
        ({"publicClient": {"redirectUris": ["http://localhost"]}}, "http://localhost.evil.example", "AADSTS50011"),
    ],
)
def test_a_sign_in_goes_back_to_a_registered_place_only(
    world: World, ada: User, catalog: Catalog, profile: dict[str, Any], redirect: str, said: str
) -> None:
    registered(world, catalog, **profile)
    asked = {"client_id": world.app.client_id, "response_type": "code", "redirect_uri": redirect, "scope": SCOPE}
    path = f"/{world.app.tenant_id}/oauth2/v2.0/authorize"
    response = world.send("GET", path, query=urlencode(asked), caller=ada.object_id)
    assert isinstance(response.body, bytes)
    if said:
        assert (response.status, said in response.body.decode()) == (400, True)
    else:
        assert (response.header("Location") or "").startswith(f"{redirect}?code=")


def test_how_people_of_a_domain_sign_in_is_told(world: World) -> None:
    for name, kind in (("ada@contoso.onmicrosoft.com", "Managed"), ("eve@nowhere.example", "Unknown")):
        answer = world.send("GET", f"/common/userrealm/{name}", query="api-version=1.0")
        assert body(answer)["account_type"] == kind
