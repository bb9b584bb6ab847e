"""azure-identity's credentials for workloads: a token of another issuer is all that the app has."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientAssertionCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    WorkloadIdentityCredential,
)
from azure.identity.aio import ClientAssertionCredential as AsyncClientAssertionCredential
from azure.identity.aio import WorkloadIdentityCredential as AsyncWorkloadIdentityCredential
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

SCRIPTS = Path(__file__).parents[1] / "scripts"
STORAGE = "https://storage.azure.com/.default"
BUILD = "https://token.builds.example"
TOPOLOGY = """
[[issuers]]
url = "https://oidc.example/cluster/"
keys = "generated"

[[issuers]]
url = "https://token.builds.example"
keys = "builds.json"

[[tenants]]
name = "contoso"
block_sign_ins = ["device_code"]

  [[tenants.users]]
  name = "ada@contoso.onmicrosoft.com"

  [[tenants.apps]]
  name = "loader"
    [[tenants.apps.federated_credentials]]
    name = "cluster"
    issuer = "https://oidc.example/cluster/"
    subject = "system:serviceaccount:default:loader"

  [[tenants.apps]]
  name = "builder"
    [[tenants.apps.federated_credentials]]
    name = "main-branch"
    issuer = "https://token.builds.example"
    subject = "repo:contoso/lake:ref:refs/heads/main"

[[tenants]]
name = "fabrikam"

  [[tenants.users]]
  name = "grace@fabrikam.onmicrosoft.com"

  [[tenants.apps]]
  name = "consumer"
