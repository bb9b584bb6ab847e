"""`az keyvault`, unmodified, against local vaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sdk.az import Az

if TYPE_CHECKING:
    from tests.sdk.vault.conftest import Vaults

pytestmark = [pytest.mark.witness, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def az(vaults: Vaults) -> Az:
    return Az(vaults.azure, "owner")


def test_a_vault_is_made_filled_and_read(az: Az, vaults: Vaults) -> None:
    made = az("keyvault", "create", "-n", "az-vault", "-g", "rg", "-l", "westeurope")
    assert made["properties"]["vaultUri"] == "https://az-vault.vault.azure.net/"
    status, _, err = az.raw("keyvault", "secret", "set", "--vault-name", "az-vault", "-n", "s", "--value", "v")
    assert status != 0
    assert "setSecret/action" in err, "owning a vault opens nothing in it"
    role = ("--role", "Key Vault Secrets Officer", "--scope", made["id"])
    az(
        "role",
        "assignment",
        "create",
        "--assignee-object-id",
        az.object_id,
        "--assignee-principal-type",
        "ServicePrincipal",
        *role,
    )
    az("keyvault", "secret", "set", "--vault-name", "az-vault", "-n", "s", "--value", "v")
    assert az("keyvault", "secret", "show", "--vault-name", "az-vault", "-n", "s")["value"] == "v"
    assert [one["name"] for one in az("keyvault", "secret", "list", "--vault-name", "az-vault")] == ["s"]
    az("keyvault", "secret", "delete", "--vault-name", "az-vault", "-n", "s")
    az("keyvault", "secret", "recover", "--vault-name", "az-vault", "-n", "s")
    assert "az-vault" in {one["name"] for one in az("keyvault", "list")}


def test_a_vault_changes_over_to_access_policies(az: Az) -> None:
    az("keyvault", "create", "-n", "az-policies", "-g", "rg", "-l", "westeurope")
    az("keyvault", "update", "-n", "az-policies", "--enable-rbac-authorization", "false")
    permissions = ("--secret-permissions", "get", "set")
    az("keyvault", "set-policy", "-n", "az-policies", "--object-id", az.object_id, *permissions)
    az("keyvault", "secret", "set", "--vault-name", "az-policies", "-n", "s", "--value", "v")
    assert az("keyvault", "secret", "show", "--vault-name", "az-policies", "-n", "s")["value"] == "v"


def test_a_deleted_vault_is_listed_recovered_and_purged(az: Az) -> None:
    az("keyvault", "create", "-n", "az-deleted", "-g", "rg", "-l", "westeurope")
    az("keyvault", "delete", "-n", "az-deleted")
    assert "az-deleted" in {one["name"] for one in az("keyvault", "list-deleted")}
    az("keyvault", "recover", "-n", "az-deleted")
    az("keyvault", "delete", "-n", "az-deleted")
    az("keyvault", "purge", "-n", "az-deleted")
    assert "az-deleted" not in {one["name"] for one in az("keyvault", "list-deleted")}
