"""The activity log: what was written through the control plane, by whom, and how it ended.

Events are kept for ninety days, and at most `_MOST` of them. Bodies are not kept: they may hold secrets.
Source: Azure Monitor REST reference, "Activity Logs - List"; "Azure activity log event schema", administrative category.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from lakeport_local.core import file_time, iso_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.arm.call import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response
    from lakeport_local.state import Store

_KEPT = timedelta(days=90)
_MOST = 20_000
_TIDIED_EVERY = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Activity:
    """The log of one store.

    Args:
        store: Where it is kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, call: Call, action: str, response: Response) -> None:
        """Note a write that a subscription's resource was asked for; reads are not noted."""
        subscription = call.address.subscription_id
        if call.request.method in {"GET", "HEAD"} or subscription is None:
            return
        event = _event(call, action, response)
        row = self._store.db.execute(
            "INSERT INTO activity (subscription, at, document) VALUES (?, ?, ?) RETURNING number",
            (subscription.lower(), _microseconds(call.now), orjson.dumps(event).decode()),
        ).fetchone()
        if row["number"] % _TIDIED_EVERY == 0:
            self._tidy(call.now, row["number"])

    def _tidy(self, now: datetime, newest: int) -> None:
        oldest = _microseconds(now - _KEPT)
        self._store.db.execute("DELETE FROM activity WHERE at < ? OR number <= ?", (oldest, newest - _MOST))

    def between(self, subscription_id: str, start: datetime, end: datetime) -> Iterator[tuple[int, Document]]:
        """Yield a subscription's events with their numbers, the newest first."""
        rows = self._store.db.execute(
            "SELECT number, document FROM activity WHERE subscription = ? AND at BETWEEN ? AND ? ORDER BY number DESC",
            (subscription_id.lower(), _microseconds(start), _microseconds(end)),
        )
        for row in rows:
            yield int(row["number"]), orjson.loads(row["document"])


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _event(call: Call, action: str, response: Response) -> Document:
    """Return the event of a write that ended, in the service's form."""
    address, request = call.address, call.request
    scope = address.id if address.is_instance or address.above is None else address.above.id
    kind = address.type if address.is_instance or address.above is None else address.above.type
    event_id, is_good = call.plane.ids.guid(), response.status < 400
    at = iso_instant(call.now)
    return {
        "authorization": {"action": action, "scope": scope},
        "caller": call.caller.name if call.caller.kind == "User" else call.caller.object_id,
        "channels": "Operation",
        "claims": {"appid": call.caller.client_id, "oid": call.caller.object_id, "name": call.caller.name},
        "correlationId": request.headers.get("x-ms-correlation-request-id") or request.id,
        "description": "",
        "eventDataId": event_id,
        "eventName": _word("EndRequest", "End request"),
        "category": _word("Administrative"),
        "httpRequest": {
            "clientRequestId": request.headers.get("x-ms-client-request-id") or request.id,
            "clientIpAddress": request.client,
            "method": request.method,
        },
        "id": f"{scope}/events/{event_id}/ticks/{file_time(call.now)}",
        "level": "Informational" if is_good else "Error",
        "resourceGroupName": address.resource_group or "",
        "resourceProviderName": _word(address.namespace),
        "resourceId": scope,
        "resourceType": _word(kind),
        "operationId": request.id,
        "operationName": _word(action),
        "properties": {
            "statusCode": str(response.status),
            "serviceRequestId": request.id,
            "entity": scope,
            "message": action,
        },
        "status": _word("Succeeded" if is_good else "Failed"),
        "subStatus": _word(str(response.status)),
        "eventTimestamp": at,
        "submissionTimestamp": at,
        "subscriptionId": address.subscription_id,
        "tenantId": call.tenant_id,
    }


def _word(value: str, localized: str | None = None) -> Document:
    return {"value": value, "localizedValue": localized or value}
