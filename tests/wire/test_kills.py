"""The server is killed at random moments under a mixed load: nothing acknowledged is lost, no file is torn, nothing is left over."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import AzureError
from tests.crash import TOPOLOGY, Worker, crash, orphans

if TYPE_CHECKING:
    NewAzure = Any  # the root conftest's; test modules do not import one another


@pytest.mark.timeout(360)
@pytest.mark.parametrize(("durability", "kills"), [("process", 6), ("full", 2)])
def test_a_killed_server_keeps_what_it_acknowledged(new_azure: NewAzure, durability: str, kills: int) -> None:
    azure = new_azure(topology=TOPOLOGY, memory=False, arguments=("--durability", durability))
    changes, wrong = crash(azure, kills)
    assert changes >= kills
    assert wrong == []
    azure.stop()
    assert orphans(azure) == []


@pytest.mark.timeout(240)
def test_a_block_taken_from_a_url_leaves_no_file_when_the_server_is_killed_amid_it(new_azure: NewAzure) -> None:
    azure = new_azure(topology=TOPOLOGY, memory=False)
    worker = Worker(azure, 0, 1)
    worker.blobs.upload_blob("source", bytes(64 << 20), max_concurrency=1)
    blob, url, content = worker.blobs.get_blob_client("copy"), worker.readable("source"), Path(azure.folder, "content")
    before = set(content.glob("*/*"))

    def take() -> None:
        with pytest.raises(AzureError):
            blob.stage_block_from_url("b0", url, 0, 64 << 20)

    taking = threading.Thread(target=take)
    taking.start()
    azure.kill9_when(lambda: set(content.glob("*/*")) != before)
    taking.join()
    assert set(content.glob("*/*")) - before
    azure.start()
    assert set(content.glob("*/*")) == before
    azure.stop()
    assert orphans(azure) == []
