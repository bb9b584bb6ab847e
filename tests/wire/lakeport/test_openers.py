"""Lakes of every kind: with directories and flat, opened by a key or a SAS; and directories longer than a page."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

import lakeport as library
from lakeport.profiles import local

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

ACCOUNTS = ("deep", "flat")
NAMES = ("a", "sub/two words", "sub/50%25", "sub/naïve 数据", "sub/what?", "sub/a#b", ".dot/x")
MANY = 5050


@pytest.fixture
def lakes(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, library.Lake]:
    """Two accounts, each by its key and by a SAS; by the profiles' names."""
    key = base64.b64encode(os.urandom(64)).decode()
    account = (
        '[[tenants.subscriptions.resource_groups.storage_accounts]]\nname = "{}"\nkey = "{}"\nhns = {}\n'
        'file_systems = ["data"]\n'
    )
    azure = new_azure(
        topology='[[tenants]]\nname = "t"\ndomain = "t.onmicrosoft.com"\n[[tenants.subscriptions]]\nname = "main"\n'
        '[[tenants.subscriptions.resource_groups]]\nname = "lakes"\nlocation = "westeurope"\n'
        + "".join(account.format(name, key, str(name == "deep").lower()) for name in ACCOUNTS)
    )
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    local.forget()
    monkeypatch.setenv("THE_KEY", key)
    for name in ACCOUNTS:
        monkeypatch.setenv(f"SAS_{name}", sas(name, key))
    profile = (
        '[profiles.{1}-{0}]\ncloud = "local"\nstorage_account = "{0}"\nfile_system = "data"\n{1} = {{ env = "{2}" }}\n'
    )
    kinds = (("account_key", "THE_KEY"), ("sas", "SAS_{}"))
    (here / "lakeport.toml").write_text(
        "".join(profile.format(name, kind, variable.format(name)) for name in ACCOUNTS for kind, variable in kinds)
    )
    return {f"{kind}-{name}": library.connect(f"{kind}-{name}") for kind, _ in kinds for name in ACCOUNTS}


def sas(account: str, key: str) -> str:
    everything = ResourceTypes(service=True, container=True, object=True)
    may = AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True, move=True)
    return str(
        generate_account_sas(account, key, everything, may, datetime.now(UTC) + timedelta(hours=1), protocol="https")
    )


async def test_a_lake_is_worked_with_whatever_opens_it_and_whether_or_not_it_has_directories(
    lakes: dict[str, library.Lake], lakeport: Lakeport
) -> None:
    for profile, lake in lakes.items():
        top = lake.directory(profile)
        for name in NAMES:
            top.file(name).write_text(name)
            assert top.file(name).read_text() == name, profile
        with top.file("log").open("a") as log:
            log.write("1")
        with top.file("log").open("a") as log:
            log.write("2")
        assert top.file("log").read_text() == "12"
        top.file("a").write_bytes(b"")
        assert {one.path for one in top.entries(recursive=True) if not one.is_directory} == {
            f"{profile}/{name}" for name in (*NAMES, "log")
        }
        assert [one.path for one in top.glob("sub/*%*")] == [f"{profile}/sub/50%25"]
        async with lake.asynchronous() as other:
            assert await other.file(f"{profile}/sub/a#b").read_text() == "sub/a#b"
            await other.file(f"{profile}/b").write_bytes(b"b")
            found = [one async for one in other.entries(profile, recursive=True)]
            assert found == list(top.entries(recursive=True))
        assert lakeport("cat", f"{profile}:data/{profile}/sub/w*").out == "sub/what?"
        assert lakeport("rm", "-r", f"{profile}:data/{profile}/sub").status == 0, profile
        assert not top.directory("sub").exists()


@pytest.mark.timeout(480)  # it makes thousands of files, however busy the machine is
async def test_a_directory_longer_than_a_page_is_listed_whole(lakes: dict[str, library.Lake], here: Path) -> None:
    (here / "many").mkdir()
    for number in range(MANY):
        (here / "many" / f"{number:04}").touch()
    lake = lakes["account_key-deep"]
    assert lake.directory("many").upload(here / "many").files == MANY
    names = [f"many/{number:04}" for number in range(MANY)]
    assert [one.path for one in lake.entries("many")] == names
    assert sum(1 for _ in lake.glob("many/**")) == MANY
    assert [one.path for one in lake.glob("many/?000")] == names[::1000]
    async with lake.asynchronous() as other:
        assert [one.path async for one in other.entries("many")] == names
    lake.directory("many").remove()
    assert not lake.exists("many")
