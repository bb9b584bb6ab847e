"""Canaries: secrets planted everywhere appear in no log, no output, no traceback and no process's arguments."""

from __future__ import annotations

import base64
import os
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
import pytest
from azure.identity import ClientSecretCredential
from azure.storage.filedatalake import AccountSasPermissions, ResourceTypes, generate_account_sas

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

APP_SECRET = "canary-app-secret-4711-zq"
PASSWORD = "Canary-password-4712-zq"
ACCOUNT_KEY = base64.b64encode(b"canary account key 4713 zq, of thirty-two bytes").decode()
VAULT_SECRET = "canary-vault-value-4714-zq"
WRONG_SECRET = "canary-wrong-secret-4715-zq"
LATER_SECRET = "canary-later-value-4716-zq"
NEW_PASSWORD = "Canary-password-4717-zq"
TOPOLOGY = f"""
[[tenants]]
name = "contoso"

  [[tenants.apps]]
  name = "provider"
  client_secret = "{APP_SECRET}"

  [[tenants.users]]
  name = "ada@contoso.onmicrosoft.com"
  password = "{PASSWORD}"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "lake"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "canarylake"
      key = "{ACCOUNT_KEY}"
      file_systems = ["share-data"]

      [[tenants.subscriptions.resource_groups.key_vaults]]
      name = "canary-vault"
      secrets = {{ "planted" = "{VAULT_SECRET}" }}

      [[tenants.subscriptions.resource_groups.managed_identities]]
      name = "node"

  [[tenants.role_assignments]]
  principal = "provider"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "provider"
  role = "Key Vault Secrets Officer"
  scope = "/subscriptions/main"
"""
LOUD = {"LAKEPORT_TRACEBACK": "1", "PYTHONASYNCIODEBUG": "1"}
STORES = {".db", ".db-wal", ".db-shm", ".pem", ".jwt"}
"""What a state folder keeps secrets in, by design: its database and its keys."""
LOUDLY = """
import logging, os, sys
logging.basicConfig(level=1)
os.environ.update({"AZURE_CLIENT_SECRET": os.environ["CANARY"]} if "CANARY" in os.environ else {})
sys.argv[0] = "lakeport"
from lakeport.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The client's command line with every library's log on stderr; `CANARY` stands in for the app's secret."""


