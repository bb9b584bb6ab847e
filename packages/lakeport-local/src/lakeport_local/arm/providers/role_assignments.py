"""Role assignments: at any scope, one of a role, a principal and a scope.

Source: identity.md 4.4.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from lakeport_local.arm.providers.role_definitions import definition_id, role_of
from lakeport_local.arm.table import Document, Outcome, ResourceType
from lakeport_local.core import Response, ServiceError, iso_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lakeport_local.arm.address import Address
    from lakeport_local.arm.call import Call

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"

_TYPES = {"User": "User", "Group": "Group"}
_GIVEN_TYPES = frozenset({"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"})
_CHANGEABLE = ("condition", "conditionVersion", "description", "delegatedManagedIdentityResourceId")
_CONDITIONS_SINCE = "2020"
_AT_SCOPE = re.compile(r"\batScope\(\)", re.IGNORECASE)
_ASSIGNED_TO = re.compile(r"\bassignedTo\('([^']+)'\)", re.IGNORECASE)
_PRINCIPAL_IS = re.compile(r"\bprincipalId\s+eq\s+'([^']+)'", re.IGNORECASE)


def role_assignment(
    scope: str,
    *,
    name: str,
    role_id: str,
    principal_id: str,
    principal_type: str,
    tenant_id: str,
    at: datetime,
    by: str = "",
) -> Resource:
    """Return a role assignment's document.

    Args:
        scope: Where it holds, such as `/subscriptions/S/resourceGroups/G`; `` for the whole tenant.
        name: A GUID.
        role_id: GUID of the role definition.
        principal_id: Object id of the principal or group.
        principal_type: `ServicePrincipal`, `User` or `Group`.
        tenant_id: The tenant of the scope.
        at: When it is made.
        by: Object id of who makes it.
    """
    return Resource(
        f"{scope}/providers/{ASSIGNMENTS}/{name}",
        ASSIGNMENTS,
        name,
        properties={
            "roleDefinitionId": definition_id(scope, role_id),
            "principalId": principal_id,
            "principalType": principal_type,
            "scope": scope or "/",
            "condition": None,
            "conditionVersion": None,
            "createdOn": iso_instant(at),
            "updatedOn": iso_instant(at),
            "createdBy": by,
            "updatedBy": by,
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
        internal={"tenant_id": tenant_id},
    )


def is_guid(text: object) -> bool:
    """Tell whether this is a GUID in its usual spelling."""
    try:
        return isinstance(text, str) and str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _missing(address: Address) -> ServiceError:
    return ServiceError(404, "RoleAssignmentNotFound", f"The role assignment '{address.names[-1]}' is not found.")


def _put(call: Call, existing: Resource | None) -> Outcome:
    if not is_guid(call.name):
        raise ServiceError(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{call.name}' is not valid. The role assignment ID must be a GUID.",
        )
    asked = call.properties()
    role_id, principal_id = _role_id(call, asked), _principal_id(asked)
    more = {name: asked[name] for name in _CHANGEABLE if isinstance(asked.get(name), str)}
    if existing is not None:
        return Outcome(_changed(call, existing, role_id, principal_id, more))
    principal_type = _principal_type(call, asked, principal_id)
    _require_new(call, role_id, principal_id)
    made = role_assignment(
        call.address.scope,
        name=call.name,
        role_id=role_id,
        principal_id=principal_id,
        principal_type=principal_type,
        tenant_id=call.tenant_id,
        at=call.now,
        by=call.caller.object_id,
    )
    delay = call.plane.access.role_delay
    late = {"from_at": call.after(delay)} if delay else {}
    return Outcome(replace(made, properties={**made.properties, **more}, internal={**made.internal, **late}), 201)


def _role_id(call: Call, asked: Document) -> str:
    given = asked.get("roleDefinitionId")
    if not isinstance(given, str):
        raise ServiceError(400, "BadRequestFormat", "The request was incorrectly formatted.")
    role_id = given.rstrip("/").rsplit("/", 1)[-1].lower()
    if role_of(call, role_id) is None:
        raise ServiceError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{role_id.replace('-', '')}' does not exist.",
        )
    return role_id


def _principal_id(asked: Document) -> str:
    given = asked.get("principalId")
    if not is_guid(given):
        raise ServiceError(400, "InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")
    return str(given).lower()


def _principal_type(call: Call, asked: Document, principal_id: str) -> str:
    """Return the principal's type; one that the directory does not know is believed only when its type is said."""
    given = asked.get("principalType")
    if given is not None and (not isinstance(given, str) or given not in _GIVEN_TYPES):
        raise ServiceError(400, "InvalidPrincipalType", f"The principal type '{str(given)[:64]}' is not valid.")
    principal = call.plane.directory.principal(call.tenant_id, principal_id)
    if principal is None:
        if given is not None:
            return given
        raise ServiceError(
            400,
            "PrincipalNotFound",
            f"Principal {principal_id.replace('-', '')} does not exist in the directory {call.tenant_id}. Check that you have the "
            "correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be "
            "related to a replication delay. In this case, set the role assignment principalType property to a value, such as "
            "ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
        )
    actual = _TYPES.get(principal.kind, "ServicePrincipal")
    if given not in (None, actual):
        raise ServiceError(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{principal_id}' has type '{actual}', which is different from specified PrincipalType '{given}'.",
        )
    return actual


