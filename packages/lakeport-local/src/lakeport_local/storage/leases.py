"""Leases: what state one is in, what each lease operation does, and when it stands in a write's way. Pure.

Source: storage.md 2.10.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from uuid import UUID

from lakeport_local.core import ServiceError
from lakeport_local.storage.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

State: TypeAlias = Literal["available", "leased", "breaking", "broken", "expired"]

INFINITE = -1
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as a row keeps it, seen at an instant.

    Attributes:
        id: The lease id; empty when there never was one, or it was released.
        seconds: Its duration; -1 for infinite.
        until: When it ends, in microseconds since 1970; 0 for never.
        breaks_at: When a broken lease ends; 0 when nobody broke it.
        now: The instant at which it is seen.
    """

    id: str = ""
    seconds: int = 0
    until: int = 0
    breaks_at: int = 0
    now: int = 0

    @property
    def state(self) -> State:
        """The lease's state."""
        if not self.id:
            return "available"
        if self.breaks_at:
            return "breaking" if self.now < self.breaks_at else "broken"
        return "leased" if not self.until or self.now < self.until else "expired"

    @property
    def is_active(self) -> bool:
        """Tell whether the lease stands in the way of writes without its id."""
        return self.state in {"leased", "breaking"}

    @property
    def status(self) -> str:
        """`locked` or `unlocked`."""
        return "locked" if self.is_active else "unlocked"

    @property
    def kind(self) -> str:
        """`infinite` or `fixed`."""
        return "infinite" if self.seconds == INFINITE else "fixed"

    def as_json(self) -> dict[str, Any]:  # Any: a JSON object
        """Return what a row keeps."""
        kept = asdict(self)
        del kept["now"]
        return kept


def lease_at(kept: Mapping[str, Any] | None, now: int, *, changed: int = 0) -> Lease:  # Any: a JSON object
    """Return the lease that a row keeps, as it is now.

    Args:
        kept: What the row keeps.
        now: The instant.
        changed: When what it is on last changed. A lease that had ended by then is gone: nobody renews it.
    """
    lease = Lease(**(kept or {}), now=now)
    ended = lease.breaks_at or lease.until
    return lease if lease.is_active or changed <= ended else Lease(now=now)


def check_lease(lease: Lease, given: str | None, *, of: str = "Blob") -> None:
    """Refuse a write that a lease stands in the way of.

    Args:
        lease: The lease on what is written.
        given: The request's `x-ms-lease-id`.
        of: `Blob` or `Container`, for the code.

    Raises:
        ServiceError: 412.
    """
    if given is None:
        if lease.is_active:
            raise refusal("LeaseIdMissing")
        return
    if lease.state == "available":
        raise _lease_error(412, f"LeaseNotPresentWith{of}Operation")
    if _guid(given) != lease.id:
        raise _lease_error(412, f"LeaseIdMismatchWith{of}Operation")
    if not lease.is_active:
        raise _lease_error(412, "LeaseLost")


def _guid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-lease-id", HeaderValue=text) from None


_MESSAGES = {
    "LeaseAlreadyPresent": "There is already a lease present.",
    "LeaseIdMismatchWithBlobOperation": "The lease ID specified did not match the lease ID for the blob.",
    "LeaseIdMismatchWithContainerOperation": "The lease ID specified did not match the lease ID for the container.",
    "LeaseIdMismatchWithLeaseOperation": (
        "The lease ID specified did not match the lease ID for the resource with the specified lease operation."
    ),
    "LeaseIsBreakingAndCannotBeAcquired": (
        "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken."
    ),
    "LeaseIsBreakingAndCannotBeChanged": (
        "The lease ID matched, but the lease is currently in breaking state and cannot be changed."
    ),
    "LeaseIsBrokenAndCannotBeRenewed": "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
    "LeaseLost": "A lease ID was specified, but the lease for the resource has expired.",
    "LeaseNotPresentWithBlobOperation": "There is currently no lease on the blob.",
    "LeaseNotPresentWithContainerOperation": "There is currently no lease on the container.",
    "LeaseNotPresentWithLeaseOperation": "There is currently no lease on the resource.",
}


