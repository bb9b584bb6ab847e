"""Trouble on request: which requests an overloaded, broken or far-away service would fail, and how.

A `Fault` says which requests and what happens to them; `Faults` keeps the table. What a struck request meets is in `striking`.
"""

from __future__ import annotations

import fnmatch
import hashlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from lakeport_local.admin.asking import principal_of, sameness

if TYPE_CHECKING:
    from lakeport_local.core import Request

KINDS = {
    "429": "too many requests, with Retry-After; the body is not taken",
    "500": "the service failed; the body is not taken",
    "503": "the service is busy, with Retry-After; the body is not taken",
    "expired": "401, as if the token had ended",
    "reset": "the connection is reset before the body is taken: nothing was done",
    "reset-request": "the connection is reset inside the request's body",
    "reset-answer": "the request is done, and the connection reset in place of the answer",
    "reset-body": "the connection is reset inside the answer's body",
    "timeout": "the request is taken and never answered; cut after the delay",
    "slow": "the answer comes after the delay",
    "slow-body": "the answer's body comes at so many bytes a second",
    "stall-body": "the answer's body stops for the delay, then goes on",
    "truncate": "the connection ends, in good order, inside the answer's body",
    "corrupt": "one byte of the answer's body is another",
    "corrupt-request": "one byte of the request's body is another",
}
"""What can happen."""

SOMEWHERE = -1
_MOST_DELAY_S = 3600.0
_MOST_REMEMBERED = 100_000
_MEMBERS: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "service": (str,),
    "operation": (str,),
    "host": (str,),
    "path": (str,),
    "method": (str,),
    "principal": (str,),
    "count": (int,),
    "skip": (int,),
    "probability": (int, float),
    "seed": (int,),
    "after_bytes": (int,),
    "bytes_per_second": (int,),
    "retry_after_s": (int,),
    "delay_s": (int, float),
}


class FaultUnknown(Exception):
    """A fault that cannot be added; the message names the member."""


@dataclass(slots=True)
class Fault:
    """One kind of trouble for some requests.

    Attributes:
        kind: One of `KINDS`.
        service: Shell pattern of the service: `storage`, `entra`, `arm`, `graph`, `vault`, ...
        operation: Shell pattern of storage's operation, such as `blob * block`; other services' are told by method and path.
        host: Shell pattern of the effective host.
        path: Shell pattern of the path.
        method: Method, or `*`.
        principal: Shell pattern of who asks: an object id, client id or user name of a token, the name of `exec --as`,
            `key`, `sas` or `anonymous`.
        count: How many requests it strikes; 0 for all.
        skip: How many it lets pass first.
        probability: Which part of those that match it strikes. Which they are depends on the seed, on what is asked and how
            often it was asked before, and not on the order in which different requests arrive.
        seed: Of chance.
        after_bytes: Where in a body it happens; -1: somewhere, by the seed.
        bytes_per_second: How fast a `slow-body` comes.
        retry_after_s: `Retry-After` of 429 and 503.
        delay_s: How late a `slow` answer comes, how long a `stall-body` stops, and how long a `timeout` holds a request.
        struck: How many requests it has struck.
    """

    kind: str
    service: str = "*"
    operation: str = "*"
    host: str = "*"
    path: str = "*"
    method: str = "*"
    principal: str = "*"
    count: int = 1
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    after_bytes: int = SOMEWHERE
    bytes_per_second: int = 64 * 1024
    retry_after_s: int = 1
    delay_s: float = 30.0
    struck: int = 0

    @classmethod
    def read(cls, document: dict[str, Any]) -> Fault:  # Any: a JSON object
        """Return the fault that a JSON object describes.

        Raises:
            FaultUnknown: A member is unknown or bad.
        """
        for name, value in document.items():
            if name not in _MEMBERS:
                raise FaultUnknown(f"unknown member {name!r} (known: {', '.join(_MEMBERS)})")
            if not isinstance(value, _MEMBERS[name]) or isinstance(value, bool):
                raise FaultUnknown(f"{name} must be {_MEMBERS[name][-1].__name__}, not {value!r}")
        fault = cls(**{"kind": "", **document})
        if fault.kind not in KINDS:
            raise FaultUnknown(f"kind {fault.kind!r} is none of {', '.join(KINDS)}")
        if min(fault.count, fault.skip, fault.retry_after_s) < 0 or not 0 <= fault.delay_s <= _MOST_DELAY_S:
            raise FaultUnknown("count, skip, retry_after_s and delay_s must not be negative, nor delay_s above an hour")
        if not 0 < fault.probability <= 1:
            raise FaultUnknown("probability must be above 0 and at most 1")
        if fault.after_bytes < SOMEWHERE or fault.bytes_per_second < 1:
            raise FaultUnknown("after_bytes must be -1 or more, bytes_per_second 1 or more")
        return fault

    def matches(self, request: Request, service: str = "") -> bool:
        """Tell whether a request is of those that this fault is for."""
        return (
            self.method in {"*", request.method}
            and fnmatch.fnmatchcase(service, self.service)
            and fnmatch.fnmatchcase(request.host, self.host.lower())
            and fnmatch.fnmatchcase(request.path, self.path)
            and (self.operation == "*" or fnmatch.fnmatchcase(" ".join(request.operation).strip(), self.operation))
            and (
                self.principal == "*" or any(fnmatch.fnmatchcase(one, self.principal) for one in principal_of(request))
            )
        )

    def place(self, luck: float, size_bytes: int) -> int:
        """Return where in a body of so many bytes it happens."""
        return int(luck * size_bytes) if self.after_bytes == SOMEWHERE else self.after_bytes


