"""Batches, federated credentials, searches and disabled users: what is refused, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    from tests.unit.local.graph.conftest import World

CREDENTIAL = {
    "name": "build",
    "issuer": "https://a.example",
    "subject": "main",
    "audiences": ["api://AzureADTokenExchange"],
}


def application(world: World) -> str:
    made: str = world.ask("POST", "applications", {"displayName": "loader"})["id"]
    return f"applications/{made}/federatedIdentityCredentials"


def test_a_federated_credential_is_made_read_changed_and_removed(world: World) -> None:
    path = application(world)
    made = world.ask("POST", path, CREDENTIAL)
    assert world.ask("GET", f"{path}/build")["id"] == world.ask("GET", f"{path}/{made['id']}")["id"] == made["id"]
    assert world.send("PATCH", f"{path}/{made['id']}", {"subject": "dev", "description": None}).status == 204
    assert world.ask("GET", path)["value"][0]["subject"] == "dev"
    assert world.send("DELETE", f"{path}/{made['id']}").status == 204
    assert world.refused("GET", f"{path}/{made['id']}") == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "x"},
        {"name": "a b"},
        {"issuer": ""},
        {"subject": None},
        {"audiences": ["a", "b"]},
        {"audiences": "a"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_federated_credential_that_makes_no_sense_is_refused(world: World, changes: dict[str, Any]) -> None:
    assert world.refused("POST", application(world), CREDENTIAL | changes) == (400, "Request_BadRequest")


def test_an_issuer_and_a_subject_are_named_once_in_an_app(world: World) -> None:
    path = application(world)
    world.ask("POST", path, CREDENTIAL)
    assert world.refused("POST", path, CREDENTIAL)[0] == 409
    assert world.refused("POST", path, CREDENTIAL | {"name": "other"})[0] == 400
    for number in range(19):
        world.ask("POST", path, CREDENTIAL | {"name": f"name{number}", "subject": str(number)})
    assert world.refused("POST", path, CREDENTIAL | {"name": "too-many", "subject": "x"})[0] == 400


def test_who_may_not_write_gets_no_credential_in(world: World) -> None:
    path = application(world)
    assert world.refused("POST", path, CREDENTIAL, who="plain") == (403, "Authorization_RequestDenied")


def batch(world: World, *requests: Any, who: str = "administrator") -> list[tuple[int, Any]]:
    answer = world.ask("POST", "$batch", {"requests": list(requests)}, who=who)
    return [(one["status"], one["body"]) for one in answer["responses"]]


def test_each_request_of_a_batch_is_judged_for_itself(world: World) -> None:
    found = batch(
        world,
        {"id": "1", "method": "GET", "url": "/users?$filter=startswith(displayName,'ada') and accountEnabled eq true"},
        {
            "id": "2",
            "method": "POST",
            "url": "/applications",
            "body": {"displayName": "x"},
            "headers": {"Authorization": "Bearer x"},
        },
        {"id": "3", "method": "GET", "url": "/me", "dependsOn": ["2"]},
        who="plain",
    )
    assert [status for status, _ in found] == [200, 403, 424]
    assert len(found[0][1]["value"]) == 1


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"id": str(number), "method": "GET", "url": "/me"} for number in range(21)],
        [{"method": "GET", "url": "/me"}],
        [{"id": "1", "method": "GET", "url": "/me"}] * 2,
        [{"id": "1", "method": "TRACE", "url": "/me"}],
        [{"id": "1", "method": "POST", "url": "/$batch"}],
        [{"id": "1", "method": "GET", "url": 7}],
        [{"id": "1", "method": "GET", "url": "/me", "dependsOn": ["2"]}],
        [7],
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_no_batch_is_refused(world: World, requests: Any) -> None:
    assert world.refused("POST", "$batch", {"requests": requests})[0] == 400


def test_a_batch_without_a_token_opens_nothing(world: World) -> None:
    sent = world.send("POST", "$batch", {"requests": [{"id": "1", "method": "GET", "url": "/users"}]}, who=None)
    assert isinstance(sent.body, bytes)
    assert [one["status"] for one in orjson.loads(sent.body)["responses"]] == [401]


def test_a_search_finds_words_that_begin_so(world: World) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    found = world.ask("GET", "groups", search='"displayName:anal"', headers=eventual)
    assert [one["displayName"] for one in found["value"]] == ["analysts"]
    assert world.ask("GET", "groups", search='"displayName:alysts"', headers=eventual)["value"] == []
    assert world.refused("GET", "groups", search='"displayName:anal"') == (400, "Request_UnsupportedQuery")
    assert world.refused("GET", "groups", search="displayName", headers=eventual)[0] == 400


def test_a_disabled_user_is_shown_so(world: World) -> None:
    path = f"users/{world.ids['ada']}"
    assert world.send("PATCH", path, {"accountEnabled": False}).status == 204
    assert world.ask("GET", path, select="accountEnabled")["accountEnabled"] is False
    assert world.refused("PATCH", path, {"accountEnabled": "no"})[0] == 400
