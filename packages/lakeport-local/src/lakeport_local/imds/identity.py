"""The tokens of a managed identity, once it is known which one calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import ServiceError
from lakeport_local.entra import MANAGED_IDENTITY_LIFETIME

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Request
    from lakeport_local.entra import Api, Directory, ManagedIdentity, Tokens

_SELECTORS = {
    "client_id": "client_id",
    "clientid": "client_id",
    "object_id": "object_id",
    "principal_id": "object_id",
    "msi_res_id": "resource_id",
    "mi_res_id": "resource_id",
    "resource_id": "resource_id",
}
"""Query parameters that name an identity, and the member they name it by. Source: identity.md 2.1, 2.2."""

_ISSUED_BEFORE_S = 300


class IdentityTokens:
    """Gives the tokens of the identities of a directory.

    Args:
        directory: Knows the identities.
        tokens: Issues tokens.
        clock: Tells the time.
    """

    def __init__(self, directory: Directory, tokens: Tokens, clock: Clock) -> None:
        self._directory = directory
        self._tokens = tokens
        self._clock = clock

    def answer(self, identity: ManagedIdentity | None, request: Request) -> dict[str, str]:
        """Return the body that IMDS answers with: texts only.

        Args:
            identity: Who calls; None when nobody is known to.
            request: Says for which resource, and may name the identity.

        Raises:
            ServiceError: 400, with the OAuth error as code.
        """
        resource = request.parameter("resource")
        if not resource:
            raise ServiceError(400, "invalid_request", "Required query variable 'resource' is missing")
        if identity is None or not names_identity(request, identity):
            raise ServiceError(400, "invalid_request", "Identity not found")
        api = self._directory.apis.named(identity.tenant_id, resource)
        if api is None:
            message = f"AADSTS500011: The resource principal named {resource[:256]} was not found in the tenant"
            raise ServiceError(400, "invalid_resource", f"{message} named {identity.tenant_id}.")
        return self._issue(identity, api, resource)

    def _issue(self, identity: ManagedIdentity, api: Api, resource: str) -> dict[str, str]:
        principal = self._directory.principal(identity.tenant_id, identity.object_id)
        if principal is None:
            raise ServiceError(400, "invalid_request", "Identity not found")
        token = self._tokens.issue(
            principal,
            api.audience(resource),
            lifetime=MANAGED_IDENTITY_LIFETIME,
            appidacr="2",
            resource_id=identity.resource_id,
            version=api.version,
        )
        now = int(self._clock.client_now().timestamp())
        seconds = int(MANAGED_IDENTITY_LIFETIME.total_seconds()) - 1
        return {
            "access_token": token,
            "client_id": identity.client_id,
            "expires_in": str(seconds),
            "expires_on": str(now + seconds),
            "ext_expires_in": str(seconds),
            "not_before": str(now - _ISSUED_BEFORE_S),
            "resource": resource,
            "token_type": "Bearer",
        }


def names_identity(request: Request, identity: ManagedIdentity) -> bool:
    """Tell whether the identity that a request names, if it names one, is this one.

    Raises:
        ServiceError: 400: it names more than one.
    """
    named = [(name.lower(), value) for name, value in request.query if name.lower() in _SELECTORS and value]
    if len(named) > 1:
        raise ServiceError(400, "invalid_request", "Only one of client_id, object_id and msi_res_id may be given")
    return all(value.lower() == getattr(identity, _SELECTORS[name]).lower() for name, value in named)
