"""azure-storage-blob, unmodified, against the lake."""

from __future__ import annotations

import hashlib
import os
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import AccessPolicy, BlobBlock, BlobPrefix, ContentSettings, generate_blob_sas

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient
    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another

HOUR = timedelta(hours=1)
BIG = os.urandom(3 * 1024 * 1024 + 17)


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def test_a_container_is_renamed_with_all_that_it_holds(lakes: Lakes) -> None:
    service, name = lakes.blob(), lakes.new_file_system()
    old = service.get_container_client(name)
    old.upload_blob("d/f", b"1", metadata={"a": "b"})
    taken = lakes.new_file_system()
    with pytest.raises(ResourceExistsError, match="ContainerAlreadyExists"):
        service._rename_container(name, taken)
    with pytest.raises(ResourceNotFoundError, match="ContainerNotFound"):
        service._rename_container("none-such", f"{name}-2")
    lease = old.acquire_lease()
    with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
        service._rename_container(name, f"{name}-2")
    renamed = service._rename_container(name, f"{name}-2", lease=lease)
    assert renamed.download_blob("d/f").readall() == b"1"
    assert [one.name for one in renamed.list_blobs()] == ["d", "d/f"]
    assert not old.exists()
    service.create_container(name)
    assert [one.name for one in old.list_blobs()] == []


def test_a_container_is_made_described_listed_and_deleted(lakes: Lakes) -> None:
    service = lakes.blob()
    name = f"box-{uuid.uuid4()}"
    client = service.create_container(name, metadata={"Colour": "blue"})
    assert client.get_container_properties().metadata == {"Colour": "blue"}
    found = [one for one in service.list_containers(name_starts_with="box-", include_metadata=True) if one.name == name]
    assert found[0].metadata == {"Colour": "blue"}
    client.set_container_metadata({"Colour": "red"})
    assert client.get_container_properties().metadata == {"Colour": "red"}
    with pytest.raises(ResourceExistsError) as error:
        service.create_container(name)
    assert code(error.value) == "ContainerAlreadyExists"
    client.delete_container()
    with pytest.raises(ResourceNotFoundError):
        client.get_container_properties()


@pytest.mark.parametrize("data", [b"", b"one", BIG], ids=["empty", "small", "large"])
def test_a_blob_reads_back_with_its_properties(container: ContainerClient, data: bytes) -> None:
    blob = container.get_blob_client("a/b \u00fc%/c.csv")
    blob.upload_blob(
        data,
        metadata={"Author": "ada"},
        content_settings=ContentSettings(content_type="text/csv"),
        validate_content=True,
    )
    assert blob.download_blob().readall() == data
    properties = blob.get_blob_properties()
    assert (properties.size, properties.metadata) == (len(data), {"Author": "ada"})
    assert properties.content_settings.content_type == "text/csv"
    assert bytes(properties.content_settings.content_md5 or b"") == hashlib.md5(data, usedforsecurity=False).digest()
    with pytest.raises(ResourceExistsError) as error:
        blob.upload_blob(b"again")
    assert code(error.value) == "BlobAlreadyExists"
    blob.upload_blob(b"again", overwrite=True)
    assert blob.download_blob().readall() == b"again"


def test_blocks_become_a_blob_in_the_order_of_the_list(container: ContainerClient) -> None:
    blob = container.get_blob_client("blocks")
    for name, data in (("1", b"world"), ("2", b"hello "), ("3", b"never")):
        blob.stage_block(name, data)
    assert not blob.exists()
    blob.commit_block_list([BlobBlock("2"), BlobBlock("1")])
    assert blob.download_blob().readall() == b"hello world"
    committed, uncommitted = blob.get_block_list("all")
    assert ([one.id for one in committed], uncommitted) == (["2", "1"], [])
    blob.stage_block("4", b"!")
    blob.commit_block_list([BlobBlock("2"), BlobBlock("4")])
    assert blob.download_blob().readall() == b"hello !"
    with pytest.raises(HttpResponseError) as error:
        blob.commit_block_list([BlobBlock("nine")])
    assert code(error.value) == "InvalidBlockList"


