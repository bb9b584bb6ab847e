"""The services answer under ASGI as they do behind the gateway: another's ASGI client asks them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import httpx

from lakeport_local.core import BodySink, FixedClock, MemorySink, Request, Response, SequentialIds, ServiceError
from lakeport_local.gateway import Application, Routes

_MIB = 1024 * 1024


class Pieces:
    """A body that is read piece by piece."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = self._left = size_bytes
        self.is_closed = False

    def read(self, limit_bytes: int) -> bytes:
        size = min(limit_bytes, self._left)
        self._left -= size
        return bytes(size)

    def close(self) -> None:
        self.is_closed = True


class Echo:
    """Answers with what it was asked."""

    def __init__(self) -> None:
        self.given = Pieces(3 * _MIB)

    def open_body(self, request: Request) -> BodySink | Response:
        if request.method == "DELETE":
            return Response(403, [("x-refused", "early")])
        return MemorySink(8 * _MIB)

    async def _late(self) -> Response:
        return Response(202, [("x-late", "yes")])

    def handle(self, request: Request):  # type: ignore[no-untyped-def]
        if request.raw_path.endswith("/refused"):
            raise ServiceError(409, "Conflict", "No.")
        if request.raw_path.endswith("/broken"):
            raise RuntimeError("secret")
        if request.raw_path.endswith("/late"):
            return self._late()
        if request.method == "GET":
            return Response(200, [("x-query", request.raw_query), ("x-path", request.raw_path)], self.given)
        return Response(201, [("x-digest", hashlib.sha256(request.data).hexdigest()), ("x-ms-request-id", request.id)])


def client(service: Echo) -> httpx.AsyncClient:
    clock = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
    application = Application(Routes({"storage": service}), clock=clock, ids=SequentialIds())
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost/")


async def test_bodies_pass_both_ways() -> None:
    service, data = Echo(), bytes(range(256)) * 4096
    async with client(service) as asked:
        put = await asked.put("/account/fs/a", content=data)
        got = await asked.get("/account/fs/a%20b?x=%2F")
    assert (put.status_code, put.headers["x-digest"]) == (201, hashlib.sha256(data).hexdigest())
    assert (got.headers["x-path"], got.headers["x-query"]) == ("/account/fs/a%20b", "x=%2F")
    assert got.content == bytes(3 * _MIB)
    assert service.given.is_closed


async def test_refusals_failures_and_late_answers_are_the_gateways() -> None:
    async with client(Echo()) as asked:
        early = await asked.delete("/account/fs/a")
        refused = await asked.put("/account/fs/refused")
        broken = await asked.put("/account/fs/broken")
        late = await asked.put("/account/fs/late")
        elsewhere = await asked.get("http://example.org/")
        missing = await asked.get("/subscriptions/x")
    assert (early.status_code, early.headers["x-refused"]) == (403, "early")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "Conflict")
    assert (broken.status_code, b"secret" in broken.content) == (500, False)
    assert (late.status_code, late.headers["x-late"]) == (202, "yes")
    assert (elsewhere.status_code, missing.status_code) == (421, 404)
