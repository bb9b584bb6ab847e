"""Microsoft.Storage: what kinds of account there are, and how many of them a subscription has.

Source: Storage resource provider REST reference, "SKUs - List", "Usages - List By Location".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.table import Document, Operation
from lakeport_local.arm.tracked import REGIONS

if TYPE_CHECKING:
    from lakeport_local.arm.address import Level
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_MOST_ACCOUNTS = 250
_IN_SUBSCRIPTION: frozenset[Level] = frozenset({"subscription"})
_OFFERS = (
    *(("StorageV2", f"Standard_{name}") for name in ("LRS", "GRS", "RAGRS", "ZRS", "GZRS", "RAGZRS")),
    ("StorageV2", "Premium_LRS"),
    ("BlockBlobStorage", "Premium_LRS"),
    ("BlockBlobStorage", "Premium_ZRS"),
    ("FileStorage", "Premium_LRS"),
    ("FileStorage", "Premium_ZRS"),
    *(("BlobStorage", f"Standard_{name}") for name in ("LRS", "GRS", "RAGRS")),
)
_HNS_KINDS = frozenset({"StorageV2", "BlockBlobStorage"})


def _skus(call: Call) -> Response:
    shown: list[Document] = [
        {
            "resourceType": "storageAccounts",
            "name": name,
            "tier": name.partition("_")[0],
            "kind": kind,
            "locations": [region],
            "capabilities": [{"name": "supportshns", "value": str(kind in _HNS_KINDS).lower()}],
            "restrictions": [],
        }
        for region in REGIONS
        for kind, name in _OFFERS
    ]
    return call.json(200, {"value": shown})


def _usages(call: Call) -> Response:
    region = call.address.names[0].replace(" ", "").lower()
    if region not in REGIONS:
        raise errors.unknown_location(call.address.names[0], _ACCOUNTS, REGIONS)
    held = call.plane.resources.under(f"/subscriptions/{call.address.subscription_id}", _ACCOUNTS)
    used = sum(one.location == region for one in held)
    name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
    return call.json(200, {"value": [{"unit": "Count", "currentValue": used, "limit": _MOST_ACCOUNTS, "name": name}]})


OFFERS = (
    Operation("GET", "Microsoft.Storage/skus", _skus, action="Microsoft.Storage/skus/read", levels=_IN_SUBSCRIPTION),
    Operation(
        "GET",
        "Microsoft.Storage/locations/usages",
        _usages,
        action="Microsoft.Storage/locations/usages/read",
        levels=_IN_SUBSCRIPTION,
    ),
)
