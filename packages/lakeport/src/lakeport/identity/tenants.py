"""A tenant's id, from any of its domains."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from lakeport.errors import Unavailable, WrongTenant
from lakeport.identity import asking
from lakeport.types import TenantId, is_guid

if TYPE_CHECKING:
    from lakeport.clouds import Cloud


def tenant_id(cloud: Cloud, named: str) -> TenantId:
    """Return the id of the tenant that a domain belongs to; an id is returned as it is.

    Raises:
        WrongTenant: No tenant has that domain.
        Unavailable: The authority's answer cannot be understood.
        Unreachable: The authority does not answer.

    Wire: one GET of the tenant's OpenID configuration, without a token.
    Source: OpenID Connect Discovery 1.0 section 4; identity.md 1.
    """
    if is_guid(named):
        return TenantId(named.lower())
    url = f"{cloud.authority}/{quote(named, safe='')}/v2.0/.well-known/openid-configuration"
    answer = asking.get(cloud, url)
    if answer.status_code in {400, 404}:
        raise WrongTenant(f"there is no tenant {named!r}", status=answer.status_code, code="AADSTS90002")
    if answer.status_code != 200:
        host = urlsplit(url).hostname
        raise Unavailable(f"{host} answered {answer.status_code} for {named!r}", status=answer.status_code)
    found = urlsplit(str(answer.json().get("token_endpoint", ""))).path.split("/")[1:2]
    if not found or not is_guid(found[0]):
        raise Unavailable(f"the answer for tenant {named!r} names no tenant id")
    return TenantId(found[0].lower())
