"""What only callers that wait can do, done in threads for a program with an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.lake.asynchronous import AsyncFileSystem

R = TypeVar("R")


class InTurn:
    """Calls of one thing that takes one at a time, also after a task that waited for one was cancelled.

    Args:
        lake: Whose threads.
    """

    def __init__(self, lake: AsyncFileSystem) -> None:
        self._lake = lake
        self._lock = threading.Lock()

    async def do(self, call: Callable[..., R], *given: Any) -> R:  # Any: what the call takes
        """Call in a thread, after what was called before, and return what it does."""

        def now() -> R:
            with self._lock:
                return call(*given)

        return await self._lake.apart(now)


async def stoppable(lake: AsyncFileSystem, call: Callable[[threading.Event], R]) -> R:
    """Call in a thread, and return what it does; when the task is cancelled the call is told to end, and waited for.

    Args:
        lake: Whose threads.
        call: Is given what is set when it is to end.
    """
    stop = threading.Event()
    job = asyncio.ensure_future(lake.apart(call, stop))
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        stop.set()
        job.add_done_callback(_heard)
        await asyncio.wait([job])
        raise


def _heard(job: asyncio.Future[Any]) -> None:  # Any: whatever it does
    """Nobody waits for what a cancelled call says."""
    if not job.cancelled():
        job.exception()
