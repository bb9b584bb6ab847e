"""The directory's objects as values: tenants, apps, users, groups, managed identities."""

from __future__ import annotations

from dataclasses import dataclass

from lakeport_local.core import derived_id

BLOCKABLE = ("device_code", "password")
"""What conditional access may refuse in a tenant: sign-ins by device code, by user name and password."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant.

    Attributes:
        id: Its GUID, lower-case.
        name: Display name.
        domain: Its verified domain, such as `contoso.onmicrosoft.com`.
        blocked: What its conditional access refuses; see `BLOCKABLE`.
    """

    id: str
    name: str
    domain: str
    blocked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class App:
    """An app registration, with its service principal in the tenant it was read for.

    Attributes:
        client_id: Application (client) id.
        tenant_id: Tenant of the service principal.
        object_id: Object id of the service principal in that tenant.
        home_tenant_id: Tenant of the registration; another one for a multi-tenant app seen from a guest tenant.
        name: Display name.
        is_enabled: False refuses every sign-in.
    """

    client_id: str
    tenant_id: str
    object_id: str
    home_tenant_id: str
    name: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """A user object of a tenant.

    Attributes:
        tenant_id: Tenant of this object.
        object_id: Object id in that tenant.
        name: User principal name; a guest's ends in `#EXT#@` and the host's domain.
        mail: Address; a guest's is the one at home.
        home_tenant_id: Where the user signs in; equals `tenant_id` for a member.
        home_object_id: The object id there.
        is_enabled: False refuses every sign-in.
        sessions_from: Epoch milliseconds; refresh tokens from before are revoked.
    """

    tenant_id: str
    object_id: str
    name: str
    mail: str
    home_tenant_id: str
    home_object_id: str
    is_enabled: bool = True
    sessions_from: int = 0

    @property
    def is_guest(self) -> bool:
        """True when the user signs in at another tenant."""
        return self.home_tenant_id != self.tenant_id


@dataclass(frozen=True, slots=True)
class Group:
    """A security group.

    Attributes:
        tenant_id: Its tenant.
        object_id: Its object id.
        name: Display name.
        members: Object ids of the direct members, of any kind, in order.
    """

    tenant_id: str
    object_id: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagedIdentity:
    """A managed identity: system-assigned to a resource, or user-assigned and then a resource itself.

    Attributes:
        tenant_id: Its tenant.
        object_id: Object id of its service principal.
        client_id: Application id.
        name: Display name.
        resource_id: ARM id of the resource that has it, or of the user-assigned identity.
    """

    tenant_id: str
    object_id: str
    client_id: str
    name: str
    resource_id: str


def application_id(client_id: str) -> str:
    """Return the object id of the application object of an app that a topology declares."""
    return derived_id("application", client_id.lower())
