"""What a side needs is asked before anything is sent, and each failure names the command that mends it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sides import side

from lakeport import read_receive_file, read_share_file
from lakeport.identity.control_plane import ControlPlane
from lakeport.profiles import local
from lakeport.share import Consumer, Provider

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

TOPOLOGY = """\
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
apps = [{name = "provider"}, {name = "newcomer"}]

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "group"
    location = "westeurope"
    data_share_accounts = [{name = "source-data-share"}]

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "flatstorage"
      hns = false

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "closedstorage"
      allow_ips = ["203.0.113.7"]

  [[tenants.role_assignments]]
  principal = "provider"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "newcomer"
  role = "Reader"
  scope = "/subscriptions/main"

[[tenants]]
name = "fabrikam"
domain = "fabrikam.onmicrosoft.com"
apps = [{name = "consumer"}]

  [[tenants.subscriptions]]
  name = "theirs"

    [[tenants.subscriptions.resource_groups]]
    name = "group"
    location = "westeurope"
    storage_accounts = [{name = "theirlake"}]
    data_share_accounts = [{name = "dest-data-share"}]

  [[tenants.role_assignments]]
  principal = "consumer"
  role = "Owner"
  scope = "/subscriptions/theirs"
"""
RECEIVE = """\
profile: local:consumer
location: {location}
accept: [{{from: contoso}}]
map: [{{to: "abfss://raw@theirlake.dfs.core.windows.net/"}}]
"""
SHARE = """\
share: checked
profile: local:{who}
account: source-data-share
resource_group: group
location: westeurope
datasets: [{{name: raw, {what}: {path}, storage_account: {account}}}]
invite: [{{tenant: fabrikam, principal: consumer}}]
"""


@pytest.fixture
def contoso(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    azure = new_azure(topology=TOPOLOGY)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    local.forget()
    return azure


def write(who: str = "provider", what: str = "folder", path: str = "raw/a", account: str = "flatstorage") -> None:
    Path("share.yaml").write_text(SHARE.format(who=who, what=what, path=path, account=account))


def test_what_the_service_would_refuse_halfway_is_refused_before_anything_is_sent(
    contoso: LocalAzure, lakeport: Lakeport
) -> None:
    write()
    refused = lakeport("share", "apply", "--grant")
    assert refused.status == 1
    assert "storage account flatstorage has no hierarchical namespace, which AdlsGen2Folder needs" in refused.err
    assert "az storage account hns-migration start" in refused.err
    write(what="container", path="raw")
    assert lakeport("share", "destroy").out == "already gone\n"
    applied = lakeport("share", "apply", "--grant")
    assert applied.status == 0, applied.err
    assert lakeport("share", "check").out.splitlines()[-1] == "everything needed is there"


def test_a_store_of_another_tenant_is_refused_by_that_name(contoso: LocalAzure, lakeport: Lakeport) -> None:
    write(account="theirlake")
    theirs = next(one for one in local.things() if one.name == "theirlake")
    text = Path("share.yaml").read_text()
    Path("share.yaml").write_text(text.replace("theirlake", f"theirlake, subscription_id: {theirs.subscription_id}"))
    refused = lakeport("share", "apply", "--grant")
    assert refused.status != 0
    assert "theirlake" in refused.err
    checked = lakeport("share", "check", "--json")
    said = [str(row["said"]) for row in checked.rows if row.get("what") == "store"]
    assert len(said) == 1
    assert "outside the caller's tenant" in said[0]


def test_a_caller_without_rights_is_told_whose_right_is_missing_on_what(
    contoso: LocalAzure, lakeport: Lakeport
) -> None:
    write("newcomer", "container", "raw")
    checked = lakeport("share", "check", "--grant", "--json")
    assert checked.status == 3, checked.err
    newcomer = contoso.credentials("newcomer")["object_id"]
    missing = [row for row in checked.rows if row.get("met") is False]
    assert {row["what"] for row in missing} == {"caller"}
    assert all(newcomer in str(row["said"]) and newcomer in str(row["fix"]) for row in missing)
    assert [str(row["fix"]).split('"')[1] for row in missing] == [
        "Contributor",
        "Storage Account Contributor",
        "Role Based Access Control Administrator",
    ]


def test_both_sides_of_the_usual_topology_have_all_they_need_once_applied(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("checkedboth")
    for group in ("share", "receive"):
        assert lakeport(group, "apply", "--grant").status == 0
        checked = lakeport(group, "check")
        assert (checked.status, checked.out.splitlines()[-1]) == (0, "everything needed is there"), checked.out


def test_a_plan_shows_the_grant_that_is_missing_and_ends_as_apply_would(
    contoso: LocalAzure, lakeport: Lakeport
) -> None:
    write(what="container", path="raw")
    planned = lakeport("share", "plan")
    assert (planned.status, "Next: run again with --grant, or: az role assignment create" in planned.err) == (4, True)
    assert lakeport("share", "apply").status == 4
    assert lakeport("share", "plan", "--grant").status == 0


def test_a_firewall_is_met_only_while_it_lets_trusted_services_in(contoso: LocalAzure, lakeport: Lakeport) -> None:
    write(account="closedstorage")

    def firewall() -> dict[str, object]:
        [found] = [row for row in lakeport("share", "check", "--json").rows if row.get("what") == "firewall"]
        return found

    assert firewall()["met"] is True, "its one address is somebody else's, and Data Share is trusted"
    session = side(read_share_file(Path("share.yaml")))
    assert isinstance(session.wished, Provider)
    [store] = {one.store for one in session.wished.data_sets if one.store is not None}
    rules = {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}
    ControlPlane(session.wished.profile, session.credential, "2023-01-01").ask("PATCH", store.scope, rules)
    closed = firewall()
    assert closed["met"] is False
    assert str(closed["fix"]).endswith("--bypass AzureServices")
    refused = lakeport("share", "apply", "--grant")
    assert (refused.status, "closedstorage keeps Data Share out" in refused.err) == (1, True)


def test_a_location_that_the_service_is_not_in_is_refused_and_where_an_account_lies_is_said(
    contoso: LocalAzure, lakeport: Lakeport
) -> None:
    write(what="container", path="raw")
    checked = lakeport("share", "check", "--json")
    assert [row["said"] for row in checked.rows if row.get("what") == "account"] == [
        "data share account source-data-share: there, in westeurope"
    ]
    assert [row["met"] for row in checked.rows if row.get("what") == "region"] == [True]
    text = Path("share.yaml").read_text().replace("westeurope", "moonbase").replace("source-data-share", "another")
    Path("share.yaml").write_text(text)
    refused = lakeport("share", "check", "--json")
    assert refused.status != 0
    [region] = [row for row in refused.rows if row.get("what") == "region"]
    assert (region["met"], "westeurope" in str(region["fix"])) == (False, True)
    applied = lakeport("share", "apply", "--grant")
    assert (applied.status != 0, "moonbase: Data Share is not offered there" in applied.err) == (True, True)


def test_the_receiving_side_is_asked_for_its_firewall_and_region_too(contoso: LocalAzure, lakeport: Lakeport) -> None:
    def checked(location: str) -> dict[object, tuple[object, str]]:
        Path("receive.yaml").write_text(RECEIVE.format(location=location))
        rows = lakeport("receive", "check", "--json").rows
        return {row["what"]: (row["met"], str(row["fix"])) for row in rows if row.get("what") in {"firewall", "region"}}

    assert checked("westeurope") == {"firewall": (True, ""), "region": (True, "")}
    session = side(read_receive_file(Path("receive.yaml")))
    assert isinstance(session.wished, Consumer)
    [store] = session.wished.stores
    rules = {"properties": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}
    ControlPlane(session.wished.profile, session.credential, "2023-01-01").ask("PATCH", store.scope, rules)
    closed = checked("moonbase")
    assert [met for met, _ in closed.values()] == [False, False]
    assert closed["firewall"][1].endswith("--bypass AzureServices")
    assert "westeurope" in closed["region"][1]
    checked("northeurope")
    elsewhere = lakeport("receive", "plan")
    assert (elsewhere.status, "lies in westeurope, and the file says northeurope" in elsewhere.err) == (1, True)
