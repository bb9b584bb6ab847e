"""Lease operations on paths and file systems, for both APIs.

Source: storage.md 2.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.core import Response
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.leases import INFINITE, Lease, LeaseRequest, operate

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call


def lease_request(call: Call) -> LeaseRequest:
    """Read what a request asks of a lease.

    Raises:
        ServiceError: 400: a header is missing or out of range.
    """
    action = (call.header("x-ms-lease-action") or "").lower()
    seconds = _seconds(call, "x-ms-lease-duration")
    given, proposed = call.header("x-ms-lease-id") or "", call.header("x-ms-proposed-lease-id") or ""
    if action == "acquire":
        if seconds is None:
            raise refusal("MissingRequiredHeader", HeaderName="x-ms-lease-duration")
        if seconds != INFINITE and not 15 <= seconds <= 60:
            raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-duration", HeaderValue=str(seconds))
        given = proposed or call.lake.ids.guid()
    elif action != "break" and not given:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-lease-id")
    period = _seconds(call, "x-ms-lease-break-period")
    if period is not None and not 0 <= period <= 60:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-break-period", HeaderValue=str(period))
    return LeaseRequest(action, given, proposed, INFINITE if seconds is None else seconds, period)


def _seconds(call: Call, name: str) -> int | None:
    text = call.header(name)
    if text is None:
        return None
    try:
        return int(text[:12])
    except ValueError:
        raise refusal("InvalidHeaderValue", HeaderName=name, HeaderValue=text) from None


def done(call: Call, lease: Lease) -> tuple[Lease, Response]:
    """Return a lease after the operation asked for, and the answer, to which the caller adds stamps."""
    outcome = operate(lease, lease_request(call))
    fields = [("x-ms-lease-id", outcome.id)] if outcome.id else []
    if outcome.seconds_left is not None:
        fields.append(("x-ms-lease-time", str(outcome.seconds_left)))
    return outcome.lease, Response(outcome.status, fields)


def with_lease(details: str, lease: Lease) -> str:
    """Return a row's details with another lease."""
    kept = {name: value for name, value in orjson.loads(details).items() if name != "lease"}
    return orjson.dumps(kept | ({"lease": lease.as_json()} if lease.id else {})).decode()
