"""Where people who signed in may be sent back to: the redirect URIs that an app has registered, letter by letter.

Source: identity.md 1.7, 9.4; Microsoft Entra, "Redirect URI restrictions and limitations"; RFC 8252, 7.3.
"""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_MOST_CHARACTERS = 256


def is_redirect_uri(uri: str) -> bool:
    """Tell whether an app may register this: https, http to this machine, or a scheme of its own; no fragment."""
    try:
        url = urlsplit(uri)
        host = url.hostname
        _ = url.port
    except ValueError:
        return False
    if len(uri) > _MOST_CHARACTERS or not url.scheme or url.fragment or "*" in uri:
        return False
    if url.scheme == "https":
        return bool(host)
    return url.scheme not in ("http", "javascript", "data", "file") or host in _LOOPBACK


def matches(uri: str, registered: str) -> bool:
    """Tell whether a redirect URI is the registered one; of a loopback address every port is.

    Example:
        >>> matches("http://localhost:8400", "http://localhost"), matches("https://app.example/b", "https://app.example/a")
        (True, False)
    """
    if uri == registered:
        return True
    try:
        asked, known = urlsplit(uri), urlsplit(registered)
        _ = asked.port
    except ValueError:
        return False
    if known.scheme != "http" or known.hostname not in _LOOPBACK or asked.username or asked.password:
        return False
    same = (asked.scheme, asked.hostname, asked.query, asked.fragment)
    return same == ("http", known.hostname, known.query, "") and (asked.path or "/") == (known.path or "/")
