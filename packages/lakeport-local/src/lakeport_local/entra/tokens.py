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

from lakeport_local.entra.claims import Grant, access_claims, issuer
from lakeport_local.entra.keys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lakeport_local.access import Principal
    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra.directory import Directory
    from lakeport_local.state import Store

MANAGED_IDENTITY_LIFETIME = timedelta(hours=24)
_BIRTH_BEFORE = timedelta(minutes=5)
_MOST_BYTES = 64 * 1024
_MOST_VERIFIED = 4096
_VERSIONS = {"1.0": 1, "2.0": 2}
_APP_CLAIMS = {1: "appid", 2: "azp"}

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
    version: int


class Tokens:
    """Issues and verifies the access tokens of one state folder.

    Args:
        directory: Who there is.
        store: Its folder keeps the signing key.
        ids: Gives token ids and lifetimes.
        clock: Says when tokens begin and end.

    Attributes:
        longest: How long a token issued from now on is good for at most; None: as usual.
    """

    def __init__(self, directory: Directory, store: Store, ids: Ids, clock: Clock) -> None:
        self._directory = directory
        self._ids = ids
        self._clock = clock
        self.key = SigningKey(store.folder, clock)
        self._verified: dict[bytes, _Verified] = {}
        self._generation = -1
        self.longest: timedelta | None = None

    def lifetime(self, usual: timedelta | None = None) -> timedelta:
        """Return the lifetime of the next token, no more than `longest`.

        Args:
            usual: What it is otherwise; absent, as for an app's or user's: 60 to 90 minutes, as the real service varies it.
        """
        usual = usual or self._varied()
        return usual if self.longest is None else min(usual, self.longest)

    def _varied(self) -> timedelta:
        return timedelta(seconds=3600 + int.from_bytes(self._ids.token(2), "big") % 1801)

    def issue(
        self,
        principal: Principal,
        audience: str,
        *,
        lifetime: timedelta,
        appidacr: str,
        resource_id: str = "",
        version: int = 1,
        capabilities: Sequence[str] = (),
    ) -> str:
        """Return a signed access token. See `claims.Grant` for the arguments; `lifetime` is from now."""
        now = self._clock.now()
        grant = Grant(principal, audience, appidacr, resource_id, version, capabilities)
        user = self._directory.user(principal.tenant_id, principal.object_id) if principal.kind == "User" else None
        claims = access_claims(
            grant,
            user,
            born_at=now - _BIRTH_BEFORE,
            ends_at=now + lifetime,
            unique=[self._unique(size_bytes) for size_bytes in (24, 16, 16)],
        )
        return self.key.sign(orjson.dumps(claims))

    def _unique(self, size_bytes: int) -> str:
        return base64.urlsafe_b64encode(self._ids.token(size_bytes)).rstrip(b"=").decode()

    def forget(self) -> None:
        """Check every token anew: a key has retired."""
        self._verified.clear()

    def verify(self, token: str, *, audiences: Collection[str], version: int = 1) -> Principal:
        """Return whose token this is, as the directory describes them now.

        Args:
            token: The bearer token.
            audiences: The audiences that the service takes, exact.
            version: The format that it takes.

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
        if verified.version != version:
            raise TokenRefused("issuer", verified.principal.tenant_id)
        if verified.audience not in audiences:
            raise TokenRefused("audience", verified.principal.tenant_id)
        return verified.principal

    def claims_of(self, token: str) -> dict[str, Any]:  # Any: a JSON object
        """Return the claims of an access token that a tenant here has issued; whose it is and for what is not judged.

        Raises:
            TokenRefused: `malformed`, `signature`, `issuer`, `expired` or `not_yet_valid`.
        """
        if len(token) > _MOST_BYTES:
            raise TokenRefused("malformed")
        try:
            payload = self.key.payload_of(token)
            claims = None if payload is None else orjson.loads(payload)
        except ValueError:
            raise TokenRefused("malformed") from None
        if claims is None:
            raise TokenRefused("signature")
        tenant = self._directory.tenant(claims["tid"])
        version = _VERSIONS.get(claims["ver"])
        if (
            tenant is None
            or tenant.id != claims["tid"]
            or version is None
            or claims["iss"] != issuer(tenant.id, version)
        ):
            raise TokenRefused("issuer")
        if _APP_CLAIMS[version] not in claims:
            raise TokenRefused("malformed", tenant.id)  # an id token is no access token
        now = self._clock.now()
        if now < datetime.fromtimestamp(claims["nbf"], UTC):
            raise TokenRefused("not_yet_valid", tenant.id)
        if claims["exp"] <= now.timestamp():
            raise TokenRefused("expired", tenant.id)
        return dict(claims)

    def _judge(self, token: str) -> _Verified:
        """Check everything that does not depend on who asks; expiry and audience are checked at every use."""
        claims = self.claims_of(token)
        version = _VERSIONS[claims["ver"]]
        principal = self._directory.principal(claims["tid"], claims["oid"])
        if principal is None or principal.kind == "Group":
            raise TokenRefused("unknown_principal", claims["tid"])
        seen = replace(principal, client_id=claims[_APP_CLAIMS[version]])
        return _Verified(seen, claims["aud"], claims["exp"], version)