"""


@pytest.fixture(scope="session")
def builds_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def azure(azure_of: AzureOf, builds_key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> LocalAzure:
    folder = tmp_path_factory.mktemp("workloads")
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(builds_key.public_key())) | {"kid": "one", "use": "sig"}
    (folder / "builds.json").write_text(json.dumps({"keys": [jwk]}))
    return azure_of(TOPOLOGY, folder)


def oid(token: str) -> str:
    return str(jwt.decode(token, options={"verify_signature": False})["oid"])


def who(azure: LocalAzure, name: str) -> dict[str, str]:
    found = azure.credentials(name)
    return {key: str(found[key]) for key in ("tenant_id", "client_id")}


def build_token(key: rsa.RSAPrivateKey, **changes: Any) -> str:  # Any: claims of all kinds
    now = int(time.time())
    claims = {
        "iss": BUILD,
        "sub": "repo:contoso/lake:ref:refs/heads/main",
        "aud": "api://AzureADTokenExchange",
        "nbf": now - 5,
        "exp": now + 300,
    }
    return jwt.encode(claims | changes, key, "RS256", {"kid": "one"})


def test_a_cluster_stands_in_for_by_a_file(azure: LocalAzure, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(azure.command("assertion", "loader").stdout.strip())
    here = {**who(azure, "loader"), "token_file_path": str(file)}
    expected = azure.credentials("loader")["object_id"]
    assert oid(WorkloadIdentityCredential(**here, **azure.sdk).get_token(STORAGE).token) == expected

    async def ask() -> str:
        options = {"proxies": azure.sdk["proxies"], "connection_verify": azure.ca_bundle}
        async with AsyncWorkloadIdentityCredential(**here, **options) as credential:
            return (await credential.get_token(STORAGE)).token

    assert oid(asyncio.run(ask())) == expected


def test_under_exec_the_default_chain_finds_the_workloads_token(azure: LocalAzure) -> None:
    script = (
        "from azure.identity import DefaultAzureCredential\n"
        f"print(DefaultAzureCredential().get_token('{STORAGE}').token)"
    )
    done = azure.run_as("loader", "python", "-c", script)
    assert done.returncode == 0, done.stderr
    assert oid(done.stdout.strip()) == azure.credentials("loader")["object_id"]


def test_a_build_signs_in_with_its_own_services_token(azure: LocalAzure, builds_key: rsa.RSAPrivateKey) -> None:
    here = who(azure, "builder")
    credential = ClientAssertionCredential(**here, func=lambda: build_token(builds_key), **azure.sdk)
    assert oid(credential.get_token(STORAGE).token) == azure.credentials("builder")["object_id"]

    async def ask() -> str:
        options = {"proxies": azure.sdk["proxies"], "connection_verify": azure.ca_bundle}
        async with AsyncClientAssertionCredential(**here, func=lambda: build_token(builds_key), **options) as one:
            return (await one.get_token(STORAGE)).token

    assert oid(asyncio.run(ask())) == azure.credentials("builder")["object_id"]


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"sub": "repo:contoso/lake:ref:refs/heads/other"}, 700213),
        ({"sub": "repo:Contoso/lake:ref:refs/heads/main"}, 7002138),
        ({"iss": "https://token.builds.example/"}, 700211),
        ({"aud": "https://github.com/contoso"}, 700212),
        ({"exp": 1_700_000_000}, 700024),
    ],
)
def test_another_branch_is_refused_by_number(
    azure: LocalAzure, builds_key: rsa.RSAPrivateKey, changes: dict[str, Any], number: int
) -> None:
    credential = ClientAssertionCredential(
        **who(azure, "builder"), func=lambda: build_token(builds_key, **changes), **azure.sdk
    )
    with pytest.raises(ClientAuthenticationError, match=f"AADSTS{number}:"):
        credential.get_token(STORAGE)


def test_a_device_code_is_approved_on_the_command_line(azure: LocalAzure) -> None:
    said: list[str] = []

    def prompt(_uri: str, code: str, _expires: object) -> None:
        said.append(azure.command("approve", code, "--user", "grace@fabrikam.onmicrosoft.com").stdout)

    tenant = azure.credentials("consumer")["tenant_id"]
    credential = DeviceCodeCredential(tenant_id=tenant, prompt_callback=prompt, **azure.sdk)
    assert oid(credential.get_token(STORAGE).token) == azure.credentials("grace@fabrikam.onmicrosoft.com")["object_id"]
    assert said[0].startswith("approved ")


def test_a_tenant_that_blocks_device_codes_says_so(azure: LocalAzure) -> None:
    said: list[str] = []

    def prompt(_uri: str, code: str, _expires: object) -> None:
        done = azure.command("approve", code, "--user", "ada@contoso.onmicrosoft.com", check=False)
        said.append(done.stderr)

    tenant = who(azure, "loader")["tenant_id"]
    credential = DeviceCodeCredential(tenant_id=tenant, prompt_callback=prompt, **azure.sdk)
    with pytest.raises(ClientAuthenticationError, match="AADSTS53003"):
        credential.get_token(STORAGE)
    assert "AADSTS53003" in said[0]


def test_who_has_an_old_key_list_reads_the_new_one_after_a_rotation(azure: LocalAzure) -> None:
    found = azure.credentials("consumer")
    jwks = jwt.PyJWKClient(f"https://login.microsoftonline.com/{found['tenant_id']}/discovery/keys")

    def fetched() -> dict[str, Any]:
        answer = requests.get(jwks.uri, proxies=azure.sdk["proxies"], verify=azure.ca_bundle, timeout=20)
        return dict(answer.json())

    jwks.fetch_data = fetched  # type: ignore[method-assign]  # the proxy alone; keys are cached as PyJWT does
    secret = {name: found[name] for name in ("tenant_id", "client_id", "client_secret")}
    first = ClientSecretCredential(**secret, **azure.sdk).get_token(STORAGE).token
    old = jwks.get_signing_key_from_jwt(first)
    lines = azure.command("keys", "rotate", "--json").stdout.splitlines()
    assert [json.loads(line).get("signs") for line in lines] == [True, False, None]
    second = ClientSecretCredential(**secret, **azure.sdk).get_token(STORAGE).token
    new = jwks.get_signing_key_from_jwt(second)
    assert new.key_id != old.key_id
    for token, key in ((first, old.key), (second, new.key)):
        assert jwt.decode(token, key, ["RS256"], audience="https://storage.azure.com")["oid"] == found["object_id"]
    azure.command("keys", "retire", str(old.key_id))
    assert [one["kid"] for one in fetched()["keys"]] == [new.key_id]
    assert azure.command("keys", "retire", str(new.key_id), check=False).returncode == 1
