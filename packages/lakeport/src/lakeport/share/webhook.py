"""Telling somebody who listens at a URL: one POST of JSON, to https or to this machine, and never on to anywhere else.

The URL is often a secret itself, so no error repeats it.
"""

from __future__ import annotations

import ipaddress
import json
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakeport.errors import LakeportError, Misused, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WAITS_S = 10.0


def post(url: str, body: Mapping[str, object]) -> None:
    """Send one message.

    Args:
        url: Where to: https, or http on loopback.
        body: What to send; must hold no secrets.

    Raises:
        Misused: The URL leads somewhere a message must not go.
        Unreachable: Nothing answers, or not with success.
    """
    host = urlsplit(url).hostname or ""
    _refuse_others(url, host)
    data = json.dumps(body, default=str).encode()
    _send(url, host, data, {"Content-Type": "application/json", "User-Agent": "lakeport"})


def _send(url: str, host: str, data: bytes, headers: dict[str, str]) -> None:
    from urllib import error, request  # noqa: PLC0415  (few have a webhook)

    class Still(request.HTTPRedirectHandler):
        """Follows nobody: an answer that leads elsewhere is a failure."""

        def redirect_request(self, *_arguments: object, **_options: object) -> None:
            return None

    handlers: list[request.BaseHandler] = [Still(), *([request.ProxyHandler({})] if _is_here(host) else [])]
    asked = request.Request(url, data, headers, method="POST")  # noqa: S310  (whoever calls this has checked it)
    try:
        with request.build_opener(*handlers).open(asked, timeout=WAITS_S):
            return
    except error.HTTPError as failed:
        failed.close()
        raise Unreachable(f"the webhook at {host} answered {failed.code}", status=failed.code) from None
    except (OSError, ValueError) as failed:
        raise Unreachable(f"the webhook at {host} cannot be reached: {type(failed).__name__}") from None


def _refuse_others(url: str, host: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password:
        raise Misused("a webhook must be an https URL without user name", hint="http goes to this machine only")
    if parts.scheme == "http" and not _is_here(host):
        raise Misused(
            f"the webhook at {host} would send in clear text", hint="Use https; http goes to this machine only"
        )
    if any(address.is_link_local for address in _addresses([host])):
        raise Misused(f"the webhook at {host} is a link-local address, where metadata services are")


def _is_here(host: str) -> bool:
    found = _addresses([host])
    return bool(found) and all(address.is_loopback for address in found) and (host == "localhost" or _is_literal(host))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _addresses(hosts: Iterable[str]) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return the addresses of hosts; none when they have none from here: a proxy may know better."""
    found = []
    for host in hosts:
        try:
            found += [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in socket.getaddrinfo(host, None)]
        except (OSError, UnicodeError):
            continue
    return found


def tell(url: str, text: str, items: Iterable[Mapping[str, object]]) -> LakeportError | None:
    """Send what is wrong, as a text that chats show and as items for programs; return what went wrong with that."""
    try:
        post(url, {"text": text, "items": list(items)})
    except LakeportError as error:
        return error
    return None
