"""Every kind of credential signs in, and says why when it cannot."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.keyvault.secrets import SecretClient
from azure.storage.filedatalake import (
    AccountSasPermissions,
    DataLakeServiceClient,
    ResourceTypes,
    generate_account_sas,
)

from lakeport import identity, profiles, transfer
from lakeport.clock import FixedClock, SystemClock
from lakeport.errors import BadProfile, LakeportError, NotSignedIn, WrongSecret
from lakeport.identity import broker, device_code, keypairs
from lakeport.identity.caller import caller
from lakeport.lake import FileSystem, LakeUrl
from lakeport.storage.opening import SCOPE, opener
from lakeport.transfer.blobs import Blobs, Side

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

    from lakeport.identity.signing import Signing

SHARED = "share-data"


def resolved(**values: str) -> profiles.Profile:
    """A profile of the running local Azure, of these values alone."""
    return profiles.resolve(arguments={"cloud": "local", **values}, environment={})


def signed_in_as(profile: profiles.Profile) -> str:
    return caller(identity.credential(profile), profile).object_id


def paths(profile: profiles.Profile) -> list[str]:
    return [one.path for one in FileSystem(profile, "sourcestorage", SHARED).entries()]


@pytest.fixture
def certificate(running: LocalAzure) -> Path:
    """The PEM file of an application's certificate and key."""
    return Path(running.exec_env("provider-certificate")["AZURE_CLIENT_CERTIFICATE_PATH"])


@pytest.fixture
def key(running: LocalAzure) -> str:
    """A key of the provider's storage account."""
    account = next(one for one in running.things("storage_account") if one["name"] == "sourcestorage")
    token = identity.credential(profiles.resolve("local:provider")).get_token("https://management.azure.com/.default")
    url = f"https://management.azure.com{account['id']}/listKeys?api-version=2023-01-01"
    answer = requests.post(
        url,
        headers={"Authorization": f"Bearer {token.token}"},
        proxies={"https": running.proxy},
        verify=running.ca_bundle,
        timeout=10,
    )
    return str(answer.json()["keys"][0]["value"])


def sas(key: str, *, lasts: timedelta = timedelta(hours=1)) -> str:
    everything = ResourceTypes(service=True, file_system=True, object=True)
    may = AccountSasPermissions(read=True, list=True, write=True, create=True)
    ends = datetime.now(UTC) + lasts
    return str(generate_account_sas("sourcestorage", key, resource_types=everything, permission=may, expiry=ends))


