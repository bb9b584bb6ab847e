"""Microsoft.Storage: storage accounts and their keys. What lies in them is the data plane's.

Source: identity.md 4.2, 4.3.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lakeport_local.arm.identities import forget_identity, identity_of
from lakeport_local.arm.providers.blob_containers import BLOB_CONTAINERS
from lakeport_local.arm.providers.blob_services import BLOB_SERVICES
from lakeport_local.arm.providers.container_retention import CONTAINER_RETENTION
from lakeport_local.arm.providers.signatures import account_signature, service_signature
from lakeport_local.arm.providers.storage_offers import OFFERS
from lakeport_local.arm.providers.storage_settings import network_rules, require_unchanged, settings
from lakeport_local.arm.providers.subscriptions import seen_subscription
from lakeport_local.arm.table import Document, Operation, Outcome, Provider, ResourceType, envelope
from lakeport_local.arm.tracked import location, tags
from lakeport_local.core import Response, ServiceError, iso_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lakeport_local.arm.address import Level
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Ids

ACCOUNTS = "Microsoft.Storage/storageAccounts"

_NAME = re.compile(r"[a-z0-9]{3,24}")
_KINDS = ("Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage")
_HNS_KINDS = ("StorageV2", "BlockBlobStorage")
_SKU = re.compile(r"(Standard|Premium)(V2)?_(LRS|GRS|RAGRS|ZRS|GZRS|RAGZRS)")
_SERVICES = ("blob", "dfs", "file", "queue", "table")
_DEFAULTS: Document = {
    "accessTier": "Hot",
    "allowBlobPublicAccess": False,
    "allowCrossTenantReplication": False,
    "allowSharedKeyAccess": True,
    "minimumTlsVersion": "TLS1_2",
    "networkAcls": network_rules({}),
    "publicNetworkAccess": "Enabled",
    "supportsHttpsTrafficOnly": True,
}
_KEY_NAMES = ("key1", "key2")


def new_key(ids: Ids) -> str:
    """Return a new account key: 64 bytes in base64."""
    return base64.b64encode(ids.token(64)).decode()


def storage_account(
    group: str,
    name: str,
    *,
    location: str,
    tenant_id: str,
    keys: Sequence[str],
    at: datetime,
    kind: str = "StorageV2",
    sku: str = "Standard_LRS",
    chosen: Document | None = None,
    tags: dict[str, str] | None = None,
) -> Resource:
    """Return a storage account's document.

    Args:
        group: Id of the resource group.
        name: Its name, which is global.
        location: Region.
        tenant_id: The tenant that owns it.
        keys: Both keys, base64.
        at: When it is made.
        kind: Its kind.
        sku: Its replication.
        chosen: Settings in the service's spelling, such as `isHnsEnabled` and `networkAcls`; they win over the defaults.
        tags: Its tags.
    """
    properties = {
        **_DEFAULTS,
        "isHnsEnabled": False,
        **(chosen or {}),
        "creationTime": iso_instant(at),
        "primaryEndpoints": {service: f"https://{name}.{service}.core.windows.net/" for service in _SERVICES},
        "primaryLocation": location,
        "privateEndpointConnections": [],
        "provisioningState": "Succeeded",
        "statusOfPrimary": "available",
    }
    internal = {"keys": list(keys), "tenant_id": tenant_id, "sku": sku, "key_times": [iso_instant(at)] * 2}
    return Resource(
        f"{group}/providers/{ACCOUNTS}/{name}",
        ACCOUNTS,
        name,
        location=location,
        tags=tags,
        kind=kind,
        properties=properties,
        internal=internal,
    )


def _put(call: Call, existing: Resource | None) -> Outcome:
    """Make an account, which is polled for; or set again what one is: members that are not said stay as they are."""
    _require_name(call)
    body, asked = call.body(), settings(call.properties())
    region = location(call, body, existing)
    kind, sku = _one_of("kind", body.get("kind"), existing), _sku(body.get("sku"))
    if existing is not None:
        require_unchanged(existing.properties, asked)
        changed = _changed(existing, kind, sku, asked, tags(body))
        return Outcome(replace(changed, identity=identity_of(call, body, existing)))
    if asked.get("isHnsEnabled") and kind not in _HNS_KINDS:
        raise _bad_value("isHnsEnabled", "true")
    made = storage_account(
        str(call.address.group_id),
        call.name,
        location=region,
        tenant_id=call.tenant_id,
        keys=[new_key(call.plane.ids), new_key(call.plane.ids)],
        at=call.now,
        kind=kind,
        sku=sku or "Standard_LRS",
        chosen=asked,
        tags=tags(body),
    )
    path = (
        f"/subscriptions/{call.address.subscription_id}/providers/Microsoft.Storage/locations/{region}/asyncoperations"
    )
    made = replace(made, identity=identity_of(call, body, None))
    begun = call.plane.long_running.start(call, path, lasts=timedelta(), shows=made.id)
    return Outcome(made, begun.status, tuple(begun.headers))


def _patch(call: Call, existing: Resource) -> Outcome:
    body, asked = call.body(), settings(call.properties())
    require_unchanged(existing.properties, asked)
    kind = _one_of("kind", body.get("kind") or existing.kind, existing)
    sku = _sku(body.get("sku")) if body.get("sku") else None
    changed = _changed(existing, kind, sku, asked, tags(body))
    return Outcome(replace(changed, identity=identity_of(call, body, existing)))


def _changed(
    existing: Resource, kind: str, sku: str | None, asked: Document, new_tags: dict[str, str] | None
) -> Resource:
    return replace(
        existing,
        kind=kind,
        tags=existing.tags if new_tags is None else new_tags,
        properties={**existing.properties, **asked},
        internal={**existing.internal, "sku": sku or existing.internal.get("sku", "Standard_LRS")},
    )


def _require_name(call: Call) -> None:
    """Require a name that an account may have and that nobody else has."""
    if not _NAME.fullmatch(call.name):
        raise ServiceError(400, "AccountNameInvalid", _invalid_name(call.name))
    holder = call.plane.resources.named(ACCOUNTS, call.name)
    if holder is None or holder.key == call.address.id.lower():
        return
    if holder.key.startswith(f"/subscriptions/{call.address.subscription_id}/".lower()):
        raise ServiceError(
            409,
            "StorageAccountInAnotherResourceGroup",
            f"The account {call.name} is already in another resource group in this subscription.",
        )
    raise ServiceError(409, "StorageAccountAlreadyTaken", _taken(call.name))


def _invalid_name(name: str) -> str:
    return (
        f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and "
        "use numbers and lower-case letters only."
    )


def _taken(name: str) -> str:
    return f"The storage account named {name} is already taken."


def _one_of(name: str, given: Any, existing: Resource | None) -> str:  # Any: JSON
    """Return the kind; an account of the first generation may become a StorageV2, nothing else changes."""
    if not isinstance(given, str) or given not in _KINDS:
        raise _bad_value(name, given)
    if existing is not None and given not in (existing.kind, "StorageV2"):
        raise _bad_value(name, given)
    return given


def _sku(given: Any) -> str:  # Any: JSON
    name = given.get("name") if isinstance(given, dict) else None
    if not isinstance(name, str) or not _SKU.fullmatch(name):
        raise _bad_value("sku.name", name)
    return name


def _bad_value(name: str, value: object) -> ServiceError:
    return ServiceError(
        400, "InvalidRequestPropertyValue", f"The value '{str(value)[:128]}' is not allowed for property {name}."
    )


def _render(call: Call, account: Resource) -> Document:
    sku = str(account.internal.get("sku", "Standard_LRS"))
    times = _key_times(account)
    shown = envelope(call, account)
    shown["sku"] = {"name": sku, "tier": sku.partition("_")[0].removesuffix("V2")}
    shown["properties"] = {**account.properties, "keyCreationTime": dict(zip(_KEY_NAMES, times, strict=True))}
    return shown


def _key_times(account: Resource) -> list[str]:
    return list(account.internal.get("key_times") or [account.properties["creationTime"]] * 2)


def _show_keys(call: Call, account: Resource) -> Response:
    rows = zip(_KEY_NAMES, account.internal["keys"], _key_times(account), strict=True)
    keys = [
        {"creationTime": made_at, "keyName": name, "value": value, "permissions": "FULL"}
        for name, value, made_at in rows
    ]
    return call.json(200, {"keys": keys})


def _list_keys(call: Call) -> Response:
    return _show_keys(call, call.owner)


def _regenerate_key(call: Call) -> Response:
    """Replace one key; whatever was signed with it is worth nothing from now on."""
    account, name = call.owner, call.body().get("keyName")
    if name not in _KEY_NAMES:
        raise _bad_value("keyName", name)
    at = _KEY_NAMES.index(name)
    keys, times = list(account.internal["keys"]), _key_times(account)
    keys[at], times[at] = new_key(call.plane.ids), iso_instant(call.now)
    changed = replace(account, internal={**account.internal, "keys": keys, "key_times": times})
    return _show_keys(call, call.plane.resources.put(changed))


def _revoke_delegation(call: Call) -> Response:
    """Make every user delegation key of an account worthless, and whatever was signed with one."""
    account = call.owner
    revocations = int(account.internal.get("delegation_revocations", 0)) + 1
    call.plane.resources.put(replace(account, internal={**account.internal, "delegation_revocations": revocations}))
    return Response(200)


def _check_name(call: Call) -> Response:
    """Tell whether a name is free, anywhere; any role in the subscription is enough to ask."""
    seen_subscription(call)
    name = str(call.body().get("name") or "")
    if not _NAME.fullmatch(name):
        return call.json(200, _unavailable("AccountNameInvalid", _invalid_name(name)))
    if call.plane.resources.named(ACCOUNTS, name) is not None:
        return call.json(200, _unavailable("AlreadyExists", _taken(name)))
    return call.json(200, {"nameAvailable": True})


def _unavailable(reason: str, message: str) -> Document:
    return {"nameAvailable": False, "reason": reason, "message": message}


def _poll(call: Call) -> Response:
    return call.plane.long_running.poll(call)


_IN_SUBSCRIPTION: frozenset[Level] = frozenset({"subscription"})

STORAGE = Provider(
    "Microsoft.Storage",
    resource_types=(ResourceType(ACCOUNTS, put=_put, patch=_patch, render=_render, removed=forget_identity),),
    operations=(
        Operation("POST", "Microsoft.Storage/checkNameAvailability", _check_name, levels=_IN_SUBSCRIPTION),
        Operation("GET", "Microsoft.Storage/locations/asyncoperations", _poll, levels=_IN_SUBSCRIPTION),
        Operation("POST", f"{ACCOUNTS}/listKeys", _list_keys, action=f"{ACCOUNTS}/listKeys/action"),
        Operation("POST", f"{ACCOUNTS}/regenerateKey", _regenerate_key, action=f"{ACCOUNTS}/regenerateKey/action"),
        Operation(
            "POST",
            f"{ACCOUNTS}/revokeUserDelegationKeys",
            _revoke_delegation,
            action=f"{ACCOUNTS}/revokeUserDelegationKeys/action",
        ),
        Operation("POST", f"{ACCOUNTS}/ListAccountSas", account_signature, action=f"{ACCOUNTS}/ListAccountSas/action"),
        Operation("POST", f"{ACCOUNTS}/ListServiceSas", service_signature, action=f"{ACCOUNTS}/ListServiceSas/action"),
        *BLOB_SERVICES,
        *BLOB_CONTAINERS,
        *CONTAINER_RETENTION,
        *OFFERS,
    ),
    newest="2026-09-01",
)
