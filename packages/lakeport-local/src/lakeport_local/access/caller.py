"""Who asks: a principal of a tenant, somebody who holds an account's key or a signature, or nobody known yet."""

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


@dataclass(frozen=True, slots=True)
class SharedAccess:
    """Somebody who holds a shared access signature of a storage account.

    Attributes:
        account_id: The account.
        letters: What the signature permits, as its `sp`.
        signer: Who signed it, for one signed with a user delegation key; its rights bound the signature's.
        subject: The principal whose access control lists count besides the letters (`suoid`).
        owner: Object id of who owns what is made with it; empty for the super-user.
        is_of_one_blob: It is for one blob: for nothing below, should that be a directory.
    """

    account_id: str
    letters: frozenset[str]
    signer: Principal | None = None
    subject: Principal | None = None
    owner: str = ""
    is_of_one_blob: bool = False


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who has not said who they are: all that is known is where the request comes from."""

    address: str


Caller: TypeAlias = Principal | SharedKey | SharedAccess | Stranger
