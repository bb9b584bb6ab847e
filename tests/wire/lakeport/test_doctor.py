"""The doctor names each fault that a local Azure can have, and the next move."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import certifi
import pytest
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import AccountSasPermissions, ResourceTypes, Services, generate_account_sas
from azure.storage.filedatalake import DataLakeServiceClient

from lakeport import doctor, identity, profiles, sign_in
from lakeport.access.roles import READER, Assignment, Role, Roles, Store
from lakeport.clock import FixedClock, SystemClock
from lakeport.doctor.findings import Case
from lakeport.doctor.rights import judged
from lakeport.doctor.way import resolved, skew
from lakeport.errors import NotSignedIn
from lakeport.profiles import local

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

    from lakeport.identity.sign_in import SignIn

TOPOLOGY = """
[[tenants]]
name = "contoso"

  [[tenants.apps]]
  name = "owner"

  [[tenants.apps]]
  name = "stranger"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "lake"
    location = "westeurope"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "openlake"
      file_systems = ["raw"]

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "walledlake"
      allow_ips = ["203.0.113.7"]

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "flatstore"
      hns = false

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"

[[tenants]]
name = "closed"
block_sign_ins = ["device_code"]
users = [{name = "eve@closed.onmicrosoft.com"}]
apps = [{name = "elsewhere"}]
"""
EVE = "eve@closed.onmicrosoft.com"


@pytest.fixture
def faulty(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """A local Azure with an open, a walled and a flat account; `stranger` has no right on any."""
    running = new_azure(topology=TOPOLOGY)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(running.state))
    local.forget()
    return running


def found(lakeport: Lakeport, *arguments: str) -> dict[str, dict[str, Any]]:
    """What the doctor found, by link; the last finding of a link wins."""
    return {str(row["link"]): row for row in lakeport("doctor", *arguments, "--json").rows if "link" in row}


def test_a_whole_chain_is_fine_and_each_broken_link_is_named(
    faulty: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    unnamed = found(lakeport, "local:owner")
    assert (unnamed["sign-in"]["verdict"], unnamed["account"]["said"]) == ("fine", "no storage account is named")
    fine = lakeport("doctor", "abfss://raw@openlake.dfs.core.windows.net/", "--profile", "local:owner", "--json")
    assert fine.status == 0, fine.out + fine.err
    links = {str(row["link"]): row for row in fine.rows if "link" in row}
    assert {link: one["verdict"] for link, one in links.items()} == {
        "names": "fine",
        "network": "fine",
        "clock": "fine",
        "sign-in": "fine",
        "account": "fine",
        "namespace": "fine",
        "roles": "note",
        "path": "fine",
    }
    assert "Storage Blob Data Owner" in str(links["roles"]["said"])
    assert "0 minutes ago" in str(links["roles"]["said"])

    who = ("--profile", "local:owner")
    missing = found(lakeport, "abfss://raw@nosuchlake.dfs.core.windows.net/", *who)
    assert missing["account"]["said"] == "there is no storage account nosuchlake"
    assert "path" not in missing
    walled = found(lakeport, "abfss://raw@walledlake.dfs.core.windows.net/", *who)["account"]
    assert (walled["verdict"], walled["code"]) == ("problem", "AuthorizationFailure")
    assert "az storage account network-rule add --account-name walledlake" in walled["hint"]
    flat = found(lakeport, "abfss://raw@flatstore.dfs.core.windows.net/", *who)
    assert flat["namespace"]["said"] == "flatstore is flat: it has no directories"
    assert found(lakeport, "abfss://nowhere@openlake.dfs.core.windows.net/", *who)["path"]["verdict"] == "problem"


def test_a_firewall_that_refuses_an_application_is_told_with_the_address_it_saw(
    faulty: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    url = ("abfss://raw@walledlake.dfs.core.windows.net/", "--profile", "local:owner")
    unseen = found(lakeport, *url)["account"]  # it wrote nothing yet that somebody could have noted
    assert "--address-from URL" in unseen["hint"]
    owner = profiles.resolve("local:owner")
    arm = StorageManagementClient(identity.credential(owner), owner.subscription_id, **faulty.sdk)
    arm.storage_accounts.update("lake", "openlake", {"tags": {"seen": "yes"}})
    noted = found(lakeport, *url)["account"]
    assert "its traffic comes from 127.0.0.1, as the control plane, at its last write at" in noted["said"]
    assert "--ip-address 127.0.0.1" in noted["hint"]

    class Telling(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"198.51.100.7\n" if self.path == "/ip" else b"<html>hello</html>")

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            del format, arguments

    with HTTPServer(("127.0.0.1", 0), Telling) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{server.server_port}"
        asked = found(lakeport, *url, "--address-from", f"{at}/ip")["account"]
        assert "--ip-address 198.51.100.7" in asked["hint"]
        wrong = lakeport("doctor", *url, "--address-from", f"{at}/page")
        assert (wrong.status, "does not answer with an address alone" in wrong.err) == (1, True)
        server.shutdown()
    assert lakeport("doctor", *url, "--address-from", "http://example.org/").status == 2


def test_the_directory_that_refuses_is_named_and_its_grant_lets_through(
    faulty: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    owner = identity.credential(profiles.resolve("local:owner"))
    stranger = faulty.credentials("stranger")["object_id"]
    lake = DataLakeServiceClient("https://openlake.dfs.core.windows.net", owner, **faulty.sdk)
    raw = lake.get_file_system_client("raw")
    raw.get_file_client("open/closed/file.txt").upload_data(b"words", overwrite=True)
    root = raw.get_directory_client("/")
    root.update_access_control_recursive(f"user:{stranger}:r-x")
    url = "abfss://raw@openlake.dfs.core.windows.net/open/closed/file.txt"
    raw.get_directory_client("open/closed").remove_access_control_recursive(f"user:{stranger}")
    roles = found(lakeport, url, "--profile", "local:stranger")["roles"]
    assert (roles["verdict"], "subscription" in roles["said"]) == ("note", True)
    path = found(lakeport, url, "--profile", "local:stranger")["path"]
    assert path["said"].startswith("raw/open/closed refuses: its list does not give")
    assert "--path 'open/closed'" in path["hint"]

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lakeport, "doctor", url, "--profile", "local:stranger", "--wait", "60")
        raw.get_directory_client("open/closed").update_access_control_recursive(f"user:{stranger}:r-x")
        assert waiting.result(60).status == 0


def test_what_sign_in_refuses_is_told_and_ends_the_walk(faulty: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    ids = faulty.credentials("owner")
    (here / "lakeport.toml").write_text(
        f"""[profiles.wrong]
