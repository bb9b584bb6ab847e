"""Long-running operations whose end is known when they begin: their state follows from the clock.

An operation is a document with the instant at which it is done and what it answers then; polling reads the clock, so nothing has to fire
and a restart loses nothing. Source: identity.md 4.3, data-share.md 1.3.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakeport_local.arm.address import parse_address
from lakeport_local.arm.errors import unknown_path
from lakeport_local.core import Response, parse_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.state import Resources

POLL_AGAIN = (("x-ms-retry-after-ms", "100"),)
"""Without a hint the SDKs wait thirty seconds before the next poll; `Retry-After` counts whole seconds and would win over this."""
_KEPT = timedelta(days=1)
_TIDIED_EVERY = timedelta(hours=1)
_FINAL = frozenset({"succeeded", "failed", "canceled"})


def poll_again(shown: Document) -> list[tuple[str, str]]:
    """Return the headers of a resource as shown: a hint to whoever polls it until its `provisioningState` is final."""
    state = (shown.get("properties") or {}).get("provisioningState")
    return [] if state is None or str(state).lower() in _FINAL else list(POLL_AGAIN)


class LongRunning:
    """Starts operations and answers their polls.

    Args:
        resources: Where the operations are kept, below their subscription.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._tidied_at: dict[str, datetime] = {}

    def start(
        self,
        call: Call,
        path: str,
        *,
        lasts: timedelta,
        document: Any = None,  # Any: JSON
        shows: str | None = None,
    ) -> Response:
        """Begin an operation and answer 202 with its `Location`.

        Args:
            call: The call that begins it; only its caller may poll.
            path: Collection that the operation's id is appended to, such as `/subscriptions/S/providers/NS/locations/L/operationResults`.
            lasts: How long it takes, by the local Azure's clock.
            document: What the last poll answers, as JSON; None for an empty 200.
            shows: Id of the resource that the last poll shows instead, as it is then.
        """
        guid = call.plane.ids.guid()
        collection = parse_address(path.strip("/").split("/"))
        if collection is None:
            raise ValueError(f"no ARM path: {path}")
        self._tidy(call.now, collection.type)
        internal = {
            "ready_at": call.after(lasts),
            "document": document,
            "shows": shows,
            "owner": [call.caller.tenant_id, call.caller.object_id],
        }
        self._resources.put(Resource(f"{path}/{guid}", collection.type, guid, internal=internal))
        return Response(202, [("Location", call.url(f"{path}/{guid}")), *POLL_AGAIN])

    def poll(self, call: Call) -> Response:
        """Answer a poll: 202 while it runs, then 200 with the operation's document; 404 when there is none."""
        found = self._resources.get(call.address.id)
        if found is None or found.internal.get("owner") != [call.caller.tenant_id, call.caller.object_id]:
            raise unknown_path()
        if call.now < parse_instant(found.internal["ready_at"]):
            return Response(202, [("Location", call.url(found.id)), *POLL_AGAIN])
        if found.internal["shows"] is not None:
            return call.plane.shown(call, found.internal["shows"])
        document = found.internal["document"]
        return Response(200) if document is None else call.json(200, document)

    def _tidy(self, now: datetime, resource_type: str) -> None:
        """Drop the operations of a type that ended long ago; once in a while."""
        before = self._tidied_at.get(resource_type)
        if before is not None and now < before + _TIDIED_EVERY:
            return
        self._tidied_at[resource_type] = now
        for old in self._resources.under("", resource_type):
            if parse_instant(old.internal["ready_at"]) < now - _KEPT:
                self._resources.delete(old.id)
