"""Lease operations on paths and file systems, for both APIs.

Source: storage.md 2.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.core import Response
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.leases import INFINITE, LEASE_ACTIONS, Lease, LeaseRequest, check_lease, operate

if TYPE_CHECKING:
    from lakeport_local.storage.call import Call


_WRITE_ACTIONS = {"acquire", "auto-renew", "release", "acquire-release"}


def lease_request(call: Call) -> LeaseRequest:
    """Read what a request asks of a lease.

    Raises:
        ServiceError: 400: a header is missing or out of range.
    """
    action = (call.header("x-ms-lease-action") or "").lower()
    seconds = _seconds(call, "x-ms-lease-duration")
    given, proposed = call.header("x-ms-lease-id") or "", call.header("x-ms-proposed-lease-id") or ""
    if action == "acquire":
        return _acquisition(seconds, proposed or call.lake.ids.guid())
    if not action:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-lease-action")
    if action not in LEASE_ACTIONS:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-action", HeaderValue=action)
    if action != "break" and not given:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-lease-id")
    period = _seconds(call, "x-ms-lease-break-period")
    if period is not None and not 0 <= period <= 60:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-break-period", HeaderValue=str(period))
    return LeaseRequest(action, given, proposed, INFINITE if seconds is None else seconds, period)


def _acquisition(seconds: int | None, lease_id: str) -> LeaseRequest:
    if seconds is None:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-lease-duration")
    if seconds != INFINITE and not 15 <= seconds <= 60:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-duration", HeaderValue=str(seconds))
    return LeaseRequest("acquire", lease_id, seconds=seconds)


def lease_on_creation(call: Call, lease: Lease) -> Lease:
    """Return a lease after the creation of its path, which may acquire one.

    Raises:
        ServiceError: 400 or 409, as for an acquisition.
    """
    proposed = call.header("x-ms-proposed-lease-id")
    if proposed is None:
        return lease
    return operate(lease, _acquisition(_seconds(call, "x-ms-lease-duration"), proposed)).lease


def lease_around_write(call: Call, lease: Lease, *, is_flushed: bool) -> Lease:
    """Return a file's lease after an append or flush, which may acquire, renew or release one.

    A release waits for the flush.

    Raises:
        ServiceError: 400, 409 or 412: the lease does not allow the write.
    """
    action = (call.header("x-ms-lease-action") or "").lower()
    given = call.header("x-ms-lease-id")
    if action not in _WRITE_ACTIONS:
        if action:
            raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-action", HeaderValue=action)
        check_lease(lease, given)
        return lease
    if action.startswith("acquire"):
        seconds = _seconds(call, "x-ms-lease-duration")
        seconds = INFINITE if seconds is None and action == "acquire-release" else seconds
        lease = operate(
            lease, _acquisition(seconds, call.header("x-ms-proposed-lease-id") or call.lake.ids.guid())
        ).lease
    else:
        check_lease(lease, given or "")
        lease = operate(lease, LeaseRequest("renew", lease.id)).lease if action == "auto-renew" else lease
    is_released = action.endswith("release") and is_flushed
    return operate(lease, LeaseRequest("release", lease.id)).lease if is_released else lease


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