cloud = "local"
tenant_id = "{ids["tenant_id"]}"
client_id = "{ids["client_id"]}"
client_secret = {{file = "{here / "secret"}"}}
storage_account = "openlake"
"""
    )
    (here / "secret").write_text("wrong")
    links = found(lakeport, "wrong")
    assert (links["sign-in"]["code"], "Check the client secret" in links["sign-in"]["hint"]) == ("AADSTS7000215", True)
    assert "account" not in links
    ended = "sv=2023-11-03&ss=b&srt=sco&sp=rl&se=2020-01-01T00%3A00%3A00Z&sig=x"
    profile = profiles.resolve(arguments={"cloud": "local", "sas": ended}, environment={})
    last = list(doctor.examine(profile, account="openlake"))[-1]
    assert last.said == "the SAS ended at 2020-01-01 00:00Z"
    altered = ended.replace("2020", "2099")
    profile = profiles.resolve(arguments={"cloud": "local", "sas": altered}, environment={})
    last = list(doctor.examine(profile, account="openlake"))[-1]
    assert (last.code, last.said.startswith("the account does not believe")) == ("AuthenticationFailed", True)


def test_each_refusal_of_sign_in_has_its_own_next_move(faulty: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    owner = faulty.credentials("owner")
    ids = {name: str(owner[name]) for name in ("tenant_id", "client_id", "client_secret")}
    assert lakeport("certificate", "create", "other", "--subject", "somebody-else").status == 0
    by_certificate = {"tenant_id": ids["tenant_id"], "client_id": ids["client_id"], "certificate": "other.pem"}
    nobody = "00000000-0000-4000-8000-000000000000"
    for values, code, hint in (
        ({**ids, "client_secret": "wrong"}, "AADSTS7000215", "Check the client secret"),
        ({**ids, "client_id": nobody}, "AADSTS700016", "check client_id and tenant_id"),
        ({**ids, "tenant_id": "nowhere.example"}, "AADSTS90002", "tenant_id"),
        (by_certificate, "AADSTS700027", "not the one registered for this application"),
    ):
        profile = profiles.resolve(arguments={"cloud": "local", **values}, environment={})
        last = list(doctor.examine(profile, account="openlake"))[-1]
        assert (last.verdict, last.code, hint in last.hint, last.ends) == ("problem", code, True, True), (values, last)
        assert ids["client_secret"] not in repr(last)


def test_a_tenant_that_forbids_device_codes_is_told_with_what_is_left(
    faulty: LocalAzure, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tenant_id = str(faulty.credentials(EVE)["tenant_id"])
    given = {"cloud": "local", "credential": "device_code", "tenant_id": tenant_id}
    profile = profiles.resolve(arguments=given, environment={})

    def type_it(begun: SignIn) -> None:
        faulty.command("approve", begun.code, "--user", EVE, check=False)

    with pytest.raises(NotSignedIn) as refused:
        sign_in(profile, show=type_it).result(30)
    assert refused.value.code == "AADSTS53003"
    assert "forbids this way to sign in, as many forbid device codes" in refused.value.hint
    assert "interactive_browser" in refused.value.hint
    last = list(doctor.examine(profiles.resolve(f"local:{EVE}"), account="openlake"))[-1]
    assert (last.link, last.verdict, last.code) == ("sign-in", "problem", "AADSTS53003"), last
    assert "interactive_browser" in last.hint
    assert "Traceback" not in capfd.readouterr().err


def test_each_refusal_of_a_sas_and_of_a_foreign_account_has_its_own_next_move(
    faulty: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    owner = profiles.resolve("local:owner")
    arm = StorageManagementClient(identity.credential(owner), owner.subscription_id, **faulty.sdk)
    key = str(arm.storage_accounts.list_keys("lake", "openlake").keys_property[0].value)  # type: ignore[index]
    ends = datetime.now(UTC) + timedelta(days=1)

    def sas(services: Services, types: ResourceTypes, ip: str | None = None) -> str:
        may = AccountSasPermissions(read=True, list=True)
        return generate_account_sas("openlake", key, types, may, ends, services=services, ip=ip)

    every = ResourceTypes(service=True, container=True, object=True)
    for token, code, said in (
        (sas(Services(blob=True), every, "198.51.100.9"), "AuthorizationSourceIPMismatch", "another address"),
        (sas(Services(queue=True), every), "AuthorizationServiceMismatch", "another service"),
        (sas(Services(blob=True), ResourceTypes(object=True)), "AuthorizationResourceTypeMismatch", "(srt)"),
    ):
        profile = profiles.resolve(arguments={"cloud": "local", "sas": token}, environment={})
        last = list(doctor.examine(profile, account="openlake"))[-1]
        assert (last.verdict, last.code, said in last.said) == ("problem", code, True), last
        assert "sig=" not in repr(last)
    foreign = found(lakeport, "abfss://raw@openlake.dfs.core.windows.net/", "--profile", "local:elsewhere")["account"]
    assert (foreign["verdict"], "tenant" in foreign["said"]) == ("problem", True), foreign


def test_an_account_that_takes_no_keys_is_told(faulty: LocalAzure, here: Path) -> None:
    owner = profiles.resolve("local:owner")
    arm = StorageManagementClient(identity.credential(owner), owner.subscription_id, **faulty.sdk)
    key = arm.storage_accounts.list_keys("lake", "openlake").keys_property[0].value  # type: ignore[index]
    arm.storage_accounts.update("lake", "openlake", {"properties": {"allowSharedKeyAccess": False}})
    profile = profiles.resolve(arguments={"cloud": "local", "account_key": str(key)}, environment={})
    last = list(doctor.examine(profile, account="openlake"))[-1]
    assert (last.code, last.said) == (
        "KeyBasedAuthenticationNotPermitted",
        "the account takes no keys and no SAS signed with one",
    )


def test_a_clock_that_is_wrong_is_told(faulty: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    faulty.command("clock", "advance", "10m")
    clock = found(lakeport, "abfss://raw@openlake.dfs.core.windows.net/", "--profile", "local:owner")["clock"]
    assert (clock["verdict"], clock["said"].endswith("behind the service")) == ("problem", True)
    at = datetime(2030, 1, 1, tzinfo=UTC)
    assert skew(at, at + timedelta(seconds=90)).verdict == "note"


def test_nothing_at_the_address_is_told(faulty: LocalAzure, here: Path) -> None:
    profile = profiles.resolve("local:owner")
    faulty.stop()
    last = list(doctor.examine(profile, account="openlake"))[-1]
    assert (last.link, "lakeport local up" in last.hint) == ("network", True)
    assert resolved("no-such-host.invalid", is_account=True).hint.startswith("Check the account's name")


def test_a_certificate_that_is_not_trusted_and_a_proxy_that_is_gone_are_told(faulty: LocalAzure, here: Path) -> None:
    owner = profiles.resolve("local:owner")
    for change, said, hint in (
        ({"ca_bundle": certifi.where()}, "a certificate this machine does not trust", "REQUESTS_CA_BUNDLE"),
        ({"proxy": "http://127.0.0.1:9"}, "the proxy at 127.0.0.1:9 does not answer", "HTTPS_PROXY"),
    ):
        there = replace(owner, cloud=replace(owner.cloud, **change))
        last = list(doctor.examine(there, account="openlake"))[-1]
        assert (last.link, last.verdict, said in last.said, hint in last.hint) == ("network", "problem", True, True)


def test_a_role_counts_as_fresh_for_ten_minutes(faulty: LocalAzure, here: Path) -> None:
    at = datetime(2030, 1, 1, 12, tzinfo=UTC)
    case = Case(profiles.resolve("local:owner"), FixedClock(at), "openlake")
    given = Assignment(READER.id, "/subscriptions/s", made_at=at - timedelta(minutes=9))
    assert judged([given], case).may_pass
    given = Assignment(READER.id, "/subscriptions/s", made_at=at - timedelta(minutes=11))
    assert (judged([given], case).verdict, judged([], case).verdict) == ("fine", "note")


def test_a_role_that_was_given_a_moment_ago_is_told_and_waited_for(
    faulty: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = profiles.resolve("local:owner")
    stranger = str(faulty.credentials("stranger")["object_id"])
    store = Store(str(owner.subscription_id), "lake", "openlake")
    roles = Roles(owner, identity.credential(owner))
    roles.grant(Role("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", frozenset()), stranger, store)
    faulty.command("fault", "delay-roles", "240")
    roles.grant(READER, stranger, store)
    url = ("abfss://raw@openlake.dfs.core.windows.net/", "--profile", "local:stranger")
    early = found(lakeport, *url)
    assert early["roles"]["said"].startswith("Storage Blob Data Reader (at openlake); the newest was given")
    assert (early["path"]["verdict"], early["path"]["may_pass"]) == ("problem", True)
    assert lakeport("doctor", *url).status == 3
    waits = []

    class Passing(SystemClock):
        def sleep(self, duration: timedelta) -> None:
            waits.append(duration)
            faulty.command("clock", "advance", "250s")

    monkeypatch.setattr("lakeport.cli.doctor.SystemClock", Passing)
    waited = lakeport("doctor", *url, "--wait", "3000")
    assert (waited.status, len(waits)) == (0, 1), waited.out
    assert "waiting for it to pass: raw refuses" in waited.err
