"""Handles go on when what lets them in ends: a token before its time, a SAS that was replaced in its vault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import obstore
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.keyvault.secrets import SecretClient
from azure.storage.filedatalake import AccountSasPermissions, ResourceTypes, generate_account_sas
from deltalake import DeltaTable, write_deltalake

from lakeport import engines, identity, profiles
from lakeport.clock import FixedClock
from lakeport.engines import object_stores, token_endpoint
from lakeport.profiles import local

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

Place = Any  # conftest's; test modules do not import one another
ROWS = pa.table({"id": list(range(100))})


@pytest.fixture
def ending(new_azure: NewAzure, topology: str, here: Any, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """A local Azure whose clock a test may move."""
    one = new_azure(topology=topology)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(one.state))
    local.forget()
    return one


def readers(profile: profiles.Profile) -> dict[str, Callable[[], int]]:
    """What reads `box/one.parquet` and `box/table`, by library, each through a handle that is made now."""
    url = "abfss://box@lake1.dfs.core.windows.net"
    lake, arrow = engines.fsspec(profile, "lake1"), engines.pyarrow(profile, "lake1")
    store = engines.obstore(profile, "lake1", "box")
    options = engines.storage_options("delta", profile, "lake1")
    database = engines.duckdb(duckdb.connect(), profile, "lake1")
    table = DeltaTable(f"{url}/table", storage_options=options)
    return {
        "fsspec": lambda: len(lake.cat_file("box/one.parquet")),
        "pyarrow": lambda: pq.read_table("box/one.parquet", filesystem=arrow).num_rows,
        "obstore": lambda: len(obstore.get(store, "one.parquet").bytes()),
        "delta": lambda: table.to_pyarrow_table().num_rows,
        "polars": lambda: pl.scan_parquet(f"{url}/one.parquet", storage_options=options).collect().height,
        "duckdb": lambda: database.execute(f"select count(*) from '{url}/one.parquet'").fetchall()[0][0],
    }


@pytest.mark.parametrize("who", ["owner", "node"])
def test_reading_goes_on_past_the_end_of_a_token(ending: LocalAzure, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_endpoint, "SOON", timedelta(0))  # whoever asks an address asks it every time
    profile = profiles.resolve(f"local:{who}")
    lake = engines.fsspec(profiles.resolve("local:owner"), "lake1")
    lake.mkdir("box")
    pq.write_table(ROWS, "box/one.parquet", filesystem=engines.pyarrow(profile, "lake1"))
    url = "abfss://box@lake1.dfs.core.windows.net/table"
    write_deltalake(url, ROWS, storage_options=engines.storage_options("delta", profile, "lake1"))
    reading = readers(profile)
    before = {name: read() for name, read in reading.items()}
    first = identity.credential(profile).get_token("https://storage.azure.com/.default").token
    ending.command("clock", "advance", "1d")  # past the tokens' life, by the service's clock alone
    assert {name: read() for name, read in reading.items()} == before
    assert identity.credential(profile).get_token("https://storage.azure.com/.default").token != first


def test_a_token_s_address_is_told_to_nobody_and_answers_nobody_else(place: Place, owner: Any) -> None:
    from urllib.request import Request, urlopen

    address = engines.storage_options("polars", owner, "lake1")["azure_msi_endpoint"]
    good = Request(address, headers={"Metadata": "true"})
    with urlopen(good, timeout=60) as answer:
        assert b"access_token" in answer.read()
    for bad in (Request(address), Request(address.replace("/token", "x/token"), headers={"Metadata": "true"})):
        with pytest.raises(OSError, match="404"):
            urlopen(bad, timeout=60)
    assert engines.storage_options("delta", owner, "lake1")["azure_msi_endpoint"] == address


def test_variables_that_would_win_over_the_profile_are_named(
    place: Place, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "of somebody else")
    place.lake.pipe_file(f"{place.container}/one.csv", b"id\n1\n2\n")
    options = engines.storage_options("polars", owner, "lake1")
    assert pl.scan_csv(place.url("one.csv"), storage_options=options).collect().height == 2
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "eA==")
    with pytest.warns(UserWarning, match="AZURE_CLIENT_SECRET, AZURE_STORAGE_ACCOUNT_KEY would win over profile"):
        options = engines.storage_options("polars", owner, "lake1")
    assert pl.scan_csv(place.url("one.csv"), storage_options=options).collect().height == 2


@pytest.fixture
def vault(at_lakes: LocalAzure, owner: Any) -> SecretClient:
    return SecretClient("https://sas-vault.vault.azure.net", identity.credential(owner), **at_lakes.sdk)


def sas(key: str, lasts: timedelta) -> str:
    everything = ResourceTypes(service=True, file_system=True, object=True)
    may = AccountSasPermissions(read=True, list=True, write=True, create=True, delete=True)
    return str(generate_account_sas("lake1", key, everything, may, datetime.now(UTC) + lasts))


def test_a_sas_that_its_vault_replaced_is_read_again(
    place: Place, owner: Any, vault: SecretClient, account_key: str, profile_by: Any
) -> None:
    first, second = sas(account_key, timedelta(minutes=30)), sas(account_key, timedelta(hours=3))
    vault.set_secret("lake-sas", first.replace("sig=", "sig=AA"))  # one that has been revoked
    values = {name: owner.text(name) for name in ("tenant_id", "client_id")}
    profile = profile_by(
        **values,
        client_secret=owner.secret("client_secret").reveal(),
        credential="sas_in_key_vault",
        sas_secret="https://sas-vault.vault.azure.net/secrets/lake-sas",
    )
    path = f"{place.container}/one.csv"
    place.lake.pipe_file(path, b"id\n1\n2\n")
    lake = engines.fsspec(profile, "lake1")
    vault.set_secret("lake-sas", first)
    assert lake.cat_file(path) == b"id\n1\n2\n"
    lake.cp_file(path, f"{place.container}/two.csv")
    lake.mv(f"{place.container}/two.csv", f"{place.container}/three.csv")
    assert lake.cat_file(f"{place.container}/three.csv") == b"id\n1\n2\n"
    clock = FixedClock(datetime.now(UTC))
    store = object_stores.store(profile, "lake1", place.container, clock=clock)
    assert len(obstore.get(store, "one.csv").bytes()) == 7
    vault.set_secret("lake-sas", second)
    clock.sleep(timedelta(minutes=26))
    assert len(obstore.get(store, "one.csv").bytes()) == 7
    assert store.credential_provider()["sas_token"] == second
    frame = pl.scan_csv(place.url("one.csv"), storage_options=engines.storage_options("polars", profile, "lake1"))
    assert frame.collect().height == 2


def test_every_kind_that_opens_storage_opens_it_to_every_library(
    place: Place, at_lakes: LocalAzure, account_key: str, profile_by: Any
) -> None:
    place.lake.pipe_file(f"{place.container}/one.csv", b"id\n1\n2\n")
    string = (
        f"DefaultEndpointsProtocol=https;AccountName=lake1;AccountKey={account_key};EndpointSuffix=core.windows.net"
    )
    for profile in (
        profiles.resolve("local:owner-certificate"),
        profiles.resolve("local:node"),
        profile_by(account_key=account_key),
        profile_by(sas=sas(account_key, timedelta(hours=1))),
        profile_by(connection_string=string),
    ):
        assert engines.fsspec(profile, "lake1").cat_file(f"{place.container}/one.csv") == b"id\n1\n2\n"
        store = engines.obstore(profile, "lake1", place.container)
        assert len(obstore.get(store, "one.csv").bytes()) == 7
        options = engines.storage_options("polars", profile, "lake1")
        assert pl.read_csv(place.url("one.csv"), storage_options=options).height == 2
