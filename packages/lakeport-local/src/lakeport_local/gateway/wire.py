"""What the layers of a connection are to each other: a wire below, a layer above, and the site they all stand on."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from lakeport_local.core import http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport_local.core import Clock, Ids
    from lakeport_local.gateway.addresses import Address
    from lakeport_local.gateway.callers import Callers
    from lakeport_local.gateway.certificates import CertificateAuthority
    from lakeport_local.gateway.connection import Connection
    from lakeport_local.gateway.detection import Spoken
    from lakeport_local.gateway.limits import Limits
    from lakeport_local.gateway.relay import Reachable
    from lakeport_local.gateway.routes import Routes

_SECOND = timedelta(seconds=1)
BUFFER_BYTES = 256 * 1024
"""What one read takes at most, and one piece of a response; see performance.md 2."""


class Layer(Protocol):
    """Takes what arrives on a wire."""

    @property
    def is_idle(self) -> bool:
        """Nothing complete was asked that is not answered: closing would cost the peer nothing but the connection."""
        ...

    def received(self, data: memoryview) -> None:
        """Take bytes, never none; the memory is reused after the call returns."""
        ...

    def ended(self) -> None:
        """The peer sends no more; it may still read."""
        ...

    def lost(self) -> None:
        """The connection is gone: release everything. The last call."""
        ...

    def drained(self) -> None:
        """The peer has taken enough of what was written: write again."""
        ...

    def expired(self) -> None:
        """The deadline has passed."""
        ...

    def shut(self) -> None:
        """The gateway closes: finish what runs, begin nothing."""
        ...


class Wire(Protocol):
    """Carries bytes to and from the peer."""

    @property
    def client(self) -> str:
        """The peer's IP address."""
        ...

    @property
    def is_stalled(self) -> bool:
        """Too much is waiting to be taken by the peer: write no more until `drained`."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until the peer takes them."""
        ...

    @property
    def is_plain(self) -> bool:
        """What is written goes to the socket as it is."""
        ...

    def socket(self) -> int | None:
        """Return a copy of the socket's descriptor to send files to; None while something waits to be written.

        The caller closes it. Only for a wire that is plain.
        """
        ...

    def end(self) -> None:
        """Send nothing more after what is written; go on reading."""
        ...

    def close(self) -> None:
        """Close after what is written has been sent."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...

    def pause(self) -> None:
        """Deliver nothing until `resume`."""
        ...

    def resume(self) -> None:
        """Deliver again; never from within this call."""
        ...

    def expire_after(self, seconds: float | None) -> None:
        """Set the deadline, or remove it."""
        ...

    def carry(self, layer: Layer) -> None:
        """Deliver to another layer from now on."""
        ...


class Dates:
    """Spells instants for the Date field, each second once."""

    def __init__(self) -> None:
        self._begins = self._ends = datetime.max.replace(tzinfo=UTC)
        self._text = ""

    def of(self, at: datetime) -> str:
        """Return an instant as HTTP spells it."""
        if not self._begins <= at < self._ends:
            self._begins = at.replace(microsecond=0)
            self._ends = self._begins + _SECOND
            self._text = http_date(at)
        return self._text


@dataclass(frozen=True, slots=True)
class Channel:
    """By which way the bytes of a layer came.

    Attributes:
        scheme: `https` inside TLS, else `http`.
        tunnel: Where CONNECT said the tunnel leads; None outside a tunnel.
        caller: User name of the proxy credential that opened the tunnel.
    """

    scheme: str = "http"
    tunnel: Address | None = None
    caller: str | None = None


@dataclass(slots=True)
class Site:
    """What every connection of one gateway shares.

    Attributes:
        routes: Which service answers.
        authority: Who signs the certificates.
        callers: Who checks proxy credentials.
        clock: The local Azure's time.
        ids: Gives request ids.
        limits: Bounds of a connection.
        reachable: Which addresses a pass-through may reach; None when it is off.
        loop: The event loop.
        openers: How to open a layer for each protocol on the port.
        tasks: Handlers and relays at work.
        connections: The open connections.
        order: Numbers what arrives, so that the connection that was heard last can be told from the others.
        emptied: Set while no connection is open.
        port: The port it listens on.
        dates: Spells the Date field.
        scratch: The memory that all connections read into: what is delivered from it has been used when
            `Layer.received` returns, and the loop has one thread, so one is enough for any number of them.
        plaintext: The same for what TLS decrypts.
    """

    routes: Routes
    authority: CertificateAuthority
    callers: Callers
    clock: Clock
    ids: Ids
    limits: Limits
    reachable: Reachable | None
    loop: asyncio.AbstractEventLoop
    openers: dict[Spoken, Callable[[Site, Wire, Channel], Layer]]
    tasks: set[asyncio.Future[Any]] = field(default_factory=set)  # Any: handlers give answers, relays nothing
    connections: set[Connection] = field(default_factory=set)
    order: Iterator[int] = field(default_factory=itertools.count)
    emptied: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    dates: Dates = field(default_factory=Dates)
    scratch: memoryview = field(default_factory=lambda: memoryview(bytearray(BUFFER_BYTES)))
    plaintext: memoryview = field(default_factory=lambda: memoryview(bytearray(BUFFER_BYTES)))
