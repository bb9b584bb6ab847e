"""A request's head, read strictly: whatever two readers could understand differently is refused.

Source: RFC 9112 (sections 2.2, 3, 5, 6), RFC 9110 section 10.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from lakeport_local.gateway.limits import Limits

_NOT_IN_A_TARGET = re.compile(r"[^\x21-\x7e]")
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_FOLDED_OR_SPLIT = (b"\r\n ", b"\r\n\t", b"\0")


class BadHead(Exception):
    """A head that is refused.

    Args:
        status: 400, 414, 417, 431, 501 or 505.
        message: One sentence for the peer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(slots=True)
class Head:
    """The head of one request.

    Attributes:
        method: As sent.
        target: As sent.
        fields: (name, value) pairs as sent, in order.
        length_bytes: The body's length; 0 without a body, and while it is chunked.
        is_chunked: The body comes in chunks.
        keep_alive: The peer will send another request after this one.
        expects_continue: The peer waits for 100 before it sends the body.
        is_http10: The peer speaks HTTP/1.0.
    """

    method: str
    target: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    length_bytes: int = 0
    is_chunked: bool = False
    keep_alive: bool = True
    expects_continue: bool = False
    is_http10: bool = False

    @property
    def has_body(self) -> bool:
        """Whether body bytes follow the head."""
        return self.is_chunked or self.length_bytes > 0

    def values(self, name: str) -> list[str]:
        """Return the values of a header field, in order; `name` in lower case."""
        return [value for key, value in self.fields if key.lower() == name]


class _Collector:
    """Takes what the parser finds."""

    __slots__ = ("fields", "url")

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[str, str]] = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.decode("ascii"), value.decode("latin-1").strip(" \t")))


def parse_head(block: bytes, limits: Limits) -> Head:
    """Read a head.

    Args:
        block: From the request line to the empty line, both included.
        limits: Its bounds; `head_bytes` is the caller's to keep.

    Raises:
        BadHead: It is malformed, ambiguous or too large.
    """
    if block.count(b"\n") != block.count(b"\r\n") or block.count(b"\r") != block.count(b"\n"):
        raise BadHead(400, "A line of the request does not end as HTTP's lines do.")
    if any(part in block for part in _FOLDED_OR_SPLIT):
        raise BadHead(400, "A header field of the request is folded or holds a NUL.")
    if block[: block.find(b"\r\n")].count(b" ") != 2:
        raise BadHead(400, "The request line is not a method, a target and a version.")
    collector = _Collector()
    parser = httptools.HttpRequestParser(collector)
    try:
        parser.feed_data(block)
    except httptools.HttpParserUpgrade:
        pass  # CONNECT, or an Upgrade that is not taken
    except (httptools.HttpParserError, UnicodeDecodeError) as error:
        raise BadHead(400, "The request is not well-formed HTTP.") from error
    target = collector.url.decode("latin-1")
    if len(target) > limits.target_bytes:
        raise BadHead(414, "The request's URL is too long.")
    if not target or _NOT_IN_A_TARGET.search(target):
        raise BadHead(400, "The request's URL holds characters that must be percent-encoded.")
    if len(collector.fields) > limits.header_fields:
        raise BadHead(431, "The request has too many header fields.")
    head = Head(parser.get_method().decode("ascii"), target, collector.fields)
    _read_version(head, parser.get_http_version())
    _read_fields(head)
    return head


def _read_version(head: Head, version: str) -> None:
    if version not in {"1.0", "1.1"}:
        raise BadHead(505, "HTTP/1.1 is spoken here.")
    head.is_http10 = version == "1.0"
    head.keep_alive = not head.is_http10


def _read_fields(head: Head) -> None:
    """Find in one pass what the connection itself must know."""
    lengths: list[str] = []
    codings: list[str] = []
    hosts = 0
    for name, value in head.fields:
        match name.lower():
            case "host":
                hosts += 1
            case "content-length":
                lengths.append(value)
            case "transfer-encoding":
                codings.append(value.lower())
            case "connection" | "proxy-connection":
                _read_connection(head, value.lower())
            case "expect":
                if value.lower() != "100-continue":
                    raise BadHead(417, "The only expectation met here is 100-continue.")
                head.expects_continue = not head.is_http10
    if hosts > 1 or (hosts == 0 and not head.is_http10):
        raise BadHead(400, "A request needs exactly one Host header field.")
    _read_framing(head, lengths, codings)


def _read_connection(head: Head, value: str) -> None:
    options = {option.strip() for option in value.split(",")}
    if "close" in options:
        head.keep_alive = False
    elif head.is_http10 and "keep-alive" in options:
        head.keep_alive = True


def _read_framing(head: Head, lengths: list[str], codings: list[str]) -> None:
    """Decide where the body ends; two answers to that are a smuggled request."""
    if codings and (lengths or len(codings) > 1 or head.is_http10):
        raise BadHead(400, "The request says in two ways where its body ends.")
    if codings:
        if codings[0] != "chunked":
            raise BadHead(501, "The only transfer coding understood here is chunked.")
        head.is_chunked = True
    elif lengths:
        if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
            raise BadHead(400, "Content-Length must be one number.")
        head.length_bytes = int(lengths[0])
