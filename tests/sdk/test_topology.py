"""A topology with every key there is, as a stranger's clients find it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import CertificateCredential
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare.models import ADLSGen2FileSystemDataSet, Share
from azure.storage.filedatalake import DataLakeServiceClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf, PrincipalOf

KEY = base64.b64encode(bytes(range(64))).decode()
TENANT, SUBSCRIPTION = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CLIENT, OBJECT = "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
SECRET = "a secret of our own"

TOPOLOGY = f"""
[[tenants]]
name = "contoso"
id = "{TENANT}"
domain = "contoso.example.com"

  [[tenants.apps]]
  name = "provider"
  client_id = "{CLIENT}"
  object_id = "{OBJECT}"
  client_secret = "{SECRET}"
  certificate = "p.pem"

  [[tenants.users]]
  name = "ada@contoso.example.com"
  password = "ada's own"
  object_id = "55555555-5555-4555-8555-555555555555"

  [[tenants.users]]
  name = "grace@fabrikam.onmicrosoft.com"
  guest_from = "fabrikam"

  [[tenants.groups]]
  name = "analysts"
  object_id = "66666666-6666-4666-8666-666666666666"
  members = ["ada@contoso.example.com", "provider"]

  [[tenants.subscriptions]]
  name = "main"
  id = "{SUBSCRIPTION}"

    [[tenants.subscriptions.resource_groups]]
    name = "rg"
    location = "northeurope"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "openlake"
      hns = true
      key = "{KEY}"
      file_systems = ["one", "two"]

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "closedlake"
      key = "{KEY}"
      file_systems = ["one"]
      allow_ips = ["203.0.113.7"]

      [[tenants.subscriptions.resource_groups.data_share_accounts]]
      name = "shares"

      [[tenants.subscriptions.resource_groups.key_vaults]]
      name = "contoso-vault"
      secrets = {{ "lake-sas" = "sig" }}

      [[tenants.subscriptions.resource_groups.managed_identities]]
      name = "batch-node"
      client_id = "77777777-7777-4777-8777-777777777777"
      object_id = "88888888-8888-4888-8888-888888888888"

  [[tenants.role_assignments]]
  principal = "analysts"
  role = "Contributor"
  scope = "/subscriptions/main/resourceGroups/rg"

  [[tenants.role_assignments]]
  principal = "data-share:shares"
  role = "Storage Blob Data Reader"
  scope = "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/openlake"

[[tenants]]
name = "fabrikam"
  [[tenants.users]]
  name = "grace@fabrikam.onmicrosoft.com"
"""


def key_pair() -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form), certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def described(azure_of: AzureOf, tmp_path_factory: pytest.TempPathFactory) -> LocalAzure:
    folder = tmp_path_factory.mktemp("described")
    key, certificate = key_pair()
    (folder / "p.pem").write_bytes(certificate)
    (folder / "both.pem").write_bytes(key + certificate)
    return azure_of(TOPOLOGY, folder)


def lake(azure: LocalAzure, account: str) -> DataLakeServiceClient:
    return DataLakeServiceClient(f"https://{account}.dfs.core.windows.net", KEY, retry_total=0, **azure.sdk)


def test_ids_and_secrets_are_those_of_the_file(described: LocalAzure) -> None:
    provider = described.credentials("provider")
    assert (provider["tenant_id"], provider["client_id"], provider["object_id"]) == (TENANT, CLIENT, OBJECT)
    assert provider["client_secret"] == SECRET


def test_the_accounts_key_opens_its_file_systems(described: LocalAzure) -> None:
    assert [one.name for one in lake(described, "openlake").list_file_systems()] == ["one", "two"]


def test_an_account_with_addresses_refuses_all_others(described: LocalAzure) -> None:
    with pytest.raises(HttpResponseError) as caught:
        list(lake(described, "closedlake").list_file_systems())
    assert (caught.value.status_code, caught.value.error_code) == (403, "AuthorizationFailure")  # type: ignore[attr-defined]  # set by storage


def test_a_certificate_of_the_file_signs_in(described: LocalAzure) -> None:
    credential = CertificateCredential(TENANT, CLIENT, str(described.state.parent / "both.pem"), **described.sdk)
    assert credential.get_token("https://storage.azure.com/.default").token


def test_roles_by_group_and_of_a_share_accounts_identity_hold(described: LocalAzure, principal_of: PrincipalOf) -> None:
    provider = principal_of(described, "provider")
    client = provider.client(DataShareManagementClient, subscription_id=SUBSCRIPTION)
    account = client.accounts.get("rg", "shares")
    assert account.location == "northeurope"
    client.shares.create("rg", "shares", "sales", Share(share_kind="CopyBased"))
    place = {"resource_group": "rg", "subscription_id": SUBSCRIPTION, "file_system": "one"}
    readable = ADLSGen2FileSystemDataSet(storage_account_name="openlake", **place)
    assert client.data_sets.create("rg", "shares", "sales", "open", readable).name == "open"
    unreadable = ADLSGen2FileSystemDataSet(storage_account_name="closedlake", **place)
    with pytest.raises(HttpResponseError, match="5006"):
        client.data_sets.create("rg", "shares", "sales", "closed", unreadable)


def test_reset_goes_back_to_the_file(described: LocalAzure) -> None:
    before = described.command("credentials", "--json").stdout
    lake(described, "openlake").create_file_system("three")
    described.command("reset")
    assert described.command("credentials", "--json").stdout == before
    assert [one.name for one in lake(described, "openlake").list_file_systems()] == ["one", "two"]
