"""Signatures made with user delegation keys: bound to principals, across tenants, for subjects; and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import BlobClient, BlobSasPermissions, generate_blob_sas
from azure.storage.filedatalake import DataLakeFileClient, generate_file_sas

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.storage.blob import ContainerClient
    from azure.storage.filedatalake import FileSystemClient
    from tests.sdk.conftest import PrincipalOf

    Lakes = Any  # conftest's; test modules do not import one another

READ = BlobSasPermissions(read=True)


def refused(act: Callable[[], object], code: str = "AuthenticationFailed") -> None:
    """Expect a refusal; where a token is not believed, the client itself stops at the challenge to another tenant."""
    with pytest.raises(HttpResponseError) as error:
        act()
    assert code in str(error.value)


def delegated(lakes: Lakes, name: str, account: str = "lake1", **more: Any) -> Any:
    now = datetime.now(UTC)
    service = lakes.blob(lakes.credential(name), account=account)
    return service.get_user_delegation_key(now - timedelta(minutes=1), now + timedelta(hours=2), **more)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def reader_of(lakes: Lakes, container: ContainerClient, credential: Any, **signed: Any) -> Callable[[], bytes]:
    """Read `f` with a signature and whatever credential goes with it."""
    sas = generate_blob_sas("lake1", container.container_name, "f", permission=READ, expiry=soon(), **signed)
    url = f"https://lake1.blob.core.windows.net/{container.container_name}/f?{sas}"
    blob = BlobClient.from_blob_url(url, credential=credential, retry_total=0, **lakes.azure.sdk)

    def read() -> bytes:
        return bytes(blob.download_blob().readall())

    return read


def test_a_signature_bound_to_a_principal_needs_its_token(lakes: Lakes, container: ContainerClient) -> None:
    container.upload_blob("f", b"1")
    nobody = lakes.who("nobody")["object_id"]
    signed = {"user_delegation_key": delegated(lakes, "reader"), "user_delegation_oid": nobody}
    assert reader_of(lakes, container, lakes.credential("nobody"), **signed)() == b"1"
    refused(reader_of(lakes, container, None, **signed))
    refused(reader_of(lakes, container, lakes.credential("reader"), **signed))
    refused(reader_of(lakes, container, lakes.credential("outsider"), **signed), "tenant")
    unbound = reader_of(lakes, container, lakes.credential("nobody"), user_delegation_key=delegated(lakes, "reader"))
    refused(unbound)


def allow_across_tenants(lakes: Lakes, principal_of: PrincipalOf, *, allowed: bool) -> None:
    operator = principal_of(lakes.azure, "operator")
    client = operator.client(StorageManagementClient, subscription_id=operator.subscription_id)
    client.storage_accounts.update("lakes", "lake1", {"properties": {"allowCrossTenantDelegationSas": allowed}})


def test_a_signature_for_another_tenant_serves_its_principal_where_the_account_allows_it(
    lakes: Lakes, container: ContainerClient, principal_of: PrincipalOf
) -> None:
    container.upload_blob("f", b"1")
    outsider = lakes.who("outsider")
    key = delegated(lakes, "reader", delegated_user_tid=outsider["tenant_id"])
    assert key.signed_delegated_user_tid == outsider["tenant_id"]
    signed = {"user_delegation_key": key, "user_delegation_oid": outsider["object_id"]}
    theirs = reader_of(lakes, container, lakes.credential("outsider"), **signed)
    refused(theirs, "tenant")
    allow_across_tenants(lakes, principal_of, allowed=True)
    try:
        assert theirs() == b"1"
        for name in ("nobody", None):
            credential = None if name is None else lakes.credential(name)
            with pytest.raises(HttpResponseError):
                reader_of(lakes, container, credential, **signed)()
        other = {**signed, "user_delegation_oid": lakes.who("nobody")["object_id"]}
        refused(reader_of(lakes, container, lakes.credential("outsider"), **other))
        # The token alone, or with a signature that is not bound to its tenant, opens nothing.
        plain = delegated(lakes, "reader")
        unbound = reader_of(lakes, container, lakes.credential("outsider"), user_delegation_key=plain)
        refused(unbound, "tenant")
    finally:
        allow_across_tenants(lakes, principal_of, allowed=False)
    refused(theirs, "tenant")


def test_a_key_is_of_one_account_and_ends_when_the_accounts_keys_are_revoked(
    lakes: Lakes, container: ContainerClient, principal_of: PrincipalOf
) -> None:
    container.upload_blob("f", b"1")
    refused(reader_of(lakes, container, None, user_delegation_key=delegated(lakes, "reader", account="lake2")))
    theirs = reader_of(lakes, container, None, user_delegation_key=delegated(lakes, "reader"))
    assert theirs() == b"1"
    operator = principal_of(lakes.azure, "operator")
    operator.client(
        StorageManagementClient, subscription_id=operator.subscription_id
    ).storage_accounts.revoke_user_delegation_keys("lakes", "lake1")
    refused(theirs)
    assert reader_of(lakes, container, None, user_delegation_key=delegated(lakes, "reader"))() == b"1"


@pytest.fixture
def file_as(lakes: Lakes, fs: FileSystemClient) -> Callable[..., DataLakeFileClient]:
    """A client of `d/f` by a signature of somebody's key, for somebody else."""

    def make(signer: str, permission: str = "racwdo", **named: Any) -> DataLakeFileClient:
        sas = generate_file_sas(
            "lake1", fs.file_system_name, "d", "f", delegated(lakes, signer), permission, soon(), **named
        )
        url = f"https://lake1.dfs.core.windows.net/{fs.file_system_name}/d/f?{sas}"
        client: DataLakeFileClient = DataLakeFileClient(
            "https://lake1.dfs.core.windows.net", fs.file_system_name, "d/f", credential=sas, **lakes.azure.sdk
        )
        assert client.url.startswith(url.partition("?")[0])
        return client

    return make


