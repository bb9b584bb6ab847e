"""Long-running operations whose end is known when they begin: their state follows from the clock.

An operation is a document with the instant at which it is done and what it answers then; polling reads the clock, so nothing has to fire
and a restart loses nothing. Source: identity.md 4.3, data-share.md 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeport_local.core import Response, parse_instant
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from datetime import timedelta

    from lakeport_local.arm.call import Call
    from lakeport_local.state import Resources

POLL_AGAIN = (("Retry-After", "1"), ("x-ms-retry-after-ms", "100"))
"""Without a hint the SDKs wait thirty seconds before the next poll."""


@dataclass(frozen=True, slots=True)
class LongRunning:
    """Starts operations and answers their polls.

    Args:
        resources: Where the operations are kept, below their subscription.
    """

    resources: Resources

    def start(self, call: Call, path: str, *, lasts: timedelta, document: Any = None) -> Response:  # Any: JSON
        """Begin an operation and answer 202 with its `Location`.

        Args:
            call: The call that begins it.
            path: Collection that the operation's id is appended to, such as `/subscriptions/S/providers/NS/locations/L/operationResults`.
            lasts: How long it takes, by the local Azure's clock.
            document: What the last poll answers, as JSON; None for an empty 200.
        """
        guid = call.plane.ids.guid()
        internal = {"ready_at": call.after(lasts), "document": document, "owner": call.tenant_id}
        self.resources.put(Resource(f"{path}/{guid}", _type(path), guid, internal=internal))
        return Response(202, [("Location", call.url(f"{path}/{guid}")), *POLL_AGAIN])

    def poll(self, call: Call) -> Response:
        """Answer a poll: 202 while it runs, then 200 with the operation's document; 404 when there is none."""
        found = self.resources.get(call.address.id)
        if found is None or found.internal["owner"] != call.tenant_id:
            return call.json(404, {"error": {"code": "NotFound", "message": "The operation was not found."}})
        if call.now < parse_instant(found.internal["ready_at"]):
            return Response(202, [("Location", call.url(found.id)), *POLL_AGAIN])
        document = found.internal["document"]
        return Response(200) if document is None else call.json(200, document)


def _type(path: str) -> str:
    namespace, *rest = path.rsplit("/providers/", 1)[-1].split("/")
    return "/".join((namespace, *rest[::2]))
