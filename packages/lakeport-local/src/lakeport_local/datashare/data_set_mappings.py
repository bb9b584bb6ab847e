"""Data set mappings: where the consumer wants each source data set.

Source: data-share.md 1.6, 1.11, 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import Response
from lakeport_local.datashare import assumptions, errors, filtering, links, names, quotas, stores
from lakeport_local.datashare.kinds import kind_named
from lakeport_local.datashare.nouns import MAPPINGS
from lakeport_local.datashare.pieces import Pieces
from lakeport_local.datashare.rendering import document
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm import Call, ControlPlane
    from lakeport_local.arm.table import Document


def _put(call: Call, current: Resource | None) -> Outcome:
    kind = kind_named(call.body().get("kind"))
    names.check(call, "data set mapping")
    given = call.properties()
    members = kind.members(given)
    data_set_id = given.get("dataSetId")
    if not isinstance(data_set_id, str) or not data_set_id:
        raise errors.bad("'dataSetId' is required")
    if given.get("outputType") is not None:
        raise errors.bad("'outputType' is for data sets of SQL tables only")
    members["dataSetId"] = data_set_id.lower()
    if current is not None:
        return _again(call, current, kind.name, members)
    share = links.share_of(call.plane.resources, call.owner)
    data_set = links.data_set_of(call.plane.resources, share, data_set_id)
    if data_set is None:
        raise errors.source_data_set_missing(data_set_id)
    if not assumptions.can_map(kind_named(data_set.kind), kind):
        raise errors.kinds_apart(str(data_set.kind), kind.name)
    stores.require(call, members, kind.place(members)[0], stores.WRITE)
    return _made(call, kind.name, members)


def _again(call: Call, current: Resource, kind: str, members: dict[str, str]) -> Outcome:
    """The same mapping stays as it is; another target needs another mapping."""
    if current.kind != kind or current.properties != members:
        raise errors.conflict(f"DataSetMapping: {call.name} already exists with other properties; delete it first")
    return Outcome(current)


def _made(call: Call, kind: str, members: dict[str, str]) -> Outcome:
    others = call.plane.resources.children(call.owner.id, MAPPINGS)
    if any(one.properties["dataSetId"] == members["dataSetId"] for one in others):
        raise errors.conflict("The source data set is already mapped; delete its mapping first")
    quotas.MAPPING.require(len(others))
    made = Resource(call.address.id, MAPPINGS, call.name, kind=kind, properties=dict(members), system_data=call.stamp())
    return Outcome(made, 201, (("Location", call.url(made.id)), quotas.MAPPING.header(len(others) + 1, made.id)))


def _delete(call: Call, current: Resource | None) -> Response:
    if current is None:
        return Response(204)
    call.plane.remove(current.id)
    left = len(call.plane.resources.children(call.owner.id, MAPPINGS))
    return Response(200, [quotas.MAPPING.header(left, current.id)])


def _removed(plane: ControlPlane, gone: Resource) -> None:
    Pieces(plane.store).drop_mark(gone.uid)


def _render(call: Call, resource: Resource) -> Document:
    """Show a mapping; a Blob's `outputType` is an explicit null, after the path."""
    kind = kind_named(resource.kind)
    own = dict(resource.properties)
    first = {name: own.pop(name) for name in (kind.container, kind.path) if name is not None}
    if kind.name == "Blob":
        first["outputType"] = None
    status = links.mapping_status(call.plane.resources, call.owner, resource)
    state = {"dataSetMappingStatus": status, "provisioningState": "Succeeded"}
    return document(call, resource, {**first, **own, **state})


DATA_SET_MAPPING = ResourceType(
    MAPPINGS,
    put=_put,
    delete=_delete,
    render=_render,
    missing=errors.mapping_missing,
    listed=filtering.listed(MAPPINGS, _render),
    removed=_removed,
)
