"""The other credentials of azure-identity and msal's own clients, sync and async, with their caches and retries."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import jwt
import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AuthorizationCodeCredential,
    ChainedTokenCredential,
    ClientSecretCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    OnBehalfOfCredential,
    UsernamePasswordCredential,
)
from azure.identity.aio import AuthorizationCodeCredential as AsyncAuthorizationCodeCredential
from azure.identity.aio import OnBehalfOfCredential as AsyncOnBehalfOfCredential

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
STORAGE = "https://storage.azure.com/.default"
ADA = "ada@contoso.onmicrosoft.com"
REDIRECT = "https://app.example/back"
TOPOLOGY = """
[[tenants]]
name = "contoso"

  [[tenants.users]]
  name = "ada@contoso.onmicrosoft.com"

  [[tenants.apps]]
  name = "middle"
  identifier_uris = ["api://middle"]
  token_version = 2
  redirect_uris = ["https://app.example/back"]

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "rg"

      [[tenants.subscriptions.resource_groups.managed_identities]]
      name = "node"

      [[tenants.subscriptions.resource_groups.data_share_accounts]]
      name = "shares"

      [[tenants.subscriptions.resource_groups.virtual_machines]]
      name = "web"
      identities = ["node"]
"""


@pytest.fixture(scope="session")
def azure(azure_of: AzureOf) -> LocalAzure:
    return azure_of(TOPOLOGY)


@pytest.fixture(scope="session")
def who(azure: LocalAzure) -> Callable[[str], dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {}

    def of(name: str) -> dict[str, Any]:
        if name not in known:
            known[name] = azure.credentials(name)
        return known[name]

    return of


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def by_password(azure: LocalAzure, ada: dict[str, Any]) -> UsernamePasswordCredential:
    return UsernamePasswordCredential(CLI, ADA, ada["password"], tenant_id=ada["tenant_id"], **azure.sdk)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_user_name_and_a_password(azure: LocalAzure, who: Callable[[str], dict[str, Any]]) -> None:
    credential = by_password(azure, who(ADA))
    assert claims(credential.get_token(STORAGE).token)["oid"] == who(ADA)["object_id"]
    assert claims(credential.get_token("https://vault.azure.net/.default").token)["aud"] == "https://vault.azure.net"
    wrong = UsernamePasswordCredential(CLI, ADA, "wrong", tenant_id=who(ADA)["tenant_id"], **azure.sdk)
    with pytest.raises(ClientAuthenticationError, match="AADSTS50126"):
        wrong.get_token(STORAGE)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_on_behalf_of_a_person_sync_and_async(azure: LocalAzure, who: Callable[[str], dict[str, Any]]) -> None:
    middle = {name: who("middle")[name] for name in ("tenant_id", "client_id", "client_secret")}
    person = by_password(azure, who(ADA)).get_token("api://middle/.default").token
    assert claims(person)["ver"] == "2.0"
    credential = OnBehalfOfCredential(**middle, user_assertion=person, **azure.sdk)
    found = claims(credential.get_token(STORAGE).token)
    assert (found["oid"], found["appid"]) == (who(ADA)["object_id"], middle["client_id"])

    async def ask() -> str:
        async with AsyncOnBehalfOfCredential(**middle, user_assertion=person, **azure.sdk) as one:
            return (await one.get_token(STORAGE)).token

    assert claims(asyncio.run(ask()))["oid"] == who(ADA)["object_id"]
    wrong = OnBehalfOfCredential(**middle, user_assertion=person[:-6] + "AAAAAA", **azure.sdk)
    with pytest.raises(ClientAuthenticationError, match="AADSTS50013"):
        wrong.get_token(STORAGE)


def code(azure: LocalAzure, ada: dict[str, Any], middle: dict[str, Any]) -> str:
    """Sign in on the page, as a person does."""
    query = {
        "client_id": middle["client_id"],
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": f"{STORAGE} offline_access openid profile",
    }
    page = f"https://login.microsoftonline.com/{ada['tenant_id']}/oauth2/v2.0/authorize"
    form = {"login": ADA, "passwd": ada["password"]}
    sent: dict[str, Any] = {
        "proxies": azure.sdk["proxies"],
        "verify": azure.ca_bundle,
        "timeout": 20,
        "allow_redirects": False,
    }
    answer = requests.post(page, params=query, data=form, **sent)
    return answer.headers["Location"].partition("code=")[2].partition("&")[0].replace("%3D", "=")


def test_an_authorization_code_of_a_web_app_sync_and_async(
    azure: LocalAzure, who: Callable[[str], dict[str, Any]]
) -> None:
    middle = {name: who("middle")[name] for name in ("tenant_id", "client_id", "client_secret")}

    def make(kind: Any) -> Any:
        return kind(**middle, authorization_code=code(azure, who(ADA), middle), redirect_uri=REDIRECT, **azure.sdk)

    credential = make(AuthorizationCodeCredential)
    first = credential.get_token(STORAGE).token
    assert claims(first)["oid"] == who(ADA)["object_id"]
    assert credential.get_token(STORAGE).token == first  # from its cache: the code is used up

    async def ask() -> str:
        async with make(AsyncAuthorizationCodeCredential) as one:
            return str((await one.get_token(STORAGE)).token)

    assert claims(asyncio.run(ask()))["oid"] == who(ADA)["object_id"]


def test_the_environment_and_a_chain(
    azure: LocalAzure, who: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tenant_id", "client_id", "client_secret"):
        monkeypatch.setenv(f"AZURE_{name.upper()}", who("middle")[name])
    chain = ChainedTokenCredential(EnvironmentCredential(**azure.sdk), ManagedIdentityCredential(**azure.sdk))
    assert claims(chain.get_token(STORAGE).token)["oid"] == who("middle")["object_id"]


@pytest.mark.parametrize("name", ["node", "data-share:shares"])
def test_an_identity_of_a_resource_by_every_name(
    azure: LocalAzure, who: Callable[[str], dict[str, Any]], name: str
) -> None:
    node = who(name)
    script = (
        "import json, sys; from azure.identity import ManagedIdentityCredential as M\n"
        "from azure.identity import DefaultAzureCredential as D\n"
        f"ids = {{'client_id': {node['client_id']!r}, 'object_id': {node['object_id']!r}}}\n"
        "made = [M(), M(client_id=ids['client_id']), M(identity_config={'object_id': ids['object_id']}), D()]\n"
        f"print(json.dumps([one.get_token('{STORAGE}').token for one in made]))"
    )
    for route in ({}, {"IDENTITY_ENDPOINT": "", "IDENTITY_HEADER": ""}):  # App Service, and the metadata address
        environment = {**azure.exec_env(name), **route}
        for empty in [key for key, value in route.items() if not value]:
            del environment[empty]
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment, timeout=60
        )
        assert done.returncode == 0, done.stderr
        found = [claims(token) for token in json.loads(done.stdout)]
        assert {one["oid"] for one in found} == {node["object_id"]}
        assert all("/providers/" in one["xms_mirid"] for one in found)


def test_a_machine_has_its_own_identity_and_those_assigned_to_it(
    azure: LocalAzure, who: Callable[[str], dict[str, Any]]
) -> None:
    script = (
        "import json; from azure.identity import DefaultAzureCredential as D, ManagedIdentityCredential as M\n"
        f"made = [M(), D(), M(client_id={who('node')['client_id']!r})]\n"
        f"print(json.dumps([one.get_token('{STORAGE}').token for one in made]))"
    )
    done = azure.run_as("web", "python", "-c", script)
    assert done.returncode == 0, done.stderr
    own, node = who("web")["object_id"], who("node")["object_id"]
    assert [claims(token)["oid"] for token in json.loads(done.stdout)] == [own, own, node]


def test_azure_mls_own_source_of_an_identity(
    azure: LocalAzure, who: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = azure.exec_env("node")
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MSI_ENDPOINT", environment["IDENTITY_ENDPOINT"])
    monkeypatch.setenv("MSI_SECRET", environment["IDENTITY_HEADER"])
    credential = ManagedIdentityCredential(client_id=who("node")["client_id"], **azure.sdk)
    assert claims(credential.get_token(STORAGE).token)["oid"] == who("node")["object_id"]


def session(azure: LocalAzure) -> requests.Session:
    found = requests.Session()
    found.trust_env = False  # or a CA bundle of the environment is used
    found.proxies, found.verify = azure.sdk["proxies"], azure.ca_bundle
    return found


def test_msals_clients_keep_and_renew_what_they_got(azure: LocalAzure, who: Callable[[str], dict[str, Any]]) -> None:
    authority = f"https://login.microsoftonline.com/{who(ADA)['tenant_id']}"
    client = msal.ConfidentialClientApplication(
        who("middle")["client_id"],
        client_credential=who("middle")["client_secret"],
        authority=authority,
        http_client=session(azure),
    )
    first = client.acquire_token_for_client([STORAGE])
    second = client.acquire_token_for_client([STORAGE])
    assert (first["token_source"], second["token_source"]) == ("identity_provider", "cache")
    assert first["access_token"] == second["access_token"]
    cache = msal.SerializableTokenCache()
    app = msal.PublicClientApplication(CLI, authority=authority, token_cache=cache, http_client=session(azure))
    flow = app.initiate_device_flow([STORAGE])
    azure.command("approve", flow["user_code"], "--user", ADA)
    assert "access_token" in app.acquire_token_by_device_flow(flow)
    kept = msal.SerializableTokenCache()
    kept.deserialize(cache.serialize())
    later = msal.PublicClientApplication(CLI, authority=authority, token_cache=kept, http_client=session(azure))
    (account,) = later.get_accounts()
    renewed = later.acquire_token_silent(["https://management.azure.com/.default"], account, force_refresh=True)
    assert renewed is not None
    assert claims(renewed["access_token"])["oid"] == who(ADA)["object_id"]


def test_a_claims_challenge_is_kept_in_the_token(azure: LocalAzure, who: Callable[[str], dict[str, Any]]) -> None:
    middle = {name: who("middle")[name] for name in ("tenant_id", "client_id", "client_secret")}
    credential = ClientSecretCredential(**middle, **azure.sdk)
    assert "xms_cc" not in claims(credential.get_token(STORAGE).token)
    assert claims(credential.get_token(STORAGE, enable_cae=True).token)["xms_cc"] == ["CP1"]


def test_trouble_that_passes_is_retried_by_the_credential(
    azure: LocalAzure, who: Callable[[str], dict[str, Any]]
) -> None:
    middle = {name: who("middle")[name] for name in ("tenant_id", "client_id", "client_secret")}
    azure.command("fault", "add", "503", "--host", "login.microsoftonline.com", "--count", "2")
    started = time.monotonic()
    assert ClientSecretCredential(**middle, **azure.sdk).get_token(STORAGE).token
    assert time.monotonic() - started < 60
    assert os.environ.get("AZURE_CLIENT_SECRET") is None
