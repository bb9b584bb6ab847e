"""What a struck request meets: `FaultyService` stands before a service and lets the table of faults speak first."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import orjson

from lakeport_local.admin.spoiling import Spoiled, with_another_byte
from lakeport_local.core import Cut, Response

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lakeport_local.admin.faults import Fault, Faults, Strike
    from lakeport_local.core import BodySink, Request, Service

_REFUSALS = {
    "429": (429, "TooManyRequests", "The request is being throttled."),
    "500": (500, "InternalError", "The server encountered an internal error. Please retry the request."),
    "503": (503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request."),
    "expired": (401, "InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired."),
}
_CUT_AT_ONCE = {"reset"}
_OF_ANSWERS = frozenset({"reset-body", "slow-body", "stall-body", "truncate", "corrupt"})


class FaultyService:
    """A service behind the table of faults.

    What is refused or cut at once the service hears nothing of, unless a fault is for certain operations: then it is asked
    which one this is, and drops what it was about to do.

    Args:
        service: What answers when no fault strikes.
        faults: The table.
        name: What the service is called in it.
    """

    def __init__(self, service: Service, faults: Faults, name: str = "") -> None:
        self.service = service
        self._faults = faults
        self._name = name

    def open_body(self, request: Request) -> BodySink | Response:
        """Let a fault answer first; else ask the service.

        Raises:
            Cut: The fault cuts the connection.
        """
        if self._faults.is_empty:
            return self.service.open_body(request)
        opened = self.service.open_body(request) if self._faults.wants_operation else None
        strike = self._faults.strike(request, self._name)
        if strike is None:
            return self.service.open_body(request) if opened is None else opened
        if strike.fault.kind in _REFUSALS or strike.fault.kind in _CUT_AT_ONCE:
            if opened is not None and not isinstance(opened, Response):
                opened.abort()
            return _refused(strike.fault, self._name, request)
        if strike.fault.kind == "timeout":
            if opened is not None and not isinstance(opened, Response):
                opened.abort()
            opened = _Nowhere()
        opened = self.service.open_body(request) if opened is None else opened
        return opened if isinstance(opened, Response) else _Struck(opened, strike, request)

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Ask the service, and let its answer meet what struck the request.

        Raises:
            Cut: The fault cuts the connection.
        """
        body = request.body
        if not isinstance(body, _Struck):
            return self.service.handle(request)
        request.body, fault = body.inner, body.strike.fault
        if fault.kind == "timeout":
            return _cut_after(fault.delay_s)
        answer = self.service.handle(request)
        if fault.kind == "slow" or inspect.isawaitable(answer):
            return _held(answer, body.strike)
        return _met(answer, body.strike)


class _Struck:
    """The sink of a struck request: the service's own, but for what happens inside the body."""

    def __init__(self, inner: BodySink, strike: Strike, request: Request) -> None:
        self.inner = inner
        self.strike = strike
        length = request.headers.get("content-length") or ""
        self._at = strike.fault.place(strike.luck, int(length) if length.isdecimal() else 1)
        self._taken = 0

    def write(self, data: bytes | memoryview) -> None:
        """Pass on the next bytes, or spoil them, or cut the connection."""
        at, kind = self._at - self._taken, self.strike.fault.kind
        self._taken += len(data)
        if 0 <= at < len(data):
            if kind == "reset-request":
                raise Cut
            if kind == "corrupt-request":
                data = with_another_byte(data, at)
        self.inner.write(data)

    def finish(self) -> None:
        """The body is complete."""
        self.inner.finish()

    def abort(self) -> None:
        """The body will not be completed."""
        self.inner.abort()


class _Nowhere:
    """Takes a body that nobody will read."""

    def write(self, data: bytes | memoryview) -> None:
        """Forget the bytes."""

    def finish(self) -> None:
        """Nothing is kept."""

    def abort(self) -> None:
        """Nothing is kept."""


def _refused(fault: Fault, service: str, request: Request) -> Response:
    if fault.kind in _CUT_AT_ONCE:
        raise Cut
    status, code, message = _REFUSALS[fault.kind]
    headers = [("Retry-After", str(fault.retry_after_s))] if fault.kind in {"429", "503"} else []
    if fault.kind == "expired":
        headers.append(("WWW-Authenticate", 'Bearer error="invalid_token", error_description="The token is expired."'))
    if service == "storage":
        headers.append(("x-ms-error-code", code))
        headers.append(("x-ms-request-id", request.id))
    headers.append(("Content-Type", "application/json; charset=utf-8"))
    return Response(status, headers, orjson.dumps({"error": {"code": code, "message": message}}))


def _met(answer: Response, strike: Strike) -> Response:
    """Return what the struck request gets in place of an answer."""
    if strike.fault.kind == "reset-answer":
        if not isinstance(answer.body, bytes):
            answer.body.close()
        raise Cut
    if strike.fault.kind in _OF_ANSWERS and answer.body:
        answer.body = Spoiled(answer.body, strike)
    return answer


async def _cut_after(seconds: float) -> Response:
    await asyncio.sleep(seconds)
    raise Cut


async def _held(answer: Response | Awaitable[Response], strike: Strike) -> Response:
    if strike.fault.kind == "slow":
        await asyncio.sleep(strike.fault.delay_s)
    return _met(await answer if inspect.isawaitable(answer) else answer, strike)
