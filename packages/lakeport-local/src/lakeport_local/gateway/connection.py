"""The socket's end of a connection: reads into shared memory and hands on to the layer above."""

from __future__ import annotations

import asyncio
import logging
import os
import socket as sockets
from contextlib import suppress
from socket import IPPROTO_TCP
from typing import TYPE_CHECKING, cast

from lakeport_local.gateway.detection import spoken
from lakeport_local.gateway.wire import BUFFER_BYTES, Channel

if TYPE_CHECKING:
    from lakeport_local.gateway.wire import Layer, Site, Wire

_LOG = logging.getLogger(__name__)
_QUICK_ACK: int | None = getattr(sockets, "TCP_QUICKACK", None)
_SMALL_BYTES = 16 * 1024


class Opening:
    """Waits for a peer's first byte, then gives way to the layer of the protocol it speaks."""

    def __init__(self, site: Site, wire: Wire, channel: Channel) -> None:
        self._site = site
        self._wire = wire
        self._channel = channel
        wire.expire_after(site.limits.first_s)

    @property
    def is_idle(self) -> bool:
        """Nothing was asked."""
        return True

    def received(self, data: memoryview) -> None:
        """Open the layer that the first byte calls for."""
        protocol = spoken(data[0])
        if protocol is None:
            self._wire.abort()
            return
        layer = self._site.openers[protocol](self._site, self._wire, self._channel)
        self._wire.carry(layer)
        layer.received(data)

    def ended(self) -> None:
        """Close: nothing was asked."""
        self._wire.close()

    def lost(self) -> None:
        """Nothing to release."""

    def drained(self) -> None:
        """Nothing to write."""

    def expired(self) -> None:
        """Close: nothing came."""
        self._wire.abort()

    def shut(self) -> None:
        """Close: nothing runs."""
        self._wire.close()


class Connection(asyncio.BufferedProtocol):
    """A connection's socket, as a wire.

    Args:
        site: What all connections share.

    Attributes:
        heard_at: Greater than that of every connection that was heard before.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._transport: asyncio.Transport | None = None
        self._layer: Layer
        self._deadline: float | None = None
        self._is_paused = False
        self._has_written = False
        self.heard_at = 0
        self.is_stalled = False
        self.is_plain = True
        self.client = ""

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; where there are too many connections already, in place of the one that has been idle for longest."""
        self._transport = transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._layer = Opening(self._site, self, Channel())
        if len(self._site.connections) >= self._site.limits.connections and not self._make_room():
            transport.abort()
            return
        self.heard_at = next(self._site.order)
        peer = transport.get_extra_info("peername")
        self.client = peer[0] if peer else ""
        transport.set_write_buffer_limits(high=2 * BUFFER_BYTES, low=BUFFER_BYTES // 2)
        self._site.connections.add(self)
        self._site.emptied.clear()

    def _make_room(self) -> bool:
        """Close the connection that has been idle for longest; tell whether there was one."""
        idle = [one for one in self._site.connections if one.is_idle]
        if not idle:
            return False
        longest = min(idle, key=lambda one: one.heard_at)
        self._site.connections.discard(longest)
        longest.abort()
        return True

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs for the peer."""
        return self._layer.is_idle

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the memory to read into."""
        return self._site.scratch

    def buffer_updated(self, nbytes: int) -> None:
        """Hand on what was read."""
        self._has_written = False
        self.heard_at = next(self._site.order)
        try:
            self._layer.received(self._site.scratch[:nbytes])
        except Exception:  # noqa: BLE001  the outermost edge
            _LOG.exception("a connection failed and was closed")
            self.abort()
        if nbytes < _SMALL_BYTES and not self._has_written:
            self._acknowledge()

    def _acknowledge(self) -> None:
        """Acknowledge a small segment at once, where the system can; an answer would have acknowledged it.

        Clients that go through a proxy leave Nagle's algorithm on (urllib3 does): they send a request's head, and its body only when
        the head is acknowledged, which otherwise takes 40 ms.
        """
        socket = self._transport.get_extra_info("socket") if self._transport is not None else None
        if socket is not None and _QUICK_ACK is not None:
            with suppress(OSError):
                socket.setsockopt(IPPROTO_TCP, _QUICK_ACK, 1)

    def eof_received(self) -> bool:
        """Hand on the end; the connection stays open for the answer."""
        self._layer.ended()
        return True

    def pause_writing(self) -> None:
        """Remember that the peer does not keep up."""
        self.is_stalled = True

    def resume_writing(self) -> None:
        """Let the layer write again."""
        self.is_stalled = False
        self._layer.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release everything."""
        self._transport = None
        self._site.connections.discard(self)
        if not self._site.connections:
            self._site.emptied.set()
        self._layer.lost()

    # What the gateway calls.

    def check_deadline(self, now: float) -> None:
        """Tell the layer when its deadline has passed."""
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            self._layer.expired()

    def shut(self) -> None:
        """Finish what runs, then close."""
        self._layer.shut()

    # What the layer above calls: see `Wire`.

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None and not self._transport.is_closing():
            self._has_written = True
            self._transport.write(data)

    def socket(self) -> int | None:
        """Return a copy of the socket's descriptor, once nothing waits to be written."""
        transport = self._transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size():
            return None
        return os.dup(transport.get_extra_info("socket").fileno())

    def end(self) -> None:
        """Send nothing more."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close after what is written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Stop reading."""
        if not self._is_paused and self._transport is not None and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._is_paused and self._transport is not None and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def expire_after(self, seconds: float | None) -> None:
        """Set or remove the deadline."""
        self._deadline = None if seconds is None else self._site.loop.time() + seconds

    def carry(self, layer: Layer) -> None:
        """Deliver to another layer."""
        self._layer = layer
