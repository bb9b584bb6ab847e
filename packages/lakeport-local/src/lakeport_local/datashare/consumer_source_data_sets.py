"""The source's data sets as the consumer sees them.

Source: data-share.md 1.11, 7.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.datashare import assumptions, filtering, links
from lakeport_local.datashare.kinds import kind_named
from lakeport_local.datashare.nouns import SOURCE_DATA_SETS
from lakeport_local.datashare.rendering import is_early, type_name

if TYPE_CHECKING:
    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response
    from lakeport_local.state import Resource


def list_source_data_sets(call: Call) -> Response:
    """Answer the data sets of the share that a subscription is to, as they are now."""
    share = links.share_of(call.plane.resources, call.owner)
    found = links.data_sets_of(call.plane.resources, share)
    return filtering.answered(call, [one.key for one in found], [_render(call, one) for one in found])


def _render(call: Call, data_set: Resource) -> Document:
    shown: Document = {
        "properties": {
            "dataSetName": data_set.name,
            "dataSetPath": assumptions.data_set_path(kind_named(data_set.kind), data_set.properties),
            "dataSetId": data_set.properties["dataSetId"],
            "dataSetLocation": None,
            "dataSetType": data_set.kind,
        },
        "id": f"{call.owner.id}/consumerSourceDataSets/{data_set.name}",
        "name": data_set.name,
        "type": type_name(call, SOURCE_DATA_SETS),
    }
    return shown if is_early(call) else {**shown, "systemData": data_set.system_data}
