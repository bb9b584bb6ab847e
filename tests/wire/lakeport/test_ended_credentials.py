"""What signs in for a time only: when it has ended, the doctor and every command say what to renew."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from lakeport import doctor, identity, profiles
from lakeport.profiles import local

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

TOPOLOGY = """
[[issuers]]
url = "https://token.builds.example"
keys = "builds.json"

[[tenants]]
name = "contoso"

  [[tenants.apps]]
  name = "owner"

  [[tenants.apps]]
  name = "certified"
  certificate = "generated"

  [[tenants.apps]]
  name = "builder"
    [[tenants.apps.federated_credentials]]
    name = "main"
    issuer = "https://token.builds.example"
    subject = "main"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "lake"
    location = "westeurope"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "endedlake"
      file_systems = ["raw"]

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"
"""
AHEAD = """
import sys, time
from datetime import UTC, datetime, timedelta
from lakeport.clock import SystemClock
from lakeport.cli import main
machine = time.time
time.time = lambda: machine() + 3600
SystemClock.now = lambda self: datetime.now(UTC) + timedelta(hours=1)
sys.exit(main(sys.argv[1:]))
"""
"""The command line on a machine whose clock is an hour ahead."""
URL = "abfss://raw@endedlake.dfs.core.windows.net/"


@pytest.fixture
def builds_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def ending(
    new_azure: NewAzure,
    here: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    builds_key: rsa.RSAPrivateKey,
) -> LocalAzure:
    """A local Azure with an app by secret, one by certificate, and one that another issuer vouches for."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(builds_key.public_key())) | {"kid": "one", "use": "sig"}
    keys = tmp_path_factory.mktemp("issuer") / "builds.json"
    keys.write_text(json.dumps({"keys": [jwk]}))
    running = new_azure(topology=TOPOLOGY.replace("builds.json", str(keys)))
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(running.state))
    local.forget()
    return running


def sign_in_of(profile: profiles.Profile) -> doctor.Finding:
    """What the doctor says of signing in, which is the last of it."""
    last = list(doctor.examine(profile, account="endedlake"))[-1]
    assert (last.link, last.ends) == ("sign-in", True), last
    return last


def made_secret(azure: LocalAzure, client_id: str, ends_at: datetime) -> str:
    """A second secret of an app, made through Graph, that ends."""
    graph = "https://graph.microsoft.com"
    owner = identity.credential(profiles.resolve("local:owner"))
    answer = requests.post(
        f"{graph}/v1.0/applications(appId='{client_id}')/addPassword",
        json={"passwordCredential": {"endDateTime": f"{ends_at:%Y-%m-%dT%H:%M:%SZ}"}},
        headers={"Authorization": f"Bearer {owner.get_token(f'{graph}/.default').token}"},
        proxies={"https": azure.proxy},
        verify=azure.ca_bundle,
        timeout=20,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["secretText"])


def test_a_secret_that_has_ended_is_told_with_how_to_make_another(
    ending: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    ids = ending.credentials("owner")
    secret = made_secret(ending, str(ids["client_id"]), datetime.now(UTC) + timedelta(days=2))
    (here / "secret").write_text(secret)
    (here / "lakeport.toml").write_text(
        "[profiles.ended]\n"
        f'cloud = "local"\ntenant_id = "{ids["tenant_id"]}"\nclient_id = "{ids["client_id"]}"\n'
        f'client_secret = {{file = "{here / "secret"}"}}\n'
    )
    assert lakeport("token", "ended").status == 0
    ending.command("clock", "advance", "3d")
    found = sign_in_of(profiles.resolve("ended"))
    renew = f"Make a new client secret: az ad app credential reset --id {ids['client_id']} --append"
    assert (found.verdict, found.code, found.hint) == ("problem", "AADSTS7000222", renew)
    assert secret not in repr(found)
    refused = lakeport("ls", URL, "--profile", "ended", "--json")
    last = refused.rows[-1]
    assert (refused.status, last["error"], last["hint"]) == (4, "WrongSecret", renew), refused
    assert secret not in refused.out + refused.err
    assert lakeport("token", "local:owner").status == 0, "its other secret has no end"


def test_a_machine_whose_clock_is_wrong_is_told_to_set_it(ending: LocalAzure, here: Path) -> None:
    certificate = ending.exec_env("certified")["AZURE_CLIENT_CERTIFICATE_PATH"]
    ids = ending.credentials("certified")
    (here / "lakeport.toml").write_text(
        "[profiles.certified]\n"
        f'cloud = "local"\ntenant_id = "{ids["tenant_id"]}"\nclient_id = "{ids["client_id"]}"\n'
        f'certificate = "{certificate}"\n'
    )
    (here / "ahead.py").write_text(AHEAD)
    environment = {"LAKEPORT_LOCAL_STATE": str(ending.state)}
    done = ending.run_as(None, "python", "ahead.py", "doctor", URL, "--profile", "certified", "--json", env=environment)
    links = {row["link"]: row for row in map(json.loads, done.stdout.splitlines()) if "link" in row}
    assert (links["clock"]["verdict"], "ahead of the service" in links["clock"]["said"]) == ("problem", True), done
    assert (links["sign-in"]["verdict"], links["sign-in"]["code"]) == ("problem", "AADSTS700024"), done
    assert links["sign-in"]["hint"] == "The clock of this machine differs from the service's: set it"
    assert "account" not in links
    listed = ending.run_as(None, "python", "ahead.py", "ls", URL, "--profile", "certified", env=environment)
    assert (listed.returncode, "AADSTS700024" in listed.stderr, "set it" in listed.stderr) == (4, True, True), listed


def test_a_token_of_another_issuer_that_has_ended_is_to_be_renewed_by_whoever_issues_it(
    ending: LocalAzure, here: Path, builds_key: rsa.RSAPrivateKey
) -> None:
    ids = {key: str(ending.credentials("builder")[key]) for key in ("tenant_id", "client_id")}

    def written(**dates: int) -> profiles.Profile:
        claims: dict[str, Any] = {  # Any: claims of all kinds
            "iss": "https://token.builds.example",
            "sub": "main",
            "aud": "api://AzureADTokenExchange",
            **dates,
        }
        (here / "token").write_text(jwt.encode(claims, builds_key, "RS256", {"kid": "one"}))
        values = {"cloud": "local", "credential": "workload_identity", "token_file": str(here / "token"), **ids}
        return profiles.resolve(arguments=values, environment={})

    now = int(time.time())
    for dates in ({"nbf": now - 7200, "exp": now - 3600}, {"nbf": now + 3600, "exp": now + 7200}):
        found = sign_in_of(written(**dates))
        assert (found.verdict, found.code) == ("problem", "AADSTS700024"), found
        assert found.hint == "The token in token_file is not in its time: whoever issues it must renew it"
    good = written(nbf=now - 60, exp=now + 3600)
    assert identity.credential(good).get_token("https://storage.azure.com/.default").token
