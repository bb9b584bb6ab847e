"""A storage account's network rules. Pure.

Source: storage.md 6.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def refused_address(client: str, properties: Mapping[str, Any]) -> str | None:  # Any: a JSON object
    """Return why an address may not reach an account, or None when it may.

    Args:
        client: The peer's address.
        properties: The account's, as ARM shows them.

    Example:
        >>> refused_address("10.0.0.1", {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.0/8"}]}})
    """
    public = str(properties.get("publicNetworkAccess") or "Enabled").lower()
    if public != "enabled":  # there are no perimeters here whose rules could let anybody in
        return "public network access is disabled" if public == "disabled" else "no perimeter lets this address in"
    rules = properties.get("networkAcls") or {}
    if str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return None
    for rule in (*(rules.get("ipRules") or ()), *(rules.get("ipv6Rules") or ())):
        if _covers(str(rule.get("value") or rule.get("iPAddressOrRange") or ""), client):
            return None
    return f"defaultAction is Deny and no ipRule covers {client}"


def lets_resource_in(resource_id: str, tenant_id: str, properties: Mapping[str, Any]) -> bool:  # Any: a JSON object
    """Tell whether an account's `resourceAccessRules` let an Azure resource in, wherever it calls from.

    `[A]` A rule names a resource; `*` stands for any subscription, group or name in it. It holds also where public network
    access is disabled, as Microsoft's pages say of exceptions.

    Args:
        resource_id: ARM id of the resource whose own identity asks.
        tenant_id: That identity's tenant.
        properties: The account's, as ARM shows them.

    Example:
        >>> rule = {"resourceId": "/subscriptions/S/providers/P/accounts/*", "tenantId": "T"}
        >>> lets_resource_in("/subscriptions/s/providers/p/accounts/a", "t", {"networkAcls": {"resourceAccessRules": [rule]}})
        True
    """
    rules = (properties.get("networkAcls") or {}).get("resourceAccessRules") or ()
    return bool(resource_id) and any(
        _names(str(rule.get("resourceId", "")), resource_id)
        and str(rule.get("tenantId", "")).lower() == tenant_id.lower()
        for rule in rules
    )


def _names(rule: str, resource_id: str) -> bool:
    parts, found = rule.lower().split("/"), resource_id.lower().split("/")
    return len(parts) == len(found) and all(part in {"*", one} for part, one in zip(parts, found, strict=True))


def _covers(network: str, client: str) -> bool:
    try:
        address = ip_address(client)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return (mapped or address) in ip_network(network, strict=False)
    except ValueError:
        return False
