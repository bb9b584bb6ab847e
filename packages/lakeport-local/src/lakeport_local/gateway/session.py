"""HTTP/1.1 on a wire: requests in order, bodies both ways without holding them, one answer to each.

A request's body goes from the shared read buffer to the service's sink; a response's body comes from its source as fast
as the peer takes it. Reading stops while a request waits for its answer and the peer already sends the next.

Source: RFC 9112; storage.md 8 (Expect: 100-continue); performance.md 2.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from functools import partial
from typing import TYPE_CHECKING

from lakeport_local.core import BodySink, Cut, MemorySink, Request, Response, ServiceError
from lakeport_local.gateway.admission import Admitted, Through, Tunnel, admit
from lakeport_local.gateway.answers import CONTINUE, ESTABLISHED, escaped, failed, refusal
from lakeport_local.gateway.chunks import BadChunk, ChunkDecoder
from lakeport_local.gateway.connection import Opening
from lakeport_local.gateway.head import BadHead, Head, parse_head
from lakeport_local.gateway.outgoing import Outgoing
from lakeport_local.gateway.relay import Relay
from lakeport_local.gateway.wire import Channel

if TYPE_CHECKING:
    from lakeport_local.core import Service
    from lakeport_local.gateway.wire import Layer, Site, Wire

_LOG = logging.getLogger(__name__)
_HEAD_PIECE_BYTES = 4096
_NO_BODY = MemorySink(0)


class _Input(enum.Enum):
    """What the next byte from the peer is."""

    HEAD = enum.auto()
    BODY = enum.auto()
    DROPPED = enum.auto()  # of a body that nobody wants any more
    WAITING = enum.auto()  # of the next request: kept until this one is answered
    LINGERING = enum.auto()  # of no use: the answer was the last
    ELSEWHERE = enum.auto()  # another layer's


class HttpSession:
    """One connection's requests and answers."""

    def __init__(self, site: Site, wire: Wire, channel: Channel) -> None:
        self._site = site
        self._wire = wire
        self._channel = channel
        self._input = _Input.HEAD
        self._block = bytearray()
        self._backlog = bytearray()
        self._is_feeding = False
        self._has_ended = False
        self._closes = False
        self._successor: Layer | None = None
        self._left_bytes = 0
        self._chunks: ChunkDecoder | None = None
        self._request: Request | None = None
        self._service: Service
        self._sink: BodySink | None = None
        self._outgoing = Outgoing(site, wire, self._answered)
        wire.expire_after(site.limits.keep_alive_s)

    # What the wire calls.

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way; one whose head has not come whole is none."""
        return self._outgoing.is_idle and self._input in {_Input.HEAD, _Input.LINGERING}

    def received(self, data: memoryview) -> None:
        """Take bytes as far as they are of use now, and keep the rest."""
        self._is_feeding = True
        try:
            while data:
                match self._input:
                    case _Input.HEAD:
                        data = data[self._take_head(data) :]
                    case _Input.BODY | _Input.DROPPED:
                        data = data[self._take_body(data) :]
                    case _Input.WAITING:
                        self._backlog += data
                        self._wire.pause()
                        return
                    case _Input.LINGERING:
                        return
                    case _Input.ELSEWHERE:
                        if self._successor is not None:
                            self._successor.received(data)
                        return
        finally:
            self._is_feeding = False

    def ended(self) -> None:
        """Answer what was asked, then close."""
        self._has_ended = True
        if self._input is _Input.BODY:
            self._release_sink()
            self._wire.close()
        elif self._input is _Input.DROPPED:
            self._closes = True
            self._input = _Input.WAITING
            self._proceed()
        elif self._input in {_Input.HEAD, _Input.LINGERING}:
            self._wire.close()

    def lost(self) -> None:
        """Release the body that was coming and the one that was going; a handler at work finishes its work."""
        self._input = _Input.LINGERING
        self._release_sink()
        self._outgoing.lost()

    def drained(self) -> None:
        """Go on writing."""
        self._outgoing.drained()

    def expired(self) -> None:
        """Close; a peer in the middle of a request is told."""
        if self._block or self._input is _Input.BODY:
            if self._block:
                self._outgoing.expect(None)
            self._block.clear()
            self._release_sink()
            self._refuse_and_close(refusal(408, "The request did not arrive in time."))
        elif self._input in {_Input.HEAD, _Input.LINGERING}:
            self._input = _Input.ELSEWHERE
            self._wire.expire_after(self._site.limits.stall_s)
            self._wire.close()
        else:
            self._wire.abort()

    def shut(self) -> None:
        """Close now, or after the answer that is under way."""
        self._closes = True
        if self._outgoing.is_idle and self._input in {_Input.HEAD, _Input.LINGERING}:
            self._wire.close()

    # The head.

    def _take_head(self, data: memoryview) -> int:
        """Add to the head up to its end; begin the request when it is complete."""
        block = self._block
        if not block:
            whole = bytes(data[:_HEAD_PIECE_BYTES])
            end = whole.find(b"\r\n\r\n")
            if end >= 0 and not whole.startswith(b"\r\n"):
                self._begin(whole[: end + 4])
                return end + 4
            self._wire.expire_after(self._site.limits.head_s)
        before = len(block)
        block += data[:_HEAD_PIECE_BYTES]
        if block.startswith(b"\r\n"):  # an empty line before a request is tolerated: RFC 9112, section 2.2
            block.clear()
            return 2 - before
        end = block.find(b"\r\n\r\n", max(0, before - 3))
        if end >= 0:
            head = bytes(block[: end + 4])
            block.clear()
            self._begin(head)
            return len(head) - before
        if len(block) > self._site.limits.head_bytes:
            block.clear()
            self._outgoing.expect(None)
            self._refuse_and_close(refusal(431, "The request's header fields are too large."))
        return min(len(data), _HEAD_PIECE_BYTES)

    def _begin(self, block: bytes) -> None:
        try:
            head = parse_head(block, self._site.limits)
        except BadHead as error:
            self._outgoing.expect(None)
            self._refuse_and_close(refusal(error.status, error.message))
            return
        self._left_bytes = head.length_bytes
        self._chunks = ChunkDecoder() if head.is_chunked else None
        self._request = None
        self._closes = self._closes or not head.keep_alive
        self._outgoing.expect(head)
        admission = admit(head, self._channel, self._site)
        if isinstance(admission, Tunnel):
            self._wire.write(ESTABLISHED)
            self._give_way(Opening(self._site, self._wire, Channel("http", admission.address, admission.caller)))
        elif isinstance(admission, Through):
            self._give_way(Relay(self._site, self._wire, admission.address, admission.opening))
        elif isinstance(admission, Admitted):
            self._open(head, admission)
        else:
            self._refuse(head, admission)

    def _give_way(self, layer: Layer) -> None:
        self._input = _Input.ELSEWHERE
        self._successor = layer
        self._wire.carry(layer)

    def _open(self, head: Head, admitted: Admitted) -> None:
        """Ask the service where the body goes, and take it there."""
        request = self._request = self._request_of(head, admitted)
        self._service = admitted.service
        try:
            opened = self._service.open_body(request)
        except Cut:
            self._cut()
            return
        except Exception as error:  # noqa: BLE001  any failure of a service is answered
            opened = self._answer_to(error, request)
        if isinstance(opened, Response):
            self._refuse(head, opened)
            return
        self._sink = opened
        if not head.has_body:
            self._complete()
            return
        if head.expects_continue:
            self._wire.write(CONTINUE)
        self._input = _Input.BODY
        self._wire.expire_after(self._site.limits.body_idle_s)

    def _request_of(self, head: Head, admitted: Admitted) -> Request:
        return Request(
            method=head.method,
            scheme=admitted.scheme,
            host=admitted.address.host,
            port=admitted.address.port,
            raw_path=admitted.target.path,
            raw_query=admitted.target.query,
            headers=admitted.headers,
            client=self._wire.client,
            caller=admitted.caller,
            id=self._site.ids.guid(),
            at=self._site.clock.now(),
            body=_NO_BODY,
            explicit=admitted.is_explicit,
        )

    # The body.

    def _take_body(self, data: memoryview) -> int:
        """Give the sink, if there is one, what is body of this data; end the request at its end."""
        self._wire.expire_after(self._site.limits.body_idle_s)
        if self._chunks is not None:
            try:
                count, part = self._chunks.take(data)
            except BadChunk:
                self._break_off()
                return len(data)
            is_last = self._chunks.done
        else:
            part = data[: self._left_bytes]
            count = len(part)
            self._left_bytes -= count
            is_last = not self._left_bytes
        if part and self._sink is not None and self._request is not None:
            self._write(self._sink, self._request, part)
        if is_last:
            self._complete()
        return count

    def _write(self, sink: BodySink, request: Request, part: memoryview) -> None:
        try:
            sink.write(part)
        except Cut:
            self._cut()
        except Exception as error:  # noqa: BLE001  any failure of a sink is answered
            self._release_sink()
            self._input = _Input.DROPPED
            self._outgoing.send(self._answer_to(error, request), closes=self._closes)

    def _cut(self) -> None:
        """End the connection here, without an answer."""
        self._input = _Input.LINGERING
        self._release_sink()
        self._wire.abort()

    def _break_off(self) -> None:
        """Where the body ends cannot be told: refuse the request, unless it has been answered already."""
        if self._sink is None:
            self._closes = True
            self._input = _Input.WAITING
            self._proceed()
        else:
            self._release_sink()
            self._refuse_and_close(refusal(400, "The request's body is not chunked as it must be."))

    def _complete(self) -> None:
        """The request is complete: have it answered, unless it has been already."""
        if self._input is _Input.LINGERING:
            return
        self._input = _Input.WAITING
        self._wire.expire_after(None)
        sink, self._sink = self._sink, None
        request = self._request
        if sink is None or request is None:
            self._proceed()
            return
        request.body = sink
        self._outgoing.hold()
        try:
            sink.finish()
            answer = self._service.handle(request)
        except Cut:
            self._cut()
            return
        except Exception as error:  # noqa: BLE001  any failure of a service is answered
            answer = self._answer_to(error, request)
        if isinstance(answer, Response):
            self._outgoing.send(answer, closes=self._closes)
            return
        coming = asyncio.ensure_future(answer, loop=self._site.loop)
        self._site.tasks.add(coming)
        coming.add_done_callback(partial(self._came, request))

    def _came(self, request: Request, coming: asyncio.Future[Response]) -> None:
        """Write an answer that had to be waited for."""
        self._site.tasks.discard(coming)
        if coming.cancelled():
            return
        try:
            response = coming.result()
        except Cut:
            self._cut()
            return
        except Exception as error:  # noqa: BLE001  any failure of a service is answered
            response = self._answer_to(error, request)
        self._outgoing.send(response, closes=self._closes)

    # The answer.

    def _answer_to(self, error: Exception, request: Request) -> Response:
        """Answer what a service raised; its own refusals in words, anything else as a failure, logged."""
        if isinstance(error, ServiceError):
            return escaped(error, request)
        _LOG.error("request %s (%s %s) failed", request.id, request.method, request.host, exc_info=error)
        return failed(request.id)

    def _refuse(self, head: Head, response: Response) -> None:
        """Answer before the body has come; what comes of it is dropped, so that the peer can read the answer."""
        # A peer that waits for 100 may send its body now or the next request: only closing tells them apart.
        self._closes = self._closes or (head.expects_continue and head.has_body)
        self._input = _Input.DROPPED if head.has_body else _Input.WAITING
        self._wire.expire_after(self._site.limits.body_idle_s if head.has_body else None)
        self._outgoing.send(response, closes=self._closes)

    def _refuse_and_close(self, response: Response) -> None:
        """Answer what cannot be read on from."""
        self._closes = True
        self._input = _Input.WAITING
        if self._outgoing.is_idle:
            self._outgoing.send(response, closes=True)
        else:
            self._wire.abort()

    def _release_sink(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.abort()

    def _answered(self) -> None:
        """The answer is on its way: go on with the next request."""
        if self._closes and self._input is _Input.DROPPED:
            self._linger()
        else:
            self._proceed()

    def _proceed(self) -> None:
        if self._input is not _Input.WAITING or not self._outgoing.is_idle:
            return
        if self._closes:
            self._linger()
            return
        if self._has_ended and not self._backlog:
            self._wire.close()
            return
        self._input = _Input.HEAD
        self._wire.expire_after(self._site.limits.keep_alive_s)
        if not self._is_feeding:
            self._take_backlog()

    def _take_backlog(self) -> None:
        held, self._backlog = self._backlog, bytearray()
        if held:
            self.received(memoryview(held))
        if not self._backlog:
            self._wire.resume()

    def _linger(self) -> None:
        """Send the end, then read on for a moment: closing over unread data would take the answer from the peer."""
        self._input = _Input.LINGERING
        self._backlog.clear()
        if self._has_ended:
            self._wire.close()
            return
        self._wire.end()
        self._wire.resume()
        self._wire.expire_after(self._site.limits.linger_s)
