"""The control plane's documents for what a topology declares."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lakeport_local.core import derived_id, iso_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.core import Ids
    from lakeport_local.serve import schema

NAMESPACES = (
    "Microsoft.Authorization",
    "Microsoft.DataShare",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Resources",
    "Microsoft.Storage",
)
"""Providers that a declared subscription has registered."""

_SUFFIXES = ("blob", "dfs", "file", "queue", "table")


def subscription(tenant: schema.Tenant, declared: schema.Subscription) -> Resource:
    """Return a subscription's document."""
    return Resource(
        f"/subscriptions/{declared.id}",
        "Microsoft.Resources/subscriptions",
        declared.id,
        properties={"displayName": declared.name, "state": "Enabled"},
        internal={"tenant_id": tenant.id, "registered": list(NAMESPACES)},
    )


def resource_group(subscription_id: str, declared: schema.ResourceGroup) -> Resource:
    """Return a resource group's document."""
    return Resource(
        f"/subscriptions/{subscription_id}/resourceGroups/{declared.name}",
        "Microsoft.Resources/resourceGroups",
        declared.name,
        location=declared.location,
        properties={"provisioningState": "Succeeded"},
    )


def storage_account(
    group: Resource, tenant_id: str, declared: schema.StorageAccount, ids: Ids, at: datetime
) -> Resource:
    """Return a storage account's document, with fresh keys where none is declared."""
    keys = [declared.key or _key(ids), _key(ids)]
    name = declared.name
    return Resource(
        f"{group.id}/providers/Microsoft.Storage/storageAccounts/{name}",
        "Microsoft.Storage/storageAccounts",
        name,
        location=group.location,
        kind="StorageV2",
        properties={
            "accessTier": "Hot",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": True,
            "creationTime": iso_instant(at),
            "isHnsEnabled": declared.hns,
            "minimumTlsVersion": "TLS1_2",
            "networkAcls": network_rules(declared.allow_ips),
            "primaryEndpoints": {kind: f"https://{name}.{kind}.core.windows.net/" for kind in _SUFFIXES},
            "primaryLocation": group.location,
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
            "statusOfPrimary": "available",
            "supportsHttpsTrafficOnly": True,
        },
        internal={"keys": keys, "tenant_id": tenant_id},
    )


def network_rules(allow_ips: list[str] | None) -> dict[str, Any]:  # Any: a JSON object
    """Return `networkAcls`: everybody, or nobody but these addresses."""
    rules = [{"value": address, "action": "Allow"} for address in allow_ips or ()]
    action = "Allow" if allow_ips is None else "Deny"
    return {"bypass": "AzureServices", "defaultAction": action, "ipRules": rules, "virtualNetworkRules": []}


def _key(ids: Ids) -> str:
    return base64.b64encode(ids.token(64)).decode()


def data_share_account(group: Resource, tenant_id: str, declared: schema.DataShareAccount, at: datetime) -> Resource:
    """Return a Data Share account's document; its identity's object id is derived from its resource id."""
    resource_id = f"{group.id}/providers/Microsoft.DataShare/accounts/{declared.name}"
    principal_id = derived_id("identity", resource_id.lower())
    return Resource(
        resource_id,
        "Microsoft.DataShare/accounts",
        declared.name,
        location=group.location,
        identity={"type": "SystemAssigned", "principalId": principal_id, "tenantId": tenant_id},
        properties={"createdAt": iso_instant(at), "provisioningState": "Succeeded", "userName": "", "userEmail": ""},
        internal={"client_id": derived_id("identity's application", resource_id.lower()), "tenant_id": tenant_id},
    )


def key_vault(group: Resource, tenant_id: str, declared: schema.KeyVault) -> Resource:
    """Return a key vault's document; the declared secrets are kept inside until a vault service serves them."""
    return Resource(
        f"{group.id}/providers/Microsoft.KeyVault/vaults/{declared.name}",
        "Microsoft.KeyVault/vaults",
        declared.name,
        location=group.location,
        properties={
            "accessPolicies": [],
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "provisioningState": "Succeeded",
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 90,
            "tenantId": tenant_id,
            "vaultUri": f"https://{declared.name}.vault.azure.net/",
        },
        internal={"secrets": dict(declared.secrets), "tenant_id": tenant_id},
    )


def managed_identity(group: Resource, tenant_id: str, declared: schema.ManagedIdentity) -> Resource:
    """Return a user-assigned managed identity's document."""
    return Resource(
        f"{group.id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{declared.name}",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        declared.name,
        location=group.location,
        properties={"clientId": declared.client_id, "principalId": declared.object_id, "tenantId": tenant_id},
        internal={"tenant_id": tenant_id},
    )


def role_assignment(scope: str, role_id: str, principal_id: str, principal_type: str, at: datetime) -> Resource:
    """Return a role assignment's document; its name is derived, so that the same grant is the same assignment."""
    name = derived_id("role assignment", scope.lower(), role_id, principal_id)
    subscription_id = scope.split("/")[2]
    above = f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    return Resource(
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "Microsoft.Authorization/roleAssignments",
        name,
        properties={
            "createdBy": "",
            "createdOn": iso_instant(at),
            "principalId": principal_id,
            "principalType": principal_type,
            "roleDefinitionId": f"{above}/{role_id}",
            "scope": scope,
            "updatedBy": "",
            "updatedOn": iso_instant(at),
        },
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
