"""A local Azure with an owner and a group contributor, and the management clients as their users make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.storage import StorageManagementClient
from tests.sdk.principal import Principal

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

TOPOLOGY = """
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"

  [[tenants.apps]]
  name = "owner"

  [[tenants.apps]]
  name = "contributor"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "lake"
    location = "westeurope"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "contosolake"

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "contributor"
  role = "Contributor"
  scope = "/subscriptions/main/resourceGroups/lake"

[[tenants]]
name = "fabrikam"
domain = "fabrikam.onmicrosoft.com"

  [[tenants.apps]]
  name = "stranger"
"""


class Person(Principal):
    """A principal and the management clients."""

    @property
    def subscriptions(self) -> SubscriptionClient:
        return self.client(SubscriptionClient)

    def resources(self, subscription_id: str) -> ResourceManagementClient:
        return self.client(ResourceManagementClient, subscription_id=subscription_id)

    def deployments(self, subscription_id: str) -> DeploymentsMgmtClient:
        return self.client(DeploymentsMgmtClient, subscription_id=subscription_id)

    def identities(self, subscription_id: str) -> ManagedServiceIdentityClient:
        return self.client(ManagedServiceIdentityClient, subscription_id=subscription_id)

    def vaults(self, subscription_id: str) -> KeyVaultManagementClient:
        return self.client(KeyVaultManagementClient, subscription_id=subscription_id)

    def roles(self, subscription_id: str) -> AuthorizationManagementClient:
        return self.client(AuthorizationManagementClient, subscription_id=subscription_id)

    def storage(self, subscription_id: str) -> StorageManagementClient:
        return self.client(StorageManagementClient, subscription_id=subscription_id)


@pytest.fixture(scope="session")
def arm(azure_of: AzureOf) -> LocalAzure:
    """A local Azure that these tests share; they use names of their own in it."""
    return azure_of(TOPOLOGY)


@pytest.fixture(scope="session")
def owner(arm: LocalAzure) -> Person:
    return Person(arm, "owner")


@pytest.fixture(scope="session")
def contributor(arm: LocalAzure) -> Person:
    return Person(arm, "contributor")


@pytest.fixture(scope="session")
def stranger(arm: LocalAzure) -> Person:
    return Person(arm, "stranger")


@pytest.fixture(scope="session")
def subscription_id(owner: Person) -> str:
    return owner.subscription_id
