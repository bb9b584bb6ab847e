"""What to change so that a request passes whose sender was not believed: by the code and detail of the refusal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access.grants import Grant, Way

if TYPE_CHECKING:
    from lakeport_local.core import Request, ServiceError
    from lakeport_local.state import Resource

_BY_CODE = {
    "AuthorizationFailure": "a signature for what is addressed: for a container or directory, not for less",
    "AuthorizationProtocolMismatch": "https, or a signature whose spr permits http",
    "AuthorizationResourceTypeMismatch": "a signature whose srt has the type addressed: s, c or o",
    "AuthorizationServiceMismatch": "a signature whose ss has b",
    "AuthorizationSourceIPMismatch": "a signature whose sip covers {client}",
    "InvalidAuthenticationInfo": "a token for https://storage.azure.com of tenant {tenant}, now valid",
    "KeyBasedAuthenticationNotPermitted": "allowSharedKeyAccess of {account} not false, or a bearer token",
    "NoAuthenticationInformation": "a bearer token, a key's signature or a shared access signature",
}

_BY_DETAIL = {
    "Authentication scheme Bearer": "the header x-ms-version: 2017-11-09 or later",
    "Authorization header and signature": "one credential: a header or a signature",
    "Request date header": "a date within 15 minutes of now",
    "Signature did not match": "a signature made with a key now in force for exactly what is addressed, unaltered",
    "Signature not valid in the specified time frame": "a signature whose st is past and whose se is yet to come",
    "The MAC signature": "a request signed with a key now in force of {account}, unaltered",
    "The account in the Authorization header": "a request signed for {account}",
    "The signature is bound": "the bearer token of the principal that sduoid (and skdutid) names",
    "The stored access policy": "a stored access policy of that name that says what the signature leaves out",
    "The user delegation key is not valid": "a user delegation key whose skt is past and whose ske is yet to come",
    "The user delegation key is of nobody": "a user delegation key of a principal of tenant {tenant}",
    "User delegation across tenants": "allowCrossTenantDelegationSas of {account} set to true",
}


def reason_of(error: ServiceError) -> str:
    """Return why a refusal came, in one sentence."""
    return str(error.detail.get("AuthenticationErrorDetail") or error.message)


def ways_past(error: ServiceError, request: Request, account: Resource) -> tuple[Way, ...]:
    """Return what would have let a request pass that was refused before any decision; none when nothing is known."""
    detail = reason_of(error)
    found = next((text for begin, text in _BY_DETAIL.items() if detail.startswith(begin)), _BY_CODE.get(error.code))
    if found is None:
        return ()
    tenant = str(account.internal.get("tenant_id", ""))
    return ((Grant("setting", found.format(account=account.name, client=request.client, tenant=tenant), account.id),),)
