"""The service's long-running operations: deletions polled by `Location`, actions polled by `Azure-AsyncOperation`.

Source: data-share.md 1.3.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.core import Response, parse_instant
from lakeport_local.datashare import errors, pace
from lakeport_local.datashare.links import account_of
from lakeport_local.datashare.nouns import NAMESPACE
from lakeport_local.datashare.rendering import region
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document

LOCATION_RESULTS = f"{NAMESPACE}/locations/operationResults"
_KEPT = timedelta(days=1)


def status_document(status: str, error: Document | None = None) -> Document:
    """Return the body of an operation's status, its nulls explicit."""
    return {"startTime": None, "endTime": None, "status": status, "error": error}


def begin_deletion(call: Call, current: Resource, quota: tuple[str, str] | None = None) -> Response:
    """Remove a resource with all below it and answer 202 with the `Location` to poll.

    Args:
        call: The DELETE.
        current: What is deleted.
        quota: Header of the last poll.
    """
    place = region(account_of(call.plane.resources, current).location or "")
    collection = (
        f"/subscriptions/{call.address.subscription_id}/providers/{NAMESPACE}/locations/{place}/operationResults"
    )
    call.plane.remove(current.id)
    _forget(call, collection)
    url = call.url(_keep(call, collection, LOCATION_RESULTS, pace.DELETING, {"quota": quota}))
    return Response(202, [("Location", url), *pace.POLL_AGAIN])


def begin_action(call: Call, above: Resource, lasts: timedelta, *, run_id: str | None = None) -> str:
    """Keep an operation below a share or share subscription and return the URL of its status.

    Args:
        call: The POST.
        above: What the operation's status lies in.
        lasts: How long it takes.
        run_id: The run whose end it waits for instead.
    """
    collection = f"{above.id}/operationResults"
    kept = _keep(call, collection, f"{above.type}/operationResults", lasts, {"run": run_id})
    return call.url(kept)


def _keep(call: Call, collection: str, kind: str, lasts: timedelta, more: dict[str, object]) -> str:
    guid = call.plane.ids.guid()
    owner = [call.caller.tenant_id, call.caller.object_id]
    internal = {"ready_at": call.after(lasts), "owner": owner, **more}
    return call.plane.resources.put(Resource(f"{collection}/{guid}", kind, guid, internal=internal)).id


def _forget(call: Call, collection: str) -> None:
    """Drop the region's operations that ended long ago."""
    for old in call.plane.resources.children(collection.rsplit("/", 1)[0], LOCATION_RESULTS):
        if parse_instant(old.internal["ready_at"]) < call.now - _KEPT:
            call.plane.resources.delete(old.id)


def found(call: Call) -> Resource:
    """Return the operation that the call polls.

    Raises:
        ServiceError: 404: there is none of this caller's.
    """
    kept = call.plane.resources.get(call.address.id)
    if kept is None or kept.internal["owner"] != [call.caller.tenant_id, call.caller.object_id]:
        raise errors.operation_missing(call.address)
    return kept


def poll_deletion(call: Call) -> Response:
    """Answer a poll of `Location`: 202 without a body while it runs, then 200 with the status."""
    kept = found(call)
    if call.now < parse_instant(kept.internal["ready_at"]):
        return Response(202, [("Location", call.url(kept.id)), *pace.POLL_AGAIN])
    quota = kept.internal["quota"]
    return call.json(200, status_document("Succeeded"), [(quota[0], quota[1])] if quota else [])


def poll_action(call: Call) -> Response:
    """Answer a poll of `Azure-AsyncOperation`: always 200, `Accepted` until it is done."""
    is_done = parse_instant(found(call).internal["ready_at"]) <= call.now
    return call.json(200, status_document("Succeeded" if is_done else "Accepted"), list(pace.POLL_AGAIN))
