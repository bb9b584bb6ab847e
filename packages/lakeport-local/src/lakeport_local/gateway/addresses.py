"""Hosts and ports as requests spell them, and the forms of a request target."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::(?P<port>\d{1,5}))?", re.ASCII)
_ABSOLUTE = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?", re.IGNORECASE
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """A host, port or request target that is not spelled as it must be."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host, lower-case, without brackets or a final dot, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """A request target: path and query as sent, and the address when the target itself names one."""

    path: str
    query: str
    address: Address | None = None


_REMEMBERED_CHARACTERS = 512


@lru_cache(maxsize=1024)
def parse_address(text: str, scheme: str | None) -> Address:
    """Read `host`, `host:port` or `[v6]:port`.

    Args:
        text: What was sent.
        scheme: Gives the port when none is written; None makes a written port necessary, as CONNECT does.

    Raises:
        BadAddress: It is none of these.

    Example:
        >>> str(parse_address("Login.MicrosoftOnline.com", "https"))
        'login.microsoftonline.com:443'
    """
    match = _AUTHORITY.fullmatch(text)
    if match is None or (match["port"] is None and scheme is None):
        raise BadAddress("the host is not spelled as host:port")
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[scheme or "https"]
    host = match["host"].strip("[]").lower().rstrip(".")
    if not host or not 0 < port < 65536:
        raise BadAddress("the host is not spelled as host:port")
    return Address(host, port)


def _read_target(text: str) -> Target:
    if "#" in text:
        raise BadAddress("the request target has a fragment")
    if text.startswith("/"):
        path, _, query = text.partition("?")
        return Target(path, query)
    match = _ABSOLUTE.fullmatch(text)
    if match is None:
        raise BadAddress("the request target is neither a path nor an http URL")
    address = parse_address(match["authority"], match["scheme"].lower())
    return Target(match["path"] or "/", match["query"] or "", address)


_target = lru_cache(maxsize=2048)(_read_target)
"""The same, for short ones: what is read once is often read again."""


def parse_target(text: str) -> Target:
    """Read a request target in origin form or absolute form.

    Raises:
        BadAddress: It is neither.

    Source: RFC 9112, section 3.2.

    Example:
        >>> parse_target("http://169.254.169.254/metadata?x=1")
        Target(path='/metadata', query='x=1', address=Address(host='169.254.169.254', port=80))
    """
    return _target(text) if len(text) <= _REMEMBERED_CHARACTERS else _read_target(text)