def test_a_large_upload_in_parallel_blocks_reads_back(lakes: Lakes, container: ContainerClient) -> None:
    client = lakes.blob()
    client._config.max_block_size = 256 * 1024
    client._config.max_single_put_size = 256 * 1024
    blob = client.get_blob_client(container.container_name, "large")
    blob.upload_blob(BIG, max_concurrency=4)
    assert blob.download_blob(max_concurrency=4).readall() == BIG
    assert blob.download_blob(offset=1_000_000, length=5).readall() == BIG[1_000_000:1_000_005]


def test_listings_show_directories_as_an_account_with_a_hierarchical_namespace_does(container: ContainerClient) -> None:
    for name in ("a/b/c", "a/x", "a-b/y", "a.txt"):
        container.upload_blob(name, b"12")
    flat = list(container.list_blobs(include=["metadata"]))
    assert [one.name for one in flat] == ["a", "a/b", "a/b/c", "a/x", "a-b", "a-b/y", "a.txt"]
    assert flat[0].metadata == {"hdi_isfolder": "true"}
    paged = [one.name for page in container.list_blobs(results_per_page=2).by_page() for one in page]
    assert paged == [one.name for one in flat]
    walked = list(container.walk_blobs())
    assert [(one.name, isinstance(one, BlobPrefix)) for one in walked] == [
        ("a/", True),
        ("a-b/", True),
        ("a.txt", False),
    ]
    assert [one.name for one in container.list_blobs(name_starts_with="a/")] == ["a/b", "a/b/c", "a/x"]
    assert [one.name for one in container.list_blobs(name_starts_with="a.")] == ["a.txt"]
    assert [one.name for one in container.walk_blobs(name_starts_with="a/b", delimiter="/")] == ["a/b/"]
    assert list(container.list_blobs(name_starts_with="nothing")) == []


def test_a_copy_has_the_sources_bytes_headers_and_metadata(container: ContainerClient) -> None:
    source = container.get_blob_client("s")
    source.upload_blob(BIG, metadata={"k": "v"}, content_settings=ContentSettings(content_type="text/plain"))
    target = container.get_blob_client("deep/t")
    done = target.start_copy_from_url(source.url)
    assert done["copy_status"] == "success"
    properties = target.get_blob_properties()
    assert (properties.metadata, properties.content_settings.content_type) == ({"k": "v"}, "text/plain")
    assert properties.copy.status == "success"
    source.delete_blob()
    assert target.download_blob().readall() == BIG
    for url in (source.url, "https://elsewhere.blob.core.windows.net/c/b", "https://example.com/b"):
        with pytest.raises(HttpResponseError) as error:
            container.get_blob_client("u").start_copy_from_url(url)
        assert code(error.value) == "CannotVerifyCopySource"


def test_a_directory_that_holds_something_is_not_deleted_as_a_blob(container: ContainerClient) -> None:
    container.upload_blob("d/f", b"1")
    with pytest.raises(ResourceExistsError) as error:
        container.delete_blob("d")
    assert code(error.value) == "DirectoryIsNotEmpty"
    container.delete_blob("d/f")
    container.delete_blob("d")
    assert list(container.list_blobs()) == []


def test_a_batch_deletes_and_says_what_was_missing(container: ContainerClient) -> None:
    for name in ("a", "b \u00fc"):
        container.upload_blob(name, b"1")
    answers = list(container.delete_blobs("a", "b \u00fc", "missing", raise_on_any_failure=False))
    assert [answer.status_code for answer in answers] == [202, 202, 404]
    assert list(container.list_blobs()) == []


