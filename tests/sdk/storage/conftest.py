"""Real storage clients against a local Azure of this folder's own; each test gets a new file system."""

from __future__ import annotations

import base64
import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.filedatalake import DataLakeServiceClient, FileSystemClient

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

KEY = base64.b64encode(bytes(range(64))).decode()
_APPS = ("owner", "writer", "reader", "nobody", "operator")
_ROLES = {
    "owner": "Storage Blob Data Owner",
    "writer": "Storage Blob Data Contributor",
    "reader": "Storage Blob Data Reader",
    "operator": "Contributor",
}
_COUNT = itertools.count()


def _app(name: str) -> str:
    return f'[[tenants.apps]]\nname = "{name}"\nclient_secret = "the secret of {name}"\n'


def _assignment(principal: str, role: str, scope: str) -> str:
    return f'[[tenants.role_assignments]]\nprincipal = "{principal}"\nrole = "{role}"\nscope = "{scope}"\n'


TOPOLOGY = (
    '[[tenants]]\nname = "contoso"\n'
    + "".join(_app(name) for name in _APPS)
    + '[[tenants.users]]\nname = "ada@contoso.onmicrosoft.com"\npassword = "the password of ada"\n'
    + '[[tenants.groups]]\nname = "team"\nmembers = ["nobody"]\n'
    + f"""
[[tenants.subscriptions]]
name = "main"
  [[tenants.subscriptions.resource_groups]]
  name = "lakes"
  location = "westeurope"
    [[tenants.subscriptions.resource_groups.storage_accounts]]
    name = "lake1"
    key = "{KEY}"
    [[tenants.subscriptions.resource_groups.storage_accounts]]
    name = "lake2"
    key = "{KEY}"
    [[tenants.subscriptions.resource_groups.storage_accounts]]
    name = "flat1"
    hns = false
    key = "{KEY}"
    [[tenants.subscriptions.resource_groups.storage_accounts]]
    name = "walled"
    key = "{KEY}"
    allow_ips = ["203.0.113.7"]
    [[tenants.subscriptions.resource_groups.managed_identities]]
    name = "node"
"""
    + "".join(_assignment(name, role, "/subscriptions/main") for name, role in _ROLES.items())
    + _assignment("node", "Storage Blob Data Contributor", "/subscriptions/main")
    + '[[tenants]]\nname = "fabrikam"\n'
    + _app("outsider")
)


class Lakes:
    """Clients of the accounts of one local Azure."""

    key = KEY

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self._known: dict[str, Any] = {}
        self._credentials: dict[str, ClientSecretCredential] = {}

    def who(self, name: str) -> dict[str, Any]:
        """Return a principal's ids."""
        if name not in self._known:
            self._known[name] = self.azure.credentials(name)
        known: dict[str, Any] = self._known[name]
        return known

    def credential(self, name: str) -> ClientSecretCredential:
        """Return a principal's credential, with the tokens it already got."""
        if name not in self._credentials:
            found, secret = self.who(name), f"the secret of {name}"
            self._credentials[name] = ClientSecretCredential(
                found["tenant_id"], found["client_id"], secret, **self.azure.sdk
            )
        return self._credentials[name]

    def dfs(self, credential: Any = KEY, account: str = "lake1") -> DataLakeServiceClient:
        url = f"https://{account}.dfs.core.windows.net"
        return DataLakeServiceClient(url, credential=credential, retry_total=0, **self.azure.sdk)

    def blob(self, credential: Any = KEY, account: str = "lake1") -> BlobServiceClient:
        url = f"https://{account}.blob.core.windows.net"
        return BlobServiceClient(url, credential=credential, retry_total=0, **self.azure.sdk)

    def new_file_system(self, account: str = "lake1") -> str:
        name = f"fs-{os.getpid()}-{next(_COUNT)}"
        self.blob(account=account).create_container(name)
        return name


@pytest.fixture(scope="session")
def lakes(azure_of: AzureOf) -> Lakes:
    return Lakes(azure_of(TOPOLOGY))


@pytest.fixture
def fs(lakes: Lakes) -> FileSystemClient:
    """A new file system, reached with the account's key."""
    return lakes.dfs().get_file_system_client(lakes.new_file_system())


@pytest.fixture
def container(lakes: Lakes, fs: FileSystemClient) -> ContainerClient:
    """The same, through the blob API."""
    return lakes.blob().get_container_client(fs.file_system_name)
