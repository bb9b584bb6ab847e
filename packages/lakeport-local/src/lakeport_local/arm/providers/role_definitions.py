"""Role definitions: Azure's built-in ones, and custom ones of a tenant.

Source: identity.md 4.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lakeport_local.access import BUILT_IN_ROLES
from lakeport_local.arm.paging import page
from lakeport_local.arm.providers.subscriptions import seen_subscription
from lakeport_local.arm.table import Document, Operation, Outcome, ResourceType
from lakeport_local.core import Response, ServiceError, iso_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.access import Role
    from lakeport_local.arm.address import Address
    from lakeport_local.arm.call import Call

DEFINITIONS = "Microsoft.Authorization/roleDefinitions"

_BORN = "2015-02-02T21:55:09.8806423Z"
_PAGE_SIZE = 1000
_MEMBERS = ("actions", "notActions", "dataActions", "notDataActions")
_MOST_WILDCARDS = 4
_LONGEST_PATTERN = 256
_NAME_IS = re.compile(r"\broleName\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_TYPE_IS = re.compile(r"\btype\s+eq\s+'([^']+)'", re.IGNORECASE)


def definition_id(scope: str, role_id: str) -> str:
    """Return a role definition's id as seen from a scope: below its subscription, or the tenant's."""
    parts = scope.split("/")
    above = "/".join(parts[:3]) if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""
    return f"{above}/providers/{DEFINITIONS}/{role_id}"


def role_of(call: Call, role_id: str) -> Document | None:
    """Return the role with this GUID as a client sees it, built-in or of the caller's tenant, or None."""
    built_in = BUILT_IN_ROLES.get(role_id.lower())
    if built_in is not None:
        return _show_built_in(call, built_in)
    custom = _custom(call, role_id)
    return None if custom is None else _show(call, custom)


def _custom(call: Call, role_id: str) -> Resource | None:
    found = call.plane.resources.where(DEFINITIONS, "$.internal.guid", role_id.lower())
    return next((one for one in found if one.internal["tenant_id"] == call.tenant_id), None)


def _show_built_in(call: Call, role: Role) -> Document:
    permissions = dict(
        zip(
            _MEMBERS, map(list, (role.actions, role.not_actions, role.data_actions, role.not_data_actions)), strict=True
        )
    )
    return {
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [permissions],
            "createdOn": _BORN,
            "updatedOn": _BORN,
            "createdBy": None,
            "updatedBy": None,
        },
        "id": definition_id(call.address.scope, role.id),
        "type": DEFINITIONS,
        "name": role.id,
    }


def _show(call: Call, custom: Resource) -> Document:
    return {
        "properties": custom.properties,
        "id": definition_id(call.address.scope, custom.name),
        "type": DEFINITIONS,
        "name": custom.name,
    }


def _get(call: Call) -> Response:
    """Answer one role or those at a scope; the built-in ones to anybody who sees the subscription, or at the tenant's level."""
    is_reader = _reads(call)
    if call.address.is_instance:
        role = role_of(call, call.name)
        if role is None or not (is_reader or role["properties"]["type"] == "BuiltInRole"):
            raise _missing(call.address)
        return call.json(200, role)
    shown = [_show_built_in(call, role) for role in BUILT_IN_ROLES.values()]
    if is_reader:
        customs = call.plane.resources.under("", DEFINITIONS)
        shown += [_show(call, one) for one in customs if _is_assignable(call, one, call.address.scope)]
    shown = _filtered(shown, call.request.parameter("$filter") or "")
    return call.json(200, page(call, [role["name"] for role in shown], shown, size=_PAGE_SIZE))


def _reads(call: Call) -> bool:
    """Tell whether the caller may read custom roles at the scope; refuse who has no role in the subscription at all."""
    if not call.address.scope:
        return False
    is_reader = call.may(f"{DEFINITIONS}/read", call.address.scope)
    if not is_reader:
        seen_subscription(call)
    return is_reader


def _filtered(shown: list[Document], text: str) -> list[Document]:
    name, kind = _NAME_IS.search(text), _TYPE_IS.search(text)
    if name is not None:
        wanted = name[1].replace("''", "'").lower()
        shown = [role for role in shown if role["properties"]["roleName"].lower() == wanted]
    if kind is not None:
        shown = [role for role in shown if role["properties"]["type"].lower() == kind[1].lower()]
    return shown


def _is_assignable(call: Call, custom: Resource, scope: str) -> bool:
    """Tell whether a custom role of the caller's tenant may be assigned at a scope."""
    if custom.internal["tenant_id"] != call.tenant_id:
        return False
    below = scope.lower() + "/"
    return any(below.startswith(str(one).rstrip("/").lower() + "/") for one in custom.properties["assignableScopes"])


def _missing(address: Address) -> ServiceError:
    role_id = address.names[-1].replace("-", "")
    return ServiceError(
        404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{role_id}' does not exist."
    )