def test_conditions_hold_changes_and_reads_back(container: ContainerClient) -> None:
    blob = container.upload_blob("b", b"1")
    etag = blob.get_blob_properties().etag
    blob.set_blob_metadata({"a": "1"})
    with pytest.raises(HttpResponseError) as error:
        blob.upload_blob(b"2", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert (error.value.status_code, code(error.value)) == (412, "ConditionNotMet")
    now = blob.get_blob_properties().etag
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob(etag=now, match_condition=MatchConditions.IfModified)
    assert error.value.status_code == 304
    assert blob.download_blob().readall() == b"1"


def test_what_one_api_began_the_other_does_not_go_on_with(fs: FileSystemClient, container: ContainerClient) -> None:
    container.upload_blob("blob", b"1")
    with pytest.raises(HttpResponseError) as error:
        fs.get_file_client("blob").append_data(b"2", 1)
    assert code(error.value) == "InvalidAppendOperation"
    fs.create_file("file")
    with pytest.raises(HttpResponseError) as error:
        container.get_blob_client("file").stage_block("1", b"1")
    assert code(error.value) == "BlobOperationNotSupported"
    container.upload_blob("file", b"anew", overwrite=True)
    assert fs.get_file_client("file").download_file().readall() == b"anew"


def test_an_account_tells_that_its_namespace_is_hierarchical(lakes: Lakes) -> None:
    information = lakes.blob().get_account_information()
    assert (information["account_kind"], information["is_hns_enabled"]) == ("StorageV2", True)


def test_what_is_not_there_is_named_in_the_services_words(lakes: Lakes, container: ContainerClient) -> None:
    with pytest.raises(ResourceNotFoundError) as error:
        container.download_blob("missing")
    assert code(error.value) == "BlobNotFound"
    with pytest.raises(ResourceNotFoundError) as error:
        lakes.blob().get_blob_client("no-such-box", "b").download_blob()
    assert code(error.value) == "ContainerNotFound"
    with pytest.raises(HttpResponseError) as refused:
        lakes.blob().create_container("Not_a_name")
    assert code(refused.value) == "InvalidResourceName"


async def test_the_asynchronous_client_works_as_well(lakes: Lakes, container: ContainerClient) -> None:
    from azure.storage.blob.aio import BlobServiceClient

    url = "https://lake1.blob.core.windows.net"
    async with BlobServiceClient(url, credential=lakes.key, retry_total=0, **lakes.azure.sdk) as service:
        blob = service.get_blob_client(container.container_name, "f")
        await blob.upload_blob(BIG[: 1 << 19])
        downloaded = await blob.download_blob()
        assert await downloaded.readall() == BIG[: 1 << 19]


def test_a_tier_a_policy_and_a_lease_are_kept(container: ContainerClient) -> None:
    blob = container.upload_blob("b", b"1")
    before = blob.get_blob_properties()
    assert (str(before.blob_tier), before.blob_tier_inferred) == ("Hot", True)
    blob.set_standard_blob_tier("Cool")
    after = blob.get_blob_properties()
    assert (str(after.blob_tier), after.etag) == ("Cool", before.etag)
    container.set_container_access_policy({"p": AccessPolicy(permission="r")})
    assert container.get_container_access_policy()["signed_identifiers"][0].id == "p"
    lease = container.acquire_lease(lease_duration=15)
    with pytest.raises(HttpResponseError) as error:
        container.delete_container()
    assert code(error.value) == "LeaseIdMissing"
    lease.release()
    container.delete_container()


def test_a_block_may_come_from_another_blob(lakes: Lakes, container: ContainerClient) -> None:
    source = container.upload_blob("s", BIG)
    sas = generate_blob_sas(
        "lake1", container.container_name, "s", account_key=lakes.key, permission="r", expiry=datetime.now(UTC) + HOUR
    )
    target = container.get_blob_client("t")
    target.stage_block_from_url("1", f"{source.url}?{sas}", source_offset=1000, source_length=70_000)
    target.commit_block_list([BlobBlock("1")])
    assert target.download_blob().readall() == BIG[1000:71_000]
    with pytest.raises(HttpResponseError) as error:
        target.stage_block_from_url(
            "2", f"{source.url}?{sas.replace('sig=', 'sig=A')}", source_offset=0, source_length=5
        )
    assert (error.value.status_code, code(error.value)) == (403, "CannotVerifyCopySource")
