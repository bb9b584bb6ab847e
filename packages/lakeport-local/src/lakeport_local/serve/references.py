"""Role assignments by name: which principal, which role, which scope."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lakeport_local.access import BUILT_IN_ROLES
from lakeport_local.serve.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.serve import schema

DATA_SHARE = "data-share:"
"""What a principal's name begins with when it is the identity of a Data Share account."""

_LISTS = {
    "storage_accounts": "Microsoft.Storage/storageAccounts",
    "data_share_accounts": "Microsoft.DataShare/accounts",
    "key_vaults": "Microsoft.KeyVault/vaults",
    "managed_identities": "Microsoft.ManagedIdentity/userAssignedIdentities",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role assignment of a topology with everything found.

    Attributes:
        principal_id: Object id; empty for a Data Share account, whose identity is known once it exists.
        share_account_id: Resource id of that Data Share account, or empty.
        role_id: GUID of the role definition.
        scope: Resource id in canonical casing.
    """

    principal_id: str
    share_account_id: str
    role_id: str
    scope: str


class Unknown(Exception):
    """A name that means nothing, or more than one thing, in this tenant; the message says which key and why."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


Named: TypeAlias = "schema.App | schema.User | schema.Group | schema.ManagedIdentity | schema.VirtualMachine"


def resource_ids(tenant: schema.Tenant) -> Iterator[tuple[str, str, str]]:
    """Yield (list's key, name, resource id) of every resource that a tenant's entries declare."""
    for subscription in tenant.subscriptions:
        for group in subscription.resource_groups:
            above = f"/subscriptions/{subscription.id}/resourceGroups/{group.name}"
            for key, resource_type in _LISTS.items():
                for one in getattr(group, key):
                    yield key, one.name, f"{above}/providers/{resource_type}/{one.name}"


def principals(tenant: schema.Tenant) -> Iterator[Named]:
    """Yield every principal of a tenant that has a name of its own."""
    yield from tenant.apps
    yield from tenant.users
    yield from tenant.groups
    for subscription in tenant.subscriptions:
        for group in subscription.resource_groups:
            yield from group.managed_identities
            yield from (one for one in group.virtual_machines if one.system_assigned)


def grants(tenant: schema.Tenant) -> list[Grant]:
    """Return a tenant's role assignments, found.

    Raises:
        Unknown: One of them names something that is not there.
    """
    return [_grant(tenant, assignment) for assignment in tenant.role_assignments]


def role_assignment_problems(place: str, tenant: schema.Tenant) -> Iterator[Problem]:
    """Yield what is wrong with a tenant's role assignments."""
    for number, assignment in enumerate(tenant.role_assignments):
        try:
            _grant(tenant, assignment)
        except Unknown as unknown:
            yield Problem(f"{place}.role_assignments[{number}].{unknown.key}", str(unknown))


def _grant(tenant: schema.Tenant, assignment: schema.RoleAssignment) -> Grant:
    principal_id, share_account_id = _principal(tenant, assignment.principal)
    return Grant(principal_id, share_account_id, _role(assignment.role), _scope(tenant, assignment.scope))


def _principal(tenant: schema.Tenant, name: str) -> tuple[str, str]:
    wanted = name.lower()
    if wanted.startswith(DATA_SHARE):
        account = wanted.removeprefix(DATA_SHARE)
        ids = [
            one
            for key, called, one in resource_ids(tenant)
            if key == "data_share_accounts" and called.lower() == account
        ]
        if len(ids) != 1:
            raise Unknown("principal", f"{len(ids) or 'no'} Data Share accounts {account!r} in {tenant.name}")
        return "", ids[0]
    known = list(principals(tenant))
    for principal in known:
        if wanted in {principal.name.lower(), principal.object_id}:
            return principal.object_id, ""
    meant = _meant(name, [principal.name for principal in known])
    raise Unknown("principal", f"no principal {name!r} in {tenant.name}{meant}")


def _role(name: str) -> str:
    by_name = {role.name.lower(): role.id for role in BUILT_IN_ROLES.values()}
    role_id = by_name.get(name.lower(), name.lower() if name.lower() in BUILT_IN_ROLES else None)
    if role_id is None:
        known = [role.name for role in BUILT_IN_ROLES.values()]
        raise Unknown("role", f"no built-in role {name!r}{_meant(name, known)}")
    return role_id


def _scope(tenant: schema.Tenant, written: str) -> str:
    parts = written.strip("/").split("/")
    if len(parts) < 2 or not written.startswith("/") or parts[0].lower() != "subscriptions" or not all(parts):
        raise Unknown("scope", f"{written!r} must begin with /subscriptions/NAME")
    found = [one for one in tenant.subscriptions if parts[1].lower() in {one.name.lower(), one.id}]
    if not found:
        known = [one.name for one in tenant.subscriptions]
        raise Unknown("scope", f"no subscription {parts[1]!r} in {tenant.name}{_meant(parts[1], known)}")
    above = f"/subscriptions/{found[0].id}"
    if len(parts) == 2:
        return above
    groups = {one.name.lower(): one.name for one in found[0].resource_groups}
    if len(parts) < 4 or parts[2].lower() != "resourcegroups" or parts[3].lower() not in groups:
        group = parts[3] if len(parts) > 3 else ""
        raise Unknown("scope", f"no resource group {group!r} in {found[0].name}{_meant(group, list(groups.values()))}")
    above += f"/resourceGroups/{groups[parts[3].lower()]}"
    return above if len(parts) == 4 else _resource(tenant, above, parts[4:])


def _resource(tenant: schema.Tenant, above: str, parts: list[str]) -> str:
    """Find the resource that the rest of a scope names; what stands below it (a container) is kept as written."""
    wanted = f"{above}/{'/'.join(parts[:4])}".lower()
    for _, _, resource_id in resource_ids(tenant):
        if resource_id.lower() == wanted:
            return "/".join([resource_id, *parts[4:]])
    raise Unknown("scope", f"no resource {'/'.join(parts[:4])!r} in {above}")


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (there are: {', '.join(known)})" if known else ""
