"""A request's head, read strictly: whatever two readers could understand differently is refused.

Source: RFC 9112 (sections 2.2, 3, 5, 6), RFC 9110 section 10.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from lakeport_local.gateway.limits import Limits

_NOT_IN_A_TARGET = re.compile(r"[^\x21-\x7e]")
_REMEMBERED_CHARACTERS = 64
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "proxy-authorization",
        "proxy-connection",
        "transfer-encoding",
    }
)


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
        fields: (name as sent, value) pairs, in order: the case of some names, such as those of metadata, is kept.
        lowered: The same with the names in lower case.
        host: Value of the Host field; None without one.
        credentials: Values of Proxy-Authorization.
        has_proxy_fields: Some fields are meant for the proxy.
        length_bytes: The body's length; 0 without a body, and while it is chunked.
        is_chunked: The body comes in chunks.
        keep_alive: The peer will send another request after this one.
        expects_continue: The peer waits for 100 before it sends the body.
        is_http10: The peer speaks HTTP/1.0.
    """

    method: str
    target: str
    fields: list[tuple[str, str]]
    lowered: list[tuple[str, str]]
    host: str | None = None
    credentials: tuple[str, ...] = ()
    has_proxy_fields: bool = False
    length_bytes: int = 0
    is_chunked: bool = False
    keep_alive: bool = True
    expects_continue: bool = False
    is_http10: bool = False

    @property
    def has_body(self) -> bool:
        """Whether body bytes follow the head."""
        return self.is_chunked or self.length_bytes > 0


class _Judge:
    """Takes nothing from the parser: it only judges. Where the lines end is certain by then, so that they are split here."""


def parse_head(block: bytes, limits: Limits) -> Head:
    """Read a head.

    Args:
        block: From the request line to the empty line, both included.
        limits: Its bounds; `head_bytes` is the caller's to keep.

    Raises:
        BadHead: It is malformed, ambiguous or too large.
    """
    ends = block.count(b"\r\n")
    if block.count(b"\n") != ends or block.count(b"\r") != ends:
        raise BadHead(400, "A line of the request does not end as HTTP's lines do.")
    if b"\r\n " in block or b"\r\n\t" in block or b"\0" in block:
        raise BadHead(400, "A header field of the request is folded or holds a NUL.")
    line, *lines = block[:-4].decode("latin-1").split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3:
        raise BadHead(400, "The request line is not a method, a target and a version.")
    if len(lines) > limits.header_fields:
        raise BadHead(431, "The request has too many header fields.")
    _judge(block)
    head = Head(parts[0], parts[1], [], [])
    _check_target(head.target, limits)
    _read_version(head, parts[2])
    _read_fields(head, lines)
    return head


def _judge(block: bytes) -> None:
    """Have every character of the head judged by the grammar."""
    try:
        httptools.HttpRequestParser(_Judge()).feed_data(block)
    except httptools.HttpParserUpgrade:
        pass  # CONNECT, or an Upgrade that is not taken
    except httptools.HttpParserError as error:
        raise BadHead(400, "The request is not well-formed HTTP.") from error


def _check_target(target: str, limits: Limits) -> None:
    if len(target) > limits.target_bytes:
        raise BadHead(414, "The request's URL is too long.")
    if not target or _NOT_IN_A_TARGET.search(target):
        raise BadHead(400, "The request's URL holds characters that must be percent-encoded.")


def _read_version(head: Head, version: str) -> None:
    if version not in {"HTTP/1.0", "HTTP/1.1"}:
        raise BadHead(505, "HTTP/1.1 is spoken here.")
    head.is_http10 = version == "HTTP/1.0"
    head.keep_alive = not head.is_http10


def _read_fields(head: Head, lines: list[str]) -> None:
    """Split the fields, and find in the same pass what the connection itself must know."""
    lengths: list[str] = []
    codings: list[str] = []
    hosts: list[str] = []
    for line in lines:
        as_sent, lowered = _field(line) if len(line) <= _REMEMBERED_CHARACTERS else _read_field(line)
        head.fields.append(as_sent)
        head.lowered.append(lowered)
        name, value = lowered
        if name not in _OF_THE_CONNECTION:
            continue
        match name:
            case "host":
                hosts.append(value)
            case "content-length":
                lengths.append(value)
            case "transfer-encoding":
                codings.append(value.lower())
            case "expect":
                _read_expectation(head, value)
            case "proxy-authorization":
                head.credentials += (value,)
                head.has_proxy_fields = True
            case _:
                head.has_proxy_fields |= name == "proxy-connection"
                _read_connection(head, value.lower())
    if len(hosts) > 1 or not (hosts or head.is_http10):
        raise BadHead(400, "A request needs exactly one Host header field.")
    head.host = hosts[0] if hosts else None
    _read_framing(head, lengths, codings)


def _read_field(line: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return (name as sent, value) and (name in lower case, value)."""
    spelled, _, text = line.partition(":")
    value = text.strip(" \t")
    return (spelled, value), (spelled.lower(), value)


_field = lru_cache(maxsize=1024)(_read_field)
"""The same, for short lines: most of a client's fields are alike in each of its requests."""


def _read_expectation(head: Head, value: str) -> None:
    if value.lower() != "100-continue":
        raise BadHead(417, "The only expectation met here is 100-continue.")
    head.expects_continue = not head.is_http10


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
