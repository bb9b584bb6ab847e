"""What a local Azure has, for people and for programs that ask: principals and accounts, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeport_local.serve.provision import Stores
    from lakeport_local.state import Resource

_ACCOUNTS = (
    ("storage_account", "Microsoft.Storage/storageAccounts"),
    ("data_share_account", "Microsoft.DataShare/accounts"),
    ("key_vault", "Microsoft.KeyVault/vaults"),
)


def things(stores: Stores) -> list[dict[str, Any]]:  # Any: JSON objects
    """Return the topology's principals, then the accounts that exist now; ids that do not apply are left out."""
    principals = [
        {
            "kind": one.kind,
            "name": one.name,
            "tenant": one.tenant,
            "tenant_id": one.tenant_id,
            "object_id": one.object_id,
            **({"client_id": one.client_id} if one.client_id else {}),
        }
        for one in stores.credentials.all()
    ]
    accounts = [
        _account(stores, kind, resource)
        for kind, resource_type in _ACCOUNTS
        for resource in stores.resources.under("", resource_type)
    ]
    return principals + sorted(accounts, key=lambda one: (one["tenant"], one["kind"], one["name"]))


def _account(stores: Stores, kind: str, resource: Resource) -> dict[str, Any]:  # Any: a JSON object
    _, _, subscription_id, _, resource_group = resource.id.split("/")[:5]
    subscription = stores.resources.get(f"/subscriptions/{subscription_id}")
    tenant_id = str(subscription.internal["tenant_id"]) if subscription else ""
    tenant = stores.directory.tenant(tenant_id)
    return {
        "kind": kind,
        "name": resource.name,
        "tenant": tenant.name if tenant else "",
        "tenant_id": tenant_id,
        "subscription_id": subscription_id,
        "resource_group": resource_group,
        "id": resource.id,
    }
