"""TLS in the middle of a connection: a layer to the wire below, a wire to the layer above.

Terminated here and not by the event loop's transports, because TLS may begin in the middle of a segment (right behind a
CONNECT) and inside other TLS.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.gateway.certificates import is_permitted

if TYPE_CHECKING:
    from lakeport_local.gateway.wire import Channel, Layer, Site, Wire

_LOG = logging.getLogger(__name__)
_RECORD_BYTES = 16 * 1024


def open_tls(site: Site, wire: Wire, channel: Channel) -> Layer:
    """Return a layer that terminates TLS; its certificate proves the SNI, else the tunnel's host, else this machine."""
    name = channel.tunnel.host if channel.tunnel and is_permitted(channel.tunnel.host) else "localhost"
    return TlsLayer(site, wire, channel, site.authority.context(name))


class TlsLayer:
    """Decrypts what comes and encrypts what goes."""

    def __init__(self, site: Site, wire: Wire, channel: Channel, context: ssl.SSLContext) -> None:
        self._site = site
        self._wire = wire
        self._channel = channel
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._above: Layer | None = None
        self._is_paused = False
        self._is_pumping = False
        self._has_ended = False
        self._is_closed = False
        self._is_over = False
        wire.expire_after(site.limits.first_s)

    # The layer's half.

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs above."""
        return self._above is None or self._above.is_idle

    def received(self, data: memoryview) -> None:
        """Decrypt, and hand on what comes out."""
        if self._is_over:
            return
        self._incoming.write(data)
        self._pump()

    def ended(self) -> None:
        """The peer's socket has ended."""
        if not self._is_over:
            self._incoming.write_eof()
            self._pump()
        self._end_above()

    def lost(self) -> None:
        """Release everything."""
        self._is_closed = True
        if self._above is not None:
            self._above.lost()

    def drained(self) -> None:
        """Let the layer above write again."""
        if self._above is not None:
            self._above.drained()

    def expired(self) -> None:
        """Pass it on, or give up the handshake."""
        if self._above is None:
            self._wire.abort()
        else:
            self._above.expired()

    def shut(self) -> None:
        """Pass it on, or give up the handshake."""
        if self._above is None:
            self._wire.abort()
        else:
            self._above.shut()

    def _pump(self) -> None:
        if self._is_pumping or not self._may_deliver():
            return
        self._is_pumping = True
        try:
            if self._above is None and not self._shake_hands():
                return
            while self._may_deliver() and self._deliver():
                pass
        finally:
            self._is_pumping = False

    def _pump_again(self) -> None:
        try:
            self._pump()
        except Exception:  # noqa: BLE001  the outermost edge, as where the socket is read
            _LOG.exception("a connection failed and was closed")
            self.abort()

    def _may_deliver(self) -> bool:
        return not (self._is_paused or self._is_closed or self._is_over)

    def _shake_hands(self) -> bool:
        """Go on with the handshake; tell whether it is complete."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError:
            self._flush()  # the alert that says why
            self._is_closed = True
            self._wire.close()
            return False
        self._flush()
        self._above = self._site.openers["http"](self._site, self, replace(self._channel, scheme="https"))
        return True

    def _deliver(self) -> bool:
        """Hand on as much as fits the buffer; tell whether there may be more."""
        buffer = self._site.plaintext
        size = 0
        has_more = True
        while size < len(buffer):
            try:
                count = self._tls.read(len(buffer) - size, buffer[size:])
            except ssl.SSLWantReadError:
                has_more = False
                break
            except ssl.SSLError:  # close_notify, an end without one, or garbage
                self._has_ended = True
                has_more = False
                break
            if not count:
                self._has_ended = True
                has_more = False
                break
            size += int(count)
        self._flush()
        if size and self._above is not None:
            self._above.received(buffer[:size])
        if self._has_ended:
            self._end_above()
        return has_more

    def _end_above(self) -> None:
        above, self._has_ended = self._above, True
        if above is None:
            self._wire.abort()
        elif not self._is_closed:
            above.ended()

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._wire.write(self._outgoing.read())

    # The wire's half: see `Wire`.

    @property
    def client(self) -> str:
        """The peer's IP address."""
        return self._wire.client

    @property
    def is_stalled(self) -> bool:
        """Whether too much waits to be taken."""
        return self._wire.is_stalled

    @property
    def is_plain(self) -> bool:
        """Files are encrypted first."""
        return False

    def socket(self) -> int | None:
        """Return nothing: no file goes to the socket as it is."""
        return None

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        if self._is_closed:
            return
        view = memoryview(data)
        try:
            while view:
                view = view[self._tls.write(view[:_RECORD_BYTES]) :]
        except ssl.SSLError:
            self.abort()
            return
        self._flush()

    def end(self) -> None:
        """Say that nothing more comes; what the peer still sends is not looked at."""
        self._notify_close()
        self._is_over = True
        self._wire.end()

    def close(self) -> None:
        """Say that nothing more comes, and close."""
        self._notify_close()
        self._is_closed = True
        self._wire.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_closed = True
        self._wire.abort()

    def pause(self) -> None:
        """Deliver nothing for now."""
        self._is_paused = True
        self._wire.pause()

    def resume(self) -> None:
        """Deliver again, first what is here already."""
        if self._is_paused:
            self._is_paused = False
            self._site.loop.call_soon(self._pump_again)
            self._wire.resume()

    def expire_after(self, seconds: float | None) -> None:
        """Set or remove the deadline."""
        self._wire.expire_after(seconds)

    def carry(self, layer: Layer) -> None:
        """Deliver to another layer."""
        self._above = layer

    def _notify_close(self) -> None:
        if self._is_closed:
            return
        with contextlib.suppress(ssl.SSLError):  # the peer's own notice has not come, and is not waited for
            self._tls.unwrap()
        self._flush()
