"""The dfs API's access control of one path: get, set, check.

Source: storage.md 2.6, 5.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.access import Principal, SharedAccess
from lakeport_local.access.acl import Acl, bits_of, parse_acl, parse_mode
from lakeport_local.access.storage import ACT_AS_SUPERUSER, READ, SET_OWNER, SET_PERMISSIONS, STATUS, WRITE
from lakeport_local.core import Response
from lakeport_local.storage.answers import access_fields, path_fields, stamps
from lakeport_local.storage.call import Demand
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.identities import acl_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.access import Step
    from lakeport_local.storage.call import Call
    from lakeport_local.storage.paths import Path

_NAMESPACE = ("x-ms-namespace-enabled", "true")


def _existing(call: Call) -> Path:
    if call.place.item is None:
        raise refusal("PathNotFound")
    return call.place.item


def get_status(call: Call) -> Response:
    """Answer `action=getStatus`: system properties, for who may pass through the parents."""
    call.demand(STATUS, call.place.steps)
    path = _existing(call)
    call.conditions.check_read(path)
    fields = [field for field in path_fields(call, path) if field[0] != "x-ms-properties"]
    return Response(200, [("Content-Length", str(path.size_bytes)), *fields])


def get_access_control(call: Call) -> Response:
    """Answer `action=getAccessControl`."""
    call.demand(STATUS, call.place.steps)
    path = _existing(call)
    call.conditions.check_read(path)
    acl = call.lake.paths.acl(path)
    return Response(200, [*stamps(path), *access_fields(call, path), ("x-ms-acl", acl_text(call, acl)), _NAMESPACE])


def check_access(call: Call) -> Response:
    """Answer `action=checkAccess`: 200 when the caller has all of the permissions named."""
    text = call.parameter("fsAction")
    if text is None:
        raise refusal("MissingRequiredQueryParameter", QueryParameterName="fsAction")
    if len(text) != 3 or any(letter not in {"-", wanted} for letter, wanted in zip(text, "rwx", strict=True)):
        raise refusal("InvalidQueryParameterValue", QueryParameterName="fsAction", QueryParameterValue=text)
    call.demand(WRITE if "w" in text else READ, lambda: call.place.steps(item=bits_of(text)))
    _existing(call)
    return Response(200)


def set_access_control(call: Call) -> Response:
    """Answer `action=setAccessControl`: owner, group, and permissions or list; the etag stays."""
    owner, group = given_id(call, "x-ms-owner"), given_id(call, "x-ms-group")
    text, permissions = call.header("x-ms-acl"), call.header("x-ms-permissions")
    if not (owner or group or text or permissions):
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-acl")
    place = call.place
    demands = [Demand(SET_PERMISSIONS, lambda: _owned_steps(call))] if text or permissions else []
    demands += [Demand(SET_OWNER, lambda: _owned_steps(call))] if owner or group else []
    if place.item is not None:
        demands += new_owner_demands(call, owner, group, before=(place.item.owner, place.item.group))
    call.demand_all(*demands)
    path = _existing(call)
    call.conditions.check_write(path)
    call.check_lease(path)
    acl = _new_acl(place.paths.acl(path), text, permissions, is_directory=path.is_directory)
    changed = place.paths.change(
        path, touch=False, owner=owner or path.owner, owning_group=group or path.group, acl=place.paths.acl_id(acl)
    )
    return Response(200, [*stamps(changed), _NAMESPACE])


def _owned_steps(call: Call) -> Iterator[Step]:
    """Yield what a change of the list asks: the way, unless a role opens it, and to be the owner."""
    if not call.may(READ):
        yield from call.place.steps()
    if call.place.item is not None:
        yield call.place.step(call.place.item, call.place.path, 0, frozenset({call.place.item.owner}))


def given_id(call: Call, header: str) -> str | None:
    """Return the object id that a header names, as the directory spells it."""
    text = call.header(header)
    return None if text is None else text.lower()


def new_owner_demands(call: Call, owner: str | None, group: str | None, *, before: tuple[str, str]) -> list[Demand]:
    """Return what is asked of who gives a path away: to be a super-user, unless it is to a group of their own.

    Args:
        call: The request.
        owner: The owner it asks for.
        group: The owning group it asks for.
        before: Owner and group without it.
    """
    caller = call.caller
    who = caller if isinstance(caller, Principal) else None
    if isinstance(caller, SharedAccess):
        who = caller.subject or caller.signer
    if who is None:
        return []
    is_foreign_group = group is not None and group != before[1] and group not in who.groups
    if (owner is not None and owner != before[0]) or is_foreign_group:
        return [Demand(ACT_AS_SUPERUSER, caller=who)]
    return []


def _new_acl(old: Acl, text: str | None, permissions: str | None, *, is_directory: bool) -> Acl:
    if text and permissions:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-permissions", HeaderValue=permissions)
    try:
        if text:
            acl = parse_acl(text, is_sticky=old.is_sticky)
            if acl.default and not is_directory:
                raise refusal("InvalidHeaderValue", HeaderName="x-ms-acl", HeaderValue=text)
            return acl
        return old.with_mode(parse_mode(permissions)) if permissions else old
    except ValueError:
        name = "x-ms-acl" if text else "x-ms-permissions"
        raise refusal("InvalidHeaderValue", HeaderName=name, HeaderValue=text or permissions or "") from None
