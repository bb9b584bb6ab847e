"""Where a storage account is in the control plane, found by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.errors import NotFound
from lakeport.identity.control_plane import ControlPlane

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile

SUBSCRIPTIONS = "2022-12-01"
ACCOUNTS = "2023-01-01"


def account_id(profile: Profile, account: str) -> str:
    """Return the resource id of a storage account.

    It is looked for in the profile's subscription; where that is not said, in each that the profile sees.

    Raises:
        NotFound: No subscription shows it.
        LakeportError: The control plane refuses.

    Wire: one GET, and one more for each subscription looked into.
    Source: Azure Resource Manager REST reference, "Subscriptions - List" and "Storage Accounts - List".
    """
    opens = identity.credential(profile)
    found = [profile.subscription_id] if profile.subscription_id else _subscriptions(profile, opens)
    plane = ControlPlane(profile, opens, ACCOUNTS)
    for subscription in found:
        for one in plane.pages("GET", f"/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts"):
            if str(one["name"]).lower() == account.lower():
                return str(one["id"])
    where = f"subscription {profile.subscription_id}" if profile.subscription_id else "no subscription that is seen"
    raise NotFound(f"{where} shows {'no' if profile.subscription_id else 'the'} storage account {account}")


def _subscriptions(profile: Profile, opens: TokenCredential) -> list[str]:
    return [
        str(one["subscriptionId"]) for one in ControlPlane(profile, opens, SUBSCRIPTIONS).pages("GET", "/subscriptions")
    ]
