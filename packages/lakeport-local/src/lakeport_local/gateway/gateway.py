"""The listener: one port, every protocol."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lakeport_local.core import RandomIds, ShiftableClock
from lakeport_local.gateway.connection import Connection
from lakeport_local.gateway.limits import Limits
from lakeport_local.gateway.relay import Reachable, is_public
from lakeport_local.gateway.session import HttpSession
from lakeport_local.gateway.tls import open_tls
from lakeport_local.gateway.wire import Site

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Ids
    from lakeport_local.gateway.callers import Callers
    from lakeport_local.gateway.certificates import CertificateAuthority
    from lakeport_local.gateway.routes import Routes

_BACKLOG = 1024


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop: uvloop's where it is installed, else asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415  not on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class Gateway:
    """Listens on one port for TLS, proxy requests and plain HTTP, and asks the services.

    Args:
        routes: Which service answers.
        authority: Who signs the certificates.
        callers: Who checks proxy credentials.
        clock: The local Azure's time.
        ids: Gives request ids.
        pass_through: Relay connections to hosts that are not Azure's instead of refusing them.
        limits: Bounds of a connection.
        reachable: Which addresses a pass-through may reach; the public internet's.
    """

    def __init__(
        self,
        routes: Routes,
        authority: CertificateAuthority,
        *,
        callers: Callers,
        clock: Clock | None = None,
        ids: Ids | None = None,
        pass_through: bool = False,
        limits: Limits | None = None,
        reachable: Reachable = is_public,
    ) -> None:
        self._routes = routes
        self._authority = authority
        self._callers = callers
        self._clock = clock or ShiftableClock()
        self._ids = ids or RandomIds()
        self._limits = limits or Limits()
        self._reachable = reachable if pass_through else None
        self._site: Site | None = None
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen.

        Args:
            host: Address to bind.
            port: Port to bind; 0 takes a free one.

        Returns:
            The port that it listens on.

        Raises:
            OSError: The address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        site = self._site = Site(
            routes=self._routes,
            authority=self._authority,
            callers=self._callers,
            clock=self._clock,
            ids=self._ids,
            limits=self._limits,
            reachable=self._reachable,
            loop=loop,
            openers={"tls": open_tls, "http": HttpSession},
        )
        self._server = await loop.create_server(lambda: Connection(site), host, port, backlog=_BACKLOG)
        site.emptied.set()
        site.port = self._server.sockets[0].getsockname()[1]
        self._sweep = loop.call_later(self._limits.sweep_s, self._check_deadlines, site)
        return site.port

    async def close(self, grace_s: float = 3.0) -> None:
        """Stop listening, let running requests finish, then close what is left.

        Args:
            grace_s: How long running requests may take.
        """
        if self._server is None or self._site is None:
            return
        self._server.close()
        if self._sweep is not None:
            self._sweep.cancel()
        site, self._server = self._site, None
        for connection in list(site.connections):
            connection.shut()
        try:
            async with asyncio.timeout(grace_s):
                await site.emptied.wait()
        except TimeoutError:
            for connection in list(site.connections):
                connection.abort()
        for task in list(site.tasks):
            task.cancel()
        await asyncio.gather(*site.tasks, return_exceptions=True)
        await site.emptied.wait()

    def _check_deadlines(self, site: Site) -> None:
        now = site.loop.time()
        for connection in list(site.connections):
            connection.check_deadline(now)
        self._sweep = site.loop.call_later(site.limits.sweep_s, self._check_deadlines, site)
