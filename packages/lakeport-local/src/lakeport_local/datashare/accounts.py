"""Share accounts.

Source: data-share.md 1.4, 2.2, 7.1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.arm import Outcome, ResourceType, tracked
from lakeport_local.core import Response, iso_instant, parse_instant
from lakeport_local.datashare import errors, names, pace, quotas, results
from lakeport_local.datashare.nouns import ACCOUNTS
from lakeport_local.datashare.rendering import document
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm import Call, ControlPlane
    from lakeport_local.arm.table import Document


def _put(call: Call, current: Resource | None) -> Outcome:
    body = call.body()
    names.check(call, "account")
    if not isinstance(body.get("identity"), dict) or body["identity"].get("type") != "SystemAssigned":
        raise errors.bad("'identity' is required, of type SystemAssigned")
    location, tags = tracked.location(call, body, current), tracked.tags(body)
    if current is None:
        return _made(call, location, tags)
    kept = replace(current, tags=current.tags if tags is None else tags, system_data=call.stamp(current))
    return Outcome(kept)


def _made(call: Call, location: str, tags: dict[str, str] | None) -> Outcome:
    used = len(call.plane.resources.under(f"/subscriptions/{call.address.subscription_id}", ACCOUNTS))
    quotas.ACCOUNT.require(used)
    object_id, client_id = call.plane.ids.guid(), call.plane.ids.guid()
    call.plane.directory.add_managed_identity(
        call.tenant_id, name=call.name, resource_id=call.address.id, object_id=object_id, client_id=client_id
    )
    made = Resource(
        call.address.id,
        ACCOUNTS,
        call.name,
        location=location,
        tags=tags,
        identity={"type": "SystemAssigned", "principalId": object_id, "tenantId": call.tenant_id},
        properties={
            "createdAt": iso_instant(call.now),
            "provisioningState": "Succeeded",
            "userName": call.caller.name,
            "userEmail": call.caller.mail,
        },
        system_data=call.stamp(),
        internal={"ready_at": call.after(pace.CREATING), "client_id": client_id, "tenant_id": call.tenant_id},
    )
    return Outcome(made, 201, (quotas.ACCOUNT.header(used + 1, made.id), *pace.POLL_AGAIN))


def _patch(call: Call, current: Resource) -> Outcome:
    """Replace the tags; nothing else of an account can change."""
    return Outcome(replace(current, tags=tracked.tags(call.body()) or {}, system_data=call.stamp(current)))


def _delete(call: Call, current: Resource | None) -> Response:
    if current is None:
        return Response(204)
    left = len(call.plane.resources.under(f"/subscriptions/{call.address.subscription_id}", ACCOUNTS)) - 1
    return results.begin_deletion(call, current, quotas.ACCOUNT.header(left, ""))


def _removed(plane: ControlPlane, gone: Resource) -> None:
    """The identity leaves the directory with its account."""
    identity = gone.identity or {}
    plane.directory.remove(str(identity.get("tenantId", "")), str(identity.get("principalId", "")))


def _render(call: Call, resource: Resource) -> Document:
    ready_at = resource.internal.get("ready_at")
    is_creating = ready_at is not None and call.now < parse_instant(ready_at)
    state = "Creating" if is_creating else "Succeeded"
    return document(call, resource, {**resource.properties, "provisioningState": state})


ACCOUNT = ResourceType(ACCOUNTS, put=_put, patch=_patch, delete=_delete, render=_render, removed=_removed)
