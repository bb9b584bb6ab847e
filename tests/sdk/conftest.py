"""What the tests of other people's clients share: local Azures by topology, and principals of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.azure import LocalAzure
from tests.sdk.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class AzureOf(Protocol):
    """Starts a local Azure for a topology, once a worker."""

    def __call__(self, topology: str | None, folder: Path | None = None) -> LocalAzure:
        """Return the running one of this topology; in a folder of the caller's, if its files are there."""
        ...


class PrincipalOf(Protocol):
    """Signs an app in, once a worker."""

    def __call__(self, azure: LocalAzure, name: str, **more: Any) -> Principal:
        """Return an app of a local Azure, with the tokens that it already got."""
        ...


@pytest.fixture(scope="session")
def azure_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureOf]:
    """A factory of local Azures that tests share: each topology's is started once; use names of your own in it."""
    running: dict[str | None, LocalAzure] = {}

    def of(topology: str | None, folder: Path | None = None) -> LocalAzure:
        if topology not in running:
            running[topology] = LocalAzure(folder or tmp_path_factory.mktemp("shared"), topology=topology)
        return running[topology]

    yield of
    for one in running.values():
        one.stop()


@pytest.fixture(scope="session")
def principal_of() -> PrincipalOf:
    """A factory of signed-in apps and their SDK clients."""
    known: dict[tuple[object, ...], Principal] = {}

    def of(azure: LocalAzure, name: str, **more: Any) -> Principal:
        key = (azure.port, name, *map(str, more.items()))
        if key not in known:
            known[key] = Principal(azure, name, **more)
        return known[key]

    return of