def _lease_error(status: int, code: str) -> ServiceError:
    return ServiceError(status, code, _MESSAGES[code])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a lease operation did.

    Attributes:
        status: HTTP status.
        lease: The lease afterwards.
        id: Lease id to answer with; empty for none.
        seconds_left: For a break, how long the lease still holds; None otherwise.
    """

    status: int
    lease: Lease
    id: str = ""
    seconds_left: int | None = None


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A lease operation as asked for.

    Attributes:
        action: `acquire`, `renew`, `change`, `release` or `break`.
        id: `x-ms-lease-id`, or the proposed id of an acquisition; never empty except for a break.
        proposed: `x-ms-proposed-lease-id`.
        seconds: `x-ms-lease-duration`.
        break_seconds: `x-ms-lease-break-period`.
    """

    action: str
    id: str = ""
    proposed: str = ""
    seconds: int = INFINITE
    break_seconds: int | None = None


def _acquire(lease: Lease, asked: LeaseRequest) -> Outcome:
    if lease.state == "breaking":
        raise _lease_error(409, "LeaseIsBreakingAndCannotBeAcquired")
    if lease.state == "leased" and lease.id != asked.id:
        raise _lease_error(409, "LeaseAlreadyPresent")
    until = 0 if asked.seconds == INFINITE else lease.now + asked.seconds * _SECOND
    return Outcome(201, Lease(asked.id, asked.seconds, until, 0, lease.now), asked.id)


def _renew(lease: Lease, asked: LeaseRequest) -> Outcome:
    _check_same(lease, asked.id)
    if lease.breaks_at:
        raise _lease_error(409, "LeaseIsBrokenAndCannotBeRenewed")
    until = 0 if lease.seconds == INFINITE else lease.now + lease.seconds * _SECOND
    return Outcome(200, replace(lease, until=until), lease.id)


def _change(lease: Lease, asked: LeaseRequest) -> Outcome:
    if lease.state in {"available", "broken", "expired"}:
        raise _lease_error(409, "LeaseNotPresentWithLeaseOperation")
    if lease.state == "breaking":
        raise _lease_error(409, "LeaseIsBreakingAndCannotBeChanged")
    if lease.id != asked.proposed:
        _check_same(lease, asked.id)
    return Outcome(200, replace(lease, id=asked.proposed), asked.proposed)


def _release(lease: Lease, asked: LeaseRequest) -> Outcome:
    _check_same(lease, asked.id)
    return Outcome(200, Lease(now=lease.now))


def _break(lease: Lease, asked: LeaseRequest) -> Outcome:
    if lease.state == "available":
        raise _lease_error(409, "LeaseNotPresentWithLeaseOperation")
    left = 0
    if lease.is_active:
        ends = lease.breaks_at or lease.until
        left = -(-(ends - lease.now) // _SECOND) if ends else (asked.break_seconds or 0)
        left = left if asked.break_seconds is None else min(left, asked.break_seconds)
    return Outcome(202, replace(lease, breaks_at=lease.now + left * _SECOND), seconds_left=left)


def _check_same(lease: Lease, given: str) -> None:
    if lease.state == "available":
        raise _lease_error(409, "LeaseNotPresentWithLeaseOperation")
    if lease.id != given:
        raise _lease_error(409, "LeaseIdMismatchWithLeaseOperation")


_ACTIONS: dict[str, Callable[[Lease, LeaseRequest], Outcome]] = {
    "acquire": _acquire,
    "break": _break,
    "change": _change,
    "release": _release,
    "renew": _renew,
}


LEASE_ACTIONS = frozenset(_ACTIONS)


def operate(lease: Lease, asked: LeaseRequest) -> Outcome:
    """Return what a lease operation does.

    Raises:
        ServiceError: 409 as the table of states says; 400 `InvalidHeaderValue` for a bad id.
    """
    tidy = replace(
        asked,
        id=_guid(asked.id) if asked.action != "break" else "",
        proposed=_guid(asked.proposed) if asked.action == "change" else "",
    )
    return _ACTIONS[asked.action](lease, tidy)
