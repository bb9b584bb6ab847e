"""Why a service could not be reached, as far as the transport's text tells."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lakeport.errors import Unreachable, one_line

_HOST = re.compile(r"host='([^']+)'(?:, port=(\d+))?")
_SIGNS = re.compile(
    r"Connection aborted|ConnectionError|Failed to establish|Failed to resolve|Max retries|Name or service not known"
    r"|ProxyError|RemoteDisconnected|Tunnel connection|connect to proxy|timed out|CERTIFICATE_VERIFY_FAILED|SSLError"
)
_REASONS = (
    ("CERTIFICATE_VERIFY_FAILED", "shows a certificate this machine does not trust", "Set REQUESTS_CA_BUNDLE"),
    ("resolve", "has no address", "Check the name and the network"),
    ("not known", "has no address", "Check the name and the network"),
    ("timed out", "takes too long to answer", "Check the network"),
    ("refused", "refuses the connection", "Check the address"),
    ("reset", "broke the connection", ""),
    ("aborted", "broke the connection", ""),
)


def is_unreachable(text: str) -> bool:
    """Tell if an error's text is about the way to a service, not about the service's answer."""
    return _SIGNS.search(text) is not None


def unreachable(text: str, local_proxy: str) -> Unreachable:
    """Return the error that names what does not answer, and the next move.

    Args:
        text: What the transport said.
        local_proxy: The address of the local Azure, when that is what is meant; else empty.
    """
    found = _HOST.search(text)
    host = found[1] if found else "the service"
    if "proxy" not in text.lower() and "Tunnel" not in text:
        return _by_reason(text, host)
    at = urlsplit(local_proxy).netloc.rpartition("@")[2]
    if "Tunnel" in text and at:
        return Unreachable(
            f"the local Azure at {at} does not serve {host}", hint="It answers for Azure's host names only"
        )
    if "Tunnel" in text:
        return Unreachable(f"the proxy does not lead to {host}", hint="Check HTTPS_PROXY and NO_PROXY")
    if at:
        return Unreachable(f"nothing answers at {at}, where the local Azure was", hint="Next: lakeport local up")
    where = f"{host}:{found[2]}" if found and found[2] else host
    return Unreachable(f"the proxy at {where} does not answer", hint="Check HTTPS_PROXY")


def _by_reason(text: str, host: str) -> Unreachable:
    for sign, said, hint in _REASONS:
        if sign in text:
            return Unreachable(f"{host} {said}", hint=hint)
    return Unreachable(f"{host} cannot be reached: {one_line(text)[:200]}")
