"""Microsoft.Resources: resource groups, what is in them, and the provider's table.

Source: identity.md 4.2.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.paging import page
from lakeport_local.arm.providers import deployments, registration, subscriptions
from lakeport_local.arm.providers.metadata import METADATA
from lakeport_local.arm.providers.subscriptions import SUBSCRIPTIONS
from lakeport_local.arm.table import Operation, Outcome, Provider, ResourceType, envelope
from lakeport_local.arm.tracked import location, tags
from lakeport_local.core import Response, ServiceError
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm.address import Address
    from lakeport_local.arm.call import Call

GROUPS = "Microsoft.Resources/resourceGroups"
"""The type as stored and shown; in addresses and RBAC actions it is `Microsoft.Resources/subscriptions/resourceGroups`."""

_GROUP_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
_RESOURCE_TYPE_FILTER = re.compile(r"\s*resourceType\s+eq\s+'([^']+)'\s*", re.IGNORECASE)
_PAGE_SIZE = 1000


def resource_group(subscription_id: str, name: str, *, location: str, tags: dict[str, str] | None = None) -> Resource:
    """Return a resource group's document."""
    return Resource(
        f"/subscriptions/{subscription_id}/resourceGroups/{name}",
        GROUPS,
        name,
        location=location,
        tags=tags,
        properties={"provisioningState": "Succeeded"},
    )


def _group_missing(address: Address) -> ServiceError:
    return errors.group_missing(address.names[-1])


def _put_group(call: Call, existing: Resource | None) -> Outcome:
    if not _GROUP_NAME.fullmatch(call.name):
        raise ServiceError(
            400,
            "InvalidResourceGroup",
            f"The provided resource group name '{call.name}' is not valid: 1 to 90 letters, digits, '-', '.', '(', ')' or '_', "
            "the last one no '.'.",
        )
    body = call.body()
    wanted = location(call, body, None)
    if existing is None:
        made = resource_group(str(call.address.subscription_id), call.name, location=wanted, tags=tags(body))
        return Outcome(made, 201)
    if wanted != existing.location:
        raise ServiceError(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{wanted}'. The Resource group already exists in location '{existing.location}'.",
        )
    return Outcome(replace(existing, tags=tags(body)))


def _patch_group(call: Call, existing: Resource) -> Outcome:
    body = call.body()
    return Outcome(replace(existing, tags=tags(body) if "tags" in body else existing.tags))


def _delete_group(call: Call, existing: Resource | None) -> Response:
    """Remove a group and all in it; the client polls until told that it is over."""
    if existing is None:
        raise _group_missing(call.address)
    call.plane.remove(existing.id)
    path = f"/subscriptions/{call.address.subscription_id}/operationresults"
    return call.plane.long_running.start(call, path, lasts=timedelta())


def _list_groups(call: Call) -> list[Resource]:
    return call.plane.resources.children(call.owner.id, GROUPS)


def _get_resources(call: Call) -> Response:
    """List the tracked resources of a subscription or group that the caller may read."""
    scope = call.owner.id
    wanted = _RESOURCE_TYPE_FILTER.fullmatch(call.request.parameter("$filter") or "")
    kinds = [
        kind
        for provider in call.plane.entries.providers.values()
        for kind in provider.resource_types
        if kind.name.count("/") == 1 and (wanted is None or kind.name.lower() == wanted[1].lower())
    ]
    found = [
        one
        for kind in kinds
        for one in call.plane.resources.under(scope, kind.name)
        if one.location and call.may(f"{kind.name}/read", one.id)
    ]
    found.sort(key=lambda one: one.key)
    hidden = {"properties", "systemData"}
    shown = [{name: value for name, value in envelope(call, one).items() if name not in hidden} for one in found]
    return call.json(200, page(call, [one.key for one in found], shown, size=_PAGE_SIZE))


def _poll(call: Call) -> Response:
    return call.plane.long_running.poll(call)


_IN_SUBSCRIPTION = f"{SUBSCRIPTIONS}/resourceGroups"

RESOURCES = Provider(
    "Microsoft.Resources",
    resource_types=(
        ResourceType(
            _IN_SUBSCRIPTION,
            put=_put_group,
            patch=_patch_group,
            delete=_delete_group,
            missing=_group_missing,
            listed=_list_groups,
            levels=frozenset({"tenant"}),
        ),
        deployments.DEPLOYMENT,
    ),
    operations=(
        METADATA,
        *subscriptions.OPERATIONS,
        Operation("GET", f"{SUBSCRIPTIONS}/resources", _get_resources),
        Operation("GET", f"{_IN_SUBSCRIPTION}/resources", _get_resources),
        Operation("GET", f"{SUBSCRIPTIONS}/operationresults", _poll),
        *registration.OPERATIONS,
        *deployments.OPERATIONS,
    ),
    needs_registration=False,
)
