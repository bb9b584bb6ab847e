"""The operator's requests: one table, JSON in and out.

Only a process on this machine that can read the state folder may ask: the peer is a loopback address, it shows the
folder's token, and it is no page in a browser (those send Origin or Sec-Fetch headers).
"""

from __future__ import annotations

import hmac
import inspect
import ipaddress
import re
from collections.abc import Callable  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass
from datetime import timedelta
from types import UnionType  # noqa: TC003
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import orjson

from lakeport_local.admin.authority import Authority, KeyUnknown, NothingWaits
from lakeport_local.admin.faults import Fault, Faults, FaultUnknown
from lakeport_local.core import MemorySink, Response, ServiceError, iso_instant

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from lakeport_local.core import BodySink, Request

PREFIX = "/_lakeport/"
"""Where every path of the operator begins."""

Document: TypeAlias = dict[str, Any]  # Any: a JSON object
_BODY_BYTES = 64 * 1024
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class _Switch:
    """Something that is set to a number, or to nothing where `may_be_null`."""

    set: Callable[[Operated, Any], None]  # Any: a number, or None
    least: float
    most: float
    kinds: type | UnionType = int
    may_be_null: bool = True

    def said(self, name: str) -> str:
        """Return what it takes."""
        return f"{name} must be {self.least:g} to {self.most:g}{', or null' if self.may_be_null else ''}"


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


_SWITCHES = {
    "role_delay_s": _Switch(
        lambda operated, value: operated.set_role_delay(timedelta(seconds=value)),
        0,
        86400,
        int | float,
        may_be_null=False,
    ),
    "throttle_per_minute": _Switch(lambda operated, value: operated.set_throttle(value), 1, 1_000_000),
    "token_life_s": _Switch(lambda operated, value: operated.set_token_life(_span(value)), 1, 86400, int | float),
    "hold_snapshots_after": _Switch(lambda operated, value: operated.hold_snapshots(value), 0, 1_000_000),
}


class Operated(Protocol):
    """A running local Azure, as its operator sees it."""

    faults: Faults

    @property
    def authority(self) -> Authority:
        """Return what is done at the authority."""
        ...

    def status(self) -> Document:
        """Return what is running."""
        ...

    def stop(self) -> None:
        """Begin to shut down, once the answer has left."""
        ...

    def reset(self) -> Awaitable[Document]:
        """Go back to the topology; return the new status."""
        ...

    def now(self) -> datetime:
        """Return its clock's time."""
        ...

    def advance(self, by: timedelta) -> Awaitable[None]:
        """Move its clock forward and let fall due what does."""
        ...

    def openapi(self) -> Document:
        """Return the control plane's description of itself, an OpenAPI document."""
        ...

    def switches(self) -> Document:
        """Return what is set: `role_delay_s`, `throttle_per_minute`, `token_life_s`, `hold_snapshots_after`."""
        ...

    def set_role_delay(self, delay: timedelta) -> None:
        """Let role assignments made from now on hold only after a while."""
        ...

    def hold_snapshots(self, after_files: int | None) -> None:
        """Let every data set of a snapshot copy so many files and then wait; None: all go on."""
        ...

    def set_throttle(self, per_minute: int | None) -> None:
        """Let the control plane take so many calls of a kind a minute from each principal; None: as many as come."""
        ...

    def set_token_life(self, longest: timedelta | None) -> None:
        """Let tokens issued from now on be good for so long at most; None: as usual."""
        ...

    def things(self) -> list[Document]:
        """Return its principals and accounts, without secrets."""
        ...

    def credential(self, tenant_id: str, object_id: str) -> Awaitable[Document | None]:
        """Return a principal with its credential, or None when there is no such principal."""
        ...

    def decisions(self, request_id: str) -> list[Document]:
        """Return the decisions made for a request."""
        ...


Handler: TypeAlias = "Callable[[Operated, Document, tuple[str, ...]], Document | Awaitable[Document]]"


class AdminService:
    """Answers an operator.

    Args:
        operated: The running local Azure.
        token: The folder's admin token.
    """

    def __init__(self, operated: Operated, token: str) -> None:
        self._operated = operated
        self._token = token.encode()

    def open_body(self, request: Request) -> BodySink | Response:
        """Take a small body from somebody who may ask; refuse others at once."""
        refused = self._refusal(request)
        return MemorySink(_BODY_BYTES) if refused is None else refused

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a complete request."""
        path = request.path.removeprefix(PREFIX).strip("/")
        for method, pattern, handler in _TABLE:
            match = re.fullmatch(pattern, path)
            if match is not None and method == request.method:
                return self._answer(handler, request, match.groups())
        return _json(404, {"error": "no such request"})

    def _answer(self, handler: Handler, request: Request, found: tuple[str, ...]) -> Response | Awaitable[Response]:
        try:
            outcome = handler(self._operated, _object(request.data), found)
        except ServiceError as error:
            return _json(error.status, {"error": error.message})
        return _later(outcome) if inspect.isawaitable(outcome) else _json(200, outcome)

    def _refusal(self, request: Request) -> Response | None:
        if not request.explicit or not _is_loopback(request.client):
            return _json(404, {"error": "not found"})
        if "Origin" in request.headers or any(name.startswith("sec-fetch-") for name, _ in request.headers):
            return _json(403, {"error": "not from a browser"})
        shown = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self._token):
            return _json(401, {"error": "the state folder's admin token is needed"})
        return None


async def _later(outcome: Awaitable[Document]) -> Response:
    try:
        return _json(200, await outcome)
    except ServiceError as error:
        return _json(error.status, {"error": error.message})


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _object(data: bytes) -> Document:
    """Read a request's JSON object; no body is an empty one."""
    try:
        found = orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise ServiceError(400, "BadRequest", "the body must be a JSON object")
    return found


