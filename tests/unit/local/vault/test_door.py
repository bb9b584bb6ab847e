"""Who gets past a vault's door, and in which words the others are sent away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.local.vault.conftest import World

_CONTOSO = "11111111-1111-4111-8111-111111111111"
_CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{_CONTOSO}", resource="https://vault.azure.net"'


def test_without_a_token_the_challenge_names_the_vaults_tenant_before_the_body_is_read(world: World) -> None:
    response = world.send("PUT", "/secrets/new", {"value": "never read"}, token="")
    assert response.status == 401
    assert response.header("WWW-Authenticate") == _CHALLENGE
    assert "AKV10000" in world.refused("PUT", "/secrets/new", token="")[3]


@pytest.mark.parametrize(
    "audience",
    [
        "https://vault.azure.net/",
        "https://contoso-vault.vault.azure.net",
        "spn:cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        "https://management.azure.com",
        "https://storage.azure.com",
        "https://graph.microsoft.com",
    ],
)
def test_every_audience_but_key_vaults_own_is_refused_as_akv10022(world: World, audience: str) -> None:
    status, code, _, message = world.refused("GET", "/secrets", token=world.token("keeper", audience))
    assert (status, code) == (401, "Unauthorized")
    assert message.startswith("AKV10022")
    assert message.endswith(f"found: {audience}.")


def test_the_uri_and_the_guid_are_the_two_audiences(world: World) -> None:
    for audience in ("https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"):
        assert world.ask("GET", "/secrets", token=world.token("keeper", audience))["value"] == []


def test_a_token_of_another_tenant_is_refused_as_akv10032_with_both_issuers(world: World) -> None:
    status, _, _, message = world.refused("GET", "/secrets", who="stranger")
    assert status == 401
    assert message.startswith("AKV10032")
    assert message.count("https://sts.windows.net/") == 2
    assert world.send("GET", "/secrets", who="stranger").header("WWW-Authenticate") == _CHALLENGE


def test_an_expired_token_and_rubbish_are_challenged(world: World) -> None:
    token = world.token("keeper")
    world.clock.advance(timedelta(hours=2))
    for sent in (token, "x.y.z", "\udcff"):
        assert world.send("GET", "/secrets", token=sent).status == 401


def test_a_role_at_one_secret_opens_that_secret_alone(world: World) -> None:
    for name in ("mine", "other"):
        world.ask("PUT", f"/secrets/{name}", {"value": name})
    world.assign("plain", "4633458b-17de-408a-b874-0445c86b69e6", f"{world.vault.id}/secrets/mine")
    assert world.ask("GET", "/secrets/mine", who="plain")["value"] == "mine"
    status, code, inner, message = world.refused("GET", "/secrets/other", who="plain")
    assert (status, code, inner) == (403, "Forbidden", "ForbiddenByRbac")
    for part in ("appid=bbbbbbbb", "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'", "Assignment: (not found)",
                 "Vault: contoso-vault;location=westeurope"):  # fmt: skip
        assert part in message
    refusals = [one for one in world.log.of("a request") if not one.allowed]
    assert refusals[-1].smallest_grant.startswith("role 'Key Vault Secrets User'")


def test_the_owner_of_the_subscription_reads_no_secret(world: World) -> None:
    world.assign("plain", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "/subscriptions/33333333-3333-4333-8333-333333333333")
    assert world.refused("GET", "/secrets", who="plain")[2] == "ForbiddenByRbac"


def _policy(world: World, who: str, *permissions: str, **more: str) -> dict[str, Any]:
    return {
        "tenantId": _CONTOSO,
        "objectId": world.object_id(who),
        "permissions": {"secrets": list(permissions)},
        **more,
    }


def test_a_vault_with_access_policies_goes_by_them_and_not_by_roles(world: World) -> None:
    world.ask("PUT", "/secrets/s", {"value": "v"})
    world.change(enableRbacAuthorization=False, accessPolicies=[_policy(world, "plain", "Get", "list")])
    assert world.ask("GET", "/secrets/s", who="plain")["value"] == "v"
    assert len(world.ask("GET", "/secrets", who="plain")["value"]) == 1
    assert world.refused("PUT", "/secrets/s", {"value": "w"}, who="plain")[2] == "AccessDenied"
    assert world.refused("GET", "/secrets/s", who="keeper")[2] == "AccessDenied"
    assert world.refused("GET", "/certificates", who="plain")[2] == "AccessDenied"


def test_an_access_policy_for_another_application_or_tenant_permits_nothing(world: World) -> None:
    other = "cccccccc-0000-4000-8000-000000000001"
    for more in ({"applicationId": other}, {"tenantId": other}):
        world.change(enableRbacAuthorization=False, accessPolicies=[_policy(world, "plain", "all", **more)])
        assert world.refused("GET", "/secrets", who="plain")[2] == "AccessDenied"


def test_network_rules_come_before_tokens(world: World) -> None:
    world.change(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.0/24"}]})
    assert world.refused("GET", "/secrets", token="")[2] == "ForbiddenByFirewall"
    world.change(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24"}]})
    assert world.ask("GET", "/secrets")["value"] == []


@pytest.mark.parametrize(
    "host",
    [
        "nothing.vault.azure.net",
        "contoso-vault.evil.vault.azure.net",
        "vault.azure.net",
        "x.contoso-vault.vault.azure.net",
    ],
)
def test_a_host_that_is_no_vault_has_nothing(world: World, host: str) -> None:
    assert world.send("GET", "/secrets", host=host).status == 404
