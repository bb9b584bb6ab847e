"""Both sides of sharing, against a local Azure."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from tests.azure import LocalAzure

import lakeport as package
from lakeport.cli import main
from lakeport.profiles import local

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.conftest import NewAzure

SHARE = """\
share: {name}
profile: local:provider
account: source-data-share
datasets:
  - {{name: raw, file_system: share-data}}
  - {{name: gold, folder: share-data/gold}}
schedule: {{every: day, at: "02:00Z"}}
invite:
  - {{tenant: fabrikam, principal: consumer}}
"""
RECEIVE = """\
profile: local:consumer
accept: [{{from: contoso, share: {name}}}]
map: [{{dataset: "*", to: "abfss://{name}@deststorage.dfs.core.windows.net/{{dataset}}"}}]
"""


class Ran(NamedTuple):
    """A command line that has ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, object]]:
        """What `--json` printed."""
        return [json.loads(line) for line in self.out.splitlines()]


class Lakeport(Protocol):
    """Runs one command line in this process."""

    def __call__(self, *arguments: str) -> Ran:
        """Run it."""
        ...


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that is the current one, on a machine without profiles and credentials of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "journals"))
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "LAKEPORT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    local.forget()


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """A local Azure that these tests alone share: a profile's accounts are told by there being one of each."""
    one = LocalAzure(tmp_path_factory.mktemp("azure"))
    yield one
    one.stop()


@pytest.fixture
def alone(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """A local Azure of one test's own, as the one that `local:` profiles mean."""
    one = new_azure()
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(one.state))
    local.forget()
    return one


@pytest.fixture
def running(azure: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """The shared local Azure, as the one that `local:` profiles mean."""
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    local.forget()
    return azure


@pytest.fixture
def waiting(running: LocalAzure) -> package.Lake:
    """A lake whose calls wait for their answers."""
    return package.connect("local:provider", account="sourcestorage", file_system="share-data")


@pytest.fixture
async def lake(waiting: package.Lake) -> AsyncIterator[package.AsyncLake]:
    """The same for an event loop."""
    async with waiting.asynchronous() as found:
        yield found
    gc.collect()  # what was left open would warn


@pytest.fixture
def lakeport(capfd: pytest.CaptureFixture[str]) -> Lakeport:
    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        status = main(list(arguments))
        captured = capfd.readouterr()
        return Ran(status, captured.out, captured.err)

    return run


class Sides(Protocol):
    """Writes `share.yaml` and `receive.yaml` for a share of a name of its own."""

    def __call__(self, name: str) -> None:
        """Write them."""
        ...


@pytest.fixture
def sides(here: Path) -> Sides:
    def write(name: str) -> None:
        (here / "share.yaml").write_text(SHARE.format(name=name))
        (here / "receive.yaml").write_text(RECEIVE.format(name=name))

    return write
