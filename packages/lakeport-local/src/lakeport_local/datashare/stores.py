"""Who may touch a store: the caller who names it, and the share account's identity that reads or writes it.

Source: data-share.md 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access import Action, Target, lets_resource_in
from lakeport_local.datashare import errors
from lakeport_local.datashare.links import account_of, store_id, store_of, tenant_of

if TYPE_CHECKING:
    from lakeport_local.access import Access, Principal
    from lakeport_local.arm import Call
    from lakeport_local.entra import Directory
    from lakeport_local.state import Resource

_STORE_WRITE = "Microsoft.Storage/storageAccounts/write"
_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
READ = Action(f"{_CONTAINERS}/blobs/read", is_data=True)
WRITE = Action(f"{_CONTAINERS}/blobs/write", is_data=True)
MAKE_CONTAINER = Action(f"{_CONTAINERS}/write")


def require(call: Call, properties: dict[str, str], container: str, action: Action) -> Resource:
    """Return the store that a body names, once the caller and the account's identity may use it.

    Args:
        call: The PUT of a data set or mapping.
        properties: The members that name the store.
        container: The container or file system in it.
        action: What the identity will do there: `READ` or `WRITE`.

    Raises:
        ServiceError: 403 `LinkedAuthorizationFailed` (also for a store of another tenant), 404 for no such store, 403 5006.
    """
    _check_caller(call, store_id(properties))
    store = store_of(call.plane.resources, properties)
    if store is None:
        raise errors.store_missing(properties["storageAccountName"])
    identity = identity_of(call.plane.directory, account_of(call.plane.resources, call.owner))
    if not may(
        call.plane.access, identity, action, store, container, tenant_id=call.tenant_id, request_id=call.request.id
    ):
        raise errors.role_missing(store.id)
    return store


def _check_caller(call: Call, linked: str) -> None:
    """Require that the caller could change the store themselves: the service acts on it in their name."""
    owner = tenant_of(call.plane.resources, linked)
    decision = call.plane.access.decide(
        call.caller, Action(_STORE_WRITE), Target(linked, owner), request_id=call.request.id
    )
    if not decision.allowed:
        raise errors.linked_forbidden(call.caller, f"{call.type_name}/write", call.address.id, linked)


def identity_of(directory: Directory, account: Resource) -> Principal | None:
    """Return the principal of a share account's identity, or None when it left the directory."""
    identity = account.identity or {}
    return directory.principal(str(identity.get("tenantId", "")), str(identity.get("principalId", "")))


def may(
    access: Access,
    identity: Principal | None,
    action: Action,
    store: Resource,
    container: str,
    *,
    tenant_id: str,
    request_id: str,
) -> bool:
    """Tell whether an identity has the role it needs on a container; a role at the store or above reaches it."""
    if identity is None:
        return False
    scope = f"{store.id}/blobServices/default/containers/{container}"
    return access.decide(identity, action, Target(scope, tenant_id), request_id=request_id).allowed


def lets_services_in(store: Resource, account: Resource) -> bool:
    """Tell whether a store's firewall admits trusted Microsoft services, of which Data Share is one (data-share.md 4), or this one."""
    if lets_resource_in(account.id, str((account.identity or {}).get("tenantId", "")), store.properties):
        return True
    rules = store.properties.get("networkAcls") or {}
    bypass = [part.strip().lower() for part in str(rules.get("bypass", "AzureServices")).split(",")]
    return str(rules.get("defaultAction", "Allow")).lower() == "allow" or "azureservices" in bypass