def test_a_batch_node_s_certificate_signs_in_and_no_key_reaches_the_disk(
    running: LocalAzure, here: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = keypairs.read(certificate, "")
    folder = here / "certs"
    folder.mkdir()
    name = f"sha1-{pair.thumbprint.sha1.lower()}.pfx"
    (folder / name).write_bytes(pair.pfx("pa ss\n"))
    (folder / f"{name}.pw").write_text("pa ss\n\n")
    (folder / f"sha1-{'0' * 40}.pfx").write_bytes(b"another")
    ids = running.credentials("provider-certificate")
    opened: list[str] = []
    armed = threading.Event()

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and armed.is_set() and isinstance(arguments[2], int)
        if writes and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            opened.append(str(arguments[0]))

    sys.addaudithook(watch)
    profile = resolved(
        tenant_id=ids["tenant_id"],
        client_id=ids["client_id"],
        certificate_folder=str(folder),
        thumbprint="\u200e" + ":".join(pair.thumbprint.sha1[at : at + 2] for at in range(0, 40, 2)),
    )
    armed.set()
    who = signed_in_as(profile)
    armed.clear()
    assert (profile.credential, who) == ("client_certificate", ids["object_id"])
    assert opened == []
    other = resolved(
        tenant_id=ids["tenant_id"], client_id=ids["client_id"], certificate_folder=str(folder), thumbprint="ab"
    )
    with pytest.raises(BadProfile, match=f"does not have certificate ab; there: .*{pair.thumbprint.sha1.lower()}"):
        identity.credential(other)


def test_a_pfx_signs_in_with_its_password_only(running: LocalAzure, here: Path, certificate: Path) -> None:
    (here / "app.pfx").write_bytes(keypairs.read(certificate, "").pfx("secret"))
    ids = running.credentials("provider-certificate")
    values = {"tenant_id": ids["tenant_id"], "client_id": ids["client_id"], "certificate": str(here / "app.pfx")}
    assert signed_in_as(resolved(**values, certificate_password="secret")) == ids["object_id"]
    with pytest.raises(BadProfile, match=r"app\.pfx cannot be used"):
        signed_in_as(resolved(**values, certificate_password="wrong"))


def test_a_machine_s_identity_signs_in_and_is_named_by_any_of_its_ids(running: LocalAzure, here: Path) -> None:
    itself = profiles.resolve("local:batch-node")
    node = running.credentials("batch-node")
    assert (itself.credential, signed_in_as(itself)) == ("managed_identity", node["object_id"])
    for values in ({"client_id": node["client_id"]}, {"identity_object_id": node["object_id"]}):
        named = profiles.resolve("local:batch-node", arguments={"credential": "managed_identity", **values})
        assert signed_in_as(named) == node["object_id"]
    both = profiles.resolve(
        "local:batch-node", arguments={"credential": "managed_identity", "client_id": "x", "identity_object_id": "y"}
    )
    with pytest.raises(BadProfile, match="by client_id and identity_object_id"):
        signed_in_as(both)


def test_a_code_is_shown_and_typed_by_a_guest_in_the_host_s_tenant(running: LocalAzure, here: Path) -> None:
    host = running.credentials("provider")["tenant_id"]
    guest = next(one for one in running.things("user") if one["name"].startswith("grace") and one["tenant_id"] == host)
    browser = running.exec_env("contoso/grace@fabrikam.onmicrosoft.com")
    through = {"https": browser["HTTPS_PROXY"]}
    shown: list[datetime] = []

    def show(page: str, code: str, until: datetime) -> None:
        shown.append(until)
        done = requests.post(
            page,
            data={"user_code": code, "decision": "approve"},
            proxies=through,
            verify=running.ca_bundle,
            timeout=10,
        )
        assert done.status_code == 200, done.text

    profile = resolved(credential="device_code", tenant_id=host)
    identity.credential(profile).sign_out()
    with device_code.shown_by(show):
        assert signed_in_as(profile) == guest["object_id"]
        assert signed_in_as(profile) == guest["object_id"], "nobody is asked twice"
    assert len(shown) == 1
    assert shown[0] > datetime.now(UTC)


def test_account_key_sas_and_connection_string_open_storage_and_nothing_else(
    running: LocalAzure, here: Path, key: str
) -> None:
    token = sas(key)
    whole = f"https://sourcestorage.dfs.core.windows.net/?{token}"
    connection = (
        f"DefaultEndpointsProtocol=https;AccountName=sourcestorage;AccountKey={key};EndpointSuffix=core.windows.net"
    )
    by_sas = f"BlobEndpoint=https://sourcestorage.blob.core.windows.net;SharedAccessSignature=?{token}"
    expected = paths(profiles.resolve("local:provider"))
    for kind, values in {
        "account_key": {"account_key": key},
        "sas": {"sas": whole},
        "connection_string": {"connection_string": connection},
    }.items():
        profile = resolved(**values)
        assert (profile.credential, paths(profile)) == (kind, expected)
        with pytest.raises(BadProfile, match="opens storage and nothing else"):
            identity.credential(profile)
    assert paths(resolved(connection_string=by_sas)) == expected
    with pytest.raises(BadProfile, match="opens account sourcestorage, not other"):
        identity.storage_credential(resolved(connection_string=connection), "other")


def test_an_explicit_endpoint_is_reached_with_a_key_or_a_sas_without_proxy_or_tls(
    running: LocalAzure, here: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"http://127.0.0.1:{running.port}/sourcestorage"
    monkeypatch.setenv("LAKEPORT_ENDPOINT", at)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "sourcestorage")
    (here / "there.txt").write_text("over plain http")
    for variable, value in {"AZURE_STORAGE_KEY": key, "AZURE_STORAGE_SAS_TOKEN": sas(key)}.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, value)
            place = LakeUrl(SHARED, f"explicit/{variable}.txt", "sourcestorage")
            assert transfer.copy(here / "there.txt", place).run().failures == {}
            transfer.copy(place, here / variable).run()
            assert (here / variable).read_text() == "over plain http"
            lake = FileSystem(profiles.resolve(), "sourcestorage", SHARED)
            assert place.path in [one.path for one in lake.entries("explicit")]
            assert lake.entry(place.path).size_bytes == len("over plain http")


