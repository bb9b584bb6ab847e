"""Trouble on request: the next matching requests are answered as an overloaded or broken service would.

A `Fault` says which requests and what happens to them; `Faults` keeps the table; `FaultyService` stands before a
service and lets the table speak first.
"""

from __future__ import annotations

import asyncio
import fnmatch
import inspect
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from lakeport_local.core import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lakeport_local.core import BodySink, Request, Service

KINDS = ("429", "500", "503", "reset", "slow", "timeout")
"""What can happen: an answer with this status; a connection cut at once; an answer that comes late; none ever."""

_MOST_DELAY_S = 3600.0
_MEMBERS: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "host": (str,),
    "path": (str,),
    "method": (str,),
    "count": (int,),
    "retry_after_s": (int,),
    "delay_s": (int, float),
}


class FaultUnknown(Exception):
    """A fault that cannot be added; the message names the member."""


@dataclass(slots=True)
class Fault:
    """One kind of trouble for some requests.

    Attributes:
        kind: One of `KINDS`.
        host: Shell pattern of the effective host.
        path: Shell pattern of the path.
        method: Method, or `*`.
        count: How many requests it strikes; 0 for all.
        retry_after_s: `Retry-After` of 429 and 503.
        delay_s: How late a `slow` answer comes, and how long a `timeout` holds a request before it cuts the connection.
        struck: How many requests it has struck.
    """

    kind: str
    host: str = "*"
    path: str = "*"
    method: str = "*"
    count: int = 1
    retry_after_s: int = 1
    delay_s: float = 30.0
    struck: int = 0

    @classmethod
    def read(cls, document: dict[str, Any]) -> Fault:  # Any: a JSON object
        """Return the fault that a JSON object describes.

        Raises:
            FaultUnknown: A member is unknown or bad.
        """
        for name, value in document.items():
            if name not in _MEMBERS:
                raise FaultUnknown(f"unknown member {name!r} (known: {', '.join(_MEMBERS)})")
            if not isinstance(value, _MEMBERS[name]) or isinstance(value, bool):
                raise FaultUnknown(f"{name} must be {_MEMBERS[name][-1].__name__}, not {value!r}")
        fault = cls(**{"kind": "", **document})
        if fault.kind not in KINDS:
            raise FaultUnknown(f"kind {fault.kind!r} is none of {', '.join(KINDS)}")
        if fault.count < 0 or fault.retry_after_s < 0 or not 0 <= fault.delay_s <= _MOST_DELAY_S:
            raise FaultUnknown("count, retry_after_s and delay_s must not be negative, nor delay_s above an hour")
        return fault

    def matches(self, request: Request) -> bool:
        """Tell whether this fault strikes a request."""
        return (
            self.method in {"*", request.method}
            and fnmatch.fnmatchcase(request.host, self.host.lower())
            and fnmatch.fnmatchcase(request.path, self.path)
        )

    def answer(self) -> Response:
        """Return what the struck request gets in place of an answer, for all kinds but `slow`."""
        if self.kind in {"reset", "timeout"}:
            return Response(200, [("Content-Length", "1")], _Cut())
        waits = [("Retry-After", str(self.retry_after_s))] if self.kind != "500" else []
        return Response(int(self.kind), waits)


class _Cut:
    """A body of one byte that never comes: the connection can only be closed."""

    size_bytes = 1

    def read(self, limit_bytes: int) -> bytes:
        raise ConnectionAbortedError("an injected fault cuts the connection")

    def close(self) -> None:
        """Nothing to release."""


class _Nowhere:
    """Takes a body that nobody will read."""

    def write(self, data: bytes | memoryview) -> None:
        """Forget the bytes."""

    def finish(self) -> None:
        """Nothing is kept."""

    def abort(self) -> None:
        """Nothing is kept."""


class Faults:
    """The faults that are set, in the order they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> dict[str, Any]:  # Any: a JSON object
        """Set a fault; return it as a JSON object."""
        self._faults.append(fault)
        return asdict(fault)

    def all(self) -> list[dict[str, Any]]:  # Any: a JSON object
        """Return the faults that are set."""
        return [asdict(fault) for fault in self._faults]

    def clear(self) -> int:
        """Remove every fault; return how many there were."""
        count = len(self._faults)
        self._faults.clear()
        return count

    def strike(self, request: Request) -> Fault | None:
        """Return the first fault that strikes a request, counted, or None."""
        fault = next((one for one in self._faults if one.matches(request)), None) if self._faults else None
        if fault is not None:
            fault.struck += 1
            if fault.count and fault.struck >= fault.count:
                self._faults.remove(fault)
        return fault


class FaultyService:
    """A service behind the table of faults; a struck request's body is not read, and the service hears nothing of it.

    Args:
        service: What answers when no fault strikes.
        faults: The table.
    """

    def __init__(self, service: Service, faults: Faults) -> None:
        self.service = service
        self._faults = faults
        self._struck: dict[str, Fault] = {}

    def open_body(self, request: Request) -> BodySink | Response:
        """Let a fault answer first; else ask the service."""
        fault = self._faults.strike(request)
        if fault is None:
            return self.service.open_body(request)
        if fault.kind not in {"slow", "timeout"}:
            return fault.answer()
        sink = _Nowhere() if fault.kind == "timeout" else self.service.open_body(request)
        if not isinstance(sink, Response):
            self._struck[request.id] = fault
        return sink

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Ask the service; a `slow` fault holds its answer back, a `timeout` gives none."""
        fault = self._struck.pop(request.id, None) if self._struck else None
        if fault is None:
            return self.service.handle(request)
        answer = fault.answer() if fault.kind == "timeout" else self.service.handle(request)
        return _held(answer, fault.delay_s)


async def _held(answer: Response | Awaitable[Response], delay_s: float) -> Response:
    await asyncio.sleep(delay_s)
    return await answer if inspect.isawaitable(answer) else answer
