"""A local Azure in which each test gets a storage account of its own, flat or with directories."""

from __future__ import annotations

import itertools
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.storage.models import BlobServiceProperties, StorageAccountCreateParameters
from azure.storage.blob import BlobServiceClient, ContainerClient, ContainerSasPermissions, generate_container_sas
from azure.storage.filedatalake import DataLakeServiceClient
from tests.azure import LocalAzure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GROUP = "lakes"
TOPOLOGY = f"""
[[tenants]]
name = "contoso"

  [[tenants.apps]]
  name = "owner"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "{GROUP}"
    location = "westeurope"

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "owner"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"
"""
_COUNT = itertools.count()


@dataclass
class Account:
    """A storage account and its clients, with its key unless another credential is given."""

    azure: LocalAzure
    name: str
    key: str
    management: StorageManagementClient
    credential: ClientSecretCredential
    closing: ExitStack

    def blob(self, credential: Any = None, **options: Any) -> BlobServiceClient:
        url = f"https://{self.name}.blob.core.windows.net"
        client = BlobServiceClient(url, credential=credential or self.key, retry_total=0, **self.azure.sdk, **options)
        return self.closing.enter_context(client)

    def anonymous(self, container: str) -> ContainerClient:
        url = f"https://{self.name}.blob.core.windows.net"
        return self.closing.enter_context(ContainerClient(url, container, retry_total=0, **self.azure.sdk))

    def dfs(self, credential: Any = None) -> DataLakeServiceClient:
        url = f"https://{self.name}.dfs.core.windows.net"
        client = DataLakeServiceClient(url, credential=credential or self.key, retry_total=0, **self.azure.sdk)
        return self.closing.enter_context(client)

    def container(self, name: str = "box") -> ContainerClient:
        """Return a new container."""
        return self.blob().create_container(name)

    def signature(self, container: str) -> str:
        """Return a signature that reads a container, for the source of a copy."""
        return self._signed(container, ContainerSasPermissions(read=True))

    def writing(self, container: str) -> str:
        """Return a signature that writes in a container."""
        return self._signed(container, ContainerSasPermissions(write=True))

    def _signed(self, container: str, permission: ContainerSasPermissions) -> str:
        expiry = datetime.now(UTC) + timedelta(hours=1)
        return generate_container_sas(self.name, container, self.key, permission=permission, expiry=expiry)

    def keep_deleted(self, days: int = 7) -> None:
        """Switch soft delete on, for blobs and containers."""
        policy = {"enabled": True, "days": days}
        properties = {"deleteRetentionPolicy": policy, "containerDeleteRetentionPolicy": policy}
        self.set_blob_service(properties)

    def set_blob_service(self, properties: dict[str, Any]) -> None:
        """Set properties of the blob service, through the control plane."""
        self.management.blob_services.set_service_properties(
            GROUP, self.name, BlobServiceProperties({"properties": properties})
        )


class NewAccount(Protocol):
    """Makes a storage account for one test."""

    def __call__(self, sku: str = "Standard_LRS", *, is_hns: bool = False, **properties: Any) -> Account:
        """Make one, with these properties of the control plane."""
        ...


@pytest.fixture(scope="session")
def storage_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    running = LocalAzure(tmp_path_factory.mktemp("storage"), topology=TOPOLOGY)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def new_account(storage_azure: LocalAzure) -> Iterator[NewAccount]:
    """A factory of storage accounts."""
    with ExitStack() as closing:
        yield account_factory(storage_azure, closing)


def account_factory(azure: LocalAzure, closing: ExitStack) -> NewAccount:
    found = azure.credentials("owner")
    credential = ClientSecretCredential(found["tenant_id"], found["client_id"], found["client_secret"], **azure.sdk)
    (subscription,) = SubscriptionClient(credential, **azure.sdk).subscriptions.list()
    management = closing.enter_context(
        StorageManagementClient(credential, str(subscription.subscription_id), **azure.sdk)
    )

    def make(sku: str = "Standard_LRS", *, is_hns: bool = False, **properties: Any) -> Account:
        name = f"store{os.getpid()}x{next(_COUNT)}"
        body = {
            "location": "westeurope",
            "kind": "StorageV2",
            "sku": {"name": sku},
            "properties": {"isHnsEnabled": is_hns, **properties},
        }
        management.storage_accounts.begin_create(GROUP, name, StorageAccountCreateParameters(body)).result()
        keys = management.storage_accounts.list_keys(GROUP, name).keys_property or []
        return Account(azure, name, str(keys[0].value), management, credential, closing)

    return make


@pytest.fixture
def new_own_account(new_azure: Callable[..., LocalAzure]) -> Iterator[NewAccount]:
    """Makes storage accounts in a local Azure of the test's own, on disk: its clock moves, and it is killed."""
    with ExitStack() as closing:
        yield account_factory(new_azure(topology=TOPOLOGY, memory=False), closing)