def _require_new(call: Call, role_id: str, principal_id: str) -> None:
    for one in _at(call, call.address.scope):
        same = (one.properties["principalId"].lower(), one.properties["roleDefinitionId"].rsplit("/", 1)[-1].lower())
        if same == (principal_id, role_id):
            raise ServiceError(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the conflicting role assignment is "
                f"{one.name.replace('-', '')}.",
            )


def _changed(call: Call, existing: Resource, role_id: str, principal_id: str, more: Document) -> Resource:
    before = existing.properties
    if (before["roleDefinitionId"].rsplit("/", 1)[-1].lower(), before["principalId"].lower()) != (
        role_id,
        principal_id,
    ):
        raise ServiceError(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    if all(before.get(name) == more.get(name) for name in _CHANGEABLE):
        return existing
    cleared: Document = dict.fromkeys(_CHANGEABLE)
    changed = {"updatedOn": iso_instant(call.now), "updatedBy": call.caller.object_id}
    return replace(existing, properties={**before, **cleared, **more, **changed})


def _render(call: Call, assignment: Resource) -> Document:
    """Show an assignment; what has just been made names nobody as its maker yet, and versions before 2020 know no conditions."""
    shown = dict(assignment.properties)
    if call.request.method == "PUT" and shown["createdOn"] == iso_instant(call.now):
        shown["createdBy"] = None
    if call.api_version < _CONDITIONS_SINCE:
        shown = {name: value for name, value in shown.items() if name not in _CHANGEABLE}
    return {
        "properties": shown,
        "id": assignment.id,
        "type": ASSIGNMENTS,
        "name": assignment.name,
    }


def _delete(call: Call, existing: Resource | None) -> Response:
    if existing is None:
        return Response(204)
    call.plane.remove(existing.id)
    return call.json(200, _render(call, existing))


def _at(call: Call, scope: str) -> list[Resource]:
    """Return the assignments that were made at exactly this scope."""
    return [one for one in call.plane.resources.children(scope, ASSIGNMENTS) if _is_own(call, one)]


def _is_own(call: Call, assignment: Resource) -> bool:
    """Tell whether an assignment belongs to the caller's tenant: those for a whole tenant have no subscription to tell by."""
    parts = assignment.id.split("/")
    if parts[1].lower() != "subscriptions":
        return bool(assignment.internal.get("tenant_id") == call.tenant_id)
    subscription = call.plane.resources.get(f"/subscriptions/{parts[2]}")
    return subscription is not None and subscription.internal["tenant_id"] == call.tenant_id


def _listed(call: Call) -> Iterator[Resource]:
    """Yield the assignments that hold at the scope or below it, as the filter says."""
    text = call.request.parameter("$filter") or ""
    scope = call.address.scope
    found = {one.key: one for above in _scopes_above(scope) for one in _at(call, above)}
    if not _AT_SCOPE.search(text):
        found |= {one.key: one for one in call.plane.resources.under(scope, ASSIGNMENTS) if _is_own(call, one)}
    principals = _principals(call, text)
    for key in sorted(found):
        if principals is None or found[key].properties["principalId"].lower() in principals:
            yield found[key]


def _principals(call: Call, text: str) -> set[str] | None:
    """Return whose assignments a filter asks for; None for everybody's."""
    assigned, exact = _ASSIGNED_TO.search(text), _PRINCIPAL_IS.search(text)
    if assigned is not None:
        principal = call.plane.directory.principal(call.tenant_id, assigned[1])
        return {assigned[1].lower(), *(principal.groups if principal is not None else ())}
    return None if exact is None else {exact[1].lower()}


def _scopes_above(scope: str) -> list[str]:
    """Return a scope and all that contain it, the tenant's root included.

    Example:
        >>> _scopes_above("/subscriptions/S/resourceGroups/G")
        ['', '/subscriptions/S', '/subscriptions/S/resourceGroups/G']
    """
    parts = scope.split("/")
    ends = ["/".join(parts[:end]) for end in range(1, len(parts) + 1, 2)]
    return [end for end in ends if end.lower().rsplit("/", 2)[-2:-1] != ["providers"]]


ROLE_ASSIGNMENTS = ResourceType(
    ASSIGNMENTS,
    put=_put,
    delete=_delete,
    render=_render,
    missing=_missing,
    listed=_listed,
    levels=frozenset({"tenant", "subscription", "group", "resource"}),
)
