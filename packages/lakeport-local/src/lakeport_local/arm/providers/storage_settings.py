"""What a caller may set on a storage account, and the network rules among it.

Source: identity.md 4.2; storage.md 6.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.arm.table import Document

_SWITCHES = frozenset(
    {
        "allowBlobPublicAccess",
        "allowCrossTenantDelegationSas",
        "allowCrossTenantReplication",
        "allowSharedKeyAccess",
        "defaultToOAuthAuthentication",
        "enableExtendedGroups",
        "isHnsEnabled",
        "isLocalUserEnabled",
        "isNfsV3Enabled",
        "isSftpEnabled",
        "supportsHttpsTrafficOnly",
    }
)
_CHOICES = {
    "accessTier": ("Hot", "Cool", "Cold", "Premium"),
    "allowedCopyScope": ("PrivateLink", "AAD"),
    "dnsEndpointType": ("Standard", "AzureDnsZone"),
    "largeFileSharesState": ("Disabled", "Enabled"),
    "minimumTlsVersion": ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
    "publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
}
_OBJECTS = frozenset({"encryption", "keyPolicy", "sasPolicy"})
_ONCE = ("isHnsEnabled", "isNfsV3Enabled", "dnsEndpointType")
_BYPASSES = ("None", "Logging", "Metrics", "AzureServices")
_RULE_LISTS = ("ipRules", "ipv6Rules", "virtualNetworkRules", "resourceAccessRules")
_LONGEST_PREFIX = 30
"""A range this small or smaller must be given as single addresses."""

_EXAMPLES = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))


def settings(asked: Document) -> Document:
    """Return the settings that a body asks for, checked, in the service's spelling; what is no setting is left out.

    Raises:
        ServiceError: 400 `InvalidRequestPropertyValue`, `InvalidValuesForRequestParameters`.
    """
    found: Document = {}
    for name, value in asked.items():
        if value is None:
            continue
        if name in _SWITCHES:
            found[name] = _checked(name, value, isinstance(value, bool))
        elif name in _CHOICES:
            found[name] = _chosen(name, value, _CHOICES[name])
        elif name in _OBJECTS:
            found[name] = _checked(name, value, isinstance(value, dict))
        elif name == "networkAcls":
            found[name] = network_rules(_checked(name, value, isinstance(value, dict)))
    return found


def require_unchanged(before: Document, asked: Document) -> None:
    """Require that a change leaves alone what is decided when an account is made.

    Raises:
        ServiceError: 409 `AccountPropertyCannotBeUpdated`.
    """
    for name in _ONCE:
        default = "Standard" if name == "dnsEndpointType" else False
        if name in asked and asked[name] != before.get(name, default):
            raise ServiceError(
                409,
                "AccountPropertyCannotBeUpdated",
                f"The property '{name}' was specified in the input, but it cannot be updated as it is read-only. For more "
                "information, see - https://aka.ms/storageaccountupdate",
            )


def network_rules(asked: Document) -> Document:
    """Return `networkAcls` with every member, its rules checked.

    Raises:
        ServiceError: 400 `InvalidValuesForRequestParameters`, `InvalidRequestPropertyValue`.
    """
    bypass = [part.strip() for part in str(asked.get("bypass") or "AzureServices").split(",")]
    rules = {name: asked.get(name) or [] for name in _RULE_LISTS}
    for name, given in rules.items():
        _checked(f"networkAcls.{name}", given, isinstance(given, list) and all(isinstance(one, dict) for one in given))
    return {
        "bypass": ", ".join(_chosen("networkAcls.bypass", part, _BYPASSES) for part in bypass),
        "defaultAction": _chosen("networkAcls.defaultAction", asked.get("defaultAction") or "Allow", ("Allow", "Deny")),
        "ipRules": [_ip_rule(rule, version=4) for rule in rules["ipRules"]],
        "ipv6Rules": [_ip_rule(rule, version=6) for rule in rules["ipv6Rules"]],
        "virtualNetworkRules": rules["virtualNetworkRules"],
        "resourceAccessRules": rules["resourceAccessRules"],
    }


def _ip_rule(rule: Document, *, version: int) -> Document:
    """Return an address rule: a public address or range, or one of this machine."""
    value = str(rule.get("value"))
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise _bad_rule(version) from None
    is_small = "/" in value and version == 4 and network.prefixlen > _LONGEST_PREFIX
    if (
        network.version != version
        or is_small
        or (network.is_private and not network.is_loopback and not _is_example(network))
    ):
        raise _bad_rule(version)
    return {"value": value, "action": "Allow"}


def _is_example(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Tell whether this is one of the ranges for documentation (RFC 5737, RFC 3849), which Python calls private."""
    return any(network.network_address in one for one in _EXAMPLES)


def _bad_rule(version: int) -> ServiceError:
    name = "ipRule" if version == 4 else "ipv6Rule"
    return ServiceError(
        400,
        "InvalidValuesForRequestParameters",
        f"Values for request parameters are invalid: networkAcls.{name}[*].value. For more information, see - "
        "https://aka.ms/storagenetworkruleset",
    )


def _chosen(name: str, value: Any, choices: Iterable[str]) -> str:  # Any: JSON
    """Return a value in its own spelling; the service compares without case."""
    known = {choice.lower(): choice for choice in choices}
    return str(known[_checked(name, value, isinstance(value, str) and value.lower() in known).lower()])


def _checked(name: str, value: Any, is_good: bool) -> Any:  # Any: JSON
    if not is_good:
        raise ServiceError(
            400, "InvalidRequestPropertyValue", f"The value '{str(value)[:128]}' is not allowed for property {name}."
        )
    return value
