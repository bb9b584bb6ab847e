"""How much memory stays resident while much moves: 8 TLS connections with 1 GiB each, and one file of 10 GiB."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Absent, Figure
from benchmarks.peers.account import ACCOUNT, CONTAINER
from benchmarks.peers.lakes import Lake, lakeport, signed_query
from benchmarks.peers.raw import connect, get, put, random_file

if TYPE_CHECKING:
    from collections.abc import Iterator

_GIB = 1 << 30
_CONNECTIONS = 8
_BLOCK_BYTES = 1 << 30
_BLOCKS = 10
_MOST_MIB = 150
_NEEDED_BYTES = 40 * _GIB


def measure() -> Iterator[Figure | Absent]:
    """Yield the peaks."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as name, lakeport() as lake:
        file = random_file(Path(name), 64 << 20)
        if shutil.disk_usage(name).free < _NEEDED_BYTES:
            yield Absent("peak memory", "40 GiB of free disk")
            return
        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            list(threads.map(lambda number: _up_and_down(lake, number, file), range(_CONNECTIONS)))
        title = f"peak resident, {_CONNECTIONS} TLS connections, 1 GiB each up and down"
        yield Figure(title, lake.program.peak_mib(), "MiB", at_most=_MOST_MIB)
        _ten(lake, file)
        yield Figure("peak resident, then 10 GiB up and down", lake.program.peak_mib(), "MiB", at_most=_MOST_MIB)


def _up_and_down(lake: Lake, number: int, file: Path) -> None:
    path = f"{CONTAINER}/one-{number}"
    with connect(lake.ports["https"], is_tls=True) as connection:
        headers = lake.headers("PUT", path, content_length=str(_GIB), x_ms_blob_type="BlockBlob")
        put(connection, f"/{ACCOUNT}/{path}", headers, file, _GIB)
        get(connection, f"/{ACCOUNT}/{path}", lake.headers("GET", path))


def _ten(lake: Lake, file: Path) -> None:
    """Put ten blocks of 1 GiB, commit them, and read the file."""
    import base64  # noqa: PLC0415
    import http.client  # noqa: PLC0415

    path, names = f"/{ACCOUNT}/{CONTAINER}/ten", [base64.b64encode(b"%04d" % at).decode() for at in range(_BLOCKS)]
    with connect(lake.ports["http"], is_tls=False) as connection:
        for block in names:
            query = {"comp": "block", "blockid": block}
            target, headers = signed_query("PUT", path, query, content_length=str(_BLOCK_BYTES))
            put(connection, target, headers, file, _BLOCK_BYTES)
        body = f"<BlockList>{''.join(f'<Latest>{block}</Latest>' for block in names)}</BlockList>"
        target, headers = signed_query("PUT", path, {"comp": "blocklist"}, content_length=str(len(body)))
        plain = http.client.HTTPConnection("127.0.0.1", lake.ports["http"])
        plain.request("PUT", target, body, headers)
        if plain.getresponse().status != 201:
            raise RuntimeError("the blocks are not committed")
        plain.close()
        if get(connection, path, lake.headers("GET", f"{CONTAINER}/ten")) != _BLOCKS * _BLOCK_BYTES:
            raise RuntimeError("the file has another size")
