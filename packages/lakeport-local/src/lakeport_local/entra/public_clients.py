"""Microsoft's own public clients, which every tenant knows, and where a client may be sent back to.

Source: identity.md 0, 1.7, 9.4.
"""

from __future__ import annotations

from urllib.parse import urlsplit

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

PUBLIC_CLIENTS = {
    AZURE_CLI: "Microsoft Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Microsoft Azure PowerShell",
    "aebc6443-996d-45c2-90f0-388ff96faa56": "Visual Studio Code",
}


def is_loopback_redirect(uri: str) -> bool:
    """Tell whether a redirect URI matches `http://localhost`, which stands for any port and no path."""
    try:
        url = urlsplit(uri)
        _ = url.port
    except ValueError:
        return False
    is_bare = url.path in ("", "/") and not (url.query or url.fragment or url.username)
    return url.scheme == "http" and url.hostname == "localhost" and is_bare
