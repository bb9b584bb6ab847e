"""A local Azure with vaults of two tenants, and principals with and without roles on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.secrets import SecretClient

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf, PrincipalOf

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

    def __init__(self, azure: LocalAzure, principal_of: PrincipalOf) -> None:
        self.azure, self._principal_of = azure, principal_of

    def credential(self, who: str, **more: Any) -> ClientSecretCredential:
        return self._principal_of(self.azure, who, **more).credential

    def secrets(self, who: str = "keeper", vault: str = "contoso-vault", **more: Any) -> SecretClient:
        asking = self._principal_of(self.azure, who, **more)
        return asking.client(SecretClient, f"https://{vault}.vault.azure.net", retry_total=0)

    def certificates(self, who: str = "keeper", vault: str = "contoso-vault") -> CertificateClient:
        asking = self._principal_of(self.azure, who)
        return asking.client(CertificateClient, f"https://{vault}.vault.azure.net", retry_total=0)


@pytest.fixture(scope="session")
def vaults(azure_of: AzureOf, principal_of: PrincipalOf) -> Vaults:
    return Vaults(azure_of(TOPOLOGY), principal_of)
