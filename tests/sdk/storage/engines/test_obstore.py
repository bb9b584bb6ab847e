"""obstore (Rust's object_store, which delta-rs and polars share), by an explicit endpoint."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import obstore
import pytest
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas
from obstore.exceptions import AlreadyExistsError, NotFoundError, PermissionDeniedError, PreconditionError
from obstore.store import AzureStore

Place = Any  # conftest's; test modules do not import one another

BIG = os.urandom(11 * 1024 * 1024)


@pytest.fixture
def store(place: Place) -> AzureStore:
    return AzureStore(place.container, config=place.rust)


def test_an_object_lives_from_put_to_delete(store: AzureStore) -> None:
    put = obstore.put(store, "a/b/one.txt", b"0123456789", attributes={"Content-Type": "text/plain", "kind": "test"})
    head = obstore.head(store, "a/b/one.txt")
    assert (head["size"], head["e_tag"]) == (10, put["e_tag"])
    got = obstore.get(store, "a/b/one.txt")
    assert got.attributes["Content-Type"] == "text/plain"
    assert bytes(got.bytes()) == b"0123456789"
    assert bytes(obstore.get_range(store, "a/b/one.txt", start=2, end=5)) == b"234"
    assert [bytes(one) for one in obstore.get_ranges(store, "a/b/one.txt", starts=[0, 7], ends=[2, 10])] == [
        b"01",
        b"789",
    ]
    assert bytes(obstore.get(store, "a/b/one.txt", options={"range": {"offset": 7}}).bytes()) == b"789"
    obstore.copy(store, "a/b/one.txt", "a/two.txt")
    obstore.rename(store, "a/two.txt", "c/three.txt")
    assert [one["path"] for one in obstore.list(store).collect()] == ["a/b/one.txt", "c/three.txt"]
    top = obstore.list_with_delimiter(store)
    assert (top["common_prefixes"], list(top["objects"])) == (["a", "c"], [])
    assert [one["path"] for one in obstore.list(store, "a", offset="a/b").collect()] == ["a/b/one.txt"]
    obstore.delete(store, ["a/b/one.txt", "c/three.txt"])
    assert obstore.list(store).collect() == []
    with pytest.raises(FileNotFoundError):
        obstore.head(store, "a/b/one.txt")


def test_conditions_hold(store: AzureStore) -> None:
    first = obstore.put(store, "f", b"1", mode="create")
    with pytest.raises(AlreadyExistsError):
        obstore.put(store, "f", b"2", mode="create")
    second = obstore.put(store, "f", b"2", mode={"e_tag": first["e_tag"]})
    with pytest.raises(PreconditionError):
        obstore.put(store, "f", b"3", mode={"e_tag": first["e_tag"]})
    with pytest.raises(PreconditionError):
        obstore.get(store, "f", options={"if_match": first["e_tag"]})
    assert bytes(obstore.get(store, "f", options={"if_match": second["e_tag"]}).bytes()) == b"2"
    with pytest.raises(AlreadyExistsError):
        obstore.copy(store, "f", "f", overwrite=False)


def test_a_large_object_goes_up_in_parts(store: AzureStore) -> None:
    obstore.put(store, "big", BIG, chunk_size=2 * 1024 * 1024, max_concurrency=4)
    assert b"".join(bytes(piece) for piece in obstore.get(store, "big").stream(min_chunk_size=1024 * 1024)) == BIG
    with obstore.open_writer(store, "written", buffer_size=1024 * 1024) as writer:
        writer.write(BIG[: 3 * 1024 * 1024])
        writer.write(b"end")
    reader = obstore.open_reader(store, "written")
    reader.seek(3 * 1024 * 1024)
    assert bytes(reader.read()) == b"end"


async def test_many_at_once(store: AzureStore) -> None:
    names = [f"many/{number:03}" for number in range(100)]
    await asyncio.gather(*(obstore.put_async(store, name, name.encode()) for name in names))
    listed = [one["path"] async for page in obstore.list(store, "many", chunk_size=30) for one in page]
    assert sorted(listed) == names
    got = await asyncio.gather(*(obstore.get_range_async(store, name, start=0, length=4) for name in names))
    assert {bytes(one) for one in got} == {b"many"}
    await obstore.rename_async(store, names[0], "other/name")
    await obstore.delete_async(store, names[1:])
    assert [one["path"] for one in await obstore.list(store).collect_async()] == ["other/name"]


def test_signatures_admit_as_far_as_they_reach(store: AzureStore, place: Place) -> None:
    obstore.put(store, "f", b"data")
    signed = generate_account_sas(
        "lake1", place.key, ResourceTypes(object=True, container=True), AccountSasPermissions(read=True, list=True),
        datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    config: Any = {name: value for name, value in place.rust.items() if not name.endswith("key")}
    reader = AzureStore(place.container, config=config | {"azure_storage_sas_key": signed})
    assert bytes(obstore.get(reader, "f").bytes()) == b"data"
    assert [one["path"] for one in obstore.list(reader).collect()] == ["f"]
    with pytest.raises(PermissionDeniedError):
        obstore.put(reader, "g", b"")
    anybody = AzureStore(place.container, config=config | {"skip_signature": "true"})
    with pytest.raises((PermissionError, NotFoundError, obstore.exceptions.UnauthenticatedError)):
        obstore.get(anybody, "f")
