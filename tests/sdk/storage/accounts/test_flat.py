"""An account without a hierarchical namespace: names are names, and a slash is a character."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobPrefix, BlobSasPermissions, BlobServiceClient, generate_blob_sas

if TYPE_CHECKING:
    from collections.abc import Callable

    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any

NAMES = ["a", "a b", "a-b", "a//b", "a/b", "a/b/", "a/b/c", "ä", "z|1", "z|2"]


def walked(container: Any, **options: Any) -> set[str]:
    return {f"<{one.name}>" if isinstance(one, BlobPrefix) else one.name for one in container.walk_blobs(**options)}


def test_every_slash_of_a_name_counts_and_there_are_no_directories(new_account: NewAccount) -> None:
    container = new_account().container()
    for name in NAMES:
        container.upload_blob(name, name.encode())
    found = [one.name for one in container.list_blobs()]
    assert found == sorted(NAMES, key=str.encode)
    for name in NAMES:
        assert container.download_blob(name).readall() == name.encode()
    container.delete_blob("a/b")
    assert container.download_blob("a/b/").readall() == b"a/b/"
    seen: list[Any] = []
    properties: Any = container.get_blob_client("a").get_blob_properties(raw_response_hook=seen.append)
    assert properties.size == 1
    assert "x-ms-resource-type" not in seen[-1].http_response.headers


def test_names_fold_at_any_delimiter_and_pages_go_on_behind_what_they_folded(new_account: NewAccount) -> None:
    container = new_account().container()
    for name in NAMES:
        container.upload_blob(name, b"")
    assert walked(container) == {"a", "a b", "a-b", "<a/>", "z|1", "z|2", "ä"}
    assert walked(container, name_starts_with="a/") == {"<a//>", "a/b", "<a/b/>"}
    assert walked(container, delimiter="|") == {*NAMES[:7], "<z|>", "ä"}
    pages = container.walk_blobs(results_per_page=1).by_page()
    names = [one.name for page in pages for one in page]
    assert names == ["a", "a b", "a-b", "a/", "z|1", "z|2", "ä"]
    flat_pages = list(container.list_blobs(results_per_page=3).by_page())
    assert [one.name for page in map(list, flat_pages) for one in page] == sorted(NAMES, key=str.encode)


def test_a_mark_of_a_directory_is_a_blob_like_any_other(new_account: NewAccount) -> None:
    container = new_account().container()
    container.upload_blob("folder", b"", metadata={"hdi_isfolder": "true"})
    container.upload_blob("folder/file", b"1")
    assert container.get_blob_client("folder").get_blob_properties().metadata == {"hdi_isfolder": "true"}
    container.delete_blob("folder")
    assert container.download_blob("folder/file").readall() == b"1"


def test_what_needs_directories_is_refused(new_account: NewAccount) -> None:
    account = new_account()
    account.container("box").upload_blob("a/b", b"1")
    lake = account.dfs().get_file_system_client("box")
    attempts: list[Callable[[], Any]] = [
        lambda: lake.create_directory("d"),
        lambda: lake.get_file_client("a/b").rename_file("box/c"),
        lambda: lake.get_file_client("a/b").get_access_control(),
        lambda: lake.get_file_client("a/b").set_access_control(permissions="0777"),
    ]
    for attempt in attempts:
        with pytest.raises(HttpResponseError) as error:
            attempt()
        assert error.value.status_code == 400
        assert "HierarchicalNamespaceNotEnabled" in str(vars(error.value).get("error_code"))
    assert lake.get_file_client("a/b").download_file().readall() == b"1"


def test_a_blob_without_a_container_is_in_the_root_container(new_account: NewAccount) -> None:
    account = new_account()
    service = account.blob()
    service.create_container("$root")
    service.get_blob_client("$root", "a.txt").upload_blob(b"1")
    url = f"https://{account.name}.blob.core.windows.net/a.txt?{account.signature('$root')}"
    answer = requests.get(url, proxies=account.azure.sdk["proxies"], verify=account.azure.ca_bundle, timeout=20)
    assert answer.content == b"1"
    with pytest.raises(HttpResponseError) as error:
        service.get_blob_client("$root", "missing.txt").download_blob()
    assert error.value.status_code == 404


def test_a_signature_of_a_prefix_is_for_what_begins_with_its_segments(new_account: NewAccount) -> None:
    account = new_account()
    account.container("box").upload_blob("a/c", b"1")
    signed = generate_blob_sas(
        account.name,
        "box",
        "a/b",
        account_key=account.key,
        permission=BlobSasPermissions(read=True, write=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
        is_directory=True,
    )
    url = f"https://{account.name}.blob.core.windows.net"
    with BlobServiceClient(url, credential=signed, retry_total=0, **account.azure.sdk) as service:
        box = service.get_container_client("box")
        for name in ("a/b", "a/b/x", "a/b/x/y"):
            box.upload_blob(name, b"2")
        assert [one.name for one in box.list_blobs(name_starts_with="a/b/x/")] == ["a/b/x/y"]
        for name in ("a/c", "a/bc", "a"):
            with pytest.raises(HttpResponseError) as error:
                box.upload_blob(name, b"3", overwrite=True)
            assert error.value.status_code == 403
