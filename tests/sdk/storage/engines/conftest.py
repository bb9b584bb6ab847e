"""One lake as engines are told of it: by its real name, or by an explicit endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.azure import LocalAzure

    Lakes = Any  # the conftest's of the folder above; test modules do not import one another


@dataclass(frozen=True)
class Place:
    """A new container.

    Attributes:
        azure: Where it is.
        container: Its name.
        key: The account's key.
        account: The account.
    """

    azure: LocalAzure
    container: str
    key: str
    account: str = "lake1"

    @property
    def authority(self) -> str:
        """Host and port of the explicit endpoint."""
        return f"127.0.0.1:{self.azure.port}"

    @property
    def endpoint(self) -> str:
        """The account by path, plain HTTP."""
        return f"http://{self.authority}/{self.account}"

    @property
    def connection_string(self) -> str:
        """The connection string of the explicit endpoint."""
        return f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={self.key};BlobEndpoint={self.endpoint};"

    @property
    def rust(self) -> Mapping[str, str]:
        """Options of object_store, which obstore, deltalake and polars share."""
        return {
            "azure_storage_account_name": self.account,
            "azure_storage_account_key": self.key,
            "azure_endpoint": self.endpoint,
            "allow_http": "true",
        }

    def url(self, path: str) -> str:
        """Return the ecosystem's URL of a path."""
        return f"abfss://{self.container}@{self.account}.dfs.core.windows.net/{path}"


@pytest.fixture
def place(lakes: Lakes) -> Place:
    """A new container and the ways to it."""
    return Place(lakes.azure, lakes.new_file_system(), lakes.key)


@pytest.fixture
def flat_place(lakes: Lakes) -> Place:
    """A new container of an account without a hierarchical namespace."""
    return Place(lakes.azure, lakes.new_file_system("flat1"), lakes.key, "flat1")
