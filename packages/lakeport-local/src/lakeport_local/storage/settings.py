"""What an account's blob service is set to: retention, versions, rules for browsers.

The settings stand in the account's document, `internal["blob_service"]`, spelled as the control plane spells the
properties of `blobServices/default`; both planes read and write them there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakeport_local.state import Resource

_MEMBER = "blob_service"


def settings_of(account: Resource) -> dict[str, Any]:  # Any: a JSON object
    """Return the settings of an account's blob service; what was never set is missing."""
    found: dict[str, Any] = account.internal.get(_MEMBER) or {}
    return found


def with_settings(account: Resource, changed: dict[str, Any]) -> Resource:  # Any: a JSON object
    """Return an account with some settings of its blob service changed."""
    return replace(account, internal={**account.internal, _MEMBER: settings_of(account) | changed})


def retention_of_blobs(account: Resource) -> timedelta | None:
    """Return how long deleted blobs are kept; None when they are not."""
    return _kept_for(settings_of(account).get("deleteRetentionPolicy"))


def retention_of_containers(account: Resource) -> timedelta | None:
    """Return how long deleted containers are kept; None when they are not."""
    return _kept_for(settings_of(account).get("containerDeleteRetentionPolicy"))


def _kept_for(policy: dict[str, Any] | None) -> timedelta | None:  # Any: a JSON object
    return timedelta(days=int(policy.get("days") or 7)) if policy and policy.get("enabled") else None


def keeps_versions(account: Resource) -> bool:
    """Tell whether every change of a blob keeps what it was; an account with a hierarchical namespace never does."""
    return not is_hierarchical(account) and bool(settings_of(account).get("isVersioningEnabled"))


def is_hierarchical(account: Resource) -> bool:
    """Tell whether an account has real directories."""
    return bool(account.properties.get("isHnsEnabled", True))


def sku_of(account: Resource) -> str:
    """Return what an account is sold as, such as `Standard_LRS`."""
    return str(account.internal.get("sku") or "Standard_LRS")


def default_tier(account: Resource) -> str:
    """Return the tier of block and append blobs that nobody put into one."""
    return str(account.properties.get("accessTier") or "Hot")


def cors_rules(account: Resource) -> list[dict[str, Any]]:  # Any: a JSON object
    """Return the rules for browsers, in their order."""
    cors: dict[str, Any] = settings_of(account).get("cors") or {}  # Any: a JSON object
    return list(cors.get("corsRules") or [])
