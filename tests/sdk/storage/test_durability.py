"""What was acknowledged survives the death of the process; what was not leaves nothing behind."""

from __future__ import annotations

import base64
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.storage.blob import BlobBlock, BlobServiceClient
from azure.storage.filedatalake import DataLakeServiceClient

if TYPE_CHECKING:
    from tests.azure import LocalAzure

    NewAzure = Any  # the root conftest's; test modules do not import one another

KEY = base64.b64encode(bytes(range(64))).decode()
TOPOLOGY = f"""
[[tenants]]
name = "contoso"
[[tenants.subscriptions]]
name = "main"
[[tenants.subscriptions.resource_groups]]
name = "lakes"
location = "westeurope"
[[tenants.subscriptions.resource_groups.storage_accounts]]
name = "lake1"
key = "{KEY}"
file_systems = ["data"]
"""
BIG = os.urandom(300_000)


def content_files(azure: LocalAzure) -> set[Path]:
    return {file for file in Path(azure.folder, "content").rglob("*") if file.is_file()}


def test_acknowledged_writes_survive_a_killed_process_and_half_an_upload_leaves_no_trace(new_azure: NewAzure) -> None:
    azure = new_azure(topology=TOPOLOGY, memory=False)
    url = "https://lake1.{}.core.windows.net"
    fs = DataLakeServiceClient(url.format("dfs"), credential=KEY, **azure.sdk).get_file_system_client("data")
    blobs = BlobServiceClient(url.format("blob"), credential=KEY, **azure.sdk).get_container_client("data")
    fs.get_file_client("d/big").upload_data(BIG, overwrite=True)
    fs.create_file("d/appended").append_data(BIG, 0)
    blobs.upload_blob("small", b"small")
    blobs.get_blob_client("blocks").stage_block("1", BIG)
    fs.get_directory_client("d").rename_directory("data/e")
    before = content_files(azure)

    connection = socket.create_connection(("127.0.0.1", azure.port))
    signed = _signed_put(azure, 10_000_000)
    connection.sendall(signed + BIG)
    while content_files(azure) == before:
        pass
    azure.kill9()
    connection.close()
    azure.restart()

    assert content_files(azure) == before
    assert fs.get_file_client("e/big").download_file().readall() == BIG
    assert blobs.download_blob("small").readall() == b"small"
    assert [path.name for path in fs.get_paths()] == ["e", "e/appended", "e/big", "small"]
    fs.get_file_client("e/appended").flush_data(len(BIG))
    assert fs.get_file_client("e/appended").download_file().readall() == BIG
    blobs.get_blob_client("blocks").commit_block_list([BlobBlock("1")])
    assert blobs.download_blob("blocks").readall() == BIG


def _signed_put(azure: LocalAzure, length: int) -> bytes:
    """Return the head of a Put Blob on the plain endpoint, signed as clients do."""
    import hashlib
    import hmac
    from datetime import UTC, datetime
    from email.utils import format_datetime

    date = format_datetime(datetime.now(UTC), usegmt=True)
    headers = f"x-ms-blob-type:BlockBlob\nx-ms-date:{date}\nx-ms-version:2023-11-03\n"
    lines = ["PUT", "", "", str(length), *[""] * 8]
    text = "\n".join(lines) + f"\n{headers}/lake1/lake1/data/half"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
    head = f"PUT /lake1/data/half HTTP/1.1\r\nHost: 127.0.0.1:{azure.port}\r\nContent-Length: {length}\r\n"
    return (
        head
        + headers.replace(":", ": ", 1).replace("\n", "\r\n")
        + f"Authorization: SharedKey lake1:{signature}\r\n\r\n"
    ).encode()
