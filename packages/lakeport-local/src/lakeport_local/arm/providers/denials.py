"""Microsoft.Authorization: deny assignments and classic administrators, of which there are none.

Source: Authorization REST reference, "Deny Assignments - List", "Classic Administrators - List" (retired, still asked for by tools).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.table import Operation

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response

_DENIALS = "Microsoft.Authorization/denyAssignments"
_CLASSIC = "Microsoft.Authorization/classicAdministrators"


def _none(call: Call) -> Response:
    if call.address.is_instance:
        raise errors.resource_missing(call.address)
    return call.json(200, {"value": []})


DENIALS = (
    Operation("GET", _DENIALS, _none, action=f"{_DENIALS}/read"),
    Operation("GET", _CLASSIC, _none, action=f"{_CLASSIC}/read"),
)
