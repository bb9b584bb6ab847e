"""Beside the limits of the machine: CPU of a 1 GiB GET against nginx's, wall time of a 1 GiB PUT against `dd`'s."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Absent, Figure
from benchmarks.peers.account import ACCOUNT, CONTAINER
from benchmarks.peers.certificate import write_certificate
from benchmarks.peers.lakes import Lake, lakeport
from benchmarks.peers.program import Program, free_port
from benchmarks.peers.raw import connect, get, put, random_file
from benchmarks.peers.tools import MissingError, debian
from benchmarks.peers.turns import TURNS, compared

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE_BYTES = 1 << 30
_PATH = f"/{ACCOUNT}/{CONTAINER}/large"
_NGINX = """
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
daemon off;
events {{ worker_connections 64; }}
http {{
  access_log off;
  sendfile on;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    root {folder};
  }}
}}
"""


def measure() -> Iterator[Figure | Absent]:
    """Yield ours beside nginx and dd."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as name, lakeport() as lake:
        folder = Path(name)
        folder.chmod(0o755)
        file = random_file(folder, SIZE_BYTES)
        yield from _put(lake, folder, file)
        try:
            with _nginx(folder) as (nginx, ports):
                yield from _get(lake, nginx, ports)
        except MissingError as missing:
            yield Absent("GET of 1 GiB beside nginx", str(missing))


def _put(lake: Lake, folder: Path, file: Path) -> Iterator[Figure]:
    def ours() -> float:
        headers = lake.headers("PUT", f"{CONTAINER}/large", content_length=str(SIZE_BYTES), **_BLOB)
        with connect(lake.ports["http"], is_tls=False) as connection:
            begun = time.perf_counter()
            put(connection, _PATH, headers, file, SIZE_BYTES)
            return SIZE_BYTES / (time.perf_counter() - begun) / 1e6

    def dd() -> float:
        copy = folder / "copy"
        begun = time.perf_counter()
        subprocess.run(["dd", f"if={file}", f"of={copy}", "bs=1M", "status=none"], check=True)
        took = time.perf_counter() - begun
        copy.unlink()
        return SIZE_BYTES / took / 1e6

    yield from compared("PUT of 1 GiB, wall", "MB/s", ours, dd, against="dd", at_least=0.5)


_BLOB = {"x_ms_blob_type": "BlockBlob"}


def _get(lake: Lake, nginx: Program, ports: dict[bool, int]) -> Iterator[Figure]:
    for is_tls in (False, True):
        pairs = []
        for _ in range(TURNS):
            headers = lake.headers("GET", f"{CONTAINER}/large")
            mine = _cost(lake.program, lake.ports["http"], _PATH, headers, is_tls=is_tls)
            pairs.append((mine, _cost(nginx, ports[is_tls], "/random", {}, is_tls=is_tls)))
        mine, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
        title = f"GET of 1 GiB, {'TLS' if is_tls else 'plain'}: CPU"
        yield Figure(title, mine, "s")
        yield Figure(f"{title}: nginx", theirs, "s")
        yield Figure(f"{title}, of nginx's", mine / theirs, "times", at_most=1.4)


def _cost(program: Program, port: int, path: str, headers: dict[str, str], *, is_tls: bool) -> float:
    before = program.cpu_s()
    with connect(port, is_tls=is_tls) as connection:
        if get(connection, path, headers) != SIZE_BYTES:
            raise RuntimeError(f"{path} has another size")
    return program.cpu_s() - before


@contextmanager
def _nginx(folder: Path) -> Iterator[tuple[Program, dict[bool, int]]]:
    ports = {False: free_port(), True: free_port()}
    certificate, key = write_certificate(folder)
    values = {"folder": folder, "plain": ports[False], "tls": ports[True], "certificate": certificate, "key": key}
    (folder / "nginx.conf").write_text(_NGINX.format(**values))
    command = [debian("nginx", "nginx-light"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    program = Program(command, port=ports[False], folder=folder)
    try:
        yield program, ports
    finally:
        program.end()
