"""Microsoft.ManagedIdentity: user-assigned identities, each a resource and a principal of its tenant.

Source: identity.md 4.2.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.arm.providers.identity_federation import FEDERATED_CREDENTIAL
from lakeport_local.arm.table import Outcome, Provider, ResourceType
from lakeport_local.arm.tracked import location, tags
from lakeport_local.core import ServiceError
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.plane import ControlPlane

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"

_NAME = re.compile(r"[A-Za-z0-9][\w-]{2,127}", re.ASCII)


def user_assigned_identity(
    group: str, name: str, *, location: str, tenant_id: str, principal_id: str, client_id: str
) -> Resource:
    """Return a user-assigned identity's document; its principal is the directory's matter.

    Args:
        group: Id of the resource group.
        name: Its name.
        location: Region.
        tenant_id: The tenant of its principal.
        principal_id: Object id of its principal.
        client_id: Application id of its principal.
    """
    return Resource(
        f"{group}/providers/{IDENTITIES}/{name}",
        IDENTITIES,
        name,
        location=location,
        properties={"tenantId": tenant_id, "principalId": principal_id, "clientId": client_id},
        internal={"tenant_id": tenant_id},
    )


def _put(call: Call, existing: Resource | None) -> Outcome:
    if not _NAME.fullmatch(call.name):
        raise ServiceError(
            400,
            "InvalidResourceName",
            f"The resource name '{call.name}' is not valid: 3 to 128 letters, digits, '-' or '_', a letter or digit first.",
        )
    body = call.optional_body()
    region = location(call, body, existing)
    if existing is not None:
        return Outcome(replace(existing, tags=tags(body)))
    ids = call.plane.ids
    made = user_assigned_identity(
        str(call.address.group_id),
        call.name,
        location=region,
        tenant_id=call.tenant_id,
        principal_id=ids.guid(),
        client_id=ids.guid(),
    )
    call.plane.directory.add_managed_identity(
        call.tenant_id,
        name=made.name,
        resource_id=made.id,
        object_id=made.properties["principalId"],
        client_id=made.properties["clientId"],
    )
    return Outcome(replace(made, tags=tags(body)), 201)


def _patch(call: Call, existing: Resource) -> Outcome:
    body = call.body()
    return Outcome(replace(existing, tags=tags(body) if "tags" in body else existing.tags))


def _removed(plane: ControlPlane, identity: Resource) -> None:
    """Take the principal out of the directory; role assignments to it stay behind, as in Azure."""
    plane.directory.remove(identity.properties["tenantId"], identity.properties["principalId"])


MANAGED_IDENTITY = Provider(
    "Microsoft.ManagedIdentity",
    resource_types=(ResourceType(IDENTITIES, put=_put, patch=_patch, removed=_removed), FEDERATED_CREDENTIAL),
    newest="2024-11-30",
)
