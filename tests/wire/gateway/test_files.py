"""A large body that lies in files goes to a plain socket without passing through the process, and arrives whole."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from lakeport_local.core import BodySink, MemorySink, Request, Response
from lakeport_local.gateway import Callers, CertificateAuthority, Gateway, Limits, Routes

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1024 * 1024


class Parts:
    """A body of which some parts lie in files and one does not."""

    def __init__(self, folder: Path, log: list[str], closed: asyncio.Event) -> None:
        self.pieces = [os.urandom(5 * _MIB), os.urandom(3000), os.urandom(2 * _MIB + 1)]
        self.size_bytes = sum(map(len, self.pieces))
        self._files = []
        for number in (0, 2):
            (folder / str(number)).write_bytes(self.pieces[number])
            self._files.append(os.open(folder / str(number), os.O_RDONLY))
        self._at = [0, 0, 0]
        self._log = log
        self._closed = closed

    def _current(self) -> int | None:
        return next((one for one in range(3) if self._at[one] < len(self.pieces[one])), None)

    def part(self) -> tuple[int, int, int] | None:
        now = self._current()
        if now is None or now == 1:
            return None
        return self._files[now // 2], self._at[now], len(self.pieces[now]) - self._at[now]

    def skip(self, size_bytes: int) -> None:
        self._log.append("sent")
        self._at[self._current() or 0] += size_bytes

    def read(self, limit_bytes: int) -> bytes:
        now = self._current()
        if now is None:
            return b""
        piece = self.pieces[now][self._at[now] : self._at[now] + limit_bytes]
        self._at[now] += len(piece)
        return piece

    def close(self) -> None:
        self._log.append("closed")
        self._closed.set()
        for file in self._files:
            os.close(file)


class Files:
    """Answers every request with the parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.closed = asyncio.Event()
        self.body = b""

    def open_body(self, request: Request) -> BodySink | Response:
        return MemorySink()

    def handle(self, request: Request) -> Response:
        parts = Parts(self.folder, self.log, self.closed)
        self.body = b"".join(parts.pieces)
        return Response(200, [], parts)


async def started(folder: Path, service: Files, limits: Limits | None = None) -> tuple[Gateway, int]:
    gateway = Gateway(
        Routes({"storage": service}), CertificateAuthority(folder), callers=Callers(bytes(32)), limits=limits
    )
    return gateway, await gateway.start()


_GET = b"GET /account/x HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def test_parts_in_files_and_in_memory_arrive_in_order_and_the_connection_goes_on(tmp_path: Path) -> None:
    service = Files(tmp_path)
    gateway, port = await started(tmp_path, service)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(_GET)
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(len(service.body)) == service.body
    assert service.log.count("closed") == 2
    assert "sent" in service.log
    writer.close()
    await gateway.close()


async def test_a_peer_that_leaves_in_the_middle_lets_go_of_the_files(tmp_path: Path) -> None:
    service = Files(tmp_path)
    gateway, port = await started(tmp_path, service)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(_GET)
    await reader.readexactly(100_000)
    writer.transport.abort()
    async with asyncio.timeout(60):
        await service.closed.wait()
    await gateway.close()


async def test_a_peer_that_takes_nothing_of_a_file_is_given_up(tmp_path: Path) -> None:
    service = Files(tmp_path)
    gateway, port = await started(tmp_path, service, Limits(stall_s=0.05, sweep_s=0.01))
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(_GET)
    async with asyncio.timeout(60):
        await service.closed.wait()
    writer.close()
    await gateway.close()
