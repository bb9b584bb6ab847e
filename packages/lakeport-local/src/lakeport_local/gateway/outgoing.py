"""The answers of one session, written as fast as the peer takes them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from lakeport_local.core import Cut, FileSource, Later
from lakeport_local.gateway.answers import BadResponse, bears_body, failed, render_head
from lakeport_local.gateway.sending import WORTHWHILE_BYTES, Sending
from lakeport_local.gateway.wire import BUFFER_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.core import BodySource, Response
    from lakeport_local.gateway.head import Head
    from lakeport_local.gateway.wire import Site, Wire

_LOG = logging.getLogger(__name__)
_PIECES_IN_A_TURN = 4
_HEAD_GONE_S = 0.0005


class Outgoing:
    """Writes one answer at a time.

    Args:
        site: What all connections share.
        wire: Where to.
        answered: Called when an answer is written and the peer keeps up.

    Attributes:
        is_idle: No answer is under way, neither being made nor being written.
    """

    def __init__(self, site: Site, wire: Wire, answered: Callable[[], None]) -> None:
        self._site = site
        self._wire = wire
        self._answered = answered
        self._method = "GET"
        self._is_http10 = False
        self._source: BodySource | None = None
        self._left_bytes = 0
        self._is_chunked = False
        self._is_lost = False
        self._drains = False
        self._files: FileSource | None = None
        self._sending: Sending | None = None
        self._has_turn = False
        self.is_idle = True

    def expect(self, head: Head | None) -> None:
        """Take the request that the next answer is for; None for one that could not be read."""
        self._method = "GET" if head is None else head.method
        self._is_http10 = head is not None and head.is_http10

    def hold(self) -> None:
        """An answer is being made."""
        self.is_idle = False

    def send(self, response: Response, *, closes: bool) -> None:
        """Write an answer.

        Args:
            response: The answer.
            closes: It is the last one on this connection.
        """
        self.is_idle = False
        source = None if isinstance(response.body, bytes) else response.body
        if self._is_lost:
            _close(source)
            return
        try:
            head, first = self._start(response, source, closes=closes)
        except Exception:  # noqa: BLE001  a source is the service's: its failure is answered as any other
            _LOG.exception("a response could not be sent")
            _close(source)
            self._source = None
            head, first = self._start(failed(response.header("x-ms-request-id") or ""), None, closes=closes)
        self._wire.write(head + first if first else head)
        if self._source is None:
            self._finish()
        else:
            self._pump()

    def drained(self) -> None:
        """Write on."""
        if self._source is not None:
            self._wire.expire_after(None)
            self._pump()
        elif self._drains:
            self._wire.expire_after(None)
            self._finish()

    def lost(self) -> None:
        """The peer is gone: release the source."""
        self._is_lost = True
        self._stop_sending()
        source, self._source = self._source, None
        _close(source)

    def _start(self, response: Response, source: BodySource | None, *, closes: bool) -> tuple[bytes, bytes]:
        """Return the head and the first piece of the body."""
        head, self._is_chunked = render_head(
            response,
            method=self._method,
            date=self._site.dates.of(self._site.clock.now()),
            keep_alive=not closes,
            is_http10=self._is_http10,
        )
        if not bears_body(self._method, response.status):
            _close(source)
            return head, b""
        if source is None:
            return head, cast("bytes", response.body)
        self._source = source
        self._left_bytes = source.size_bytes
        if self._left_bytes >= WORTHWHILE_BYTES and self._wire.is_plain and isinstance(source, FileSource):
            self._files = source
            return head, b""
        return head, self._next_piece(source)

    def _next_piece(self, source: BodySource) -> bytes:
        """Return the next piece as it goes on the wire; empty at the end."""
        limit = BUFFER_BYTES if self._left_bytes < 0 else min(BUFFER_BYTES, self._left_bytes)
        piece = source.read(limit) if limit else b""
        if self._left_bytes >= 0:
            if limit and not piece:
                raise BadResponse("a body ended before its size")
            self._left_bytes -= len(piece)
            return piece
        if not piece:
            self._left_bytes = 0
            return b"0\r\n\r\n" if self._is_chunked else b""
        return b"%x\r\n%b\r\n" % (len(piece), piece) if self._is_chunked else piece

    def _pump(self) -> None:
        """Write pieces while the peer takes them, a few in a turn so that others get theirs."""
        for _ in range(_PIECES_IN_A_TURN):
            if self._source is None or self._has_turn:
                return
            if not self._left_bytes:
                self._end_source()
                return
            if self._files is not None:
                if self._sending is None:
                    self._begin_sending(self._files)
                return
            if self._wire.is_stalled:
                self._wire.expire_after(self._site.limits.stall_s)
                return
            try:
                piece = self._next_piece(self._source)
            except (Cut, Later) as said:
                self._cut(said) if isinstance(said, Cut) else self._wait(said)
                return
            except Exception:  # noqa: BLE001  as above; the head has gone already
                _LOG.exception("a response's body failed; the connection is cut so that the peer sees it")
                self._wire.abort()
                return
            self._wire.write(piece)
        self._has_turn = True
        self._site.loop.call_soon(self._take_turn)

    def _wait(self, later: Later) -> None:
        """Write on when the source says."""
        self._has_turn = True
        self._site.loop.call_later(later.seconds, self._take_turn)

    def _cut(self, cut: Cut) -> None:
        """End the connection as the source says."""
        if cut.is_polite:
            self._wire.expire_after(self._site.limits.linger_s)
            self._wire.close()
        else:
            self._wire.abort()

    def _begin_sending(self, source: FileSource) -> None:
        """Have the system send what comes next from its file; what is in no file is written as any other."""
        try:
            is_file = source.part() is not None
        except OSError:
            _LOG.exception("a response's body failed; the connection is cut so that the peer sees it")
            self._wire.abort()
            return
        socket = self._wire.socket() if is_file else None
        if socket is not None:
            self._wire.expire_after(self._site.limits.stall_s)
            self._sending = Sending(self._site.loop, socket, source, self._send_files)
            return
        if not is_file:
            self._files = None
        self._has_turn = True
        self._site.loop.call_later(_HEAD_GONE_S, self._take_turn)

    def _send_files(self) -> None:
        """Send on; the next part may lie in another file, or in none."""
        if self._sending is None or self._files is None:
            return
        try:
            sent = self._sending.send()
            is_over = self._files.part() is None
        except (OSError, EOFError):
            self._stop_sending()
            self._wire.abort()
            return
        self._left_bytes -= sent
        if sent:
            self._wire.expire_after(self._site.limits.stall_s)
        if is_over:
            self._stop_sending()
            self._wire.expire_after(None)
            self._pump()

    def _stop_sending(self) -> None:
        self._files = None
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.close()

    def _take_turn(self) -> None:
        self._has_turn = False
        self._pump()

    def _end_source(self) -> None:
        source, self._source = self._source, None
        self._stop_sending()
        _close(source)
        self._finish()

    def _finish(self) -> None:
        """The answer is written; the next one waits until the peer keeps up."""
        self._drains = self._wire.is_stalled
        if self._drains:
            self._wire.expire_after(self._site.limits.stall_s)
            return
        self.is_idle = True
        self._answered()


def _close(source: BodySource | None) -> None:
    if source is not None:
        source.close()
