"""The services as an ASGI application: for whoever wants to host them in a server of their own, without the gateway.

A thin adapter. It tells services apart as the gateway does, by host name or path, but gives no proxy, no certificates and
no time limits: those are the host server's.

Source: ASGI 3.0, "HTTP & WebSocket ASGI Message Format"; performance.md 2.2.
"""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING, Any

from lakeport_local.core import Headers, Request, Response, ServiceError
from lakeport_local.gateway.addresses import BadAddress, parse_address
from lakeport_local.gateway.answers import bears_body, escaped, failed, refusal
from lakeport_local.gateway.wire import BUFFER_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from lakeport_local.core import BodySink, Clock, Ids, Service
    from lakeport_local.gateway.routes import Routes

    Message = MutableMapping[str, Any]  # Any: ASGI's own
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_LOG = logging.getLogger(__name__)


class Application:
    """An ASGI application that answers for the services of a local Azure.

    Args:
        routes: Which service answers.
        clock: The local Azure's time.
        ids: Gives request ids.
    """

    def __init__(self, routes: Routes, *, clock: Clock, ids: Ids) -> None:
        self._routes = routes
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection's event, as ASGI asks for it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        request = self._request(scope)
        route = None if request is None else self._routes.find(request.host, request.raw_path)
        if request is None or route is None:
            response = refusal(421, "This host is not one that this local Azure answers for.")
        elif route.service is None:
            response = refusal(404, "This local Azure does not have this service.", code="ResourceNotFound")
        else:
            request.explicit = route.is_explicit
            response = await _asked(route.service, request, receive)
        await _send(response, str(scope["method"]), send)

    def _request(self, scope: Message) -> Request | None:
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        scheme = str(scope.get("scheme") or "http")
        try:
            address = parse_address(headers.get("host") or "localhost", scheme)
        except BadAddress:
            return None
        raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        client = scope.get("client")
        return Request(
            method=scope["method"],
            scheme=scheme,
            host=address.host,
            port=address.port,
            raw_path=raw_path,
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            client=str(client[0]) if client else "",
            caller=None,
            id=self._ids.guid(),
            at=self._clock.now(),
        )


async def _asked(service: Service, request: Request, receive: Receive) -> Response:
    """Give a service the body, and return its answer; its failures are answered as the gateway answers them."""
    sink: BodySink | None = None
    try:
        opened = service.open_body(request)
        if isinstance(opened, Response):
            return opened
        sink = opened
        if not await _fill(sink, receive):
            sink.abort()
            return failed(request.id)
        sink.finish()
        request.body, sink = sink, None
        answer = service.handle(request)
        return await answer if inspect.isawaitable(answer) else answer
    except ServiceError as error:
        if sink is not None:
            sink.abort()
        return escaped(error, request)
    except Exception:  # noqa: BLE001  any failure of a service is answered
        if sink is not None:
            sink.abort()
        _LOG.exception("request %s (%s %s) failed", request.id, request.method, request.host)
        return failed(request.id)


async def _fill(sink: BodySink, receive: Receive) -> bool:
    """Take the body; tell whether it came whole."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        if message.get("body"):
            sink.write(message["body"])
        if not message.get("more_body"):
            return True


async def _send(response: Response, method: str, send: Send) -> None:
    source = None if isinstance(response.body, bytes) else response.body
    try:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        size = len(response.body) if isinstance(response.body, bytes) else response.body.size_bytes
        bears = bears_body(method, response.status)
        if response.header("content-length") is None and size >= 0 and response.status not in {204, 304}:
            headers.append((b"content-length", str(size).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if bears and source is not None:
            while piece := source.read(BUFFER_BYTES):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        body = response.body if bears and isinstance(response.body, bytes) else b""
        await send({"type": "http.response.body", "body": body})
    finally:
        if source is not None:
            source.close()


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"].rpartition(".")[2]
        await send({"type": f"lifespan.{event}.complete"})
        if event == "shutdown":
            return
