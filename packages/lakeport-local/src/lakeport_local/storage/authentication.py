"""Who sent a request: bearer token, account key or signature; nobody is not an answer.

Source: storage.md 4.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from lakeport_local.access import Caller, Principal, SharedKey
from lakeport_local.core import ServiceError, parse_http_date
from lakeport_local.entra import TokenRefused
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.public import anonymous
from lakeport_local.storage.remedies import reason_of, ways_past
from lakeport_local.storage.sas import bearers_tenant
from lakeport_local.storage.shared_key import is_signed, lite_strings_to_sign, strings_to_sign

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lakeport_local.access import Access
    from lakeport_local.core import Clock, Request
    from lakeport_local.entra import Tokens
    from lakeport_local.state import Resource
    from lakeport_local.storage.address import Address
    from lakeport_local.storage.sas import Signatures

_SKEW = timedelta(minutes=15)
_BEARERS_SINCE, _CHALLENGES_SINCE = "2017-11-09", "2019-12-12"
_STORAGE_APP = "e406a681-f3d4-42a8-90b6-c2b029497af1"
_DETAILS = {
    "audience": "Audience validation failed. Audience did not match.",
    "expired": "Lifetime validation failed. The token is expired.",
    "issuer": "Issuer validation failed. Issuer did not match.",
    "malformed": "The token is not in the correct format.",
    "not_yet_valid": "Lifetime validation failed. The token is not yet valid.",
    "signature": "Signature validation failed. No keys were found matching the token's.",
    "unknown_principal": "The token's principal is not known in its tenant.",
}


def tenant_of(account: Resource) -> str:
    """Return the tenant that a storage account belongs to."""
    return str(account.internal["tenant_id"])


def keys_of(account: Resource) -> list[str]:
    """Return an account's keys, base64."""
    return [str(key) for key in account.internal["keys"]]


def audiences_of(account: Resource) -> frozenset[str]:
    """Return the audiences of tokens that an account takes."""
    hosts = [f"https://{account.name}.{api}.core.windows.net" for api in ("blob", "dfs")]
    plain = ["https://storage.azure.com", *hosts]
    return frozenset([*plain, *(f"{one}/" for one in plain), _STORAGE_APP])


def challenge(account: Resource) -> dict[str, str]:
    """Return the header that tells a client where to get a token."""
    authority = f"https://login.microsoftonline.com/{tenant_of(account)}/oauth2/authorize"
    return {"WWW-Authenticate": f"Bearer authorization_uri={authority} resource_id=https://storage.azure.com"}


def _unauthenticated(detail: str, status: int | None = None) -> ServiceError:
    return refusal("AuthenticationFailed", status=status, AuthenticationErrorDetail=detail)


class Authentication:
    """Tells who sent a request.

    Args:
        tokens: Verifies bearer tokens.
        signatures: Verifies shared access signatures.
        clock: Tells the time by which clients date what they sign.
        access: Logs who was not believed, and why.
        level: Tells how public the container addressed is.
    """

    def __init__(
        self,
        tokens: Tokens,
        signatures: Signatures,
        clock: Clock,
        access: Access,
        *,
        level: Callable[[Resource, Address], str],
    ) -> None:
        self._level = level
        self._tokens = tokens
        self._access = access
        self._signatures = signatures
        self._clock = clock

    def caller(self, request: Request, account: Resource, address: Address) -> Caller:
        """Return who sent a request to an account.

        Raises:
            ServiceError: 401 or 403: nobody, or not who they claim to be.
        """
        try:
            return self._caller(request, account, address)
        except ServiceError as error:
            ways = ways_past(error, request, account)
            self._access.note_refusal(request.client, account, reason_of(error), ways, request_id=request.id)
            raise

    def _caller(self, request: Request, account: Resource, address: Address) -> Caller:
        scheme, _, credential = (request.headers.get("authorization") or "").partition(" ")
        is_signature = request.parameter("sig") is not None
        match scheme.lower():
            case "bearer":
                if _spoken(request) < _BEARERS_SINCE:
                    raise _unauthenticated("Authentication scheme Bearer is not supported in this version.")
                tenant = bearers_tenant(request, account) if is_signature else tenant_of(account)
                bearer = self._bearer(request, credential.strip(), account, tenant)
                return self._signatures.caller(request, account, address, bearer) if is_signature else bearer
            case "sharedkey" | "sharedkeylite":
                if is_signature:
                    raise _unauthenticated("Authorization header and signature given together.")
                _check_date(request, self._clock.client_now())
                return _shared_key(request, account, credential, is_lite=scheme.lower().endswith("lite"))
            case "" if is_signature:
                return self._signatures.caller(request, account, address, None)
            case "" if (found := anonymous(request, account, address, self._level(account, address))) is not None:
                return found
            case "":
                raise refusal("NoAuthenticationInformation", headers=challenge(account))
        raise _malformed(request, account)

    def _bearer(self, request: Request, token: str, account: Resource, tenant_id: str) -> Principal:
        try:
            principal = self._tokens.verify(token, audiences=audiences_of(account))
        except TokenRefused as refused:
            raise _malformed(request, account, refused.kind) from None
        if principal.tenant_id != tenant_id:
            raise _malformed(request, account, "issuer")
        return principal


def _spoken(request: Request) -> str:
    """Return the version that a sender says to speak; who names none speaks one older than all."""
    return request.headers.get("x-ms-version") or ""


def _malformed(request: Request, account: Resource, kind: str = "") -> ServiceError:
    """Return the refusal of a header that proves nothing: since there are challenges 401 with one, before 400."""
    is_old = _spoken(request) < _CHALLENGES_SINCE
    detail = {"AuthenticationErrorDetail": _DETAILS[kind]} if kind else {}
    status, headers = (400, {}) if is_old else (401, challenge(account))
    return refusal("InvalidAuthenticationInfo", status=status, headers=headers, **detail)


def _shared_key(request: Request, account: Resource, credential: str, *, is_lite: bool) -> SharedKey:
    if account.properties.get("allowSharedKeyAccess") is False:
        raise refusal("KeyBasedAuthenticationNotPermitted")
    name, _, signature = credential.partition(":")
    if name.removesuffix("-secondary") != account.name:
        raise _unauthenticated("The account in the Authorization header is not the one addressed.")
    texts = (lite_strings_to_sign if is_lite else strings_to_sign)(request, account.name)
    if not is_signed(signature, texts, keys_of(account)):
        raise _unauthenticated("The MAC signature found in the HTTP request is not the same as any computed signature.")
    return _holder(account.id)


_holder = lru_cache(maxsize=64)(SharedKey)


@lru_cache(maxsize=64)
def _date(text: str) -> datetime:
    return parse_http_date(text)


def _check_date(request: Request, now: datetime) -> None:
    text = request.headers.get("x-ms-date") or request.headers.get("date")
    if not text:
        raise _unauthenticated("Neither x-ms-date nor Date is given.")
    try:
        at = _date(text)
    except (ValueError, TypeError):
        raise _unauthenticated("The date header is malformed.") from None
    if abs(now - at) > _SKEW:
        raise _unauthenticated("Request date header too old or too far in the future.")