@dataclass(slots=True)
class Strike:
    """A fault that strikes a request.

    Attributes:
        luck: From 0 to below 1: where in a body it happens, if the fault does not say.
    """

    fault: Fault
    luck: float


@dataclass(slots=True)
class _Set:
    """A fault that is set, and what it has seen."""

    fault: Fault
    skipped: int = 0
    asked: dict[bytes, int] = field(default_factory=dict)

    def luck(self, request: Request) -> tuple[float, float]:
        """Return two numbers from 0 to below 1, the same for the same request whenever it comes."""
        same = sameness(request)
        if len(self.asked) >= _MOST_REMEMBERED:
            self.asked.clear()
        self.asked[same] = time = self.asked.get(same, 0) + 1
        digest = hashlib.blake2b(b"%d %d %b" % (self.fault.seed, time, same), digest_size=16, person=b"fault").digest()
        return int.from_bytes(digest[:8], "big") / 2**64, int.from_bytes(digest[8:], "big") / 2**64


class Faults:
    """The faults that are set, in the order they were added.

    Attributes:
        struck: How many requests each kind has struck since the start, or since `clear`.
    """

    def __init__(self) -> None:
        self._faults: list[_Set] = []
        self.struck: dict[str, int] = {}

    def add(self, fault: Fault) -> dict[str, Any]:  # Any: a JSON object
        """Set a fault; return it as a JSON object."""
        self._faults.append(_Set(fault))
        return asdict(fault)

    def all(self) -> list[dict[str, Any]]:  # Any: a JSON object
        """Return the faults that are set."""
        return [asdict(one.fault) for one in self._faults]

    def clear(self) -> int:
        """Remove every fault; return how many there were."""
        count = len(self._faults)
        self._faults.clear()
        self.struck.clear()
        return count

    @property
    def is_empty(self) -> bool:
        """No fault is set."""
        return not self._faults

    @property
    def wants_operation(self) -> bool:
        """Some fault is for certain operations, so that a request's has to be known."""
        return any(one.fault.operation != "*" for one in self._faults)

    def strike(self, request: Request, service: str = "") -> Strike | None:
        """Return the first fault that strikes a request, counted, or None."""
        for one in self._faults:
            fault = one.fault
            if not fault.matches(request, service):
                continue
            if one.skipped < fault.skip:
                one.skipped += 1
                continue
            chance, luck = one.luck(request)
            if chance >= fault.probability:
                continue
            fault.struck += 1
            self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
            if fault.count and fault.struck >= fault.count:
                self._faults.remove(one)
            return Strike(fault, luck)
        return None
