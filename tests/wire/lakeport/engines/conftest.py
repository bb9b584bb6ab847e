"""Lakes with and without directories, and who may use them, as profiles of a local Azure."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.azure import LocalAzure

from lakeport import profiles
from lakeport.engines.file_system import LakeFileSystem, Opened
from lakeport.profiles import local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = base64.b64encode(bytes(range(64))).decode()
_COUNT = itertools.count()
TOPOLOGY = f"""
[[tenants]]
name = "contoso"
[[tenants.apps]]
name = "owner"
[[tenants.apps]]
name = "owner-certificate"
certificate = "generated"
[[tenants.users]]
name = "ada@contoso.onmicrosoft.com"
[[tenants.subscriptions]]
name = "main"
  [[tenants.subscriptions.resource_groups]]
  name = "lakes"
  location = "westeurope"
    [[tenants.subscriptions.resource_groups.storage_accounts]]
    name = "lake1"
    key = "{KEY}"
    [[tenants.subscriptions.resource_groups.storage_accounts]]
    name = "flat1"
    hns = false
    key = "{KEY}"
    [[tenants.subscriptions.resource_groups.managed_identities]]
    name = "node"
    [[tenants.subscriptions.resource_groups.key_vaults]]
    name = "sas-vault"
[[tenants.role_assignments]]
principal = "owner"
role = "Storage Blob Data Owner"
scope = "/subscriptions/main"
[[tenants.role_assignments]]
principal = "owner-certificate"
role = "Storage Blob Data Reader"
scope = "/subscriptions/main"
[[tenants.role_assignments]]
principal = "owner"
role = "Key Vault Administrator"
scope = "/subscriptions/main"
[[tenants.role_assignments]]
principal = "node"
role = "Storage Blob Data Contributor"
scope = "/subscriptions/main"
[[tenants.role_assignments]]
principal = "ada@contoso.onmicrosoft.com"
role = "Storage Blob Data Reader"
scope = "/subscriptions/main"
"""


class Place(NamedTuple):
    """A new container.

    Attributes:
        azure: Where it is.
        lake: The account, as its owner opens it.
    """

    azure: LocalAzure
    lake: LakeFileSystem
    container: str

    def url(self, path: str) -> str:
        """Return the ecosystem's URL of a path."""
        return f"abfss://{self.container}@{self.lake.account.name}.dfs.core.windows.net/{path}"


@pytest.fixture(scope="session")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """A local Azure of these tests alone."""
    one = LocalAzure(tmp_path_factory.mktemp("lakes"), topology=TOPOLOGY)
    yield one
    one.stop()


@pytest.fixture
def at_lakes(lakes: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """The same, as the one that `local:` profiles mean."""
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(lakes.state))
    local.forget()
    return lakes


@pytest.fixture(scope="session")
def owner(lakes: LocalAzure) -> profiles.Profile:
    """Who may do everything; asked of the local Azure once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEPORT_LOCAL_STATE", str(lakes.state))
        local.forget()
        found = profiles.resolve("local:owner")
    local.forget()
    return found


def _place(azure: LocalAzure, owner: profiles.Profile, account: str) -> Place:
    lake = LakeFileSystem(opened_by=Opened(owner, account))
    name = f"box-{next(_COUNT)}"
    lake.mkdir(name)
    return Place(azure, lake, name)


@pytest.fixture
def place(lakes: LocalAzure, owner: profiles.Profile) -> Place:
    """A new container of an account with directories."""
    return _place(lakes, owner, "lake1")


@pytest.fixture
def flat_place(lakes: LocalAzure, owner: profiles.Profile) -> Place:
    """A new container of an account without directories."""
    return _place(lakes, owner, "flat1")


@pytest.fixture
def profile_by(at_lakes: LocalAzure) -> Any:
    """A profile of the local Azure of these values alone."""

    def by(**values: str) -> profiles.Profile:
        return profiles.resolve(arguments={"cloud": "local", **values}, environment={})

    return by


@pytest.fixture
def account_key() -> str:
    """The key of both accounts."""
    return KEY


@pytest.fixture
def topology() -> str:
    """What a local Azure of a test's own has the same of."""
    return TOPOLOGY
