"""Where a request may go: to a service, into a tunnel, through to the outside, or nowhere.

Source: identity.md 7.1 (proxy requests of real clients), 9.6 (what a proxy refuses), 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from lakeport_local.core import Headers, Response
from lakeport_local.gateway.addresses import Address, BadAddress, Target, parse_address, parse_target
from lakeport_local.gateway.answers import refusal
from lakeport_local.gateway.certificates import is_permitted

if TYPE_CHECKING:
    from lakeport_local.core import Service
    from lakeport_local.gateway.head import Head
    from lakeport_local.gateway.wire import Channel, Site

_TUNNEL_PORTS = frozenset({80, 443})
_FOR_PROXIES = frozenset({"proxy-authorization", "proxy-connection"})
_OF_ONE_HOP = _FOR_PROXIES | {"connection", "keep-alive"}


class Admitted(msgspec.Struct, frozen=True):
    """A request for one of the services.

    Attributes:
        service: Which.
        is_explicit: It was chosen by path.
        scheme: `https` or `http`.
        address: The effective host and port.
        target: Path and query.
        headers: Header fields, without those meant for the proxy.
        caller: Whose proxy credential came with it.
    """

    service: Service
    is_explicit: bool
    scheme: str
    address: Address
    target: Target
    headers: Headers
    caller: str | None


class Tunnel(msgspec.Struct, frozen=True):
    """A CONNECT to a host that is answered here."""

    address: Address
    caller: str | None


class Through(msgspec.Struct, frozen=True):
    """A connection to the outside.

    Attributes:
        address: Where to.
        opening: What to send there first; None for CONNECT, which is answered instead.
    """

    address: Address
    opening: bytes | None


Admission: TypeAlias = Admitted | Tunnel | Through | Response


def admit(head: Head, channel: Channel, site: Site) -> Admission:
    """Say where a request may go; a `Response` is a refusal."""
    caller = channel.caller
    if channel.tunnel is None:
        for credential in head.credentials:
            caller = site.callers.caller(credential)
            if caller is None:
                return _wrong_credential()
    try:
        if head.method == "CONNECT":
            return _connect(head, channel, site, caller)
        return _request(head, channel, site, caller)
    except BadAddress as error:
        return refusal(400, f"The request cannot be read: {error}.")


def _connect(head: Head, channel: Channel, site: Site, caller: str | None) -> Admission:
    address = parse_address(head.target, None)
    if channel.tunnel is not None or head.has_body:
        return refusal(400, "This CONNECT makes no sense here.")
    if site.routes.serves(address.host) and address.port in _TUNNEL_PORTS:
        return Tunnel(address, caller)
    if _is_this_gateway(address, site):
        return Tunnel(address, caller)
    return _outside(address, site, None)


def _request(head: Head, channel: Channel, site: Site, caller: str | None) -> Admission:
    target = parse_target(head.target)
    address = channel.tunnel or target.address
    if address is None:
        address = parse_address("localhost" if head.host is None else head.host, channel.scheme)
    is_proxied = channel.tunnel is None and target.address is not None
    if is_proxied and not (site.routes.serves(address.host) or _is_this_gateway(address, site)):
        return _outside(address, site, _opening(head, target))
    route = site.routes.find(address.host, target.path)
    if route is None:
        return refusal(421, f"{address.host} is not a host that this local Azure answers for.")
    if route.service is None:
        what = f"the service '{route.name}'" if route.name else f"anything at {target.path[:128]}"
        return refusal(404, f"This local Azure does not have {what}.", code="ResourceNotFound")
    headers = (
        Headers([field for field in head.fields if field[0].lower() not in _FOR_PROXIES])
        if head.has_proxy_fields
        else Headers(head.fields, head.lowered)
    )
    return Admitted(route.service, route.is_explicit, channel.scheme, address, target, headers, caller)


def _is_this_gateway(address: Address, site: Site) -> bool:
    """Tell whether a proxied request leads back here: a client that minds no NO_PROXY asks for an explicit endpoint."""
    return site.routes.is_explicit(address.host) and address.port == site.port


def _outside(address: Address, site: Site, opening: bytes | None) -> Admission:
    """Let a foreign host through, or refuse it; what belongs to Azure's names never leaves this machine."""
    if is_permitted(address.host) or site.routes.serves(address.host):
        return _foreign(f"{address} is an Azure address that the local Azure does not serve")
    if site.reachable is None:
        return _foreign(f"{address} is not served by the local Azure; --pass-through would relay it")
    return Through(address, opening)


def _foreign(sentence: str) -> Response:
    """Refuse a host; the reason phrase says why, because it is all that most clients show of a refused CONNECT."""
    response = Response(403, [("Content-Type", "text/plain; charset=utf-8")], f"lakeport: {sentence}.\n".encode())
    response.reason = sentence[:256]
    return response


def _opening(head: Head, target: Target) -> bytes:
    """Spell a plain proxied request for its origin server; the connection serves no second one."""
    path = f"{target.path}?{target.query}" if target.query else target.path
    fields = [f"{name}: {value}" for name, value in head.fields if name.lower() not in _OF_ONE_HOP]
    return "\r\n".join([f"{head.method} {path} HTTP/1.1", *fields, "connection: close", "", ""]).encode("latin-1")


def _wrong_credential() -> Response:
    response = refusal(407, "The proxy credential is not one of this local Azure's.")
    response.headers.append(("Proxy-Authenticate", 'Basic realm="lakeport"'))
    return response
