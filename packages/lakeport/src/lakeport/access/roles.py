"""Storage roles: looked up, named, given; those of share accounts' identities and of groups."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from lakeport.errors import Conflict, Forbidden, MissingRole, WrongTenant
from lakeport.identity.control_plane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

_VERSION = "2022-04-01"


@dataclass(frozen=True)
class Role:
    """A built-in role.

    Attributes:
        enough: The ids of the roles that hold at least its rights.
    """

    name: str
    id: str
    enough: frozenset[str]


_READER, _CONTRIBUTOR, _OWNER = (
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
)
READER = Role("Storage Blob Data Reader", _READER, frozenset({_READER, _CONTRIBUTOR, _OWNER}))
CONTRIBUTOR = Role("Storage Blob Data Contributor", _CONTRIBUTOR, frozenset({_CONTRIBUTOR, _OWNER}))

DATA_ROLES: dict[str, tuple[str, frozenset[str]]] = {
    _READER: ("Storage Blob Data Reader", frozenset({"read"})),
    _CONTRIBUTOR: ("Storage Blob Data Contributor", frozenset({"read", "write"})),
    _OWNER: ("Storage Blob Data Owner", frozenset({"read", "write"})),
}
"""The built-in roles that give data, and what of it; a role of one's own may give some, too."""

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
BUILT_IN: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    _READER: ("Storage Blob Data Reader", (f"{_BLOBS}/read",), ()),
    _CONTRIBUTOR: (
        "Storage Blob Data Contributor",
        tuple(f"{_BLOBS}/{one}" for one in ("read", "write", "delete", "add/action", "move/action")),
        (),
    ),
    _OWNER: ("Storage Blob Data Owner", (f"{_BLOBS}/*",), ()),
}
"""What data the built-in roles open; other roles are asked for. Source: storage.md 5.2."""

# Built-in roles without the data rights, so that only a role we do not know leaves the answer open (identity.md 4.4).
NOT_ENOUGH = frozenset(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "c12c1c16-33a1-487b-954d-41c89c60f349",
        _READER,
    }
)


