"""Microsoft.KeyVault: vaults. What lies in them is the data plane's; what happens to deleted ones is `deleted_vaults`'.

Source: identity.md 4.2, 5.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lakeport_local.arm.providers.deleted_vaults import (
    DELETED,
    OPERATIONS,
    VAULTS,
    deleted_vault,
    missing,
    recovered,
    removed,
    show_deleted,
)
from lakeport_local.arm.providers.subscriptions import seen_subscription
from lakeport_local.arm.table import Document, Operation, Outcome, Provider, ResourceType
from lakeport_local.arm.tracked import location, tags
from lakeport_local.core import ServiceError
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm.address import Level
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response

_NAME = re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]", re.ASCII)
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_ROLES_BY_DEFAULT = "2026-02-01"
"""The api-version from which a vault goes by roles unless told otherwise; before it, by its access policies."""

_FLAGS = (
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "enableRbacAuthorization",
    "enableSoftDelete",
    "enablePurgeProtection",
)
_PERMITTED = ("keys", "secrets", "certificates", "storage")
_MOST_POLICIES = 1024


def key_vault(
    group: str,
    name: str,
    *,
    location: str,
    tenant_id: str,
    chosen: Document | None = None,
    tags: dict[str, str] | None = None,
) -> Resource:
    """Return a vault's document.

    Args:
        group: Id of the resource group.
        name: Its name, which is global.
        location: Region.
        tenant_id: The tenant whose tokens it takes.
        chosen: Settings in the service's spelling; they win over the defaults.
        tags: Its tags.
    """
    properties = {
        "sku": {"family": "A", "name": "standard"},
        "tenantId": tenant_id,
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Enabled",
        **(chosen or {}),
        "vaultUri": f"https://{name.lower()}.vault.azure.net/",
        "provisioningState": "Succeeded",
    }
    return Resource(
        f"{group}/providers/{VAULTS}/{name}",
        VAULTS,
        name,
        location=location,
        tags=tags,
        properties=properties,
        internal={"tenant_id": tenant_id},
    )


def _put(call: Call, existing: Resource | None) -> Outcome:
    """Make a vault, bring a deleted one back, or set again what one is."""
    body, asked = call.body(), call.properties()
    region = location(call, body, existing)
    if existing is not None:
        return Outcome(_changed(call, existing, asked, tags(body)))
    _require_name(call)
    if asked.get("createMode") == "recover":
        return Outcome(recovered(call, region), 201)
    kept = deleted_vault(call.plane.resources, call.name, call.now)
    if kept is not None:
        raise ServiceError(
            409,
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. "
            "Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
        )
    for needed in ("tenantId", "sku"):
        if needed not in asked:
            raise _bad_request(f"The parameter {needed} is required.")
    chosen = _settings(call, asked)
    chosen.setdefault("enableRbacAuthorization", call.api_version >= _ROLES_BY_DEFAULT)
    made = key_vault(
        str(call.address.group_id),
        call.name,
        location=region,
        tenant_id=call.tenant_id,
        chosen=chosen,
        tags=tags(body),
    )
    return Outcome(replace(made, system_data=call.stamp()), 201)


def _patch(call: Call, existing: Resource) -> Outcome:
    return Outcome(_changed(call, existing, call.properties(), tags(call.body())))


def _changed(call: Call, existing: Resource, asked: Document, new_tags: dict[str, str] | None) -> Resource:
    chosen = _settings(call, asked)
    before = existing.properties
    if before.get("enablePurgeProtection") and asked.get("enablePurgeProtection") is False:
        raise _bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible '
            "action."
        )
    days = chosen.get("softDeleteRetentionInDays", before["softDeleteRetentionInDays"])
    if days != before["softDeleteRetentionInDays"]:
        raise _bad_request('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
    return replace(
        existing,
        tags=existing.tags if new_tags is None else new_tags,
        properties={**before, **chosen},
        system_data=call.stamp(existing),
    )


def _settings(call: Call, asked: Document) -> Document:
    """Return what a body sets; null means "not said".

    Raises:
        ServiceError: 400 for what makes no sense.
    """
    said = {name: value for name, value in asked.items() if value is not None}
    if str(said.get("tenantId", call.tenant_id)).lower() != call.tenant_id:
        raise _bad_request(f"The tenant ID '{str(said['tenantId'])[:64]}' is not the tenant of the subscription.")
    for name in _FLAGS:
        if name in said and not isinstance(said[name], bool):
            raise _bad_request(f"The value of {name} must be true or false.")
    if said.get("enableSoftDelete") is False:
        raise _bad_request('The property "enableSoftDelete" cannot be set to false. Soft delete cannot be disabled.')
    chosen = {name: said[name] for name in _FLAGS if name in said}
    if "sku" in said:
        chosen["sku"] = _sku(said["sku"])
    if "softDeleteRetentionInDays" in said:
        chosen["softDeleteRetentionInDays"] = _days(said["softDeleteRetentionInDays"])
    if "accessPolicies" in said:
        chosen["accessPolicies"] = _policies(said["accessPolicies"])
    if "networkAcls" in said:
        chosen["networkAcls"] = _network_rules(said["networkAcls"])
    if "publicNetworkAccess" in said:
        chosen["publicNetworkAccess"] = _access(said["publicNetworkAccess"])
    return chosen


def _sku(given: Any) -> Document:  # Any: JSON
    name = str(given.get("name") or "").lower() if isinstance(given, dict) else ""
    if name not in ("standard", "premium"):
        raise _bad_request("The sku must be standard or premium.")
    return {"family": "A", "name": name}


def _days(given: Any) -> int:  # Any: JSON
    if not isinstance(given, int) or isinstance(given, bool) or not 7 <= given <= 90:
        raise _bad_request('The property "softDeleteRetentionInDays" must be between 7 and 90.')
    return given


def _access(given: Any) -> str:  # Any: JSON
    if str(given).lower() not in ("enabled", "disabled"):
        raise _bad_request("publicNetworkAccess must be Enabled or Disabled.")
    return str(given).capitalize()


def _policies(given: Any) -> list[Document]:  # Any: JSON
    if not isinstance(given, list) or len(given) > _MOST_POLICIES:
        raise _bad_request("accessPolicies must be a list of at most 1024 entries.")
    return [_policy(one) for one in given]


def _policy(given: Any) -> Document:  # Any: JSON
    one = given if isinstance(given, dict) else {}
    ids = {name: one.get(name) for name in ("tenantId", "objectId", "applicationId")}
    permissions = one.get("permissions") or {}
    if not (_is_guid(ids["tenantId"]) and _is_guid(ids["objectId"]) and isinstance(permissions, dict)):
        raise _bad_request("An access policy needs tenantId, objectId and permissions.")
    if ids["applicationId"] is not None and not _is_guid(ids["applicationId"]):
        raise _bad_request("The applicationId of an access policy must be a GUID.")
    lists = {kind: permissions[kind] for kind in _PERMITTED if permissions.get(kind) is not None}
    if not all(isinstance(words, list) and all(isinstance(word, str) for word in words) for words in lists.values()):
        raise _bad_request("The permissions of an access policy must be lists of words.")
    return {**{name: value for name, value in ids.items() if value is not None}, "permissions": lists}


def _network_rules(given: Any) -> Document:  # Any: JSON
    rules = given if isinstance(given, dict) else {}
    addresses, networks = rules.get("ipRules") or [], rules.get("virtualNetworkRules") or []
    action = str(rules.get("defaultAction") or "Allow").capitalize()
    if action not in ("Allow", "Deny") or not all(isinstance(one, dict) for one in (*addresses, *networks)):
        raise _bad_request("networkAcls has an invalid value.")
    return {
        "bypass": str(rules.get("bypass") or "AzureServices"),
        "defaultAction": action,
        "ipRules": [{"value": str(one.get("value") or "")} for one in addresses],
        "virtualNetworkRules": networks,
    }


def _is_guid(value: object) -> bool:
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def _bad_request(message: str) -> ServiceError:
    return ServiceError(400, "BadRequest", message)


def _require_name(call: Call) -> None:
    """Require a name that a vault may have and that nobody else has."""
    if not _NAME.fullmatch(call.name):
        raise ServiceError(400, "VaultNameNotValid", _invalid_name(call.name))
    if call.plane.resources.named(VAULTS, call.name) is not None:
        raise ServiceError(409, "VaultAlreadyExists", _taken(call.name))


def _invalid_name(name: str) -> str:
    return (
        f"The vault name '{name[:128]}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name must begin "
        "with a letter, end with a letter or digit, and not contain consecutive hyphens."
    )


def _taken(name: str) -> str:
    return (
        f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is already "
        "taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently "
        "deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault "
        "will need to be purged before reusing the name."
    )


def _check_name(call: Call) -> Response:
    """Tell whether a name is free, anywhere; any role in the subscription is enough to ask."""
    seen_subscription(call)
    name = str(call.body().get("name") or "")
    if not _NAME.fullmatch(name):
        found = {"nameAvailable": False, "reason": "AccountNameInvalid", "message": _invalid_name(name)}
    elif call.plane.resources.named(VAULTS, name) or deleted_vault(call.plane.resources, name, call.now):
        found = {"nameAvailable": False, "reason": "AlreadyExists", "message": _taken(name)}
    else:
        found = {"nameAvailable": True}
    return call.json(200, found)


_IN_SUBSCRIPTION: frozenset[Level] = frozenset({"subscription"})

KEY_VAULT = Provider(
    "Microsoft.KeyVault",
    resource_types=(
        ResourceType(VAULTS, put=_put, patch=_patch, removed=removed),
        ResourceType(
            DELETED, delete=None, render=show_deleted, missing=missing, is_listed=False, levels=_IN_SUBSCRIPTION
        ),
    ),
    operations=(
        Operation("POST", "Microsoft.KeyVault/checkNameAvailability", _check_name, levels=_IN_SUBSCRIPTION),
        *OPERATIONS,
    ),
    newest="2026-05-15",
)
