"""What an access token says, in the older format and in the newer one.

Which of the two is the resource's choice, not the endpoint's: Microsoft's own take the older.

Source: identity.md 1.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeport_local.core import derived_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lakeport_local.access import Principal
    from lakeport_local.entra.objects import User

LOCAL_CLAIM = "xms_lakeport_local"
"""The claim that only tokens of a local Azure have."""

_MOST_GROUPS = 200
_CLIENT_CAPABILITY = "CP1"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is issued for.

    Attributes:
        principal: Whose token; a user's `client_id` names the app they use.
        audience: The token's `aud`.
        appidacr: How the app proved itself: `0` not at all, `1` by secret, `2` by certificate or federation.
        resource_id: ARM id of a managed identity's resource; empty for others.
        version: The format, 1 or 2.
        capabilities: What the client says it can handle; `CP1` is a challenge for more claims.
    """

    principal: Principal
    audience: str
    appidacr: str
    resource_id: str = ""
    version: int = 1
    capabilities: Sequence[str] = ()


def issuer(tenant_id: str, version: int = 1) -> str:
    """Return the issuer of a tenant's tokens; the older one ends with a slash."""
    if version == 2:
        return f"https://login.microsoftonline.com/{tenant_id}/v2.0"
    return f"https://sts.windows.net/{tenant_id}/"


def access_claims(
    grant: Grant, user: User | None, *, born_at: datetime, ends_at: datetime, unique: Sequence[str]
) -> dict[str, Any]:  # Any: a JSON object
    """Return the claims of an access token.

    Args:
        grant: What it is issued for.
        user: The user object of a person; None for an app.
        born_at: Not valid before.
        ends_at: Not valid after.
        unique: Three random texts.
    """
    principal, born = grant.principal, int(born_at.timestamp())
    app = ("azp", "azpacr") if grant.version == 2 else ("appid", "appidacr")
    claims: dict[str, Any] = {  # Any: a JSON object
        "aud": grant.audience,
        "iss": issuer(principal.tenant_id, grant.version),
        "iat": born,
        "nbf": born,
        "exp": int(ends_at.timestamp()),
        "aio": unique[0],
        app[0]: principal.client_id,
        app[1]: grant.appidacr,
        "oid": principal.object_id,
        "rh": f"1.{unique[1]}.",
        "tid": principal.tenant_id,
        "uti": unique[2],
        "ver": f"{grant.version}.0",
        LOCAL_CLAIM: True,
    }
    claims |= _of_user(grant, user) if principal.kind == "User" else _of_app(grant)
    if _CLIENT_CAPABILITY in grant.capabilities:
        claims["xms_cc"] = [_CLIENT_CAPABILITY]
    return claims


def _of_app(grant: Grant) -> dict[str, Any]:  # Any: a JSON object
    claims: dict[str, Any] = {"idtyp": "app", "sub": grant.principal.object_id}  # Any: a JSON object
    if grant.version == 1:
        claims["idp"] = issuer(grant.principal.tenant_id)
    return claims | ({"xms_mirid": grant.resource_id} if grant.resource_id else {})


def _of_user(grant: Grant, user: User | None) -> dict[str, Any]:  # Any: a JSON object
    principal = grant.principal
    claims: dict[str, Any] = {  # Any: a JSON object
        "idtyp": "user",
        "name": principal.mail or principal.name,
        "scp": "user_impersonation",
        "sub": derived_id("subject", principal.object_id, principal.client_id),
    }
    if grant.version == 2:
        claims["preferred_username"] = principal.mail or principal.name
    else:
        claims |= {"acct": 0, "unique_name": principal.name, "upn": principal.name}
    if user is not None and user.is_guest:
        claims |= {"acct": 1, "idp": issuer(user.home_tenant_id)}
        if grant.version == 1:
            claims["unique_name"] = user.mail
    if len(principal.groups) > _MOST_GROUPS:
        claims["hasgroups"] = "true"
    elif principal.groups:
        claims["groups"] = sorted(principal.groups)
    return claims
