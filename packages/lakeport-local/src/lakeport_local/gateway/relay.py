"""Pass-through: bytes to and from a host outside, never decrypted, never to this machine or a private network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, cast

from lakeport_local.gateway.answers import ESTABLISHED
from lakeport_local.gateway.wire import BUFFER_BYTES

if TYPE_CHECKING:
    from lakeport_local.gateway.addresses import Address
    from lakeport_local.gateway.wire import Site, Wire

Reachable: TypeAlias = Callable[[str], bool]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNREACHABLE = b"HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def is_public(address: str) -> bool:
    """Tell whether an IP address is of the public internet.

    Example:
        >>> is_public("93.184.215.14"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1")
        (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


class Relay:
    """Joins a peer and a host outside.

    Args:
        site: What all connections share.
        wire: The peer.
        address: The host outside.
        opening: What is sent there first; None answers the peer's CONNECT once the host is reached.
    """

    def __init__(self, site: Site, wire: Wire, address: Address, opening: bytes | None) -> None:
        self._site = site
        self._wire = wire
        self._opening = opening
        self._held = bytearray()
        self._far: _FarEnd | None = None
        self._is_lost = False
        wire.expire_after(None)
        wire.pause()
        task = site.loop.create_task(self._reach(address))
        site.tasks.add(task)
        task.add_done_callback(site.tasks.discard)

    async def _reach(self, address: Address) -> None:
        """Connect to an address that was looked up and judged here, so that no second look-up can give another."""
        loop = self._site.loop
        is_reachable = self._site.reachable or is_public
        try:
            async with asyncio.timeout(self._site.limits.first_s):
                found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
                places = [entry[4][0] for entry in found]
                if not places or not all(is_reachable(str(place)) for place in places):
                    self._refuse(403, b"Private addresses are not relayed")
                    return
                _, far = await loop.create_connection(lambda: _FarEnd(self), str(places[0]), address.port)
        except (OSError, TimeoutError):
            self._refuse(502, b"The host cannot be reached")
            return
        self._join(far)

    def _join(self, far: _FarEnd) -> None:
        if self._is_lost:
            far.abort()
            return
        self._far = far
        if self._opening is None:
            self._wire.write(ESTABLISHED)
        far.write((self._opening or b"") + bytes(self._held))
        self._held.clear()
        self._wire.resume()

    def _refuse(self, status: int, reason: bytes) -> None:
        self._wire.write(_UNREACHABLE % (status, reason))
        self._wire.close()

    @property
    def is_idle(self) -> bool:
        """Whoever talks through it is not known to be."""
        return False

    def received(self, data: memoryview) -> None:
        """Send on; while the host outside is being reached, keep one buffer's worth."""
        if self._far is None:
            self._held += data
            self._wire.pause()
        else:
            self._far.write(bytes(data))

    def ended(self) -> None:
        """Send the end on."""
        if self._far is None:
            self._wire.close()
        else:
            self._far.end()

    def lost(self) -> None:
        """Close the other side."""
        self._is_lost = True
        if self._far is not None:
            self._far.abort()

    def drained(self) -> None:
        """Read from outside again."""
        if self._far is not None:
            self._far.resume()

    def expired(self) -> None:
        """A relay has no deadline."""

    def shut(self) -> None:
        """Close both sides."""
        self._wire.close()

    def returned(self, data: bytes) -> bool:
        """Give the peer what came from outside; tell whether it keeps up."""
        self._wire.write(data)
        return not self._wire.is_stalled

    def throttle(self, *, is_stalled: bool) -> None:
        """Mind whether the host outside keeps up."""
        if is_stalled:
            self._wire.pause()
        else:
            self._wire.resume()

    def far_ended(self) -> None:
        """The host outside is gone."""
        self._wire.close()


class _FarEnd(asyncio.Protocol):
    """The connection to the host outside."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        transport.set_write_buffer_limits(high=BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        if not self._relay.returned(data) and self._transport is not None:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        self._relay.throttle(is_stalled=True)

    def resume_writing(self) -> None:
        self._relay.throttle(is_stalled=False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._relay.far_ended()

    def write(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._transport.write(data)

    def end(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
