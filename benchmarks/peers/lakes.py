"""The two lakes that are compared: ours, as `lakeport local up` starts it, and Azurite; data on disk in both."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import obstore
from benchmarks.peers.account import ACCOUNT, CONTAINER, KEY
from benchmarks.peers.certificate import write_certificate
from benchmarks.peers.program import Program, free_port
from benchmarks.peers.tools import azurite
from obstore.store import AzureStore

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPOLOGY = f"""
[[tenants]]
name = "bench"
domain = "bench.onmicrosoft.com"

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "bench"
    location = "westeurope"

      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "{ACCOUNT}"
      key = "{KEY}"
      file_systems = ["{CONTAINER}"]
"""


class Lake:
    """A running lake with one account and one container.

    Attributes:
        name: Of the server.
        program: Its process.
        ports: Where it listens, by scheme.
        folder: Where its state is.
    """

    def __init__(self, name: str, program: Program, ports: dict[str, int], folder: Path) -> None:
        self.name = name
        self.program = program
        self.ports = ports
        self.folder = folder

    @property
    def ca_bundle(self) -> Path:
        """The certificates to trust for https, of ours."""
        return next(self.folder.rglob("ca.pem"))

    def endpoint(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.ports[scheme]}/{ACCOUNT}"

    def store(self, scheme: str = "http") -> AzureStore:
        """Return obstore's view of the container; authenticated by the account's key."""
        options: Any = {"allow_http": True, "allow_invalid_certificates": True, "timeout": "600s"}
        return AzureStore(
            container_name=CONTAINER,
            account_name=ACCOUNT,
            account_key=KEY,
            endpoint=self.endpoint(scheme),
            client_options=options,
        )

    def headers(self, method: str, path: str, **more: str) -> dict[str, str]:
        """Return the headers of a request signed with the account's key, good for 15 minutes."""
        return signed(method, f"/{ACCOUNT}/{path}", **more)


def signed_query(method: str, path: str, query: dict[str, str], **more: str) -> tuple[str, dict[str, str]]:
    """Return the target and the headers of a request with a query, signed with the account's key."""
    resource = path + "".join(f"\n{name}:{query[name]}" for name in sorted(query))
    return f"{path}?{urlencode(query)}", signed(method, resource, **more)


def signed(method: str, path: str, **more: str) -> dict[str, str]:
    """Sign a request for a canonical resource by Shared Key; `content_length="5"` stands for that header."""
    given = {name.replace("_", "-"): value for name, value in more.items()}
    fields = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2023-11-03", **given}
    names = sorted(name for name in fields if name.startswith("x-ms-"))
    lines = [
        method,
        "",
        "",
        fields.get("content-length", ""),
        "",
        fields.get("content-type", ""),
        "",
        "",
        "",
        "",
        "",
        fields.get("range", ""),
    ]
    text = "\n".join([*lines, *(f"{name}:{fields[name]}" for name in names), f"/{ACCOUNT}{path}"])
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
    return {**fields, "authorization": f"SharedKey {ACCOUNT}:{signature}"}


@contextmanager
def lakeport(*arguments: str) -> Iterator[Lake]:
    """Start ours in a new folder, with its defaults."""
    with _folder() as folder:
        (folder / "topology.toml").write_text(TOPOLOGY)
        command = [sys.executable, "-m", "lakeport_local", "up", "--state", str(folder / "state"), "--port", "0"]
        program = Program([*command, "--topology", "topology.toml", *arguments], port=None, folder=folder)
        try:
            port = int(program.line.split()[1].rpartition(":")[2])
            yield Lake("lakeport", program, {"http": port, "https": port}, folder)
        finally:
            program.end()


@contextmanager
def azurite_lake(scheme: str = "http") -> Iterator[Lake]:
    """Start Azurite in a new folder; one process speaks one scheme."""
    with _folder() as folder:
        port, tls = free_port(), []
        if scheme == "https":
            certificate, key = write_certificate(folder)
            tls = ["--cert", str(certificate), "--key", str(key)]
        command = [*azurite(), "--silent", "--disableTelemetry", "--skipApiVersionCheck", "--location", str(folder)]
        program = Program([*command, "--blobPort", str(port), *tls], port=port, folder=folder)
        try:
            lake = Lake("azurite", program, {scheme: port}, folder)
            _make_container(lake, scheme)
            yield lake
        finally:
            program.end()


def _make_container(lake: Lake, scheme: str) -> None:
    from azure.storage.blob import BlobServiceClient  # noqa: PLC0415  slow to load

    BlobServiceClient(lake.endpoint(scheme), credential=KEY, connection_verify=False).create_container(CONTAINER)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lakeport-bench-", dir=os.environ.get("LAKEPORT_BENCH_DIR")))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(lake: Lake, count: int, size_bytes: int, scheme: str = "http", *, prefix: str = "") -> None:
    """Put `count` blobs of `size_bytes` by obstore, from eight threads."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    store, data = lake.store(scheme), os.urandom(size_bytes)
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda number: obstore.put(store, f"{prefix}f{number:06}", data, use_multipart=False), range(count)
            )
        )