def test_the_endpoints_of_a_connection_string_are_where_every_deed_goes(
    running: LocalAzure, here: Path, key: str, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"http://127.0.0.1:{running.port}/sourcestorage"
    url = f"abfss://{SHARED}@sourcestorage.dfs.core.windows.net/said"
    (here / "there").mkdir()
    (here / "there" / "a.csv").write_text("x,y\n1,2\n")
    opens = (f"AccountName=sourcestorage;AccountKey={key}", f"SharedAccessSignature={sas(key)}")
    for number, string in enumerate(
        (
            f"{opens[0]};BlobEndpoint={at};DataLakeEndpoint={at}/",
            f"{opens[1]};BlobEndpoint={at}/",
            f"{opens[0]};DfsEndpoint={at}",
        )
    ):
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", string)
        for words in (
            ("cp", "-r", "there", url),
            ("ls", url),
            ("stat", f"{url}/a.csv"),
            ("cat", f"{url}/a.csv"),
            ("cp", f"{url}/a.csv", f"back{number}"),
            ("sync", "there", url),
            ("table", "head", f"{url}/a.csv"),
            ("mkdir", f"{url}/b"),
            ("acl", "get", url, "--ids"),
            ("du", url),
            ("rm", "-r", url),
        ):
            if "Signature" in string and words[0] in {"acl", "rm"}:
                continue  # it is none for that
            done = lakeport(*words)
            assert done.status == 0, (number, words, done)
        assert (here / f"back{number}").read_text() == "x,y\n1,2\n"
        transfer_id = str(lakeport("transfer", "list", "--json").rows[-2]["transfer"])
        assert lakeport("transfer", "resume", transfer_id).status == 0
        shown = lakeport("profile", "show", "--json")
        assert {row.get("key"): row.get("value") for row in shown.rows}["storage_account"] == "sourcestorage"
        assert key not in shown.out
    elsewhere = resolved(connection_string=f"{opens[0]};EndpointSuffix=core.chinacloudapi.cn").cloud
    assert elsewhere.account_url("lake") == "https://lake.dfs.core.chinacloudapi.cn"
    apart = resolved(
        connection_string=f"{opens[0]};BlobEndpoint=https://b.example/;DfsEndpoint=https://d.example"
    ).cloud
    assert (apart.blob_url("lake"), apart.account_url("lake")) == ("https://b.example", "https://d.example")


def test_a_sas_in_a_key_vault_is_read_again_before_it_ends(running: LocalAzure, here: Path, key: str) -> None:
    ids = running.credentials("provider")
    url = "https://contoso-vault.vault.azure.net"
    vault = SecretClient(url, identity.credential(profiles.resolve("local:provider")), **running.sdk)
    first, second = sas(key, lasts=timedelta(minutes=30)), sas(key, lasts=timedelta(hours=3))
    vault.set_secret("rotating-sas", first)
    profile = resolved(
        tenant_id=ids["tenant_id"],
        client_id=ids["client_id"],
        client_secret=ids["client_secret"],
        credential="sas_in_key_vault",
        sas_secret=f"{url}/secrets/rotating-sas",
    )
    clock = FixedClock(datetime.now(UTC))
    credential = identity.storage_credential(profile, "sourcestorage", clock)
    with DataLakeServiceClient("https://sourcestorage.dfs.core.windows.net", credential, **running.sdk) as lake:
        assert SHARED in [one.name for one in lake.list_file_systems()]
        vault.set_secret("rotating-sas", second)
        assert credential.signature == first  # type: ignore[union-attr]
        clock.sleep(timedelta(minutes=26))
        assert SHARED in [one.name for one in lake.list_file_systems()]
        assert credential.signature == second  # type: ignore[union-attr]


def test_a_secret_kept_in_a_key_vault_signs_in(
    running: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = running.credentials("provider")
    url = "https://contoso-vault.vault.azure.net"
    vault = SecretClient(url, identity.credential(profiles.resolve("local:provider")), **running.sdk)
    vault.set_secret("app-secret", ids["client_secret"])
    (here / "lakeport.toml").write_text(f"""
[profiles.kept]
cloud = "local"
tenant_id = "{ids["tenant_id"]}"
client_id = "{ids["client_id"]}"
client_secret = {{key_vault = "{url}/secrets/app-secret"}}
""")
    for name in ("tenant_id", "client_id", "client_secret"):  # who the machine is, as its default chain sees it
        monkeypatch.setenv(f"AZURE_{name.upper()}", ids[name])
    kept = profiles.resolve("kept", environment={})
    assert signed_in_as(kept) == ids["object_id"]
    assert "lakeport.toml" in kept.values["client_secret"].origin


def test_the_first_of_a_chain_that_can_sign_in_does(running: LocalAzure, here: Path) -> None:
    node = running.credentials("batch-node")
    chained = profiles.resolve(
        "local:batch-node", arguments={"credential": "chained", "sources": "azure_cli, managed_identity"}
    )
    assert signed_in_as(chained) == node["object_id"]
    with pytest.raises(BadProfile, match="sources: 'sas' is unknown"):
        signed_in_as(resolved(sources="sas"))


def test_files_that_other_programs_brought_are_read_as_they_are(
    running: LocalAzure, here: Path, lakeport: Lakeport, certificate: Path
) -> None:
    ids = running.credentials("provider-certificate")
    section = {"cloud": "local", "client_id": ids["client_id"], "tenant_id": ids["tenant_id"], "certificate": "app.pem"}
    (here / "config.json").write_text(json.dumps({"azure": section, "logging": {"level": 3}}))
    (here / "app.pem").write_bytes(certificate.read_bytes())
    tested = lakeport("profile", "test", "config.json", "--json")
    assert tested.rows[0]["object_id"] == ids["object_id"], tested.err
    app = running.credentials("provider")
    lines = [f"AZURE_{name.upper()}={app[name]}" for name in ("tenant_id", "client_id", "client_secret")]
    (here / "prod.env").write_text("\n".join(["LAKEPORT_CLOUD=local", "OTHER=x", *lines]))
    assert lakeport("profile", "test", "prod.env", "--json").rows[0]["object_id"] == app["object_id"]
    shown = lakeport("profile", "show", "prod.env", "--origins")
    assert "client_secret = ***" in shown.out
    assert app["client_secret"] not in shown.out
    (here / "config.json").write_text('{"azure": {\n"client_id" 1}}')
    assert "config.json:2:13: not JSON" in lakeport("profile", "show", "config.json").err


def test_threads_and_processes_sign_in_once(running: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEPORT_TOKEN_CACHE", str(here / "tokens"))
    broker.shared.cache_clear()
    ids = running.credentials("provider")
    values = {name: ids[name] for name in ("tenant_id", "client_id", "client_secret")}
    with ThreadPoolExecutor(8) as pool:
        credentials = [identity.credential(resolved(**values)) for _ in range(8)]
        tokens = {
            one.token for one in pool.map(lambda one: one.get_token("https://storage.azure.com/.default"), credentials)
        }
    program = (
        "from lakeport import credential, profile; from lakeport.profiles import resolve; import json, sys;"
        "print(credential(resolve(arguments=json.loads(sys.stdin.read()), environment={}))"
        ".get_token('https://storage.azure.com/.default').token)"
    )
    done = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    tokens |= {one.communicate(json.dumps({"cloud": "local", **values}), timeout=60)[0].strip() for one in done}
    assert len(tokens) == 1
    kept = [file for file in (here / "tokens").iterdir() if file.suffix == ""]
    assert [file.stat().st_mode & 0o777 for file in kept] == [0o600]
    assert ids["client_secret"] not in kept[0].read_text()
    with pytest.raises(WrongSecret):
        signed_in_as(resolved(**{**values, "client_secret": "wrong"}))
    broker.shared.cache_clear()


def test_a_sign_in_that_is_throttled_is_told_and_nobody_else_asks(
    alone: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEPORT_TOKEN_CACHE", str(here / "tokens"))
    alone.command(
        "fault", "add", "429", "--service", "entra", "--path", "*/token", "--count", "0", "--retry-after", "0"
    )
    told = []
    for _ in range(3):  # as many processes
        broker.shared.cache_clear()
        told.append(lakeport("token", "local:provider", "--json"))
    assert [(one.status, one.rows[-1]["error"]) for one in told] == [(1, "Throttled")] * 3, told
    assert "too many requests" in told[0].err
    assert all("asked to pause" in one.err for one in told[1:]), told
    struck = json.loads(alone.command("fault", "list", "--json").stdout.splitlines()[0])["struck"]
    assert struck == 4, "the SDK's first request and three more, and none of the other processes"
    broker.shared.cache_clear()


def test_a_token_is_shown_by_what_it_says(running: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    shown = lakeport("token", "local:provider", "--json")
    claims = {row["claim"]: row["value"] for row in shown.rows if "claim" in row}
    assert (claims["aud"], claims["oid"]) == ("https://storage.azure.com", running.credentials("provider")["object_id"])
    raw = lakeport("token", "local:provider", "--for", "arm", "--raw").out.strip()
    assert raw.count(".") == 2
    assert raw not in lakeport("token", "local:provider", "--for", "arm").out
    payload = raw.split(".")[1]
    audience = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
    assert audience == "https://management.azure.com"
    assert lakeport("token", "local:provider", "--for", "nothing").status == 2


def test_a_certificate_is_made_named_and_converted(running: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    made = lakeport("certificate", "create", "app", "--subject", "contoso-app", "--days", "30", "--json")
    assert made.status == 0, made.err
    assert {file.name for file in here.glob("app.*")} == {"app.pem", "app.crt", "app.csr", "app.pfx"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in here.glob("app.*"))
    named = lakeport("certificate", "thumbprint", "app.crt", "--json").rows[-1]["thumbprint"]
    assert named == made.rows[-1]["thumbprint"]
    (here / "password").write_text("other\n")
    assert lakeport("certificate", "convert", "app.pem", "new.pfx", "--new-password", "file:password").status == 0
    assert lakeport("certificate", "convert", "new.pfx", "back.pem", "--password", "file:password").status == 0
    assert keypairs.read(here / "back.pem", "").thumbprint.sha1 == named
    wrong = lakeport("certificate", "convert", "new.pfx", "again.pem")
    assert (wrong.status, "new.pfx is not a certificate that can be read" in wrong.err) == (2, True)
    assert not (here / "again.pem").exists()
    assert "app.pem exists" in lakeport("certificate", "create", "app").err
    assert lakeport("certificate", "convert", "app.crt", "x.pem").status == 2


def test_a_principal_without_a_machine_is_told_at_once(running: LocalAzure, here: Path) -> None:
    with pytest.raises(NotSignedIn, match="cannot sign in"):
        signed_in_as(resolved(credential="managed_identity"))
    with pytest.raises(LakeportError, match="there is no token file"):
        signed_in_as(resolved(credential="workload_identity", tenant_id="t", client_id="c", token_file="/nowhere"))


def test_a_token_that_a_service_refuses_before_its_end_is_asked_for_again(alone: LocalAzure) -> None:
    def blobs_of(who: str) -> tuple[Blobs, Signing]:
        profile = profiles.resolve(f"local:{who}")
        side = Side(profile, "sourcestorage", SHARED, opener(profile, "sourcestorage"))
        return Blobs(side, SystemClock()), identity.credential(profile)

    opened = [blobs_of(who) for who in ("provider", "provider-certificate", "batch-node")]
    first = [signing.get_token(SCOPE).token for _, signing in opened]
    opened[0][0].put("again", b"1")
    alone.command("clock", "advance", "1d")  # past the tokens' life, by the service's clock alone
    for blobs, _ in opened:
        with closing(blobs):
            assert blobs.find("again").size_bytes == 1
    assert set(first).isdisjoint(signing.get_token(SCOPE).token for _, signing in opened)
