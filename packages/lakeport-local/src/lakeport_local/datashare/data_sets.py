"""Data sets: what of which store a share gives.

Source: data-share.md 1.6, 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import Response
from lakeport_local.datashare import errors, filtering, names, quotas, stores
from lakeport_local.datashare.kinds import kind_named
from lakeport_local.datashare.nouns import DATA_SETS
from lakeport_local.datashare.rendering import document
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document


def _put(call: Call, current: Resource | None) -> Outcome:
    kind = kind_named(call.body().get("kind"))
    names.check(call, "data set")
    members = kind.members(call.properties())
    if call.owner.properties["shareKind"] != "CopyBased":
        raise errors.bad(f"A data set of kind {kind.name} needs a share of kind CopyBased")
    stores.require(call, members, kind.place(members)[0], stores.READ)
    if current is not None:
        if current.kind != kind.name or {k: v for k, v in current.properties.items() if k != "dataSetId"} != members:
            raise errors.conflict(f"DataSet: {call.name} already exists with other properties")
        return Outcome(current)
    used = len(call.plane.resources.children(call.owner.id, DATA_SETS))
    quotas.DATA_SET.require(used)
    made = Resource(
        call.address.id,
        DATA_SETS,
        call.name,
        kind=kind.name,
        properties={**members, "dataSetId": call.plane.ids.guid()},
        system_data=call.stamp(),
    )
    return Outcome(made, 201, (("Location", call.url(made.id)), quotas.DATA_SET.header(used + 1, made.id)))


def _delete(call: Call, current: Resource | None) -> Response:
    if current is None:
        return Response(204)
    call.plane.remove(current.id)
    left = len(call.plane.resources.children(call.owner.id, DATA_SETS))
    return Response(200, [quotas.DATA_SET.header(left, current.id)])


def _render(call: Call, resource: Resource) -> Document:
    return document(call, resource, resource.properties)


DATA_SET = ResourceType(
    DATA_SETS,
    put=_put,
    delete=_delete,
    render=_render,
    missing=errors.data_set_missing,
    listed=filtering.listed(DATA_SETS, _render),
)
