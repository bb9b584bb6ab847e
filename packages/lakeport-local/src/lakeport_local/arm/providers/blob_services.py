"""Microsoft.Storage/storageAccounts/blobServices: what an account's blob service is set to.

There is one, `default`, and it is no document of its own: its properties stand in the account's, `internal["blob_service"]`,
where the data plane reads them and sets them too.

Source: Storage resource provider REST reference, "Blob Services - Set Service Properties".
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lakeport_local.arm import errors
from lakeport_local.arm.table import Document, Operation
from lakeport_local.core import Response, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.arm.call import Call
    from lakeport_local.state import Resource

_TYPE = "Microsoft.Storage/storageAccounts/blobServices"
_MEMBER = "blob_service"
_MOST_RULES = 5
_MOST_DAYS = 365
_OFF: Document = {"allowPermanentDelete": False, "enabled": False}


def _default(account: Resource) -> Document:
    """Return the properties as they are shown; what only the data plane sets is not."""
    kept: Document = account.internal.get(_MEMBER) or {}
    return {"cors": {"corsRules": []}, "deleteRetentionPolicy": _OFF} | {
        name: value for name, value in kept.items() if name in _CHECKS
    }


def _shown(call: Call, account: Resource) -> Document:
    sku = str(account.internal.get("sku", "Standard_LRS"))
    return {
        "id": f"{account.id}/blobServices/default",
        "name": "default",
        "type": _TYPE,
        "sku": {"name": sku, "tier": sku.partition("_")[0].removesuffix("V2")},
        "properties": _default(account),
    }


def _get(call: Call) -> Response:
    if not call.address.is_instance:
        return call.json(200, {"value": [_shown(call, call.owner)]})
    _require_default(call)
    return call.json(200, _shown(call, call.owner))


def _require_default(call: Call) -> None:
    if call.name.lower() != "default":
        raise errors.resource_missing(call.address)


def _put(call: Call) -> Response:
    """Set properties; those that are not said stay as they are."""
    _require_default(call)
    account = call.owner
    asked = {name: _checked(name, value) for name, value in call.properties().items() if value is not None}
    if asked.get("isVersioningEnabled") and account.properties.get("isHnsEnabled"):
        raise ServiceError(
            409,
            "FeatureNotSupportedForAccount",
            "Versioning is not supported for the account.",
        )
    kept = {**(account.internal.get(_MEMBER) or {}), **asked}
    changed = call.plane.resources.put(replace(account, internal={**account.internal, _MEMBER: kept}))
    return call.json(200, _shown(call, changed))


def _is_switch(value: Any) -> bool:  # Any: JSON
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:  # Any: JSON
    return isinstance(value, dict)


def _is_retention(value: Any) -> bool:  # Any: JSON
    if not isinstance(value, dict) or not isinstance(value.get("enabled"), bool):
        return False
    days = value.get("days")
    is_number = isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= _MOST_DAYS
    return is_number or (days is None and not value["enabled"])


def _is_cors(value: Any) -> bool:  # Any: JSON
    rules = value.get("corsRules", []) if isinstance(value, dict) else None
    return isinstance(rules, list) and len(rules) <= _MOST_RULES and all(_is_rule(rule) for rule in rules)


def _is_rule(rule: Any) -> bool:  # Any: JSON
    names = ("allowedOrigins", "allowedMethods", "allowedHeaders", "exposedHeaders")
    return (
        isinstance(rule, dict)
        and all(isinstance(rule.get(name), list) for name in names)
        and all(isinstance(one, str) for name in names for one in rule[name])
        and isinstance(rule.get("maxAgeInSeconds"), int)
    )


_CHECKS: dict[str, Callable[[Any], bool]] = {  # Any: JSON
    "automaticSnapshotPolicyEnabled": _is_switch,
    "changeFeed": _is_object,
    "containerDeleteRetentionPolicy": _is_retention,
    "cors": _is_cors,
    "defaultServiceVersion": lambda value: isinstance(value, str),
    "deleteRetentionPolicy": _is_retention,
    "isVersioningEnabled": _is_switch,
    "lastAccessTimeTrackingPolicy": _is_object,
    "restorePolicy": _is_object,
}


def _checked(name: str, value: Any) -> Any:  # Any: JSON
    check = _CHECKS.get(name)
    if check is None or not check(value):
        raise ServiceError(
            400, "InvalidRequestPropertyValue", f"The value '{str(value)[:128]}' is not allowed for property {name}."
        )
    return value


BLOB_SERVICES = (
    Operation("GET", _TYPE, _get, action=f"{_TYPE}/read"),
    Operation("PUT", _TYPE, _put, action=f"{_TYPE}/write"),
)
