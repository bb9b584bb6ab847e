"""Transfers of a program with an event loop: planned and run in threads, told in the loop, and ended with their task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.connection.threads import stoppable

if TYPE_CHECKING:
    import asyncio
    import threading
    from collections.abc import Callable

    from lakeport.lake.asynchronous import AsyncFileSystem
    from lakeport.transfer import Outcome, Transfer
    from lakeport.transfer.plan import Item
    from lakeport.transfer.run import Told


async def carried(lake: AsyncFileSystem, decide: Callable[[], Transfer], told: Told | None) -> Outcome:
    """Decide on a transfer, run it, and return what arrived.

    When the task is cancelled, the transfer ends as an interrupted one does: nothing half-done is seen, and it can be
    resumed.

    Args:
        lake: Whose threads.
        decide: Returns the transfer.
        told: Called in the event loop, after each part.

    Raises:
        Exception: What `told` raised; the transfer ended there.
    """
    import asyncio  # noqa: PLC0415  (nobody pays for it who has no loop)

    found = await lake.apart(decide)
    if told is None:
        return await stoppable(lake, lambda stop: found.run(stop=stop))
    teller = _Teller(told, asyncio.get_running_loop())
    try:
        return await stoppable(lake, lambda stop: found.run(stop=teller.ends(stop), told=teller.hear))
    finally:
        teller.raise_what_it_said()


class _Teller:
    """Says in the loop what is heard in threads; an exception there ends what is told of."""

    def __init__(self, told: Told, loop: asyncio.AbstractEventLoop) -> None:
        self._told = told
        self._loop = loop
        self._stop: threading.Event | None = None
        self._error: BaseException | None = None

    def ends(self, stop: threading.Event) -> threading.Event:
        self._stop = stop
        return stop

    def hear(self, outcome: Outcome, item: Item | None) -> None:
        self._loop.call_soon_threadsafe(self._say, outcome, item)

    def _say(self, outcome: Outcome, item: Item | None) -> None:
        if self._error is not None:
            return
        try:
            self._told(outcome, item)
        except BaseException as error:  # noqa: BLE001  (raised where the transfer is awaited)
            self._error = error
            if self._stop is not None:
                self._stop.set()

    def raise_what_it_said(self) -> None:
        if self._error is not None:
            raise self._error
