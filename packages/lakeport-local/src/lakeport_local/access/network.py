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


def _covers(network: str, client: str) -> bool:
    try:
        address = ip_address(client)
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return (mapped or address) in ip_network(network, strict=False)
    except ValueError:
        return False