def _put(call: Call, existing: Resource | None) -> Outcome:
    role_id = _role_id(call)
    asked = call.properties()
    name = asked.get("roleName")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 512:
        raise ServiceError(400, "InvalidRoleDefinitionName", "A role definition needs a name of up to 512 characters.")
    _require_own_name(call, name, role_id)
    at = iso_instant(call.now)
    before = existing.properties if existing is not None else {"createdOn": at, "createdBy": call.caller.object_id}
    properties = {
        "roleName": name,
        "type": "CustomRole",
        "description": str(asked.get("description") or ""),
        "assignableScopes": _scopes(call, asked.get("assignableScopes")),
        "permissions": _permissions(asked.get("permissions")),
        "createdOn": before["createdOn"],
        "updatedOn": at,
        "createdBy": before["createdBy"],
        "updatedBy": call.caller.object_id,
    }
    internal = {"guid": role_id, "tenant_id": call.tenant_id}
    return Outcome(Resource(call.address.id, DEFINITIONS, call.name, properties=properties, internal=internal), 201)


def _role_id(call: Call) -> str:
    """Return the GUID that a PUT names: no built-in role's, and none that lives at another scope."""
    try:
        role_id = str(UUID(call.name))
    except ValueError:
        raise ServiceError(
            400,
            "InvalidRoleDefinitionId",
            f"The role definition ID '{call.name}' is not valid. The role definition ID must be a GUID.",
        ) from None
    elsewhere = next(call.plane.resources.where(DEFINITIONS, "$.internal.guid", role_id), None)
    if role_id in BUILT_IN_ROLES or (elsewhere is not None and elsewhere.key != call.address.id.lower()):
        raise ServiceError(409, "RoleDefinitionExists", "The role definition already exists.")
    return role_id


def _require_own_name(call: Call, name: str, role_id: str) -> None:
    taken = {role.name.lower(): role.id for role in BUILT_IN_ROLES.values()}
    taken |= {
        str(one.properties["roleName"]).lower(): str(one.internal["guid"])
        for one in call.plane.resources.under("", DEFINITIONS)
        if one.internal["tenant_id"] == call.tenant_id
    }
    if taken.get(name.lower(), role_id) != role_id:
        raise ServiceError(
            409,
            "RoleDefinitionWithSameNameExists",
            "A custom role with the same name already exists in this directory. Use a different name.",
        )


def _scopes(call: Call, given: Any) -> list[str]:  # Any: JSON
    """Return the assignable scopes, on each of which the caller must be allowed to define roles."""
    if not isinstance(given, list) or not given or not all(isinstance(one, str) for one in given):
        raise ServiceError(
            400, "RoleDefinitionNoAssignableScopes", "The role definition must have at least one assignable scope."
        )
    scopes = [one.rstrip("/") for one in given]
    for scope in scopes:
        parts = scope.lower().split("/")
        found = call.plane.resources.get("/".join(parts[:3])) if parts[1:2] == ["subscriptions"] else None
        if found is None or found.internal.get("tenant_id") != call.tenant_id:
            raise ServiceError(
                400, "InvalidAssignableScope", f"The assignable scope '{scope[:256]}' is not a scope of this directory."
            )
        call.require(f"{DEFINITIONS}/write", scope)
    return scopes


def _permissions(given: Any) -> list[Document]:  # Any: JSON
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise ServiceError(400, "InvalidRoleDefinition", "The role definition needs permissions.")
    return [{member: _patterns(one.get(member)) for member in _MEMBERS} for one in given]


def _patterns(given: Any) -> list[str]:  # Any: JSON
    """Return action patterns; few wildcards each, so that matching stays cheap."""
    patterns = given if given is not None else []
    if not isinstance(patterns, list):
        raise ServiceError(400, "InvalidActionOrNotAction", "Actions must be lists of strings.")
    for pattern in patterns:
        is_good = isinstance(pattern, str) and 0 < len(pattern) <= _LONGEST_PATTERN
        if not is_good or pattern.count("*") > _MOST_WILDCARDS:
            raise ServiceError(
                400,
                "InvalidActionOrNotAction",
                f"'{str(pattern)[:64]}' does not match any of the actions supported by the providers.",
            )
    return list(patterns)


def _delete(call: Call, existing: Resource | None) -> Response:
    if existing is None:
        return Response(204)
    assignments = call.plane.resources.under("", "Microsoft.Authorization/roleAssignments")
    guid = str(existing.internal["guid"])
    if any(str(one.properties["roleDefinitionId"]).lower().endswith(guid) for one in assignments):
        raise ServiceError(
            400,
            "RoleDefinitionHasAssignments",
            "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
        )
    call.plane.remove(existing.id)
    return call.json(200, _show(call, existing))


ROLE_DEFINITIONS = ResourceType(
    DEFINITIONS,
    put=_put,
    delete=_delete,
    render=_show,
    missing=_missing,
    levels=frozenset({"subscription", "group"}),
)
READING = Operation("GET", DEFINITIONS, _get)
