"""The control plane's documents for what a topology declares, where the providers do not build them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.arm.providers import new_key, storage_account
from lakeport_local.arm.providers.storage_settings import network_rules
from lakeport_local.core import derived_id, iso_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.core import Ids
    from lakeport_local.serve import schema

REGISTERED = (
    "Microsoft.Authorization",
    "Microsoft.DataShare",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Resources",
    "Microsoft.Storage",
)
"""Providers that a declared subscription has registered."""

SHARE_ACCOUNTS = "Microsoft.DataShare/accounts"
NOBODY = "00000000-0000-0000-0000-000000000000"
"""Who made what a topology declares."""


def storage(above: Resource, tenant_id: str, declared: schema.StorageAccount, ids: Ids, at: datetime) -> Resource:
    """Return a storage account's document, with fresh keys where none is declared."""
    rules = [{"value": address} for address in declared.allow_ips or ()]
    action = "Allow" if declared.allow_ips is None else "Deny"
    return storage_account(
        above.id,
        declared.name,
        location=str(above.location),
        tenant_id=tenant_id,
        keys=[declared.key or new_key(ids), new_key(ids)],
        at=at,
        chosen={
            "isHnsEnabled": declared.hns,
            "networkAcls": network_rules({"defaultAction": action, "ipRules": rules}),
        },
    )


def data_share_account(above: Resource, tenant_id: str, declared: schema.DataShareAccount, at: datetime) -> Resource:
    """Return a Data Share account's document; its identity's object id is derived from its resource id."""
    resource_id = f"{above.id}/providers/{SHARE_ACCOUNTS}/{declared.name}"
    principal_id = derived_id("identity", resource_id.lower())
    return Resource(
        resource_id,
        SHARE_ACCOUNTS,
        declared.name,
        location=above.location,
        identity={"type": "SystemAssigned", "principalId": principal_id, "tenantId": tenant_id},
        properties={"createdAt": iso_instant(at), "provisioningState": "Succeeded", "userName": "", "userEmail": ""},
        system_data={
            f"{event}{what}": value
            for event in ("created", "lastModified")
            for what, value in (("By", NOBODY), ("ByType", "Application"), ("At", iso_instant(at)))
        },
        internal={"client_id": derived_id("identity's application", resource_id.lower()), "tenant_id": tenant_id},
    )


def merged(kept: Resource | None, declared: Resource, *, said: frozenset[str] = frozenset()) -> Resource | None:
    """Return what to store when a declared resource may exist already, or None when nothing differs.

    Args:
        kept: What exists, or None.
        declared: What the topology makes of it where there is nothing.
        said: Members of `properties` and `internal` that the topology states; they win. Everything else of an existing
            resource stays: keys that were generated or rotated, and what somebody changed by a request.
    """
    if kept is None:
        return declared
    properties = {name: value for name, value in declared.properties.items() if name in said}
    internal = {name: value for name, value in declared.internal.items() if name in said}
    after = replace(kept, properties={**kept.properties, **properties}, internal={**kept.internal, **internal})
    return None if after == kept else after