@dataclass(frozen=True)
class Store:
    """A storage account."""

    subscription_id: str
    resource_group: str
    name: str

    @property
    def scope(self) -> str:
        """Its resource id."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/Microsoft.Storage/storageAccounts/{self.name}"

    @property
    def properties(self) -> dict[str, str]:
        """What a data set or mapping says of the store it lies in."""
        return {
            "subscriptionId": self.subscription_id,
            "resourceGroup": self.resource_group,
            "storageAccountName": self.name,
        }


@dataclass(frozen=True)
class Container(Store):
    """A file system or container of a storage account."""

    file_system: str = ""

    @property
    def scope(self) -> str:
        """Its resource id."""
        return f"{super().scope}/blobServices/default/containers/{self.file_system}"


@dataclass(frozen=True)
class Assignment:
    """A role that a principal has somewhere.

    Attributes:
        definition: The role's resource id.
        condition: Under which it holds only, or empty.
        made_at: When it was given, where that is told.
    """

    role_id: str
    scope: str
    principal_id: str = ""
    principal_type: str = ""
    definition: str = ""
    condition: str = ""
    made_at: datetime | None = None


@dataclass(frozen=True)
class Holding:
    """A role that reaches a place, and what data it opens.

    Attributes:
        actions: Patterns of data actions that it gives.
        exceptions: Patterns of those that it leaves out.
    """

    principal_id: str
    role: str
    scope: str
    actions: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    is_conditional: bool = False

    @property
    def has_data(self) -> bool:
        """Whether it gives any data."""
        return bool(self.actions)

    def has(self, action: str) -> bool:
        """Tell if it gives a data action.

        Example:
            >>> Holding("p", "R", "/", ("Microsoft.Storage/*/read",)).has("Microsoft.Storage/a/blobs/read")
            True
        """
        given = any(_fits(action, one) for one in self.actions)
        return given and not any(_fits(action, one) for one in self.exceptions)


def _fits(action: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE) is not None


class Roles:
    """Role assignments, as one caller sees and makes them."""

    def __init__(self, profile: Profile, credential: TokenCredential) -> None:
        self._profile = profile
        self._credential = credential

    @cached_property
    def _plane(self) -> ControlPlane:
        return ControlPlane(self._profile, self._credential, _VERSION)

    def of(self, principal_id: str, scope: str) -> list[Assignment] | None:
        """Return the roles a principal has at a scope or above, or `None` when the caller may not know."""
        return self._list(scope, f"principalId eq '{principal_id}'")

    def of_caller(self, object_id: str, scope: str) -> list[Assignment] | None:
        """Return the roles that a principal has at a scope or above, by itself or a group, or `None` as `of` does."""
        return self._list(scope, f"assignedTo('{object_id}')")

    def at(self, scope: str) -> list[Assignment] | None:
        """Return every role that anybody has at a scope or above, or `None` when the caller may not know."""
        return self._list(scope, "atScope()")

    def holdings(self, scope: str, ids: Collection[str]) -> list[Holding] | None:
        """Return the roles that principals have at a scope or above, with the data they open; `None` as `at` does."""
        assignments = self.at(scope)
        if assignments is None:
            return None
        return [self._holding(one) for one in assignments if one.principal_id in ids]

    def _holding(self, one: Assignment) -> Holding:
        name, actions, exceptions = BUILT_IN.get(one.role_id) or self._definition(one.definition)
        return Holding(one.principal_id, name, one.scope, actions, exceptions, bool(one.condition))

    def _definition(self, role: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        found = self._plane.ask("GET", quote(role))["properties"]
        given = found.get("permissions") or []
        actions = tuple(each for one in given for each in one.get("dataActions") or ())
        exceptions = tuple(each for one in given for each in one.get("notDataActions") or ())
        return str(found["roleName"]), actions, exceptions

    def _list(self, scope: str, condition: str) -> list[Assignment] | None:
        try:
            found = [
                one["properties"] for one in self._plane.pages("GET", _assignments(scope), **{"$filter": condition})
            ]
        except Forbidden:
            return None
        except WrongTenant as error:
            name, subscription = scope.rsplit("/", 1)[-1], scope.split("/")[2]
            what = f"storage account {name} in subscription {subscription} lies outside the caller's tenant"
            raise WrongTenant(
                what, code=error.code, hint="A share takes from and gives to its own tenant only"
            ) from error
        return [
            Assignment(
                str(one["roleDefinitionId"]).rsplit("/", 1)[-1].lower(),
                str(one["scope"]),
                str(one["principalId"]).lower(),
                str(one.get("principalType") or ""),
                str(one["roleDefinitionId"]),
                str(one.get("condition") or ""),
                datetime.fromisoformat(f"{str(one['createdOn'])[:19]}+00:00") if one.get("createdOn") else None,
            )
            for one in found
        ]

    def take(self, role: Role, principal_id: str, store: Store) -> None:
        """Take back a role that `grant` gave; one that is not there is taken back."""
        self._plane.ask("DELETE", f"{_assignments(store.scope)}/{assignment_name(role, principal_id, store)}")

    def grant(self, role: Role, principal_id: str, store: Store, *, principal_type: str = "ServicePrincipal") -> bool:
        """Give an identity a role on a store; tell if it was new.

        The assignment's name follows from what it says, so that granting twice is one grant.

        Raises:
            Forbidden: The caller may not assign roles there.
            NotYet: The identity is too young to be seen by the directory.
        """
        definition = (
            f"/subscriptions/{store.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role.id}"
        )
        properties = {"roleDefinitionId": definition, "principalId": principal_id, "principalType": principal_type}
        named = f"{_assignments(store.scope)}/{assignment_name(role, principal_id, store)}"
        try:
            self._plane.ask("PUT", named, {"properties": properties})
        except Conflict as error:
            if error.code != "RoleAssignmentExists":
                raise
            return False
        return True


def _assignments(scope: str) -> str:
    return f"{quote(scope)}/providers/Microsoft.Authorization/roleAssignments"


def assignment_name(role: Role, principal_id: str, store: Store) -> str:
    """Return the name of the assignment that gives this role to this principal there: always the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{store.scope}|{role.id}|{principal_id}".lower()))


def has(role: Role, store: Store, assignments: Iterable[Assignment] | None) -> bool | None:
    """Tell if assignments give a role on a store; `None` when that cannot be known from here.

    A role that is not built in may or may not hold the rights: the service will say.
    """
    if assignments is None:
        return None
    scope = store.scope.lower() + "/"
    effective = [one for one in assignments if scope.startswith(one.scope.lower().rstrip("/") + "/")]
    if any(one.role_id in role.enough for one in effective):
        return True
    return False if all(one.role_id in NOT_ENOUGH for one in effective) else None


def command(role: Role, principal_id: str, store: Store) -> str:
    """Return the command that gives an identity a role on a store."""
    return (
        f"az role assignment create --assignee-object-id {principal_id} --assignee-principal-type ServicePrincipal"
        f' --role "{role.name}" --scope {store.scope}'
    )


def missing(role: Role, principal_id: str, store: Store, account: str) -> MissingRole:
    """Return the error that says whose right is missing on what, and the command that gives it."""
    whose = f"the identity of data share account {account!r} ({principal_id})"
    return MissingRole(
        f"{whose} lacks {role.name} on storage account {store.name!r}",
        hint=f"Next: run again with --grant, or: {command(role, principal_id, store)}",
    )
