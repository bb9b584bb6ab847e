"""Triggers: the consumer opts in to the provider's schedule.

Source: data-share.md 1.12, 2.1, 2.2, 7.8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import Response, iso_instant, parse_instant
from lakeport_local.datashare import assumptions, errors, links, names, pace, results
from lakeport_local.datashare.nouns import TRIGGERS
from lakeport_local.datashare.rendering import document
from lakeport_local.datashare.synchronization_settings import schedule_of
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document

MODES = {"incremental": "Incremental", "fullsync": "FullSync"}


def mode_of(given: object) -> str:
    """Return a synchronization mode in the service's spelling; incremental when none is given.

    Raises:
        ServiceError: 400.
    """
    if given is None:
        return "Incremental"
    if not isinstance(given, str) or given.lower() not in MODES:
        raise errors.bad("'synchronizationMode' must be Incremental or FullSync")
    return MODES[given.lower()]


def _put(call: Call, current: Resource | None) -> Outcome:
    schedule = schedule_of(call)
    names.check(call, "trigger")
    mode = mode_of(call.properties().get("synchronizationMode"))
    if current is not None:
        return Outcome(current)
    if call.plane.resources.children(call.owner.id, TRIGGERS):
        raise errors.conflict("The share subscription already has a trigger")
    setting = links.setting_of(call.plane.resources, links.share_of(call.plane.resources, call.owner))
    if setting is None or not assumptions.same_schedule(setting.properties, schedule):
        raise errors.schedule_differs()
    properties = {
        **schedule,
        "createdAt": iso_instant(call.now),
        "userName": call.caller.name,
        "synchronizationMode": mode,
    }
    made = Resource(
        call.address.id,
        TRIGGERS,
        call.name,
        kind="ScheduleBased",
        properties=properties,
        system_data=call.stamp(),
        internal={"ready_at": call.after(pace.CREATING), "setting_uid": str(setting.uid)},
    )
    return Outcome(made, 201, pace.POLL_AGAIN)


def _delete(call: Call, current: Resource | None) -> Response:
    return Response(204) if current is None else results.begin_deletion(call, current)


def _render(call: Call, resource: Resource) -> Document:
    own = resource.properties
    is_creating = call.now < parse_instant(resource.internal["ready_at"])
    properties = {
        "recurrenceInterval": own["recurrenceInterval"],
        "synchronizationTime": own["synchronizationTime"],
        "createdAt": own["createdAt"],
        "userName": own["userName"],
        "provisioningState": "Creating" if is_creating else "Succeeded",
        "triggerStatus": links.trigger_status(call.plane.resources, call.owner, resource, call.now),
        "synchronizationMode": own["synchronizationMode"],
    }
    return document(call, resource, properties)


TRIGGER = ResourceType(TRIGGERS, put=_put, delete=_delete, render=_render, missing=errors.trigger_missing)
