"""Containers that anybody may read, and blobs that ask for the key or scope they were put with."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.storage.blob import (
    BlobAnalyticsLogging,
    ContainerEncryptionScope,
    CustomerProvidedEncryptionKey,
    StaticWebsite,
)

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def key(byte: int) -> CustomerProvidedEncryptionKey:
    raw = bytes([byte]) * 32
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    return CustomerProvidedEncryptionKey(base64.b64encode(raw).decode(), digest)


def test_anybody_reads_what_is_public_and_nothing_more(new_account: NewAccount) -> None:
    account = new_account(allowBlobPublicAccess=True)
    service = account.blob()
    for name, level in (("open", "container"), ("half", "blob"), ("shut", None)):
        service.create_container(name, public_access=level).upload_blob("a", b"1")
    levels = {one.name: one.public_access for one in service.list_containers()}
    assert levels == {"open": "container", "half": "blob", "shut": None}
    assert account.anonymous("open").download_blob("a").readall() == b"1"
    assert [one.name for one in account.anonymous("open").list_blobs()] == ["a"]
    assert account.anonymous("half").download_blob("a").readall() == b"1"
    for container, attempt in (
        ("half", lambda box: list(box.list_blobs())),
        ("shut", lambda box: box.download_blob("a")),
        ("open", lambda box: box.upload_blob("b", b"")),
        ("open", lambda box: box.delete_blob("a")),
        ("open", lambda box: box.get_container_access_policy()),
    ):
        with pytest.raises(ClientAuthenticationError) as error:
            attempt(account.anonymous(container))
        assert code(error.value) == "NoAuthenticationInformation"
    service.get_container_client("open").set_container_access_policy({})
    with pytest.raises(ClientAuthenticationError):
        account.anonymous("open").download_blob("a")


def test_an_account_that_forbids_it_has_no_public_container(new_account: NewAccount) -> None:
    account = new_account(allowBlobPublicAccess=False)
    with pytest.raises(ResourceExistsError) as error:
        account.blob().create_container("open", public_access="blob")
    assert code(error.value) == "PublicAccessNotPermitted"
    account.container("box").upload_blob("a", b"1")
    url = f"https://{account.name}.blob.core.windows.net/box/a"
    answer = requests.get(url, proxies=account.azure.sdk["proxies"], verify=account.azure.ca_bundle, timeout=20)
    assert answer.status_code == 409
    assert answer.headers["x-ms-error-code"] == "PublicAccessNotPermitted"


def test_containers_of_the_service_itself_come_with_its_settings(new_account: NewAccount) -> None:
    service = new_account().blob()
    service.create_container("box")
    service.set_service_properties(
        analytics_logging=BlobAnalyticsLogging(read=True),
        static_website=StaticWebsite(enabled=True, index_document="index.html"),
    )
    service.create_container("$root")
    pages = service.list_containers(results_per_page=1).by_page()
    assert [[one.name for one in page] for page in pages] == [["$root"], ["$web"], ["box"]]
    assert sorted(one.name for one in service.list_containers(include_system=True)) == ["$logs", "$root", "$web", "box"]
    service.get_container_client("$web").upload_blob("index.html", b"hello")


@pytest.mark.parametrize("is_hns", [False, True], ids=["flat", "hierarchical"])
def test_a_blob_under_a_clients_key_asks_for_it(new_account: NewAccount, is_hns: bool) -> None:
    blob = new_account(is_hns=is_hns).container().get_blob_client("a")
    uploaded = blob.upload_blob(b"1", cpk=key(1))
    assert uploaded["encryption_key_sha256"] == key(1).key_hash
    assert blob.download_blob(cpk=key(1)).readall() == b"1"
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob()
    assert code(error.value) == "BlobUsesCustomerSpecifiedEncryption"
    with pytest.raises(HttpResponseError) as error:
        blob.set_blob_metadata({"a": "1"}, cpk=key(2))
    assert code(error.value) == "BlobCustomerSpecifiedEncryptionMismatch"
    plain = blob.upload_blob(b"2", overwrite=True)
    assert plain.get("encryption_key_sha256") is None
    with pytest.raises(HttpResponseError) as error:
        blob.create_snapshot(cpk=key(1))
    assert code(error.value) == "BlobDoesNotUseCustomerSpecifiedEncryption"
    wrong = CustomerProvidedEncryptionKey(key(1).key_value, key(2).key_hash)
    with pytest.raises(HttpResponseError) as error:
        blob.upload_blob(b"3", overwrite=True, cpk=wrong)
    assert code(error.value) == "InvalidHeaderValue"


def test_a_container_decides_the_scope_of_its_blobs(new_account: NewAccount) -> None:
    service = new_account().blob()
    fixed = ContainerEncryptionScope("marketing", prevent_encryption_scope_override=True)
    container = service.create_container("box", container_encryption_scope=fixed)
    assert container.get_container_properties().encryption_scope.default_encryption_scope == "marketing"
    blob = container.upload_blob("a", b"1")
    assert blob.get_blob_properties().encryption_scope == "marketing"
    with pytest.raises(HttpResponseError) as error:
        container.upload_blob("b", b"1", encryption_scope="sales")
    assert code(error.value) == "RequestForbiddenByContainerEncryptionPolicy"
    other = service.create_container("other")
    blob = other.upload_blob("b", b"1", encryption_scope="sales")
    assert blob.get_blob_properties().encryption_scope == "sales"
    with pytest.raises(HttpResponseError) as error:
        blob.set_blob_metadata({"a": "1"})
    assert code(error.value) == "BlobUsesCustomerSpecifiedEncryption"
    blob.set_blob_metadata({"a": "1"}, encryption_scope="sales")


def test_what_is_no_copy_or_page_is_refused_as_such(new_account: NewAccount) -> None:
    for is_hns, refused in ((False, "InvalidBlobType"), (True, "BlobTypeNotSupported")):
        container = new_account(is_hns=is_hns).container()
        blob = container.upload_blob("a", b"1")
        with pytest.raises(HttpResponseError) as error:
            list(blob.list_page_ranges())
        assert code(error.value) == refused
        with pytest.raises(HttpResponseError) as error:
            blob.abort_copy("00000000-0000-0000-0000-000000000000")
        assert code(error.value) == "NoPendingCopyOperation"
        with pytest.raises(HttpResponseError) as error:
            container.get_blob_client("b").start_copy_from_url(blob.url, incremental_copy=True)
        assert code(error.value) == refused
        if is_hns:
            with pytest.raises(HttpResponseError) as error:
                container.get_blob_client("p").create_page_blob(512)
            assert code(error.value) == "BlobTypeNotSupported"


def test_blocks_are_committed_with_the_key_they_were_put_with(new_account: NewAccount) -> None:
    blob = new_account().container().get_blob_client("a")
    blob.stage_block("MQ==", b"1", cpk=key(1))
    for wrong in (None, key(2)):
        with pytest.raises(HttpResponseError) as error:
            blob.commit_block_list(["MQ=="], cpk=wrong)
        assert code(error.value) == "BlobUsesCustomerSpecifiedEncryption"
    blob.commit_block_list(["MQ=="], cpk=key(1))
    assert blob.download_blob(cpk=key(1)).readall() == b"1"


def test_a_file_under_a_clients_key_is_appended_to_and_flushed_with_it_alone(new_account: NewAccount) -> None:
    file = new_account(is_hns=True).dfs().create_file_system("box").create_file("a", cpk=key(1))
    assert file.append_data(b"one", 0, cpk=key(1))["request_server_encrypted"]
    for given in (None, key(2)):
        with pytest.raises(HttpResponseError) as error:
            file.append_data(b"two", 3, cpk=given)
        assert error.value.status_code == 409
        with pytest.raises(HttpResponseError) as error:
            file.flush_data(3, cpk=given)
        assert error.value.status_code == 409
    flushed = file.flush_data(3, cpk=key(1))
    assert flushed["request_server_encrypted"]
    assert flushed["encryption_key_sha256"] == key(1).key_hash
    assert file.download_file(cpk=key(1)).readall() == b"one"
