"""Fixtures that every kind of test may use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import HealthCheck, settings
from tests import driven
from tests.azure import LocalAzure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path


# The same examples in every run, so that a change is judged by itself; LAKEPORT_RANDOM=1 draws others, to find what is not known.
settings.register_profile(
    "same",
    derandomize="LAKEPORT_RANDOM" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # of the machine
)
settings.load_profile("same")

collect_ignore_glob = ["sdk/scripts/*"]  # programs that tests run, not tests


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note what is driven; once, not in each worker."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        driven.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note which operations a stranger's client drives in a test that passes."""
    driven.news()
    outcome = yield
    if item.nodeid.startswith("tests/sdk/"):
        driven.note(item.nodeid.partition("[")[0], driven.news())
    return outcome


class NewAzure(Protocol):
    """Starts a local Azure for one test."""

    def __call__(
        self, *, topology: str | None = None, memory: bool = True, arguments: tuple[str, ...] = ()
    ) -> LocalAzure:
        """Start one; it ends with the test."""
        ...


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """A local Azure with two organisations that tests of one worker share: read it, or use names of your own."""
    running = LocalAzure(tmp_path_factory.mktemp("azure"))
    yield running
    running.stop()


@pytest.fixture
def new_azure(tmp_path: Path) -> Iterator[NewAzure]:
    """A factory of local Azures for one test: with its own topology, on disk, to be killed."""
    started: list[LocalAzure] = []

    def start(*, topology: str | None = None, memory: bool = True, arguments: tuple[str, ...] = ()) -> LocalAzure:
        folder = tmp_path / f"azure-{len(started)}"
        folder.mkdir()
        started.append(LocalAzure(folder, topology=topology, memory=memory, arguments=arguments))
        return started[-1]

    yield start
    for one in started:
        one.stop()
