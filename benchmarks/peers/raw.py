"""Bulk over one plain socket: nothing of a client's own cost stands between the server and the figure."""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PIECE_BYTES = 1 << 20


def connect(port: int, *, is_tls: bool) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port))
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not is_tls:
        return plain
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a figure, not a secret
    return context.wrap_socket(plain, server_hostname="localhost")


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode()


def _answer(connection: socket.socket) -> tuple[int, dict[str, str], int]:
    """Return status, headers, and how many bytes of the body came with them."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("no answer")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    return int(line.split()[1]), dict(one.lower().split(": ", 1) for one in lines if ": " in one), len(rest)


def get(connection: socket.socket, path: str, headers: Mapping[str, str]) -> int:
    """Read a file and forget it; return its size."""
    connection.sendall(_head("GET", path, headers))
    status, fields, left = _answer(connection)
    size = int(fields["content-length"])
    if status not in {200, 206}:
        raise RuntimeError(f"GET {path} gives {status}")
    left = size - left
    buffer = bytearray(_PIECE_BYTES)
    while left > 0:
        count = connection.recv_into(buffer, min(left, _PIECE_BYTES))
        if not count:
            raise ConnectionError("the body ended early")
        left -= count
    return size


def put(connection: socket.socket, path: str, headers: Mapping[str, str], file: Path, size_bytes: int) -> None:
    """Send the first bytes of a file, again and again where it is shorter."""
    connection.sendall(_head("PUT", path, {**headers, "content-length": str(size_bytes)}))
    with file.open("rb") as source:
        left = size_bytes
        while left:
            offset = (size_bytes - left) % file.stat().st_size
            count = min(left, _PIECE_BYTES, file.stat().st_size - offset)
            if isinstance(connection, ssl.SSLSocket):
                connection.sendall(os.pread(source.fileno(), count, offset))
            else:
                count = os.sendfile(connection.fileno(), source.fileno(), offset, count)
            left -= count
    status, _, _ = _answer(connection)
    if status != 201:
        raise RuntimeError(f"PUT {path} gives {status}")


def random_file(folder: Path, size_bytes: int) -> Path:
    """Make a file of random bytes."""
    file = folder / "random"
    with file.open("wb") as target:
        for _ in range(size_bytes // _PIECE_BYTES):
            target.write(os.urandom(_PIECE_BYTES))
    return file
