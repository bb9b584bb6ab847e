"""How fast the gateway is, beside the least that asyncio's streams need to answer the same requests.

Requests per second over 16 keep-alive connections, and megabytes per second of one large GET and PUT, plain and TLS. Each
server has a process of its own, with the same event loop; the load is made here. The peer judges nothing of a request.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import selectors
import socket
import ssl
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figure import Figure

from lakeport_local.core import BodySink, MemorySink, Request, Response
from lakeport_local.gateway import Callers, CertificateAuthority, Gateway, Routes, new_event_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

CONNECTIONS = 16
PIECE_BYTES = 256 * 1024
TURNS = 3
SMALL_S = 2.0
LARGE_BYTES = 1 << 30
FIELDS = "".join(f"x-ms-field-{number}: value-{number}\r\n" for number in range(6))
SMALL = f"GET /account/fs/small HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{FIELDS}\r\n".encode()


class Discard:
    """Takes a body and keeps nothing."""

    def write(self, data: bytes | memoryview) -> None:
        pass

    def finish(self) -> None:
        pass

    def abort(self) -> None:
        pass


class Zeros:
    """A body of zeros."""

    piece = bytes(PIECE_BYTES)

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = self.left_bytes = size_bytes

    def read(self, limit_bytes: int) -> bytes:
        size = min(limit_bytes, self.left_bytes)
        self.left_bytes -= size
        return self.piece if size == PIECE_BYTES else bytes(size)

    def close(self) -> None:
        pass


class Trivial:
    """Answers as cheaply as a service can."""

    def open_body(self, request: Request) -> BodySink | Response:
        return MemorySink() if request.method == "GET" else Discard()

    def handle(self, request: Request) -> Response:
        if request.method == "PUT":
            return Response(201)
        if request.raw_path.endswith("/small"):
            return Response(200, [("Content-Type", "application/json")], b'{"value":[]}')
        return Response(200, [], Zeros(int(request.raw_query)))


async def ours(folder: Path) -> tuple[int, int]:
    """Start the gateway; the same port speaks plain and TLS."""
    gateway = Gateway(Routes({"storage": Trivial()}), CertificateAuthority(folder), callers=Callers(bytes(32)))
    port = await gateway.start()
    return port, port


async def streams(folder: Path) -> tuple[int, int]:
    """Start the peer: the least that asyncio's streams need to answer the same requests."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        piece = bytes(PIECE_BYTES)
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            line, *lines = head.split("\r\n")[:-2]
            fields = dict(entry.lower().split(": ", 1) for entry in lines)
            left = int(fields.get("content-length", 0))
            while left:
                left -= len(await reader.read(min(left, PIECE_BYTES)))
            if "/small" in line:
                writer.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"value":[]}'
                )
            elif line.startswith("GET"):
                left = int(line.split(" ")[1].partition("?")[2])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % left)
                while left:
                    writer.write(piece[:left])
                    left -= min(left, PIECE_BYTES)
                    await writer.drain()
            else:
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    context = CertificateAuthority(folder).context()
    plain = await asyncio.start_server(serve, "127.0.0.1", 0, limit=PIECE_BYTES)
    tls = await asyncio.start_server(serve, "127.0.0.1", 0, limit=PIECE_BYTES, ssl=context)
    return plain.sockets[0].getsockname()[1], tls.sockets[0].getsockname()[1]


def run(name: str, folder: Path, pipe: Connection) -> None:
    """Serve until the process is ended."""

    async def main() -> None:
        pipe.send(await {"ours": ours, "streams": streams}[name](folder))
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())


class Server:
    """A server in a process of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        here, there = multiprocessing.Pipe()
        self.name = name
        self.process = multiprocessing.get_context("spawn").Process(target=run, args=(name, folder, there), daemon=True)
        self.process.start()
        self.plain, self.tls = here.recv()
        self.trust = ssl.create_default_context(cafile=folder / "ca.pem")

    def connect(self, *, is_tls: bool) -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", self.tls if is_tls else self.plain))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.trust.wrap_socket(raw, server_hostname="localhost") if is_tls else raw

    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def small_requests(server: Server, seconds: float, *, is_tls: bool) -> float:
    """Return requests per second: each connection asks again as soon as it is answered."""
    chosen = selectors.DefaultSelector()
    connections = [server.connect(is_tls=is_tls) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.sendall(SMALL)
        chosen.register(connection, selectors.EVENT_READ, connection)
    count = 0
    started = time.perf_counter()
    while (took := time.perf_counter() - started) < seconds:
        for key, _ in chosen.select():
            connection = key.data
            if connection.recv(4096).endswith(b"]}"):
                count += 1
                connection.sendall(SMALL)
    chosen.close()
    for connection in connections:
        connection.close()
    return count / took


def large_get(server: Server, size_bytes: int, *, is_tls: bool) -> float:
    """Return megabytes per second of one large download."""
    buffer = bytearray(1 << 20)
    with server.connect(is_tls=is_tls) as connection:
        started = time.perf_counter()
        connection.sendall(f"GET /account/fs/large?{size_bytes} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        left = size_bytes
        while left > 0:
            left -= connection.recv_into(buffer)
        return size_bytes / (time.perf_counter() - started) / 1e6


def large_put(server: Server, size_bytes: int, *, is_tls: bool) -> float:
    """Return megabytes per second of one large upload."""
    piece = bytes(1 << 20)
    with server.connect(is_tls=is_tls) as connection:
        started = time.perf_counter()
        head = f"PUT /account/fs/large HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size_bytes}\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(size_bytes // len(piece)):
            connection.sendall(piece)
        assert b" 201 " in connection.recv(4096)
        return size_bytes / (time.perf_counter() - started) / 1e6


def compare(
    title: str, unit: str, servers: list[Server], measured: Callable[[Server], float], floor: float | None
) -> Iterator[Figure]:
    """Measure both in turns; yield our median and its ratio to the peer's."""
    rates: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(TURNS):
        for server in servers:
            rates[server.name].append(measured(server))
    ours_rate, peer_rate = (statistics.median(rates[server.name]) for server in servers)
    yield Figure(title, ours_rate, unit)
    yield Figure(f"{title}, against asyncio streams", ours_rate / peer_rate, "times", at_least=floor)


def measure() -> Iterator[Figure]:
    """Yield rates beside the peer's, plain and TLS, and the memory that it took."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        CertificateAuthority(Path(folder))
        servers = [Server(name, Path(folder)) for name in ("ours", "streams")]
        try:
            for kind, is_tls in (("plain", False), ("TLS", True)):
                small = partial(small_requests, seconds=SMALL_S, is_tls=is_tls)
                yield from compare(f"small requests, {kind}", "requests/s", servers, small, None)
                get = partial(large_get, size_bytes=LARGE_BYTES, is_tls=is_tls)
                yield from compare(f"GET of 1 GiB, {kind}", "MB/s", servers, get, 0.7)
                put = partial(large_put, size_bytes=LARGE_BYTES, is_tls=is_tls)
                yield from compare(f"PUT of 1 GiB, {kind}", "MB/s", servers, put, 1.1)
            yield Figure("peak memory of the gateway", servers[0].peak_mib(), "MiB", at_most=100)
        finally:
            for server in servers:
                server.process.kill()
                server.process.join()
