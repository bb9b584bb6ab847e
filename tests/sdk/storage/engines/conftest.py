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
    """A new container of `lake1`.

    Attributes:
        azure: Where it is.
        container: Its name.
        key: The account's key.
    """

    azure: LocalAzure
    container: str
    key: str

    @property
    def authority(self) -> str:
        """Host and port of the explicit endpoint."""
        return f"127.0.0.1:{self.azure.port}"

    @property
    def endpoint(self) -> str:
        """The account by path, plain HTTP."""
        return f"http://{self.authority}/lake1"

    @property
    def connection_string(self) -> str:
        """The connection string of the explicit endpoint."""
        return f"DefaultEndpointsProtocol=http;AccountName=lake1;AccountKey={self.key};BlobEndpoint={self.endpoint};"

    @property
    def rust(self) -> Mapping[str, str]:
        """Options of object_store, which obstore, deltalake and polars share."""
        return {
            "azure_storage_account_name": "lake1",
            "azure_storage_account_key": self.key,
            "azure_endpoint": self.endpoint,
            "allow_http": "true",
        }

    def url(self, path: str) -> str:
        """Return the ecosystem's URL of a path."""
        return f"abfss://{self.container}@lake1.dfs.core.windows.net/{path}"


@pytest.fixture
def place(lakes: Lakes) -> Place:
    """A new container and the ways to it."""
    return Place(lakes.azure, lakes.new_file_system(), lakes.key)
