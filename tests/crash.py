"""A mixed load that remembers what was acknowledged, while the server is killed at random moments; used by tests and benchmarks.

Each worker has names of its own, so that it knows what each of its files must hold: what was acknowledged last, or, when the
server died during a change, that or what the change would have made, and never anything between.
"""

from __future__ import annotations

import base64
import os
import random
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobServiceClient, generate_blob_sas
from azure.storage.filedatalake import DataLakeServiceClient
from tests.trouble import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.azure import LocalAzure

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
_WORKERS = 4
_SIZES = (10, 5_000, 70_000, 300_000)
_LATER = "2099-01-01T00:00:00Z"
_QUIET: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 20}


class Worker:
    """One connection's load.

    Args:
        azure: The server.
        number: Tells its names from the other workers'.
        seed: Of what it does.
    """

    def __init__(self, azure: LocalAzure, number: int, seed: int) -> None:
        url = f"http://127.0.0.1:{azure.port}/lake1"
        self.fs = DataLakeServiceClient(url, credential=KEY, **_QUIET).get_file_system_client("data")
        self.blobs = BlobServiceClient(url, credential=KEY, **_QUIET).get_container_client("data")
        self.folder = f"w{number}"
        self.random = random.Random(seed)
        self.known: dict[str, set[bytes | None]] = {}
        self.done = 0

    def run(self, stopped: threading.Event) -> None:
        """Work until the server is gone."""
        steps: list[Callable[[str], None]] = [self.put, self.blocks, self.append, self.rename, self.delete, self.put]
        steps.append(self.copy_blocks)
        while not stopped.is_set():
            name = f"{self.folder}/f{self.random.randrange(6)}"
            try:
                self.random.choice(steps)(name)
            except HttpResponseError as refused:
                if refused.status_code is not None and refused.status_code >= 500:
                    raise
            except AzureError:
                return
            self.done += 1

    def _bytes(self) -> bytes:
        return os.urandom(self.random.choice(_SIZES))

    def _becomes(self, name: str, data: bytes | None, change: Callable[[], object]) -> None:
        """Make a change; until it is acknowledged the file may be either."""
        before = self.known.get(name, {None})
        self.known[name] = before | {data}
        change()
        self.known[name] = {data}

    def put(self, name: str) -> None:
        data = self._bytes()
        self._becomes(name, data, lambda: self.blobs.upload_blob(name, data, overwrite=True))

    def blocks(self, name: str) -> None:
        parts, blob = [self._bytes() for _ in range(3)], self.blobs.get_blob_client(name)
        if self.known.get(name, {None}) != {None}:
            self.delete(name)
        for at, part in enumerate(parts):
            blob.stage_block(f"b{at}", part)
        listed = [BlobBlock(f"b{at}") for at in range(3)]
        self._becomes(name, b"".join(parts), lambda: blob.commit_block_list(listed))

    def copy_blocks(self, name: str) -> None:
        """Make a blob of two ranges of another one's bytes, taken from its URL."""
        data, blob, source = self._bytes(), self.blobs.get_blob_client(f"{name}-copy"), f"{name}-source"
        self._becomes(source, data, lambda: self.blobs.upload_blob(source, data, overwrite=True))
        url, half = self.readable(source), len(data) // 2
        blob.stage_block_from_url("b0", url, 0, half)
        blob.stage_block_from_url("b1", url, half, len(data) - half)
        listed = [BlobBlock("b0"), BlobBlock("b1")]
        self._becomes(f"{name}-copy", data, lambda: blob.commit_block_list(listed))

    def readable(self, name: str) -> str:
        """Return the URL of a blob, with a signature to read it."""
        signed = generate_blob_sas("lake1", "data", name, account_key=KEY, permission="r", expiry=_LATER)
        return f"{self.blobs.get_blob_client(name).url}?{signed}"

    def append(self, name: str) -> None:
        file, first, second = self.fs.get_file_client(name), self._bytes(), self._bytes()
        self._becomes(name, b"", file.create_file)
        file.append_data(second, len(first))
        file.append_data(first, 0)
        self._becomes(name, first + second, lambda: file.flush_data(len(first) + len(second)))

    def rename(self, name: str) -> None:
        other = f"{self.folder}/g{self.random.randrange(6)}"
        before, over = self.known.get(name, {None}), self.known.get(other, {None})
        if before == {None}:
            return
        self.known[name], self.known[other] = before | {None}, before | over
        self.fs.get_file_client(name).rename_file(f"data/{other}")
        self.known[name], self.known[other] = {None}, before

    def delete(self, name: str) -> None:
        try:
            self._becomes(name, None, lambda: self.blobs.delete_blob(name))
        except ResourceNotFoundError:
            self.known[name] = {None}

    def check(self) -> list[str]:
        """Return what is not as acknowledged; what is there now is what is known from now on."""
        wrong = []
        for name, allowed in self.known.items():
            try:
                found: bytes | None = self.blobs.download_blob(name).readall()
            except ResourceNotFoundError:
                found = None
            if found not in allowed:
                sizes = [None if one is None else len(one) for one in allowed]
                wrong.append(f"{name}: {None if found is None else len(found)} bytes, not one of {sizes}")
            self.known[name] = {found}
        return wrong


def crash(azure: LocalAzure, kills: int, *, seed: int = 1, most_s: float = 0.4) -> tuple[int, list[str]]:
    """Kill and start a server again and again under a load; return how many changes were made, and what was wrong."""
    chance = random.Random(seed)
    workers = [Worker(azure, number, seed * 100 + number) for number in range(_WORKERS)]
    wrong: list[str] = []
    for _ in range(kills):
        stopped = threading.Event()
        threads = [threading.Thread(target=worker.run, args=(stopped,)) for worker in workers]
        for thread in threads:
            thread.start()
        before = _done(workers)
        time.sleep(chance.uniform(0.02, most_s))
        until(partial(_is_beyond, workers, before))
        azure.kill9()
        stopped.set()
        for thread in threads:
            thread.join()
        azure.start()
        for worker in workers:
            wrong += worker.check()
    wrong += _strangers(workers)
    return _done(workers), wrong


def _done(workers: list[Worker]) -> int:
    return sum(worker.done for worker in workers)


def _is_beyond(workers: list[Worker], before: int) -> bool:
    return _done(workers) > before


def _strangers(workers: list[Worker]) -> list[str]:
    """Return the names in listings that nobody put there."""
    known = {name for worker in workers for name, values in worker.known.items() if values != {None}}
    listed = {str(path.name) for path in workers[0].fs.get_paths() if not path.is_directory}
    return [f"{name} is listed" for name in sorted(listed - known)] + [
        f"{name} is not listed" for name in sorted(known - listed)
    ]


def orphans(azure: LocalAzure) -> list[str]:
    """Return the content files of a stopped server that no row names."""
    import sqlite3

    content = Path(azure.folder, "content")
    database = sqlite3.connect(Path(azure.folder, "state.db"))
    named = {row[0] for row in database.execute("SELECT file FROM chunks WHERE file IS NOT NULL")}
    named |= {row[0] for row in database.execute("SELECT file FROM loose_files")}
    database.close()
    files = {str(file.relative_to(content)) for file in content.rglob("*") if file.is_file()}
    return [f"{file}: orphan" for file in sorted(files - named)] + [
        f"{file}: missing" for file in sorted(named - files)
    ]
