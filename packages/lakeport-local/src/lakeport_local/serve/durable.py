"""Holds answers back until what they acknowledge would survive the loss of power."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lakeport_local.core import BodySink, Request, Response, Service
    from lakeport_local.state import Syncing


class DurableService:
    """A service whose answers wait for the disk, as many as there are at a time for one sync.

    Reads wait as well while something is not on the disk yet: what one client was shown must not be lost either.

    Args:
        service: What answers.
        syncing: Brings the store's commits to the disk.
    """

    def __init__(self, service: Service, syncing: Syncing) -> None:
        self._service = service
        self._syncing = syncing

    def open_body(self, request: Request) -> BodySink | Response:
        """Ask the service."""
        return self._service.open_body(request)

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Ask the service; hold its answer until all that is committed is on the disk."""
        answer = self._service.handle(request)
        if self._syncing.is_settled and not inspect.isawaitable(answer):
            return answer
        return self._held(answer)

    async def _held(self, answer: Response | Awaitable[Response]) -> Response:
        response = await answer if inspect.isawaitable(answer) else answer
        await self._syncing.settled()
        return response
