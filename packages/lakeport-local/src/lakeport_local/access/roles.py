"""Roles and role assignments: Azure's built-in roles as data, and which of them reach a principal.

Source: identity.md 4.4, storage.md 5.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lakeport_local.core import parse_instant

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.access.caller import Principal
    from lakeport_local.access.verdict import Action
    from lakeport_local.core import Clock
    from lakeport_local.state import Resource, Resources

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"


@lru_cache(maxsize=65_536)
def _matches(pattern: str, name: str) -> bool:
    """Tell whether an action pattern, whose `*` spans slashes, covers an action; without case."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition.

    Attributes:
        id: The definition's GUID.
        name: Its display name.
        actions: Control-plane patterns it grants; `not_actions` subtracts from them, in this role only.
        data_actions: Data-plane patterns it grants; `not_data_actions` subtracts from them.
        description: One sentence, as the portal shows.
        kind: `BuiltInRole` or `CustomRole`.
    """

    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    description: str = ""
    kind: str = "BuiltInRole"

    def grants(self, action: str, *, is_data: bool) -> bool:
        """Tell whether this role alone grants an action."""
        yes, no = (self.data_actions, self.not_data_actions) if is_data else (self.actions, self.not_actions)
        return any(_matches(pattern, action) for pattern in yes) and not any(
            _matches(pattern, action) for pattern in no
        )


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """A role given to a principal at a scope.

    Attributes:
        role: The role.
        principal_id: Object id of the principal or group.
        scope: Lower-case id, without a trailing slash; empty for the tenant's root.
        from_at: When it begins to hold, where an operator has roles arrive late; None: at once.
    """

    role: Role
    principal_id: str
    scope: str
    from_at: datetime | None = None

    def covers(self, scope: str) -> bool:
        """Tell whether the assignment reaches a scope: equal to its own, or whole segments below it."""
        below = scope.rstrip("/").lower()
        return below == self.scope or below.startswith(self.scope + "/")


class Assignments:
    """The role assignments in force, kept by principal; read again when one of them changed."""

    def __init__(self, resources: Resources, clock: Clock) -> None:
        self._resources = resources
        self._clock = clock
        self._has_late = False
        self._generation: tuple[int, int] | None = None
        self._by_principal: dict[str, list[RoleAssignment]] = {}

    def of(self, principal: Principal) -> list[RoleAssignment]:
        """Return the assignments that reach a principal, by itself or by its groups."""
        generation = (self._resources.generation(ASSIGNMENTS), self._resources.generation(DEFINITIONS))
        if generation != self._generation:
            self._load()
            self._generation = generation
        ids = (principal.object_id, *principal.groups)
        found = [assignment for one in ids for assignment in self._by_principal.get(one.lower(), ())]
        if self._has_late:
            now = self._clock.now()
            found = [one for one in found if one.from_at is None or one.from_at <= now]
        return found

    def _load(self) -> None:
        self._by_principal = {}
        self._has_late = False
        for resource in self._resources.under("", ASSIGNMENTS):
            assignment = self._assignment(resource)
            if assignment is not None:
                self._by_principal.setdefault(assignment.principal_id, []).append(assignment)
                self._has_late |= assignment.from_at is not None

    def _assignment(self, resource: Resource) -> RoleAssignment | None:
        """Read one assignment; None when it cannot grant: unknown role, or a condition that is not evaluated."""
        role = self.role(str(resource.properties["roleDefinitionId"]))
        if role is None or resource.properties.get("condition"):
            return None
        scope = str(resource.properties["scope"]).rstrip("/").lower()
        late = resource.internal.get("from_at")
        from_at = None if late is None else parse_instant(str(late))
        return RoleAssignment(role, str(resource.properties["principalId"]).lower(), scope, from_at)

    def role(self, definition_id: str) -> Role | None:
        """Return the role with this definition id or GUID, built-in or custom, or None."""
        guid = definition_id.rsplit("/", 1)[-1].lower()
        built_in = BUILT_IN_ROLES.get(guid)
        if built_in is not None:
            return built_in
        custom = next(self._resources.where(DEFINITIONS, "$.internal.guid", guid), None)
        return None if custom is None else _custom_role(custom)

    def least_role(self, action: Action) -> Role | None:
        """Return the built-in role with the fewest patterns that grants an action, or None."""
        able = [role for role in BUILT_IN_ROLES.values() if role.grants(action.name, is_data=action.is_data)]
        return min(able, key=_breadth, default=None)


def _breadth(role: Role) -> tuple[bool, bool, int]:
    """Sort roles by how much they grant: everything, all data of a service, many patterns."""
    has_all_data = any("*" in pattern for pattern in role.data_actions)
    return ("*" in role.actions, has_all_data, len(role.actions) + len(role.data_actions))


def _custom_role(resource: Resource) -> Role:
    permissions = resource.properties.get("permissions") or []

    def gathered(member: str) -> tuple[str, ...]:
        return tuple(pattern for one in permissions for pattern in one.get(member, ()))

    return Role(
        str(resource.internal["guid"]),
        str(resource.properties["roleName"]),
        gathered("actions"),
        gathered("notActions"),
        gathered("dataActions"),
        gathered("notDataActions"),
        kind="CustomRole",
    )


_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_DELEGATION = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"
_VAULT_READS = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
)

_ROLES = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",), description="Full access, roles included."),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
            "Microsoft.Subscription/cancel/action",
            "Microsoft.Subscription/enable/action",
        ),
        description="Full access, but no right to give roles.",
    ),
    Role(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",), description="Sees everything, changes nothing."
    ),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
        description="Manages who has access.",
    ),
    Role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
        description="Manages role assignments.",
    ),
    Role(
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Owner",
        (f"{_CONTAINERS}/*", _DELEGATION),
        data_actions=(f"{_CONTAINERS}/blobs/*",),
        description="Full access to blob data, ACLs and owners included.",
    ),
    Role(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        (f"{_CONTAINERS}/delete", f"{_CONTAINERS}/read", f"{_CONTAINERS}/write", _DELEGATION),
        data_actions=tuple(
            f"{_CONTAINERS}/blobs/{name}" for name in ("delete", "read", "write", "move/action", "add/action")
        ),
        description="Reads, writes and deletes blob data.",
    ),
    Role(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        (f"{_CONTAINERS}/read", _DELEGATION),
        data_actions=(f"{_CONTAINERS}/blobs/read",),
        description="Reads blob data.",
    ),
    Role(
        "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
        "Storage Blob Delegator",
        (_DELEGATION,),
        description="Gets user delegation keys.",
    ),
    Role(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Support/*",
        ),
        description="Manages storage accounts, keys included.",
    ),
    Role(
        "81a9662b-bebf-436f-a333-f67b29880f12",
        "Storage Account Key Operator Service Role",
        ("Microsoft.Storage/storageAccounts/listkeys/action", "Microsoft.Storage/storageAccounts/regeneratekey/action"),
        description="Lists and regenerates account keys.",
    ),
    Role(
        "c12c1c16-33a1-487b-954d-41c89c60f349",
        "Reader and Data Access",
        (
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Storage/storageAccounts/ListAccountSas/action",
            "Microsoft.Storage/storageAccounts/read",
        ),
        description="Sees storage accounts and gets their keys.",
    ),
    Role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        _VAULT_READS,
        data_actions=("Microsoft.KeyVault/vaults/*",),
        description="Full access to a vault's contents.",
    ),
    Role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        _VAULT_READS,
        data_actions=("Microsoft.KeyVault/vaults/secrets/*",),
        description="Manages a vault's secrets.",
    ),
    Role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        data_actions=(
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
        description="Reads a vault's secrets.",
    ),
    Role(
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        "Key Vault Certificates Officer",
        _VAULT_READS,
        data_actions=(
            "Microsoft.KeyVault/vaults/certificatecas/*",
            "Microsoft.KeyVault/vaults/certificates/*",
            "Microsoft.KeyVault/vaults/certificatecontacts/write",
        ),
        description="Manages a vault's certificates.",
    ),
    Role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        _VAULT_READS,
        data_actions=("Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
        description="Sees a vault's metadata.",
    ),
    Role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Support/*",
        ),
        description="Reads and assigns user-assigned identities.",
    ),
)

BUILT_IN_ROLES: dict[str, Role] = {role.id: role for role in _ROLES}
"""Azure's built-in roles that this local Azure knows, by GUID."""
