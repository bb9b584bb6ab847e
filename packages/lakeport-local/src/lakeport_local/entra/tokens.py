"""Access tokens: issued with the claims that services need, verified before anything is believed.

Source: identity.md 1.9 (claims), 9.3 (what a service checks).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

from lakeport_local.core import derived_id
from lakeport_local.entra.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Collection

    from lakeport_local.access import Principal
    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra.directory import Directory
    from lakeport_local.state import Store

MANAGED_IDENTITY_LIFETIME = timedelta(hours=24)
LOCAL_CLAIM = "xms_lakeport_local"
"""The claim that only tokens of a local Azure have."""

_BIRTH_BEFORE = timedelta(minutes=5)
_MOST_GROUPS = 200
_MOST_BYTES = 64 * 1024
_MOST_VERIFIED = 4096

Refusal: TypeAlias = Literal[
    "malformed", "signature", "expired", "not_yet_valid", "audience", "issuer", "unknown_principal"
]


class TokenRefused(Exception):
    """A token that is not to be believed.

    Attributes:
        kind: Which check failed first.
        tenant_id: Tenant of a token that we signed; None when the signature was not reached or is not ours.
    """

    def __init__(self, kind: Refusal, tenant_id: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.tenant_id = tenant_id


@dataclass(frozen=True, slots=True)
class _Verified:
    principal: Principal
    audience: str
    expires_at: int


class Tokens:
    """Issues and verifies the access tokens of one state folder.

    Args:
        directory: Who there is.
        store: Its folder keeps the signing key.
        ids: Gives token ids and lifetimes.
        clock: Says when tokens begin and end.
    """

    def __init__(self, directory: Directory, store: Store, ids: Ids, clock: Clock) -> None:
        self._directory = directory
        self._ids = ids
        self._clock = clock
        self.key = SigningKey(store.folder, clock)
        self._verified: dict[bytes, _Verified] = {}
        self._generation = -1

    def lifetime(self) -> timedelta:
        """Return the lifetime of the next app's or user's token: 60 to 90 minutes, as the real service varies it."""
        return timedelta(seconds=3600 + int.from_bytes(self._ids.token(2), "big") % 1801)

    def issue(
        self,
        principal: Principal,
        audience: str,
        *,
        lifetime: timedelta,
        appidacr: str,
        resource_id: str | None = None,
    ) -> str:
        """Return a signed access token in the v1 format.

        Args:
            principal: Whose token; a user's `client_id` names the app they use.
            audience: The resource as requested, `/.default` stripped and nothing else.
            lifetime: From now.
            appidacr: How the app proved itself: `0` not at all, `1` by secret, `2` by certificate.
            resource_id: ARM id of the resource, for a managed identity.
        """
        now = self._clock.now()
        born = int((now - _BIRTH_BEFORE).timestamp())
        claims: dict[str, Any] = {  # Any: a JSON object
            "aud": audience,
            "iss": issuer(principal.tenant_id),
            "iat": born,
            "nbf": born,
            "exp": int((now + lifetime).timestamp()),
            "aio": self._unique(24),
            "appid": principal.client_id,
            "appidacr": appidacr,
            "oid": principal.object_id,
            "rh": f"1.{self._unique(16)}.",
            "tid": principal.tenant_id,
            "uti": self._unique(16),
            "ver": "1.0",
            LOCAL_CLAIM: True,
        }
        claims |= self._user_claims(principal) if principal.kind == "User" else _app_claims(principal, resource_id)
        return self.key.sign(orjson.dumps(claims))

    def _unique(self, size_bytes: int) -> str:
        return base64.urlsafe_b64encode(self._ids.token(size_bytes)).rstrip(b"=").decode()

    def _user_claims(self, principal: Principal) -> dict[str, Any]:  # Any: a JSON object
        user = self._directory.user(principal.tenant_id, principal.object_id)
        claims: dict[str, Any] = {  # Any: a JSON object
            "acct": 0,
            "idtyp": "user",
            "name": principal.mail or principal.name,
            "scp": "user_impersonation",
            "sub": derived_id("subject", principal.object_id, principal.client_id),
            "unique_name": principal.name,
            "upn": principal.name,
        }
        if user is not None and user.is_guest:
            claims |= {"acct": 1, "idp": issuer(user.home_tenant_id), "unique_name": user.mail}
        if len(principal.groups) > _MOST_GROUPS:
            claims["hasgroups"] = "true"
        elif principal.groups:
            claims["groups"] = sorted(principal.groups)
        return claims

    def verify(self, token: str, *, audiences: Collection[str]) -> Principal:
        """Return whose token this is, as the directory describes them now.

        Args:
            token: The bearer token.
            audiences: The audiences that the service takes, exact.

        Raises:
            TokenRefused: The token is not to be believed; `kind` says why.
        """
        if len(token) > _MOST_BYTES:
            raise TokenRefused("malformed")
        if self._generation != self._directory.generation:
            self._verified.clear()
            self._generation = self._directory.generation
        key = hashlib.sha256(token.encode(errors="replace")).digest()
        verified = self._verified.get(key)
        if verified is None:
            verified = self._judge(token)
            if len(self._verified) >= _MOST_VERIFIED:
                self._verified.pop(next(iter(self._verified)))
            self._verified[key] = verified
        if verified.expires_at <= self._clock.now().timestamp():
            self._verified.pop(key, None)
            raise TokenRefused("expired", verified.principal.tenant_id)
        if verified.audience not in audiences:
            raise TokenRefused("audience", verified.principal.tenant_id)
        return verified.principal

    def _judge(self, token: str) -> _Verified:
        """Check everything that does not depend on who asks; expiry and audience are checked at every use."""
        try:
            payload = self.key.payload_of(token)
            claims = None if payload is None else orjson.loads(payload)
        except ValueError:
            raise TokenRefused("malformed") from None
        if claims is None:
            raise TokenRefused("signature")
        tenant = self._directory.tenant(claims["tid"])
        if tenant is None or tenant.id != claims["tid"] or claims["iss"] != issuer(tenant.id):
            raise TokenRefused("issuer")
        if self._clock.now() < datetime.fromtimestamp(claims["nbf"], UTC):
            raise TokenRefused("not_yet_valid", tenant.id)
        principal = self._directory.principal(tenant.id, claims["oid"])
        if principal is None or principal.kind == "Group":
            raise TokenRefused("unknown_principal", tenant.id)
        return _Verified(replace(principal, client_id=claims["appid"]), claims["aud"], claims["exp"])


def issuer(tenant_id: str) -> str:
    """Return the issuer of a tenant's v1 tokens, with its trailing slash."""
    return f"https://sts.windows.net/{tenant_id}/"


def _app_claims(principal: Principal, resource_id: str | None) -> dict[str, Any]:  # Any: a JSON object
    claims = {"idp": issuer(principal.tenant_id), "idtyp": "app", "sub": principal.object_id}
    return claims | ({"xms_mirid": resource_id} if resource_id else {})
