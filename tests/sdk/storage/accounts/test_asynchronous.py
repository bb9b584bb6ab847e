"""The asynchronous clients, over what an account keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.filedatalake.aio import DataLakeServiceClient

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any


async def test_the_asynchronous_blob_client_tags_keeps_and_brings_back(new_account: NewAccount) -> None:
    account = new_account()
    account.keep_deleted()
    url = f"https://{account.name}.blob.core.windows.net"
    async with BlobServiceClient(url, credential=account.key, retry_total=0, **account.azure.sdk) as service:
        container = await service.create_container("box")
        blob = await container.upload_blob("a", b"1", tags={"colour": "blue"})
        taken = await blob.create_snapshot()
        await blob.set_blob_tags({"colour": "green"})
        assert [one.name async for one in service.find_blobs_by_tags("colour = 'green'")] == ["a"]
        past = container.get_blob_client("a", snapshot=str(taken["snapshot"]))
        assert await past.get_blob_tags() == {"colour": "blue"}
        await blob.delete_blob(delete_snapshots="include")
        await blob.undelete_blob()
        assert await (await blob.download_blob()).readall() == b"1"
        assert (await service.get_service_properties())["delete_retention_policy"].days == 7
        disk = container.get_blob_client("disk")
        await disk.create_page_blob(1024)
        await disk.upload_page(b"x" * 512, offset=512, length=512)
        assert [(one.start, one.end) async for one in disk.list_page_ranges()] == [(512, 1023)]


async def test_the_asynchronous_lake_client_brings_back_what_was_deleted(new_account: NewAccount) -> None:
    account = new_account(is_hns=True)
    account.keep_deleted()
    url = f"https://{account.name}.dfs.core.windows.net"
    async with DataLakeServiceClient(url, credential=account.key, retry_total=0, **account.azure.sdk) as service:
        lake = await service.create_file_system("box")
        file = await lake.create_file("dir/file")
        await file.upload_data(b"1", overwrite=True)
        await lake.delete_directory("dir")
        (deleted,) = [one async for one in lake.list_deleted_paths()]
        await lake._undelete_path(str(deleted.name), str(deleted.deletion_id))
        assert await (await file.download_file()).readall() == b"1"
        with pytest.raises(HttpResponseError):
            await lake._undelete_path(str(deleted.name), str(deleted.deletion_id))