def _json(status: int, document: Document) -> Response:
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return Response(status, headers, orjson.dumps(document))


def _status(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return operated.status()


def _stop(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    operated.stop()
    return {"stopping": True}


def _reset(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Awaitable[Document]:
    return operated.reset()


def _clock(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return {"now": iso_instant(operated.now())}


async def _advance(operated: Operated, body: Document, found: tuple[str, ...]) -> Document:
    seconds = body.get("advance_s")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= _MOST_DAYS * 86400:
        raise ServiceError(400, "BadRequest", f"advance_s must be 0 to {_MOST_DAYS} days, in seconds")
    await operated.advance(timedelta(seconds=seconds))
    return _clock(operated, body, found)


def _things(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return {"things": operated.things()}


async def _credential(operated: Operated, _body: Document, found: tuple[str, ...]) -> Document:
    credential = await operated.credential(*found)
    if credential is None:
        raise ServiceError(404, "NotFound", "no such principal")
    return credential


def _decisions(operated: Operated, _body: Document, found: tuple[str, ...]) -> Document:
    return {"decisions": operated.decisions(found[0])}


def _openapi(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return operated.openapi()


def _switches(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return operated.switches()


def _set_switches(operated: Operated, body: Document, _found: tuple[str, ...]) -> Document:
    """Set what is said, leave the rest."""
    unknown = set(body) - set(_SWITCHES)
    if unknown:
        raise ServiceError(400, "BadRequest", f"no switch is called {min(unknown)}: there are {', '.join(_SWITCHES)}")
    for name, value in body.items():
        switch = _SWITCHES[name]
        is_off = value is None and switch.may_be_null
        if not is_off and (isinstance(value, bool) or not isinstance(value, switch.kinds)):
            raise ServiceError(400, "BadRequest", switch.said(name))
        if not is_off and not switch.least <= value <= switch.most:
            raise ServiceError(400, "BadRequest", switch.said(name))
    for name, value in body.items():
        _SWITCHES[name].set(operated, value)
    return operated.switches()


def _faults(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return {"faults": operated.faults.all(), "struck": operated.faults.struck}


def _add_fault(operated: Operated, body: Document, _found: tuple[str, ...]) -> Document:
    try:
        return {"faults": [operated.faults.add(Fault.read(body))]}
    except FaultUnknown as error:
        raise ServiceError(400, "BadRequest", str(error)) from error


def _clear_faults(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    operated.set_role_delay(timedelta())
    operated.set_throttle(None)
    operated.set_token_life(None)
    operated.hold_snapshots(None)
    return {"cleared": operated.faults.clear()}


def _decide(operated: Operated, body: Document, found: tuple[str, ...]) -> Document:
    user, is_approved = body.get("user"), body.get("approve")
    if not isinstance(user, str) or not isinstance(is_approved, bool):
        raise ServiceError(400, "BadRequest", "user must be a text and approve true or false")
    try:
        return operated.authority.decide(found[0], user, is_approved=is_approved)
    except NothingWaits as error:
        raise ServiceError(404, "NotFound", str(error)) from error


def _keys(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    return {"keys": operated.authority.keys()}


async def _rotate(operated: Operated, _body: Document, _found: tuple[str, ...]) -> Document:
    await operated.authority.rotate()
    return {"keys": operated.authority.keys()}


def _retire(operated: Operated, _body: Document, found: tuple[str, ...]) -> Document:
    try:
        operated.authority.retire(found[0])
    except KeyUnknown as error:
        raise ServiceError(404, "NotFound", str(error)) from error
    return {"keys": operated.authority.keys()}


def _throttle_identities(operated: Operated, body: Document, _found: tuple[str, ...]) -> Document:
    limit = body.get("per_second")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= 1_000_000):
        raise ServiceError(400, "BadRequest", "per_second must be 0 to 1000000, or null")
    operated.authority.throttle_identities(limit)
    return {"per_second": limit}


def _assertion(operated: Operated, _body: Document, found: tuple[str, ...]) -> Document:
    try:
        return {"assertion": operated.authority.assertion(*found)}
    except KeyUnknown as error:
        raise ServiceError(404, "NotFound", str(error)) from error


_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "status", _status),
    ("POST", "shutdown", _stop),
    ("POST", "reset", _reset),
    ("GET", "clock", _clock),
    ("POST", "clock", _advance),
    ("GET", "credentials", _things),
    ("POST", "credentials/([^/]+)/([^/]+)", _credential),
    ("GET", "decisions/([^/]+)", _decisions),
    ("GET", "openapi[.]json", _openapi),
    ("GET", "switches", _switches),
    ("PATCH", "switches", _set_switches),
    ("POST", "sign-ins/([^/]+)", _decide),
    ("GET", "keys", _keys),
    ("POST", "keys", _rotate),
    ("DELETE", "keys/([^/]+)", _retire),
    ("PUT", "identity-throttle", _throttle_identities),
    ("POST", "assertions/([^/]+)/([^/]+)", _assertion),
    ("GET", "faults", _faults),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
)
