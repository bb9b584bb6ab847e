"""Deleted key vaults: kept under their names, with what is in them, until they are recovered, purged or forgotten.

Source: identity.md 4.2.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.arm.table import Document, Operation
from lakeport_local.core import Response, ServiceError, iso_instant, parse_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.arm.address import Address
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.state import Resources

VAULTS = "Microsoft.KeyVault/vaults"
DELETED = "Microsoft.KeyVault/locations/deletedVaults"


def removed(plane: ControlPlane, vault: Resource) -> None:
    """Keep a vault that was deleted, by itself or with its group, as a deleted one."""
    now, properties = plane.clock.now(), vault.properties
    above = "/".join(vault.id.split("/")[:3])
    plane.resources.put(
        Resource(
            f"{above}/providers/Microsoft.KeyVault/locations/{vault.location}/deletedVaults/{vault.name}",
            DELETED,
            vault.name,
            properties={
                "vaultId": vault.id,
                "location": vault.location,
                "tags": vault.tags or {},
                "deletionDate": iso_instant(now),
                "scheduledPurgeDate": iso_instant(now + timedelta(days=properties["softDeleteRetentionInDays"])),
                "purgeProtectionEnabled": properties.get("enablePurgeProtection"),
            },
            internal={
                "tenant_id": vault.internal["tenant_id"],
                "contents": vault.internal.get("contents") or vault.uid,
                "properties": properties,
            },
        )
    )


def deleted_vault(resources: Resources, name: str, now: datetime) -> Resource | None:
    """Return the deleted vault that holds a name, or None; one whose time is over is forgotten with what is in it."""
    found = resources.named(DELETED, name)
    if found is not None and parse_instant(found.properties["scheduledPurgeDate"]) <= now:
        resources.delete(found.id)
        return None
    return found


def recovered(call: Call, location: str) -> Resource:
    """Return the document of a vault that comes back, where it was, with what was in it.

    Raises:
        ServiceError: 404: no deleted vault of this name was at the address.
    """
    kept = deleted_vault(call.plane.resources, call.name, call.now)
    if kept is None or str(kept.properties["vaultId"]).lower() != call.address.id.lower():
        raise ServiceError(404, "DeletedVaultNotFound", f"The specified deleted vault '{call.name}' does not exist.")
    vault = Resource(
        str(kept.properties["vaultId"]),
        VAULTS,
        kept.name,
        location=location,
        tags=kept.properties["tags"] or None,
        properties=kept.internal["properties"],
        system_data=call.stamp(),
        internal={"tenant_id": kept.internal["tenant_id"], "contents": kept.internal["contents"]},
    )
    call.plane.resources.put(replace(kept, internal={"tenant_id": kept.internal["tenant_id"]}))  # it holds nothing now
    call.plane.resources.delete(kept.id)
    return vault


def show_deleted(call: Call, deleted: Resource) -> Document:
    """Return what a client sees of a deleted vault."""
    return {
        "id": deleted.id,
        "name": deleted.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": deleted.properties,
    }


def missing(address: Address) -> ServiceError:
    """404 for a vault that is not among the deleted ones."""
    return ServiceError(
        404, "DeletedVaultNotFound", f"The specified deleted vault '{address.names[-1]}' does not exist."
    )


def _list_deleted(call: Call) -> Response:
    under = f"/subscriptions/{call.address.subscription_id}"
    found = [
        one
        for one in call.plane.resources.under(under, DELETED)
        if deleted_vault(call.plane.resources, one.name, call.now) is not None
    ]
    return call.json(200, {"value": [show_deleted(call, one) for one in found]})


def _list_no_modules(call: Call) -> Response:
    """Answer with no deleted hardware module, which `az` asks for beside the vaults: none can be made here."""
    return call.json(200, {"value": []})


def _purge(call: Call) -> Response:
    deleted = call.owner
    if deleted.properties.get("purgeProtectionEnabled"):
        raise ServiceError(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")
    call.plane.resources.delete(deleted.id)
    return Response(200)


OPERATIONS = (
    Operation(
        "GET", "Microsoft.KeyVault/deletedVaults", _list_deleted,
        action="Microsoft.KeyVault/deletedVaults/read", levels=frozenset({"subscription"}),
    ),
    Operation(
        "GET", "Microsoft.KeyVault/deletedManagedHSMs", _list_no_modules,
        action="Microsoft.KeyVault/deletedManagedHSMs/read", levels=frozenset({"subscription"}),
    ),
    Operation("POST", f"{DELETED}/purge", _purge, action=f"{DELETED}/purge/action"),
)  # fmt: skip
