"""What an app gets when a person has signed in: access token, refresh token, id token, client info.

Source: identity.md 1.5, 1.7; OpenID Connect Core 1.0, 2.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import derived_id
from lakeport_local.entra.authority import AUTHORITY_HOST
from lakeport_local.entra.capabilities import capabilities_of
from lakeport_local.entra.refresh_tokens import Remembered
from lakeport_local.entra.scopes import granted_scope

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.access import Principal
    from lakeport_local.core import Clock
    from lakeport_local.entra.audiences import Api
    from lakeport_local.entra.clients import Client
    from lakeport_local.entra.objects import User
    from lakeport_local.entra.refresh_tokens import RefreshTokens
    from lakeport_local.entra.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Visit:
    """A person in a tenant, through an app, for a resource.

    Attributes:
        client: The app.
        home: The person's user object at home.
        user: Their user object in the tenant; the same at home.
        principal: What the tokens are issued to.
        api: The resource.
        audience: How it was asked for.
        scope: The scopes asked for.
        nonce: To be repeated in the id token; empty without one.
        claims: The claims that were asked for; empty without any.
    """

    client: Client
    home: User
    user: User
    principal: Principal
    api: Api
    audience: str
    scope: str
    nonce: str
    claims: str


class UserTokens:
    """Writes the token endpoint's answers for people.

    Args:
        tokens: Issues and signs tokens.
        refresh_tokens: Seals refresh tokens.
        clock: Tells the time.
    """

    def __init__(self, tokens: Tokens, refresh_tokens: RefreshTokens, clock: Clock) -> None:
        self._tokens = tokens
        self._refresh_tokens = refresh_tokens
        self._clock = clock

    def body(self, visit: Visit, *, with_client_info: bool) -> dict[str, Any]:  # Any: a JSON object
        """Return the body of the answer."""
        lifetime = self._tokens.lifetime()
        seconds = int(lifetime.total_seconds()) - 1
        principal = replace(visit.principal, client_id=visit.client.client_id)
        body: dict[str, Any] = {  # Any: a JSON object
            "token_type": "Bearer",
            "scope": granted_scope(visit.scope, visit.audience),
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self._tokens.issue(
                principal,
                visit.api.audience(visit.audience),
                lifetime=lifetime,
                appidacr=visit.client.appidacr,
                version=visit.api.version,
                capabilities=capabilities_of(visit.claims),
            ),
        }
        scopes = visit.scope.split()
        if "offline_access" in scopes:
            body["refresh_token"] = self._refresh_tokens.seal(
                Remembered(visit.client.client_id, visit.home.tenant_id, visit.home.object_id, visit.scope)
            )
        if "openid" in scopes:
            claims = _id_claims(visit, self._clock.now(), seconds)
            body["id_token"] = self._tokens.key.sign(orjson.dumps(claims))
        if with_client_info:
            body["client_info"] = client_info(visit.home)
        return body


def client_info(home: User) -> str:
    """Return the home account as clients read it; a guest's stays the one at home."""
    document = orjson.dumps({"uid": home.object_id, "utid": home.tenant_id})
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def _id_claims(visit: Visit, now: datetime, seconds: int) -> dict[str, Any]:  # Any: a JSON object
    born = int(now.timestamp()) - 300
    claims: dict[str, Any] = {  # Any: a JSON object
        "aud": visit.client.client_id,
        "iss": f"https://{AUTHORITY_HOST}/{visit.user.tenant_id}/v2.0",
        "iat": born,
        "nbf": born,
        "exp": int(now.timestamp()) + seconds,
        "name": visit.home.mail,
        "oid": visit.user.object_id,
        "preferred_username": visit.home.mail,
        "sub": derived_id("subject", visit.user.object_id, visit.client.client_id),
        "tid": visit.user.tenant_id,
        "ver": "2.0",
    }
    return claims | ({"nonce": visit.nonce} if visit.nonce else {})