class Watch:
    """Everything that was said and could be seen."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    def add(self, where: str, text: str) -> None:
        self.said[f"{len(self.said)}: {where}"] = text

    @contextmanager
    def arguments(self) -> Iterator[None]:
        """Note the arguments of every process of the machine that comes up meanwhile."""
        done, seen = threading.Event(), set()

        def look() -> None:
            while not done.wait(0.05):
                for file in Path("/proc").glob("[0-9]*/cmdline"):
                    with suppress(OSError):
                        seen.add(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))

        watcher = threading.Thread(target=look)
        watcher.start()
        yield
        done.set()
        watcher.join()
        self.add("process arguments", "\n".join(seen))

    def folder(self, folder: Path) -> None:
        for file in folder.rglob("*"):
            if file.is_file() and not file.is_symlink() and file.suffix not in STORES and "content" not in file.parts:
                self.add(str(file), file.read_text(errors="replace"))

    def found(self, secrets: dict[str, str]) -> list[tuple[str, str]]:
        """Return which secret stands where."""
        return [
            (name, where) for where, text in self.said.items() for name, secret in secrets.items() if secret in text
        ]


class Stage:
    """A local Azure with the canaries planted, asked by services and commands."""

    def __init__(self, azure: LocalAzure, watch: Watch) -> None:
        self.azure, self.watch = azure, watch
        self.client = httpx.Client(proxy=azure.proxy, verify=ssl.create_default_context(cafile=azure.ca_bundle))
        self.who = azure.credentials("provider")
        sign_in = ClientSecretCredential(self.who["tenant_id"], self.who["client_id"], APP_SECRET, **azure.sdk)
        names = {"storage": "https://storage.azure.com", "arm": "https://management.azure.com"}
        names |= {"vault": "https://vault.azure.net", "graph": "https://graph.microsoft.com"}
        self.tokens = {name: sign_in.get_token(f"{resource}/.default").token for name, resource in names.items()}
        self.sas = generate_account_sas(
            "canarylake", ACCOUNT_KEY, ResourceTypes(service=True, file_system=True, object=True),
            AccountSasPermissions(read=True, list=True, write=True), datetime.now(UTC) + timedelta(hours=1),
        )  # fmt: skip

    @property
    def signature(self) -> str:
        return self.sas.partition("sig=")[2].partition("&")[0]

    def send(
        self, method: str, url: str, service: str = "", *, may_tell: bool = False, **more: object
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[service]}"} if service else {}
        answer = self.client.request(method, url, headers=headers, **more)  # type: ignore[arg-type]  # httpx's own keywords
        if not may_tell:
            self.watch.add(f"{method} {url.partition('?')[0]}", f"{answer.headers}\n{answer.text}")
        return answer

    def run(self, *program: str, as_whom: str | None = "provider", **env: str) -> None:
        done = self.azure.run_as(as_whom, *program, env={**LOUD, **env})
        assert done.returncode < 120, done.stderr
        self.watch.add(" ".join(program), done.stdout + done.stderr)


def services(stage: Stage) -> dict[str, str]:
    """Ask every service, rightly and wrongly; return the secrets that came of it."""
    token = f"https://login.microsoftonline.com/{stage.who['tenant_id']}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": stage.who["client_id"],
        "scope": "https://vault.azure.net/.default",
    }
    for wrong in (
        {"client_secret": WRONG_SECRET},
        {"client_secret": APP_SECRET, "scope": "x"},
        {"client_assertion": WRONG_SECRET},
    ):
        stage.send("POST", token, data=form | wrong)
        stage.send("POST", token + "?client_secret=" + WRONG_SECRET, content=urlencode(form | wrong), data=None)
    user = {
        "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "username": "ada@contoso.onmicrosoft.com",
        "grant_type": "password",
    }
    scope = {"scope": "https://storage.azure.com/.default offline_access"}
    stage.send("POST", token, data=user | scope | {"password": WRONG_SECRET})
    refresh = stage.send("POST", token, may_tell=True, data=user | scope | {"password": PASSWORD}).json()[
        "refresh_token"
    ]
    vault = "https://canary-vault.vault.azure.net/secrets"
    stage.send("PUT", f"{vault}/later?api-version=7.4", "vault", may_tell=True, json={"value": LATER_SECRET})
    stage.send("PUT", f"{vault}/la_ter?api-version=7.4", "vault", json={"value": LATER_SECRET})
    stage.send("PUT", f"{vault}/later?api-version=7.4", "storage", json={"value": LATER_SECRET})
    stage.send("PUT", f"{vault}/later?api-version=7.4", "vault", json={"value": [LATER_SECRET]})
    stage.send("GET", f"{vault}?api-version=7.4", "vault")
    lake = "https://canarylake.dfs.core.windows.net/share-data"
    for bad in (stage.sas, stage.sas.replace("sp=", "sp=x"), stage.sas[:-6] + "AAAAAA"):
        stage.send("GET", f"{lake}/none?{bad}")
        stage.send("DELETE", f"{lake}?resource=filesystem&{bad}")
    stage.send("GET", f"{lake}/none", "vault")
    stage.send("GET", f"{lake}/none", "storage")
    account = "https://management.azure.com/subscriptions"
    for service in ("arm", "graph"):
        stage.send("GET", f"{account}/00000000-0000-4000-8000-000000000000/providers?api-version=2022-12-01", service)
        stage.send("GET", "https://graph.microsoft.com/v1.0/me", service)
    body = {
        "accountEnabled": True,
        "displayName": "x",
        "mailNickname": "x",
        "userPrincipalName": "x@contoso.onmicrosoft.com",
    }
    people = "https://graph.microsoft.com/v1.0/users"
    stage.send("POST", people, "graph", json=body | {"passwordProfile": {"password": NEW_PASSWORD}})
    stage.send("POST", people, "graph", json=body | {"passwordProfile": {"password": NEW_PASSWORD}})
    stage.send("POST", people, "graph", json=body | {"passwordProfile": NEW_PASSWORD})
    return {"refresh token": refresh}


def commands(stage: Stage, folder: Path) -> None:
    """Run what people run, in order and out of order, as loud as it gets."""
    azure = stage.azure
    asked: tuple[tuple[str, ...], ...] = (
        ("status", "--json"),
        ("credentials",),
        ("credentials", "--json"),
        ("keys", "rotate", "--json"),
        ("approve", "NOTHERE", "--user", "ada@contoso.onmicrosoft.com"),
        ("explain", "x"),
        ("exec", "--as", "nobody", "--", "true"),
    )
    for arguments in asked:
        stage.run("python", "-m", "lakeport_local", *arguments, as_whom=None, LAKEPORT_LOCAL_STATE=str(azure.state))
    (folder / "local.txt").write_text("hello")
    lake = "abfss://share-data@canarylake.dfs.core.windows.net/"
    told: tuple[tuple[str, ...], ...] = (
        ("doctor",),
        ("cp", str(folder / "local.txt"), f"{lake}x.txt"),
        ("cat", f"{lake}nothing"),
    )
    for arguments in told:
        stage.run("python", "-c", LOUDLY, *arguments)
    strange: tuple[tuple[str, ...], ...] = (("profile", "list", "--json"), ("ls", lake), ("token",))
    for arguments in strange:
        stage.run("python", "-c", LOUDLY, *arguments, CANARY=WRONG_SECRET)
    azure.command("fault", "add", "503", "--host", "login.microsoftonline.com", "--count", "3")
    stage.run("python", "-c", LOUDLY, "ls", lake)
    azure.command("fault", "clear")
    stage.run("python", "-c", LOUDLY, "token", as_whom="node")


@pytest.mark.timeout(480)
def test_no_secret_is_said_anywhere(new_azure: NewAzure, tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"
    azure = new_azure(topology=TOPOLOGY, memory=False, arguments=("--trace", str(trace)))
    watch = Watch()
    stage = Stage(azure, watch)
    admin_token = (Path(azure.folder) / "admin-token").read_text()
    secrets = {
        "app secret": APP_SECRET,
        "password": PASSWORD,
        "account key": ACCOUNT_KEY,
        "vault secret": VAULT_SECRET,
        "wrong secret": WRONG_SECRET,
        "later secret": LATER_SECRET,
        "new password": NEW_PASSWORD,
        "signature": stage.signature,
        "admin token": admin_token,
        **{f"token for {name}": token for name, token in stage.tokens.items()},
    }
    with watch.arguments():
        secrets |= services(stage)
        commands(stage, tmp_path)
    stage.client.close()
    azure.stop()
    watch.add("log of the local Azure", azure.log())
    watch.add("trace", trace.read_text())
    for file in (folder := Path(azure.folder)).iterdir():
        if file.name == "admin-token":
            file.unlink()
    watch.folder(folder)
    assert len(watch.said) > 40
    assert watch.found(secrets) == []


def test_a_secret_that_is_said_is_found() -> None:
    """The counterpart: the watch sees what it should."""
    watch = Watch()
    watch.add("a log", f"line\nclient_secret={APP_SECRET}\n")
    assert watch.found({"app secret": APP_SECRET, "password": PASSWORD}) == [("app secret", "0: a log")]
    with watch.arguments():
        os.spawnvp(os.P_WAIT, "sh", ["sh", "-c", f"sleep 0.3 # {PASSWORD}"])
    assert ("password", "1: process arguments") in watch.found({"password": PASSWORD})
