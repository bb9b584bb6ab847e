"""Synchronization settings: the provider's schedule, at most one a share.

Source: data-share.md 1.7, 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import Response, iso_instant
from lakeport_local.datashare import errors, names, results
from lakeport_local.datashare.nouns import SETTINGS
from lakeport_local.datashare.rendering import document, instant_text
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from typing import Any

    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document

_INTERVALS = {"hour": "Hour", "day": "Day"}


def schedule_of(call: Call) -> dict[str, Any]:  # Any: JSON values
    """Return `recurrenceInterval` and `synchronizationTime` of a body, in the service's spelling.

    Raises:
        ServiceError: 400.
    """
    if call.body().get("kind") != "ScheduleBased":
        raise errors.bad("'kind' must be ScheduleBased")
    given = call.properties()
    interval = given.get("recurrenceInterval")
    if not isinstance(interval, str) or interval.lower() not in _INTERVALS:
        raise errors.bad("'recurrenceInterval' must be Hour or Day")
    at = instant_text(given.get("synchronizationTime"), "synchronizationTime")
    return {"recurrenceInterval": _INTERVALS[interval.lower()], "synchronizationTime": at}


def _put(call: Call, current: Resource | None) -> Outcome:
    schedule = schedule_of(call)
    names.check(call, "synchronization setting")
    if current is not None or call.plane.resources.children(call.owner.id, SETTINGS):
        raise errors.conflict("The share already has a synchronization setting; delete it to change the schedule")
    properties = {
        **schedule,
        "createdAt": iso_instant(call.now),
        "userName": call.caller.name,
        "provisioningState": "Succeeded",
    }
    made = Resource(call.address.id, SETTINGS, call.name, kind="ScheduleBased", properties=properties)
    return Outcome(made, 201, (("Location", quote(made.id)),))


def _delete(call: Call, current: Resource | None) -> Response:
    return Response(204) if current is None else results.begin_deletion(call, current)


def _render(call: Call, resource: Resource) -> Document:
    return document(call, resource, resource.properties, has_system_data=False)


SYNCHRONIZATION_SETTING = ResourceType(
    SETTINGS, put=_put, delete=_delete, render=_render, missing=errors.setting_missing
)
