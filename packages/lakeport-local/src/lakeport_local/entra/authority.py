"""The authority's own names: its hosts, its paths, and how a request names a tenant.

Source: identity.md 0 (hosts), 1 (paths).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from lakeport_local.core import Request
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.objects import Tenant

AUTHORITY_HOST = "login.microsoftonline.com"
AUTHORITY_HOSTS = (AUTHORITY_HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net")
"""All aliases of one authority; below `login.microsoft.com` every region has a host too."""

MANY_TENANTS = ("common", "organizations", "consumers")
TOKEN_PATHS = ("/oauth2/v2.0/token", "/oauth2/token")
DEVICE_CODE_PATHS = ("/oauth2/v2.0/devicecode", "/oauth2/devicecode")
AUTHORIZE_PATHS = ("/oauth2/v2.0/authorize", "/oauth2/authorize")
DEVICE_PAGE_PATH = "/oauth2/deviceauth"

_REGIONAL_HOST = re.compile(r"[a-z0-9-]+\.login\.microsoft\.com")
_LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def is_authority_host(host: str) -> bool:
    """Tell whether a host name, in lower case, is the authority's."""
    return host in AUTHORITY_HOSTS or _REGIONAL_HOST.fullmatch(host) is not None


def authority_origin(request: Request) -> str:
    """Return the origin that the endpoints in an answer begin with: the public one, or the explicit endpoint's."""
    if not request.explicit:
        return f"https://{AUTHORITY_HOST}"
    host = f"[{request.host}]" if ":" in request.host else request.host
    return f"{request.scheme}://{host}:{request.port}"


def tenant_of(directory: Directory, key: str) -> Tenant | None:
    """Return the tenant that a path names by id or domain, or None; a display name is no name here."""
    tenant = directory.tenant(key)
    return tenant if tenant is not None and key.lower() in (tenant.id, tenant.domain) else None


def names_token_endpoint(audience: str, tenant: Tenant) -> bool:
    """Tell whether an assertion's `aud` names a tenant's token endpoint, by any of its URLs, or its issuer.

    An explicit endpoint on loopback counts as the authority.
    """
    try:
        url = urlsplit(audience)
        host, port = url.hostname or "", url.port
    except ValueError:
        return False
    is_ours = host in _LOOPBACK_HOSTS or (is_authority_host(host) and port in (None, 443))
    if url.scheme != "https" or not is_ours or url.query or url.fragment or url.username:
        return False
    name, _, rest = url.path.removeprefix("/").partition("/")
    return name.lower() in (tenant.id, tenant.domain) and rest.rstrip("/") in (
        "",
        "v2.0",
        *(p[1:] for p in TOKEN_PATHS),
    )
