"""Who asks: a principal of a tenant, or somebody who holds an account's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

PrincipalKind: TypeAlias = Literal["Application", "ManagedIdentity", "User", "Group"]


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in principal, as its verified token and the directory describe it.

    Attributes:
        tenant_id: Tenant of the token, which is where `object_id` is known.
        object_id: Object id of the service principal, managed identity or user.
        client_id: Application id; for a user, the application they use.
        kind: In the words of `systemData.createdByType`; `Group` is found in the directory and never signs in.
        name: Display name, or a user's UPN.
        mail: A user's address; empty for others.
        groups: Object ids of the groups, direct and transitive.
    """

    tenant_id: str
    object_id: str
    client_id: str
    kind: PrincipalKind
    name: str
    mail: str = ""
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SharedKey:
    """Somebody who signed with a key of this storage account; a super-user of its data."""

    account_id: str


Caller: TypeAlias = Principal | SharedKey
