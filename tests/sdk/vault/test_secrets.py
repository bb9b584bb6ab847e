"""azure-keyvault-secrets, unmodified, against the local vaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets.aio import SecretClient

if TYPE_CHECKING:
    from tests.sdk.vault.conftest import Vaults


def inner_code(refused: HttpResponseError) -> str:
    assert refused.error is not None
    return str(refused.error.innererror["code"])


def test_a_declared_secret_is_read_by_who_may_read_secrets(vaults: Vaults) -> None:
    secret = vaults.secrets("reader").get_secret("lake-sas")
    assert secret.value == "declared"
    assert (secret.id or "").startswith("https://contoso-vault.vault.azure.net/secrets/lake-sas/")
    assert secret.properties.recoverable_days == 90


def test_versions_keep_their_values_and_the_newest_answers(vaults: Vaults) -> None:
    client = vaults.secrets()
    first = client.set_secret("versioned", "one", tags={"a": "b"}, content_type="text/plain")
    second = client.set_secret("VERSIONED", "two")
    assert client.get_secret("versioned").value == "two"
    assert client.get_secret("versioned", first.properties.version).value == "one"
    versions = {one.version: one for one in client.list_properties_of_secret_versions("versioned")}
    assert set(versions) == {first.properties.version, second.properties.version}
    assert versions[first.properties.version].tags == {"a": "b"}
    listed = versions[second.properties.version]
    assert (
        listed.previous_version == second.properties.previous_version
    )  # what is told of a version is told in lists too


def test_attributes_change_and_the_value_does_not(vaults: Vaults) -> None:
    client = vaults.secrets()
    made = client.set_secret("changing", "value")
    expires = datetime(2020, 1, 1, tzinfo=UTC)
    changed = client.update_secret_properties(
        "changing", expires_on=expires, not_before=expires - timedelta(days=1), tags={"x": "y"}
    )
    assert changed.expires_on == expires
    secret = client.get_secret("changing")  # expired long ago: dates inform, they do not lock
    assert (secret.value, secret.properties.tags) == ("value", {"x": "y"})
    client.update_secret_properties("changing", made.properties.version, enabled=False)
    with pytest.raises(HttpResponseError) as refused:
        client.get_secret("changing")
    assert refused.value.status_code == 403
    assert inner_code(refused.value) == "SecretDisabled"


def test_lists_go_over_pages_without_values(vaults: Vaults) -> None:
    client = vaults.secrets(vault="paged-vault")
    names = {f"page-{number:02}" for number in range(30)}
    for name in names:
        client.set_secret(name, "v")
    pages = [list(page) for page in client.list_properties_of_secrets(max_page_size=12).by_page()]
    assert [len(page) for page in pages] == [12, 12, 6]
    assert {one.name for page in pages for one in page} == names


def test_a_deleted_secret_holds_its_name_and_comes_back_with_all_versions(vaults: Vaults) -> None:
    client = vaults.secrets()
    client.set_secret("coming-back", "one")
    client.set_secret("coming-back", "two")
    deleted = client.begin_delete_secret("coming-back").result()
    assert deleted.recovery_id == "https://contoso-vault.vault.azure.net/deletedsecrets/coming-back"
    assert deleted.scheduled_purge_date is not None
    assert deleted.deleted_date is not None
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=90)
    with pytest.raises(ResourceNotFoundError) as missing:
        client.get_secret("coming-back")
    assert getattr(missing.value.error, "code", "") == "SecretNotFound"
    with pytest.raises(ResourceExistsError) as conflict:
        client.set_secret("coming-back", "three")
    assert inner_code(conflict.value) == "ObjectIsDeletedButRecoverable"
    assert "coming-back" in {one.name for one in client.list_deleted_secrets()}
    client.begin_recover_deleted_secret("coming-back").wait()
    assert client.get_secret("coming-back").value == "two"
    assert len(list(client.list_properties_of_secret_versions("coming-back"))) == 2


def test_a_purged_secret_frees_its_name(vaults: Vaults) -> None:
    client = vaults.secrets()
    client.set_secret("short-lived", "one")
    client.begin_delete_secret("short-lived").wait()
    client.purge_deleted_secret("short-lived")
    with pytest.raises(ResourceNotFoundError):
        client.get_deleted_secret("short-lived")
    assert client.set_secret("short-lived", "two").value == "two"


def test_a_backup_brings_a_secret_into_another_vault(vaults: Vaults) -> None:
    client = vaults.secrets()
    client.set_secret("backed-up", "one")
    client.set_secret("backed-up", "two", tags={"kept": "yes"})
    blob = client.backup_secret("backed-up")
    assert b"two" not in blob
    other = vaults.secrets(vault="other-vault")
    other.restore_secret_backup(blob)
    assert other.get_secret("backed-up").value == "two"
    assert other.get_secret("backed-up").properties.tags == {"kept": "yes"}
    with pytest.raises(ResourceExistsError):
        other.restore_secret_backup(blob)
    with pytest.raises(HttpResponseError, match="backup blob"):
        other.restore_secret_backup(blob[:-1] + bytes([blob[-1] ^ 1]))


def test_who_may_read_may_not_write_and_who_has_no_role_may_nothing(vaults: Vaults) -> None:
    with pytest.raises(HttpResponseError) as refused:
        vaults.secrets("reader").set_secret("new", "value")
    assert refused.value.status_code == 403
    assert inner_code(refused.value) == "ForbiddenByRbac"
    assert "Microsoft.KeyVault/vaults/secrets/setSecret/action" in str(refused.value)
    with pytest.raises(HttpResponseError) as refused:
        vaults.secrets("nobody").get_secret("lake-sas")
    assert refused.value.status_code == 403
    with pytest.raises(HttpResponseError) as refused:
        vaults.secrets("reader", vault="other-vault").get_secret("anything")
    assert refused.value.status_code == 403


def test_an_app_of_another_tenant_does_not_get_past_the_challenge(vaults: Vaults) -> None:
    with pytest.raises(ClientAuthenticationError, match="additionally_allowed_tenants"):
        vaults.secrets("stranger").get_secret("lake-sas")
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        vaults.secrets("stranger", additionally_allowed_tenants=["*"]).get_secret("lake-sas")


def test_a_vault_that_does_not_exist_has_nothing(vaults: Vaults) -> None:
    with pytest.raises(ResourceNotFoundError, match="no-such-vault"):
        vaults.secrets(vault="no-such-vault").get_secret("lake-sas")


async def test_the_asynchronous_client_sets_reads_and_deletes(vaults: Vaults) -> None:
    found = vaults.azure.credentials("keeper")
    more = {"proxies": vaults.azure.sdk["proxies"], "connection_verify": vaults.azure.ca_bundle}
    credential = ClientSecretCredential(found["tenant_id"], found["client_id"], found["client_secret"], **more)
    async with credential, SecretClient("https://contoso-vault.vault.azure.net", credential, **more) as client:
        await client.set_secret("from-afar", "value")
        assert (await client.get_secret("from-afar")).value == "value"
        await client.delete_secret("from-afar")
        assert "from-afar" in [one.name async for one in client.list_deleted_secrets()]
