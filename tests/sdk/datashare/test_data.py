"""Real files through real clients: uploaded by the provider, shared, copied, read by the consumer."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.mgmt.datashare import models as m
from azure.storage.filedatalake import DataLakeServiceClient

GROUP = "data-share-automation"


def lake(side: Any, store: str = "") -> DataLakeServiceClient:
    """Open a store's lake as a side's app."""
    url = f"https://{store or side.store}.dfs.core.windows.net"
    return DataLakeServiceClient(url, credential=side.credential, retry_total=0, **side.azure.sdk)


def upload(side: Any, file_system: str, path: str, data: bytes) -> None:
    lake(side).get_file_system_client(file_system).get_file_client(path).upload_data(data, overwrite=True)


def files(side: Any, file_system: str) -> dict[str, bytes]:
    client = lake(side).get_file_system_client(file_system)
    names = [path.name for path in client.get_paths() if not path.is_directory]
    return {name: client.get_file_client(name).download_file().readall() for name in names}


@pytest.fixture
def shared(flow: Any) -> str:
    """A file system of contoso with two files, shared with fabrikam and mapped; return the share's name."""
    name = f"data-{uuid.uuid4().hex[:8]}"
    client = lake(flow.provider)
    client.create_file_system(name)
    upload(flow.provider, name, "2024/penguins.csv", b"species\nAdelie\n")
    upload(flow.provider, name, "2024/island/big.bin", bytes(range(256)) * 2048)
    flow.share(name, m.ADLSGen2FileSystemDataSet(file_system=name, **flow.provider.at))
    flow.invite(name)
    flow.accept(name)
    flow.map(name, f"{name}-copy")
    return name


def test_what_was_uploaded_arrives_byte_for_byte(flow: Any, shared: str) -> None:
    assert flow.synchronize(shared).status == "Succeeded"
    assert files(flow.consumer, f"{shared}-copy") == files(flow.provider, shared)


def test_an_incremental_snapshot_brings_the_new_file_only(flow: Any, shared: str) -> None:
    flow.synchronize(shared)
    upload(flow.provider, shared, "2025/new.csv", b"new")
    record = flow.synchronize(shared)
    (detail,) = flow.consumer.client.share_subscriptions.list_synchronization_details(
        GROUP,
        flow.consumer.account,
        shared,
        m.ShareSubscriptionSynchronization(synchronization_id=record.synchronization_id),
    )
    assert (detail.files_read, detail.size_read, detail.files_written, detail.size_written) == (1, 3, 1, 3)
    assert "2025/new.csv" in files(flow.consumer, f"{shared}-copy")


def test_a_later_write_on_either_side_does_not_show_on_the_other(flow: Any, shared: str) -> None:
    flow.synchronize(shared)
    upload(flow.provider, shared, "2024/penguins.csv", b"changed at the source")
    upload(flow.consumer, f"{shared}-copy", "2024/island/big.bin", b"changed at the target")
    assert files(flow.consumer, f"{shared}-copy")["2024/penguins.csv"] == b"species\nAdelie\n"
    assert len(files(flow.provider, shared)["2024/island/big.bin"]) == 256 * 2048


def test_the_consumer_cannot_read_the_providers_lake(flow: Any, shared: str) -> None:
    client = lake(flow.consumer, flow.provider.store).get_file_system_client(shared)
    with pytest.raises(ClientAuthenticationError):
        client.get_file_client("2024/penguins.csv").download_file()
