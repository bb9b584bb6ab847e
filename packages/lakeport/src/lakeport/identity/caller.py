"""Who a credential is, as its own token says."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeport.errors import NotSignedIn
from lakeport.identity.refusals import translated
from lakeport.types import ClientId, ObjectId, TenantId

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


@dataclass(frozen=True)
class Caller:
    """Who signs in: the ids that roles and invitations are compared with."""

    tenant_id: TenantId
    object_id: ObjectId
    client_id: ClientId


def decoded(token: str) -> dict[str, Any]:  # Any: claims are JSON
    """Return a token's claims; empty when it is opaque.

    The token is read, not judged: whoever it is shown to does that.
    """
    try:
        body = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))  # Any: JSON
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def claims_of(credential: TokenCredential, profile: Profile) -> dict[str, Any]:  # Any: claims are JSON
    """Return what a credential's control-plane token says.

    Raises:
        NotSignedIn: It cannot sign in.

    Wire: one token request, unless a token is at hand.
    """
    with translated(profile):
        return decoded(credential.get_token(profile.cloud.control_scope).token)


def caller(credential: TokenCredential, profile: Profile) -> Caller:
    """Return who a credential is.

    Raises:
        NotSignedIn: It cannot sign in, or its token does not say who it is.

    Wire: one token request, unless a token is at hand.
    """
    claims = claims_of(credential, profile)
    if not claims:
        raise NotSignedIn(f"profile {profile.name!r} got a token that does not say who it is")
    return Caller(
        TenantId(str(claims.get("tid", ""))),
        ObjectId(str(claims.get("oid", ""))),
        ClientId(str(claims.get("appid", ""))),
    )
