"""A gateway with tiny services, for strangers to talk to."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from lakeport_local.core import (
    BodySink,
    FixedClock,
    MemorySink,
    RandomIds,
    Request,
    Response,
    ServiceError,
)
from lakeport_local.gateway import Callers, CertificateAuthority, Gateway, Limits, Routes, new_event_loop

AT = datetime(2030, 1, 1, tzinfo=UTC)


class HashSink:
    """Keeps a body's length and digest only."""

    def __init__(self, log: list[str]) -> None:
        self.size_bytes = 0
        self.pieces = 0
        self.digest = hashlib.sha256()
        self.log = log

    def write(self, data: bytes | memoryview) -> None:
        self.size_bytes += len(data)
        self.pieces += 1
        self.digest.update(data)

    def finish(self) -> None:
        self.log.append("finished")

    def abort(self) -> None:
        self.log.append("aborted")


class Zeros:
    """A response body of a size."""

    def __init__(self, size_bytes: int, log: list[str], *, fails_at: int | None = None, is_known: bool = True) -> None:
        self.size_bytes = size_bytes if is_known else -1
        self._left = size_bytes
        self._fails_at = fails_at
        self._log = log
        self.most_bytes = 0

    def read(self, limit_bytes: int) -> bytes:
        self.most_bytes = max(self.most_bytes, limit_bytes)
        if self._fails_at is not None and self._left <= self._fails_at:
            raise OSError("the disk is gone")
        piece = bytes(min(limit_bytes, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._log.append("closed")


@dataclass
class Tiny:
    """A service whose answer the path chooses."""

    name: str
    log: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def open_body(self, request: Request) -> BodySink | Response:
        if request.path.startswith("/refused"):
            return Response(403, [("x-reason", "no")], b"refused")
        if request.path.startswith("/hash"):
            return HashSink(self.log)
        return MemorySink(1024)

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        first = request.segments[0] if request.segments else ""
        match first:
            case "zeros":
                return Response(200, [], Zeros(int(request.segments[1]), self.log))
            case "unsized":
                return Response(200, [], Zeros(int(request.segments[1]), self.log, is_known=False))
            case "broken":
                return Response(200, [], Zeros(1 << 20, self.log, fails_at=1 << 19))
            case "hash":
                assert isinstance(request.body, HashSink)
                answer = {"size": request.body.size_bytes, "sha256": request.body.digest.hexdigest()}
                return Response(201, [("Content-Type", "application/json")], orjson.dumps(answer))
            case "slow":
                return self._slowly(request)
            case "held":
                return self._held(request)
            case "service-error":
                raise ServiceError(409, "Conflict", "It is there already.", headers={"x-more": "1"})
            case "bug":
                raise RuntimeError("secret in a message")
            case "split":
                return Response(200, [("x-a", "1\r\nSet-Cookie: b=c")])
            case "nothing":
                return Response(204)
        return self._echo(request)

    async def _slowly(self, request: Request) -> Response:
        await asyncio.sleep(0.05)
        return self._echo(request)

    async def _held(self, request: Request) -> Response:
        self.log.append("held")
        await self.gate.wait()
        self.log.append("handled")
        return self._echo(request)

    def _echo(self, request: Request) -> Response:
        seen = {
            "service": self.name,
            "method": request.method,
            "scheme": request.scheme,
            "host": request.host,
            "port": request.port,
            "path": request.raw_path,
            "query": request.raw_query,
            "caller": request.caller,
            "explicit": request.explicit,
            "names": [name for name, _ in request.headers],
            "body": request.data.decode("latin-1"),
        }
        return Response(
            200, [("Content-Type", "application/json"), ("x-ms-request-id", request.id)], orjson.dumps(seen)
        )


@dataclass
class World:
    """A running gateway and what one needs to reach it."""

    port: int
    authority: CertificateAuthority
    callers: Callers
    services: dict[str, Tiny]
    gateway: Gateway

    @property
    def bundle(self) -> str:
        return str(self.authority.bundle_file)

    @property
    def log(self) -> list[str]:
        return [line for service in self.services.values() for line in service.log]

    def let_go(self) -> None:
        """Let what is held go on."""
        for service in self.services.values():
            service.gate.set()

    def age(self, seconds: float) -> None:
        """Look at the deadlines of all connections as if so much time had passed."""
        site = self.gateway._site
        assert site is not None
        for connection in list(site.connections):
            connection.check_deadline(site.loop.time() + seconds)

    def proxy(self, user: str | None = None) -> str:
        credential = f"{user}:{self.callers.token(user)}@" if user else ""
        return f"http://{credential}127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority.certificate_file)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(Path(tmp_path_factory.mktemp("ca")))


Start = Callable[..., Awaitable[World]]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test of this folder on both event loops; only one where uvloop is not installed."""
    factories = {"asyncio": asyncio.new_event_loop, "installed": new_event_loop}
    return factories if importlib.util.find_spec("uvloop") else {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def start(authority: CertificateAuthority) -> AsyncIterator[Start]:
    """Start a gateway with chosen settings."""
    running: list[Gateway] = []

    async def begin(*, pass_through: bool = False, limits: Limits | None = None, **more: object) -> World:
        services = {name: Tiny(name) for name in ("entra", "arm", "storage", "imds", "admin")}
        callers = Callers(b"0123456789abcdef")
        gateway = Gateway(
            Routes(services),
            authority,
            callers=callers,
            clock=FixedClock(AT),
            ids=RandomIds(),
            pass_through=pass_through,
            limits=limits,
            **more,  # type: ignore[arg-type]  # a test's own
        )
        port = await gateway.start("127.0.0.1", 0)
        running.append(gateway)
        return World(port, authority, callers, services, gateway)

    yield begin
    for gateway in running:
        await gateway.close(grace_s=0.2)


@pytest.fixture
async def world(start: Start) -> World:
    """A gateway with the usual settings."""
    return await start()
