"""A local Azure with an owner and a group contributor, and the management clients as their users make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.storage import StorageManagementClient
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


@dataclass
class Person:
    """A principal and its clients, which know nothing of a local Azure but the way to it."""

    azure: LocalAzure
    name: str

    def __post_init__(self) -> None:
        found = self.azure.credentials(self.name)
        self.tenant_id, self.object_id = str(found["tenant_id"]), str(found["object_id"])
        self.credential = ClientSecretCredential(
            self.tenant_id, str(found["client_id"]), str(found["client_secret"]), **self.azure.sdk
        )

    @property
    def subscriptions(self) -> SubscriptionClient:
        return SubscriptionClient(self.credential, **self.azure.sdk)

    def resources(self, subscription_id: str) -> ResourceManagementClient:
        return ResourceManagementClient(self.credential, subscription_id, **self.azure.sdk)

    def roles(self, subscription_id: str) -> AuthorizationManagementClient:
        return AuthorizationManagementClient(self.credential, subscription_id, **self.azure.sdk)

    def storage(self, subscription_id: str) -> StorageManagementClient:
        return StorageManagementClient(self.credential, subscription_id, **self.azure.sdk)


@pytest.fixture(scope="session")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """A local Azure that these tests share; they use names of their own in it."""
    running = LocalAzure(tmp_path_factory.mktemp("arm"), topology=TOPOLOGY)
    yield running
    running.stop()


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
    (only,) = owner.subscriptions.subscriptions.list()
    found: Any = only.subscription_id
    return str(found)
