"""How the two sides hang together: a subscription and its share, a mapping and its data set, a trigger and the schedule.

Nothing of the other side is copied where it can change: what one side shows of the other is read when it is asked for.
Source: data-share.md 2.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import parse_instant
from lakeport_local.datashare import assumptions
from lakeport_local.datashare.nouns import DATA_SETS, SETTINGS, STORES, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from lakeport_local.state import Resource, Resources

_ACCOUNT_PARTS = 9


def account_id(resource_id: str) -> str:
    """Return the id of the share account that a resource lies in, or is.

    Example:
        >>> account_id("/subscriptions/S/resourceGroups/G/providers/N/accounts/A/shares/x/dataSets/y")
        '/subscriptions/S/resourceGroups/G/providers/N/accounts/A'
    """
    return "/".join(resource_id.split("/")[:_ACCOUNT_PARTS])


def account_of(resources: Resources, resource: Resource) -> Resource:
    """Return the share account that a resource lies in, or is."""
    found = resources.get(account_id(resource.id))
    if found is None:
        raise LookupError(f"{resource.id} has no account")
    return found


def tenant_of(resources: Resources, resource_id: str) -> str:
    """Return the tenant of the subscription that an id lies in; empty when there is no such subscription."""
    found = resources.get("/".join(resource_id.split("/")[:3]))
    return "" if found is None else str(found.internal.get("tenant_id", ""))


def share_of(resources: Resources, subscription: Resource) -> Resource | None:
    """Return the share that a subscription was made to, or None when it was deleted (and perhaps made again)."""
    found = resources.get(str(subscription.internal["share_id"]))
    return found if found is not None and str(found.uid) == subscription.internal["share_uid"] else None


def subscriptions_to(resources: Resources, share: Resource) -> list[Resource]:
    """Return the subscriptions to a share, in every tenant, oldest first."""
    return list(resources.where(SUBSCRIPTIONS, "$.internal.share_uid", str(share.uid)))


def data_sets_of(resources: Resources, share: Resource | None) -> list[Resource]:
    """Return a share's data sets, by name; none when there is no share."""
    return [] if share is None else resources.children(share.id, DATA_SETS)


def data_set_of(resources: Resources, share: Resource | None, data_set_id: str) -> Resource | None:
    """Return a share's data set by its `dataSetId`, or None."""
    wanted = data_set_id.lower()
    return next((one for one in data_sets_of(resources, share) if one.properties["dataSetId"].lower() == wanted), None)


def setting_of(resources: Resources, share: Resource | None) -> Resource | None:
    """Return a share's schedule, or None."""
    return None if share is None else next(iter(resources.children(share.id, SETTINGS)), None)


def store_id(properties: Mapping[str, Any]) -> str:  # Any: JSON values
    """Return the id of the storage account that a data set or mapping names."""
    return (
        f"/subscriptions/{properties['subscriptionId']}/resourceGroups/{properties['resourceGroup']}"
        f"/providers/{STORES}/{properties['storageAccountName']}"
    )


def store_of(resources: Resources, properties: Mapping[str, Any]) -> Resource | None:  # Any: JSON values
    """Return the storage account that a data set or mapping names, or None."""
    found = resources.get(store_id(properties))
    return found if found is not None and found.type.lower() == STORES.lower() else None


def subscription_status(resources: Resources, subscription: Resource, now: datetime) -> str:
    """Return `shareSubscriptionStatus` at an instant."""
    return assumptions.subscription_status(
        source_exists=share_of(resources, subscription) is not None,
        revoked_at=subscription.internal.get("revoked_at"),
        done_at=subscription.internal.get("revoke_done_at"),
        expires_at=subscription.properties.get("expirationDate"),
        now=now,
    )


def is_expired(subscription: Resource, now: datetime) -> bool:
    """Tell whether a subscription's `expirationDate` has passed."""
    text = subscription.properties.get("expirationDate")
    return text is not None and parse_instant(text) <= now


def mapping_status(resources: Resources, subscription: Resource, mapping: Resource) -> str:
    """Return `dataSetMappingStatus`."""
    share = share_of(resources, subscription)
    return assumptions.mapping_status(
        data_set_exists=data_set_of(resources, share, mapping.properties["dataSetId"]) is not None,
        store_exists=store_of(resources, mapping.properties) is not None,
    )


def trigger_status(resources: Resources, subscription: Resource, trigger: Resource, now: datetime) -> str:
    """Return `triggerStatus`: inactive while it is created, then as long as the very schedule it was made from exists."""
    if now < parse_instant(trigger.internal["ready_at"]):
        return "Inactive"
    setting = setting_of(resources, share_of(resources, subscription))
    is_same = setting is not None and str(setting.uid) == trigger.internal["setting_uid"]
    return "Active" if is_same else "SourceSynchronizationSettingDeleted"


def subscription_above(resources: Resources, child: Resource) -> Resource | None:
    """Return the share subscription that a mapping or trigger lies in."""
    return resources.get(child.id.rsplit("/", 2)[0])
