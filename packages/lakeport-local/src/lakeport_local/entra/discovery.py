"""The documents by which clients find the authority's endpoints and keys.

Source: identity.md 1 and 1.1; OpenID Connect Discovery 1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lakeport_local.entra.authority import AUTHORITY_HOST, AUTHORITY_HOSTS, is_authority_host
from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.entra.objects import Tenant

_CLAIMS = (
    *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host"),
    *("aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash"),
    *("c_hash", "email"),
)


def openid_configuration(
    tenant: Tenant | None, key: str, origin: str, *, is_v1: bool
) -> dict[str, Any]:  # Any: a JSON object
    """Return the OpenID configuration of a tenant, or of `common`, `organizations` or `consumers`.

    Args:
        tenant: The tenant; its id stands in every URL, also when it was asked for by domain.
        key: How the path names it.
        origin: What the endpoints' URLs begin with.
        is_v1: Which version's endpoints and issuer.
    """
    base = f"{origin}/{tenant.id if tenant else key}"
    who = tenant.id if tenant else "{tenantid}"
    version = "" if is_v1 else "/v2.0"
    return {
        "token_endpoint": f"{base}/oauth2{version}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"https://sts.windows.net/{who}/" if is_v1 else f"https://{AUTHORITY_HOST}/{who}/v2.0",
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{base}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/oauth2{version}/devicecode",
        "claims_supported": list(_CLAIMS),
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


def instance_discovery(authorization_endpoint: str, origin: str) -> dict[str, Any]:  # Any: a JSON object
    """Return the aliases of the authority and where the asked tenant's configuration is.

    Raises:
        EntraError: 50049 `invalid_instance`: the URL is not of this authority.
    """
    try:
        url = urlsplit(authorization_endpoint)
        host = url.hostname or ""
    except ValueError:
        raise refusal(50049) from None
    if url.scheme != "https" or not is_authority_host(host):
        raise refusal(50049)
    tenant = url.path.strip("/").partition("/")[0] or "common"
    version = "/v2.0" if "oauth2/v2.0" in url.path else ""
    return {
        "tenant_discovery_endpoint": f"{origin}/{tenant}{version}/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {
                "preferred_network": AUTHORITY_HOST,
                "preferred_cache": "login.windows.net",
                "aliases": list(AUTHORITY_HOSTS),
            }
        ],
    }
