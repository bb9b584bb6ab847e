"""The identities of a resource: its own, made and removed with it, and user-assigned ones that it may act as.

Source: Azure Resource Manager, "Managed identities for Azure resources", `identity` of a resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.arm import errors

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.arm.table import Document
    from lakeport_local.state import Resource

_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_OWN, _ASSIGNED = "SystemAssigned", "UserAssigned"
_TYPES = {
    "none": (),
    "systemassigned": (_OWN,),
    "userassigned": (_ASSIGNED,),
    "systemassigned,userassigned": (_OWN, _ASSIGNED),
}


def identity_of(call: Call, body: Document, existing: Resource | None) -> Document | None:
    """Return the `identity` that a body asks for; one that it does not mention stays.

    Raises:
        ServiceError: 400 `InvalidRequestContent`, `InvalidIdentityId`, 404 `ResourceNotFound`; 403: the caller may not assign one.
    """
    before = existing.identity if existing is not None else None
    asked = body.get("identity")
    if asked is None:
        return before
    kinds = _TYPES.get(str(asked.get("type")).replace(" ", "").lower()) if isinstance(asked, dict) else None
    if kinds is None:
        raise errors.bad_body("the 'identity' is not valid: its type is None, SystemAssigned, UserAssigned or both")
    found: Document = {"type": ",".join(kinds) or "None"}
    if _OWN in kinds:
        found |= _own(call, before)
    else:
        _forget(call.plane, before)
    if _ASSIGNED in kinds:
        found["userAssignedIdentities"] = _assigned(call, asked.get("userAssignedIdentities"))
    return found


def _own(call: Call, before: Document | None) -> Document:
    """Return the resource's own identity, the one it has or a new one."""
    if before is not None and before.get("principalId"):
        return {"principalId": before["principalId"], "tenantId": before["tenantId"]}
    object_id, client_id = call.plane.ids.guid(), call.plane.ids.guid()
    call.plane.directory.add_managed_identity(
        call.tenant_id, name=call.name, resource_id=call.address.id, object_id=object_id, client_id=client_id
    )
    return {"principalId": object_id, "tenantId": call.tenant_id}


def _assigned(call: Call, asked: Any) -> Document:  # Any: JSON
    if not isinstance(asked, dict) or not asked:
        raise errors.bad_body("'userAssignedIdentities' names no identity")
    found: Document = {}
    for identity_id in asked:
        identity = call.plane.resources.get(identity_id)
        if identity is None or identity.type != _IDENTITIES or identity.internal.get("tenant_id") != call.tenant_id:
            raise errors.GatewayError(
                400, "InvalidIdentityId", f"The identity id '{identity_id[:512]}' is not valid or does not exist."
            )
        call.require(f"{_IDENTITIES}/assign/action", identity.id)
        found[identity.id] = {name: identity.properties[name] for name in ("principalId", "clientId")}
    return found


def _forget(plane: ControlPlane, before: Document | None) -> None:
    if before is not None and before.get("principalId"):
        plane.directory.remove(str(before["tenantId"]), str(before["principalId"]))


def forget_identity(plane: ControlPlane, gone: Resource) -> None:
    """Let the own identity of a resource that left leave the directory."""
    _forget(plane, gone.identity)
