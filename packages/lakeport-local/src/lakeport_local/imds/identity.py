"""The tokens of a managed identity, once it is known which one calls."""

from __future__ import annotations

from dataclasses import dataclass
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

    def answer(self, identities: Identities, request: Request) -> dict[str, str]:
        """Return the body that IMDS answers with: texts only.

        Args:
            identities: Those that the caller has.
            request: Says for which resource, and may name the identity.

        Raises:
            ServiceError: 400, with the OAuth error as code.
        """
        resource = request.parameter("resource")
        if not resource:
            raise ServiceError(400, "invalid_request", "Required query variable 'resource' is missing")
        identity = identities.chosen(request)
        api = self._directory.apis.named(identity.tenant_id, resource)
        if api is None:
            message = f"AADSTS500011: The resource principal named {resource[:256]} was not found in the tenant"
            raise ServiceError(400, "invalid_resource", f"{message} named {identity.tenant_id}.")
        return self._issue(identity, api, resource)

    def _issue(self, identity: ManagedIdentity, api: Api, resource: str) -> dict[str, str]:
        principal = self._directory.principal(identity.tenant_id, identity.object_id)
        if principal is None:
            raise ServiceError(400, "invalid_request", "Identity not found")
        lifetime = self._tokens.lifetime(MANAGED_IDENTITY_LIFETIME)
        token = self._tokens.issue(
            principal,
            api.audience(resource),
            lifetime=lifetime,
            appidacr="2",
            resource_id=identity.resource_id,
            version=api.version,
        )
        now = int(self._clock.client_now().timestamp())
        seconds = int(lifetime.total_seconds()) - 1
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


@dataclass(frozen=True, slots=True)
class Identities:
    """The identities that a caller has.

    Attributes:
        own: The system-assigned one, or None.
        assigned: The user-assigned ones.
    """

    own: ManagedIdentity | None = None
    assigned: tuple[ManagedIdentity, ...] = ()

    @property
    def all(self) -> tuple[ManagedIdentity, ...]:
        """All of them, its own first."""
        return (*((self.own,) if self.own else ()), *self.assigned)

    def chosen(self, request: Request) -> ManagedIdentity:
        """Return the identity that a request names; without a name its own, or the only one.

        Raises:
            ServiceError: 400: it has none of this name, or none is named where several could be meant.

        Source: identity.md 2.1, "Selection rule".
        """
        named = [(name.lower(), value) for name, value in request.query if name.lower() in _SELECTORS and value]
        if len(named) > 1:
            raise ServiceError(400, "invalid_request", "Only one of client_id, object_id and msi_res_id may be given")
        if not named and self.own is not None:
            return self.own
        found = [one for one in self.all if all(_is_named(one, *by) for by in named)]
        if len(found) > 1:
            raise ServiceError(
                400,
                "invalid_request",
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in"
                " the token request",
            )
        if not found:
            raise ServiceError(400, "invalid_request", "Identity not found")
        return found[0]


def _is_named(identity: ManagedIdentity, selector: str, value: str) -> bool:
    return value.lower() == str(getattr(identity, _SELECTORS[selector])).lower()


def identities_of(directory: Directory, caller: str | None) -> Identities:
    """Return the identities of whoever calls: of a machine, or of one that stands for itself."""
    machine = directory.machines.get(caller) if caller else None
    if machine is not None:
        assigned = [found for one in machine.assigned if (found := directory.managed_identity(one)) is not None]
        return Identities(directory.managed_identity(machine.own) if machine.own else None, tuple(assigned))
    found = directory.managed_identity(caller) if caller else None
    return Identities(assigned=(found,)) if found is not None else Identities()
