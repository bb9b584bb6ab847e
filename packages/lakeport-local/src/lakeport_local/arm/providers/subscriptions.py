"""Tenants, subscriptions and regions, as far as the caller sees them.

Source: identity.md 4.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.paging import page
from lakeport_local.arm.table import Document, Operation
from lakeport_local.arm.tracked import REGIONS
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response
    from lakeport_local.entra import Tenant

SUBSCRIPTIONS = "Microsoft.Resources/subscriptions"
_PAGE_SIZE = 1000


def subscription(subscription_id: str, *, tenant_id: str, name: str, registered: Iterable[str] = ("*",)) -> Resource:
    """Return a subscription's document.

    Args:
        subscription_id: Its GUID.
        tenant_id: The tenant that owns it.
        name: Display name.
        registered: Namespaces of the registered providers; `*` for all.
    """
    return Resource(
        f"/subscriptions/{subscription_id}",
        SUBSCRIPTIONS,
        subscription_id,
        properties={"displayName": name, "state": "Enabled"},
        internal={"tenant_id": tenant_id, "registered": list(registered)},
    )


def _sees(call: Call, subscription: Resource) -> bool:
    """Tell whether any role of the caller holds at, above or below a subscription of their tenant."""
    if subscription.internal["tenant_id"] != call.tenant_id:
        return False
    held = call.plane.access.assignments_of(call.caller)
    return any(one.covers(subscription.id) or one.scope.startswith(subscription.key + "/") for one in held)


def _show_subscription(subscription: Resource) -> Document:
    return {
        "id": subscription.id,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.name,
        "tenantId": subscription.internal["tenant_id"],
        "displayName": subscription.properties["displayName"],
        "state": subscription.properties.get("state", "Enabled"),
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def _get_subscriptions(call: Call) -> Response:
    """Answer one subscription, or all that the caller sees: who has no role in one does not learn of it."""
    if call.address.is_instance:
        return call.json(200, _show_subscription(seen_subscription(call)))
    found = [one for one in call.plane.resources.under("", SUBSCRIPTIONS) if _sees(call, one)]
    shown = page(call, [one.key for one in found], [_show_subscription(one) for one in found], size=_PAGE_SIZE)
    return call.json(200, {**shown, "count": {"type": "Total", "value": len(found)}})


def seen_subscription(call: Call) -> Resource:
    """Return the call's subscription; 403 without any role in it."""
    subscription = call.plane.resources.get(f"/subscriptions/{call.address.subscription_id}")
    if subscription is None:
        raise errors.subscription_missing(call.address.subscription_id or "")
    if not _sees(call, subscription):
        call.require("Microsoft.Resources/subscriptions/read", subscription.id)
    return subscription


def _get_tenants(call: Call) -> Response:
    if call.address.is_instance:
        raise errors.unknown_path()
    return call.json(200, {"value": [_show_tenant(tenant) for tenant in _tenants_of(call)]})


def _tenants_of(call: Call) -> list[Tenant]:
    """Return the caller's tenant, and for a user every tenant that has the same person as a member or guest."""
    directory = call.plane.directory
    own = directory.user(call.tenant_id, call.caller.object_id)
    if own is None:
        return [tenant for tenant in directory.tenants() if tenant.id == call.tenant_id]
    person = (own.home_tenant_id, own.home_object_id)
    seen = ((tenant, directory.user(tenant.id, own.mail)) for tenant in directory.tenants())
    return [tenant for tenant, user in seen if user and (user.home_tenant_id, user.home_object_id) == person]


def _show_tenant(tenant: Tenant) -> Document:
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "countryCode": "NL",
        "displayName": tenant.name,
        "domains": [tenant.domain],
        "tenantCategory": "Home",
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }


def _get_locations(call: Call) -> Response:
    subscription = seen_subscription(call)
    shown = [
        {
            "id": f"{subscription.id}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": title,
            "regionalDisplayName": title,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name, title in REGIONS.items()
    ]
    return call.json(200, {"value": shown})


OPERATIONS = (
    Operation("GET", "Microsoft.Resources/tenants", _get_tenants),
    Operation("GET", SUBSCRIPTIONS, _get_subscriptions),
    Operation("GET", f"{SUBSCRIPTIONS}/locations", _get_locations),
)
