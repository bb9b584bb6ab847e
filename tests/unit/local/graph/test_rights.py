"""Who may read and who may write a directory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

if TYPE_CHECKING:
    from tests.unit.local.graph.conftest import World

_GROUP = {"displayName": "g", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True}
_OTHER = "/subscriptions/44444444-4444-4444-8444-444444444444"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.mark.parametrize("who", ["plain", "ada", "node"])
def test_every_member_of_the_tenant_reads_and_none_but_an_administrator_writes(world: World, who: str) -> None:
    assert len(world.ask("GET", "users", who=who)["value"]) == 2
    assert world.refused("POST", "groups", _GROUP, who=who) == (403, "Authorization_RequestDenied")


def test_a_guest_reads_nothing_but_itself(world: World) -> None:
    assert world.refused("GET", "users", who="guest") == (403, "Authorization_RequestDenied")
    assert world.refused("POST", "directoryObjects/getByIds", {"ids": []}, who="guest")[0] == 403
    assert world.ask("GET", "me", who="guest")["mail"] == "grace@fabrikam.onmicrosoft.com"


def test_a_guest_who_owns_the_subscription_still_writes_nothing(world: World) -> None:
    world.assign("/subscriptions/33333333-3333-4333-8333-333333333333", _OWNER, world.ids["guest"])
    assert world.refused("POST", "groups", _GROUP, who="guest") == (403, "Authorization_RequestDenied")


def test_an_owner_of_one_of_two_subscriptions_writes_nothing(world: World) -> None:
    world.subscribe(_OTHER)
    assert world.refused("POST", "groups", _GROUP) == (403, "Authorization_RequestDenied")
    world.assign(_OTHER, _OWNER, world.ids["administrator"])
    assert world.ask("POST", "groups", _GROUP)["displayName"] == "g"


def test_where_a_tenant_has_no_subscription_nobody_writes(world: World) -> None:
    assert world.refused("POST", "groups", _GROUP, who="consumer") == (403, "Authorization_RequestDenied")


def test_a_token_shows_its_own_tenant_and_no_other(world: World) -> None:
    names = [one["userPrincipalName"] for one in world.ask("GET", "users", who="consumer")["value"]]
    assert names == ["grace@fabrikam.onmicrosoft.com"]
    ada = world.ids["ada"]
    assert world.refused("GET", f"users/{ada}", who="consumer") == (404, "Request_ResourceNotFound")
    assert world.ask("POST", "directoryObjects/getByIds", {"ids": [ada]}, who="consumer")["value"] == []


def test_a_token_for_another_service_or_none_is_refused_with_a_challenge(world: World) -> None:
    for token in (world.token(audience="https://management.azure.com"), "x.y.z", None):
        response = world.send("GET", "users", who=None, token=token)
        assert response.status == 401
        assert isinstance(response.body, bytes)
        assert orjson.loads(response.body)["error"]["code"] == "InvalidAuthenticationToken"
        assert "authorization_uri" in (response.header("WWW-Authenticate") or "")


def test_graph_takes_its_three_audiences(world: World) -> None:
    for audience in (
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "00000003-0000-0000-c000-000000000000",
    ):
        assert (
            world.ask("GET", "organization", token=world.token(audience=audience))["value"][0]["displayName"]
            == "contoso"
        )


def test_an_expired_token_is_refused(world: World) -> None:
    token = world.token()
    world.clock.advance(timedelta(hours=2))
    assert world.refused("GET", "users", token=token) == (401, "InvalidAuthenticationToken")
