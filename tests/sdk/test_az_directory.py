"""`az ad` and `az role assignment`, unmodified, against the local directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sdk.az import Az

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

pytestmark = [pytest.mark.witness, pytest.mark.timeout(600)]

TOPOLOGY = """
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
  [[tenants.apps]]
  name = "administrator"
  [[tenants.apps]]
  name = "plain"
  [[tenants.users]]
  name = "ada@contoso.onmicrosoft.com"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "rg"
    location = "westeurope"
  [[tenants.role_assignments]]
  principal = "administrator"
  role = "Owner"
  scope = "/subscriptions/main"
"""


@pytest.fixture(scope="module")
def directory(azure_of: AzureOf) -> LocalAzure:
    return azure_of(TOPOLOGY)


@pytest.fixture(scope="module")
def az(directory: LocalAzure) -> Az:
    return Az(directory, "administrator")


def _scope(az: Az) -> str:
    return f"/subscriptions/{az('account', 'show')['id']}/resourceGroups/rg"


def test_a_principal_made_for_rbac_signs_in_with_its_secret_and_its_role(az: Az) -> None:
    made = az("ad", "sp", "create-for-rbac", "-n", "sample", "--role", "Reader", "--scopes", _scope(az))
    assert [one["appId"] for one in az("ad", "sp", "list", "--display-name", "sample")] == [made["appId"]]
    login = ("login", "--service-principal", "-u", made["appId"], "-p", made["password"], "--tenant", made["tenant"])
    status, _, err = az.raw(*login, configuration="sample")
    assert status == 0, err
    status, out, err = az.raw("group", "show", "-n", "rg", "--query", "location", "-o", "tsv", configuration="sample")
    assert (status, out.strip()) == (0, "westeurope"), err
    again = az("ad", "sp", "create-for-rbac", "-n", "sample")
    assert again["appId"] == made["appId"]
    status, _, err = az.raw(*login, configuration="after")
    assert status != 0
    assert "AADSTS7000215" in err


def test_a_certificate_made_for_rbac_signs_in(az: Az) -> None:
    made = az("ad", "sp", "create-for-rbac", "-n", "certified", "--create-cert")
    file = made["fileWithCertAndPrivateKey"]
    login = ("login", "--service-principal", "-u", made["appId"], "--certificate", file, "--tenant", made["tenant"])
    status, _, err = az.raw(*login, "--allow-no-subscriptions", configuration="certified")
    assert status == 0, err
    assert len(az("ad", "app", "credential", "list", "--id", made["appId"], "--cert")) == 1
    az("ad", "app", "credential", "reset", "--id", made["appId"], "--append", "--create-cert")
    assert len(az("ad", "app", "credential", "list", "--id", made["appId"], "--cert")) == 2
    az("ad", "app", "delete", "--id", made["appId"])
    assert az("ad", "sp", "list", "--display-name", "certified") == []


def test_a_group_takes_and_loses_members(az: Az) -> None:
    group = az("ad", "group", "create", "--display-name", "readers", "--mail-nickname", "readers")
    ada = az("ad", "user", "show", "--id", "ada@contoso.onmicrosoft.com")
    az("ad", "group", "member", "add", "--group", "readers", "--member-id", ada["id"])
    assert az("ad", "group", "member", "check", "--group", "readers", "--member-id", ada["id"]) == {"value": True}
    (member,) = az("ad", "group", "member", "list", "--group", "readers")
    assert member["@odata.type"] == "#microsoft.graph.user"
    assert [one["id"] for one in az("ad", "user", "get-member-groups", "--id", ada["id"])] == [group["id"]]
    az("ad", "group", "member", "remove", "--group", "readers", "--member-id", ada["id"])
    assert az("ad", "group", "member", "list", "--group", "readers") == []
    assert az("ad", "group", "show", "--group", "readers")["displayName"] == "readers"


def test_assignments_are_made_by_app_id_and_shown_with_names(az: Az) -> None:
    app_id = az("ad", "sp", "list", "--display-name", "plain")[0]["appId"]
    az("role", "assignment", "create", "--assignee", app_id, "--role", "Contributor", "--scope", _scope(az))
    shown = {one["principalName"]: one["roleDefinitionName"] for one in az("role", "assignment", "list", "--all")}
    assert shown[app_id] == "Contributor"
    az("role", "assignment", "delete", "--assignee", app_id, "--scope", _scope(az))
    assert app_id not in {one["principalName"] for one in az("role", "assignment", "list", "--all")}


def test_who_is_no_administrator_reads_the_directory_and_makes_nothing(directory: LocalAzure) -> None:
    plain = Az(directory, "plain", "--allow-no-subscriptions")
    assert "administrator" in {one["displayName"] for one in plain("ad", "app", "list")}
    status, _, err = plain.raw("ad", "app", "create", "--display-name", "mine")
    assert status != 0
    assert "Insufficient privileges" in err
