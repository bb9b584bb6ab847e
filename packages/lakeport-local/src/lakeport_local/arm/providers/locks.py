"""Microsoft.Authorization/locks: what must not be deleted, or not be changed at all.

Source: Azure Resource Manager, "Lock your resources"; Management Locks REST reference (api-version 2016-09-01).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.arm import errors
from lakeport_local.arm.locks import LOCKS
from lakeport_local.arm.table import Document, Outcome, ResourceType
from lakeport_local.core import Response
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.arm.address import Address
    from lakeport_local.arm.call import Call
    from lakeport_local.core import ServiceError

_KINDS = {"cannotdelete": "CanNotDelete", "readonly": "ReadOnly"}


def _put(call: Call, existing: Resource | None) -> Outcome:
    asked = call.properties()
    level = _KINDS.get(str(asked.get("level")).lower())
    if level is None:
        raise errors.bad_body("the 'level' of a lock is CanNotDelete or ReadOnly")
    notes = asked.get("notes")
    properties: Document = {"level": level, **({"notes": notes} if isinstance(notes, str) else {})}
    made = Resource(call.address.id, LOCKS, call.name, properties=properties, system_data=call.stamp(existing))
    return Outcome(made, 201 if existing is None else 200)


def _delete(call: Call, existing: Resource | None) -> Response:
    if existing is None:
        return Response(204)
    call.plane.remove(existing.id)
    return Response(200)


def _missing(address: Address) -> ServiceError:
    return errors.GatewayError(404, "LockNotFound", f"The lock '{address.names[-1]}' could not be found.")


def _listed(call: Call) -> Iterator[Resource]:
    """Yield the locks at the scope and below it."""
    scope = call.address.scope
    for lock in call.plane.resources.under(scope, LOCKS):
        if lock.internal.get("tenant_id", call.tenant_id) == call.tenant_id:
            yield lock


LOCK = ResourceType(
    LOCKS,
    put=_put,
    delete=_delete,
    missing=_missing,
    listed=_listed,
    levels=frozenset({"subscription", "group", "resource"}),
)