def test_a_signature_for_an_agent_owns_what_it_makes_and_asks_no_list(
    lakes: Lakes, fs: FileSystemClient, file_as: Callable[..., DataLakeFileClient]
) -> None:
    nobody = lakes.who("nobody")["object_id"]
    fs.create_directory("d")
    correlation = "11111111-2222-4333-8444-555555555555"
    file_as("owner", preauthorized_agent_object_id=nobody, correlation_id=correlation).create_file()
    assert fs.get_file_client("d/f").get_access_control()["owner"] == nobody
    refused(
        file_as("writer", preauthorized_agent_object_id=nobody).create_file,
        "AuthorizationPermissionMismatch",
    )


def test_a_signature_for_a_subject_asks_its_lists_and_gives_nothing_away(
    lakes: Lakes, fs: FileSystemClient, file_as: Callable[..., DataLakeFileClient]
) -> None:
    nobody, reader = (lakes.who(name)["object_id"] for name in ("nobody", "reader"))
    fs.create_directory("d")
    theirs = file_as("owner", agent_object_id=nobody)
    refused(theirs.create_file, "AuthorizationPermissionMismatch")
    for path, bits in (("/", "--x"), ("d", "-wx")):
        acl = f"user::rwx,user:{nobody}:{bits},group::r-x,other::---"
        fs.get_directory_client(path).set_access_control(acl=acl)
    theirs.create_file()
    assert fs.get_file_client("d/f").get_access_control()["owner"] == nobody
    refused(lambda: theirs.set_access_control(owner=reader), "AuthorizationPermissionMismatch")
    fs.get_file_client("d/f").set_access_control(owner=reader)
    refused(lambda: theirs.download_file().readall(), "AuthorizationPermissionMismatch")


def test_a_signer_who_is_no_super_user_gives_nothing_away(
    lakes: Lakes, fs: FileSystemClient, file_as: Callable[..., DataLakeFileClient]
) -> None:
    fs.create_directory("d")
    theirs = file_as("writer")
    theirs.create_file()
    fs.get_file_client("d/f").set_access_control(owner=lakes.who("writer")["object_id"])
    refused(
        lambda: theirs.set_access_control(owner=lakes.who("reader")["object_id"]), "AuthorizationPermissionMismatch"
    )
