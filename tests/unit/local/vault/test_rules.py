"""What happens to secrets over time, and what a vault does not take."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.local.vault.conftest import World


def test_a_vaults_own_retention_shows_and_ends_what_was_deleted(world: World) -> None:
    made = world.ask("PUT", "/secrets/s", {"value": "v"})
    assert made["attributes"]["recoveryLevel"] == "CustomizedRecoverable+Purgeable"
    assert made["attributes"]["recoverableDays"] == 7
    world.ask("DELETE", "/secrets/s")
    world.clock.advance(timedelta(days=6))
    assert world.ask("GET", "/deletedsecrets/s")["id"] == made["id"]
    world.clock.advance(timedelta(days=1))
    assert world.refused("GET", "/deletedsecrets/s")[1] == "SecretNotFound"
    assert world.ask("PUT", "/secrets/s", {"value": "again"})["value"] == "again"


def test_a_protected_vault_does_not_purge(world: World) -> None:
    world.change(enablePurgeProtection=True, softDeleteRetentionInDays=90)
    assert world.ask("PUT", "/secrets/s", {"value": "v"})["attributes"]["recoveryLevel"] == "Recoverable"
    world.ask("DELETE", "/secrets/s")
    assert world.refused("DELETE", "/deletedsecrets/s")[:2] == (403, "Forbidden")
    assert world.ask("GET", "/deletedsecrets")["value"]


def test_a_vault_that_is_made_again_is_another_one(world: World) -> None:
    world.ask("PUT", "/secrets/s", {"value": "v"})
    world.resources.delete(world.vault.id)
    world.vault = world.resources.put(world.vault)
    assert world.ask("GET", "/secrets")["value"] == []


def test_the_newest_version_answers_with_and_without_a_slash(world: World) -> None:
    world.ask("PUT", "/secrets/s", {"value": "one"})
    world.ask("PUT", "/secrets/S", {"value": "two"})
    for path in ("/secrets/s", "/secrets/s/", "/SECRETS/s/"):
        assert world.ask("GET", path)["value"] == "two"


def test_pages_are_linked_by_absolute_urls_with_the_port(world: World) -> None:
    for number in range(3):
        world.ask("PUT", f"/secrets/s{number}", {"value": "v"})
    page = world.ask("GET", "/secrets", query="api-version=7.4&maxresults=2")
    assert page["nextLink"].startswith("https://contoso-vault.vault.azure.net:443/secrets?api-version=7.4&$skiptoken=")
    rest = world.ask("GET", "/secrets", query=page["nextLink"].partition("?")[2])
    assert [one["id"].rpartition("/")[2] for one in page["value"] + rest["value"]] == ["s0", "s1", "s2"]
    assert rest["nextLink"] is None
    assert not any("value" in one for one in page["value"])


def test_a_seed_adds_a_version_only_where_the_value_differs(world: World) -> None:
    for value in ("one", "one", "two"):
        world.chest.seed(world.vault, "seeded", value)
    assert len(world.ask("GET", "/secrets/seeded/versions")["value"]) == 2
    world.ask("DELETE", "/secrets/seeded")
    world.chest.seed(world.vault, "seeded", "three")
    assert world.refused("GET", "/secrets/seeded")[1] == "SecretNotFound"


def test_what_fails_changes_nothing(world: World) -> None:
    world.ask("PUT", "/secrets/s", {"value": "v", "tags": {"a": "b"}})
    assert world.refused("PATCH", "/secrets/s", {"tags": {"c": "d"}, "attributes": {"exp": "soon"}})[0] == 400
    assert world.ask("GET", "/secrets/s")["tags"] == {"a": "b"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/secrets/bad_name", {"value": "v"}, 400),
        ("PUT", "/secrets/" + "n" * 128, {"value": "v"}, 400),
        ("PUT", "/secrets/s", {}, 400),
        ("PUT", "/secrets/s", {"value": 7}, 400),
        ("PUT", "/secrets/s", {"value": "v" * 25_601}, 400),
        ("PUT", "/secrets/s", b"{", 400),
        ("PUT", "/secrets/s", ["value"], 400),
        ("PUT", "/secrets/s", {"value": "v", "tags": {"a": 1}}, 400),
        ("PUT", "/secrets/s", {"value": "v", "attributes": {"nbf": 20, "exp": 10}}, 400),
        ("PUT", "/secrets/s", {"value": "v", "attributes": {"exp": 1.5}}, 400),
        ("PUT", "/secrets/s", {"value": "v", "attributes": {"exp": 10**15}}, 400),
        ("POST", "/secrets/restore", {"value": "AAAA"}, 400),
        ("POST", "/secrets/restore", {}, 400),
        ("PATCH", "/secrets/s", {"value": "v"}, 404),
        ("POST", "/secrets/s", {}, 405),
        ("GET", "/keys", None, 404),
        ("GET", "/", None, 404),
    ],
    ids=lambda value: str(value)[:32],
)
def test_what_makes_no_sense_is_refused_in_the_vaults_envelope(
    world: World, method: str, path: str, body: object, status: int
) -> None:
    assert world.refused(method, path, body)[0] == status
    assert world.ask("GET", "/secrets")["value"] == []


@pytest.mark.parametrize("query", ["", "api-version=", "api-version=latest", "api-version=8.0"])
def test_an_api_version_is_needed_and_must_be_known(world: World, query: str) -> None:
    assert world.refused("GET", "/secrets", query=query)[:2] == (400, "BadParameter")
