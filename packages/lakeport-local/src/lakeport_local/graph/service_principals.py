"""Service principals: an application's presence in a tenant, which is what roles are given to.

Source: identity.md 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import Response, ServiceError
from lakeport_local.graph import errors
from lakeport_local.graph.call import guid, required_text
from lakeport_local.graph.writing import created, written

if TYPE_CHECKING:
    from lakeport_local.entra import Entry
    from lakeport_local.graph.call import Call
    from lakeport_local.graph.filters import Document

_HANDLED = frozenset({"accountEnabled", "appId", "displayName", "servicePrincipalNames", "servicePrincipalType"})


def list_service_principals(call: Call) -> Response:
    """Answer with the tenant's service principals, managed identities included."""
    return call.listed(call.catalog.entries(call.tenant_id, "servicePrincipal"), "servicePrincipal")


def count_service_principals(call: Call) -> Response:
    """Answer with their number."""
    return call.counted(call.catalog.entries(call.tenant_id, "servicePrincipal"), "servicePrincipal")


def get_service_principal(call: Call) -> Response:
    """Answer with one service principal."""
    return call.shown(call.entry("servicePrincipal"))


def create_service_principal(call: Call) -> Response:
    """Give an application a service principal in this tenant: its own, or that of a multi-tenant one."""
    body = call.body()
    client_id = guid(required_text(body, "appId"), "appId")
    application = call.catalog.registration(client_id)
    if application is None:
        raise errors.bad_request(
            f"The appId '{client_id}' of the service principal does not reference a valid application object."
        )
    _require_reachable(call, application)
    if call.directory.app(call.tenant_id, client_id) is not None:
        raise ServiceError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"The service principal cannot be created, updated, or restored because the service principal name {client_id} is "
            "already in use.",
        )
    made = call.directory.add_service_principal(client_id, call.tenant_id, object_id=call.ids.guid())
    entry = call.named(made.object_id, "servicePrincipal")
    _write(call, replace(entry, profile=created(call)), body)
    return call.shown(call.named(made.object_id, "servicePrincipal"), 201)


def _require_reachable(call: Call, application: Entry) -> None:
    """Refuse another tenant's application that is not for other tenants."""
    is_shared = application.profile.get("signInAudience") in (
        "AzureADMultipleOrgs",
        "AzureADandPersonalMicrosoftAccount",
    )
    if application.tenant_id != call.tenant_id and not is_shared:
        raise ServiceError(
            403,
            "Authorization_RequestDenied",
            "When using this permission, the backing application of the service principal being created must in the local tenant.",
        )


def update_service_principal(call: Call) -> Response:
    """Change a service principal."""
    _write(call, call.entry("servicePrincipal"), call.body())
    return Response(204)


def _write(call: Call, entry: Entry, body: Document) -> None:
    enabled = body.get("accountEnabled")
    if enabled is not None and enabled is not entry.is_enabled:
        if not isinstance(enabled, bool) or entry.home_tenant_id != entry.tenant_id:
            raise errors.bad_value("accountEnabled")
        call.catalog.enable(entry, is_enabled=enabled)
    written(call, entry, body, _HANDLED)


def delete_service_principal(call: Call) -> Response:
    """Remove a service principal; its application stays, and so do role assignments, as in Azure."""
    entry = call.entry("servicePrincipal")
    if entry.resource_id:
        raise errors.bad_request("The service principal of a managed identity is removed with its resource.")
    call.catalog.remove(entry)
    return Response(204)
