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
from lakeport_local.arm.providers.exporting import EXPORT
from lakeport_local.arm.providers.metadata import METADATA
from lakeport_local.arm.providers.subscriptions import SUBSCRIPTIONS
from lakeport_local.arm.table import Operation, Outcome, Provider, ResourceType, envelope
from lakeport_local.arm.tracked import location, tags
from lakeport_local.core import Response, ServiceError
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.arm.address import Address
    from lakeport_local.arm.call import Call

GROUPS = "Microsoft.Resources/resourceGroups"
"""The type as stored and shown; in addresses and RBAC actions it is `Microsoft.Resources/subscriptions/resourceGroups`."""

_GROUP_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
_TERM = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*", re.IGNORECASE)
_TAG = re.compile(r"\s*tagName\s+eq\s+'([^']*)'(?:\s+and\s+tagValue\s+eq\s+'([^']*)')?\s*", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
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
    """List the tracked resources of a subscription or group that the caller may read, as the filter says."""
    wanted = _filter(call.request.parameter("$filter") or "")
    found = [
        one
        for one in call.plane.tracked_in(call.owner.id)
        if all(value in _MEMBERS[name](one) for name, value in wanted) and call.may(f"{one.type}/read", one.id)
    ]
    hidden = {"properties", "systemData"}
    shown = [{name: value for name, value in envelope(call, one).items() if name not in hidden} for one in found]
    most = call.request.parameter("$top") or ""
    if most.isascii() and most.isdecimal():
        found, shown = found[: int(most[:9])], shown[: int(most[:9])]
    return call.json(200, page(call, [one.key for one in found], shown, size=_PAGE_SIZE))


def _filter(text: str) -> list[tuple[str, str]]:
    """Return what a filter asks for: member and value, in lower case.

    Raises:
        ServiceError: 400 `InvalidFilterInQueryString`.
    """
    wanted = []
    tag = _TAG.fullmatch(text)
    if tag is not None:
        name, value = tag[1].lower(), (tag[2] or "").lower()
        return [("tag", f"{name}={value}")] if tag[2] is not None else [("tagname", name)]
    for part in _AND.split(text) if text.strip() else []:
        term = _TERM.fullmatch(part)
        if term is None or term[1].lower() not in _MEMBERS:
            raise errors.GatewayError(
                400, "InvalidFilterInQueryString", f"Invalid $filter '{text[:256]}' specified in the query string."
            )
        wanted.append((term[1].lower(), term[2].lower()))
    return wanted


def _tag_names(one: Resource) -> set[str]:
    return {name.lower() for name in one.tags or {}}


def _tag_pairs(one: Resource) -> set[str]:
    return {f"{name}={value}".lower() for name, value in (one.tags or {}).items()}


_MEMBERS: dict[str, Callable[[Resource], set[str]]] = {
    "location": lambda one: {str(one.location)},
    "name": lambda one: {one.name.lower()},
    "resourcegroup": lambda one: {one.key.split("/")[4]},
    "resourcetype": lambda one: {one.type.lower()},
    "tag": _tag_pairs,
    "tagname": _tag_names,
}


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
        EXPORT,
    ),
    needs_registration=False,
)
