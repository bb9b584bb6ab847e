"""Which of Azure's operations a program asks for, one line of a file each: `up --trace FILE`.

The names are those of `parity/README.md`, such as `dfs path PUT file`: what a program needs of Azure can be held against what is there.
"""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from lakeport_local.core import BodySink, Request, Response, Service


class Trace:
    """A file of JSON lines: `operation`, `status` and `request_id` of each request that some operation answered.

    Args:
        file: Where the lines go; those that are there stay.
    """

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, request: Request, response: Response) -> None:
        """Write a request's line; one that no operation answered has none."""
        if request.operation:
            name = " ".join(request.operation).strip()
            line = {"operation": name, "status": response.status, "request_id": request.id}
            os.write(self._descriptor, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


class TracedService:
    """A service whose answers are noted.

    Args:
        service: What answers.
        trace: Where they are noted.
    """

    def __init__(self, service: Service, trace: Trace) -> None:
        self._service = service
        self._trace = trace

    def open_body(self, request: Request) -> BodySink | Response:
        """Ask the service."""
        return self._service.open_body(request)

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Ask the service, and note its answer."""
        answer = self._service.handle(request)
        if inspect.isawaitable(answer):
            return self._noted(request, answer)
        self._trace.note(request, answer)
        return answer

    async def _noted(self, request: Request, coming: Awaitable[Response]) -> Response:
        response = await coming
        self._trace.note(request, response)
        return response
