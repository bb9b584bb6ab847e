"""A local Azure with vaults of two tenants, and principals with and without roles on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.secrets import SecretClient
from tests.azure import LocalAzure

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPOLOGY = """
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
  [[tenants.apps]]
  name = "owner"
  [[tenants.apps]]
  name = "keeper"
  [[tenants.apps]]
  name = "reader"
  [[tenants.apps]]
  name = "nobody"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "rg"
    location = "westeurope"
      [[tenants.subscriptions.resource_groups.key_vaults]]
      name = "contoso-vault"
      secrets = { "lake-sas" = "declared" }
      [[tenants.subscriptions.resource_groups.key_vaults]]
      name = "other-vault"
      [[tenants.subscriptions.resource_groups.key_vaults]]
      name = "paged-vault"
  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"
  [[tenants.role_assignments]]
  principal = "keeper"
  role = "Key Vault Administrator"
  scope = "/subscriptions/main"
  [[tenants.role_assignments]]
  principal = "reader"
  role = "Key Vault Secrets User"
  scope = "/subscriptions/main/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/contoso-vault"
[[tenants]]
name = "fabrikam"
domain = "fabrikam.onmicrosoft.com"
  [[tenants.apps]]
  name = "stranger"
"""


class Vaults:
    """Clients of the vaults, for whoever asks."""

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self._credentials: dict[str, dict[str, Any]] = {}

    def credential(self, who: str, **more: Any) -> ClientSecretCredential:
        if who not in self._credentials:
            self._credentials[who] = self.azure.credentials(who)
        found = self._credentials[who]
        given = {name: found[name] for name in ("tenant_id", "client_id", "client_secret")}
        return ClientSecretCredential(**given, **self.azure.sdk, **more)

    def secrets(self, who: str = "keeper", vault: str = "contoso-vault", **more: Any) -> SecretClient:
        url = f"https://{vault}.vault.azure.net"
        return SecretClient(url, self.credential(who, **more), retry_total=0, **self.azure.sdk)

    def certificates(self, who: str = "keeper", vault: str = "contoso-vault") -> CertificateClient:
        url = f"https://{vault}.vault.azure.net"
        return CertificateClient(url, self.credential(who), retry_total=0, **self.azure.sdk)


@pytest.fixture(scope="session")
def vaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vaults]:
    azure = LocalAzure(tmp_path_factory.mktemp("vaults"), topology=TOPOLOGY)
    yield Vaults(azure)
    azure.stop()
