"""Invitations as their provider sees them.

Source: data-share.md 1.8, 2.2, 7.2.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import iso_instant
from lakeport_local.datashare import consumer_invitations, errors, filtering, names, quotas
from lakeport_local.datashare.nouns import INVITATIONS
from lakeport_local.datashare.rendering import document, instant_text, is_early, without_expiration
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from typing import Any

    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document

_TARGETS = ("targetActiveDirectoryId", "targetObjectId", "targetEmail")


def _put(call: Call, current: Resource | None) -> Outcome:
    given = call.properties()
    names.check(call, "invitation")
    target = _target(given)
    expires = given.get("expirationDate")
    until = {} if expires is None else {"expirationDate": instant_text(expires, "expirationDate")}
    if current is not None:
        return _again(call, current, target, until)
    used = len(call.plane.resources.children(call.owner.id, INVITATIONS))
    quotas.INVITATION.require(used)
    properties = {
        "sentAt": iso_instant(call.now),
        **target,
        "invitationStatus": "Pending",
        "invitationId": call.plane.ids.guid(),
        **until,
        "userName": call.caller.name,
        "userEmail": call.caller.mail,
    }
    made = Resource(call.address.id, INVITATIONS, call.name, properties=properties, system_data=call.stamp())
    consumer_invitations.send(call.plane, call.owner, made)
    quota = () if is_early(call) else (quotas.INVITATION.header(used + 1, made.id),)
    location = quote(f"{made.id}/{made.properties['invitationId']}")
    return Outcome(made, 201, (("Location", location), *quota))


def _again(call: Call, current: Resource, target: dict[str, str], until: dict[str, str]) -> Outcome:
    """Send a pending invitation anew; one that was answered stays as it is."""
    if {name: current.properties[name] for name in _TARGETS if name in current.properties} != target:
        raise errors.conflict(f"Invitation: {call.name} already exists for another recipient")
    if current.properties["invitationStatus"] != "Pending":
        return Outcome(current)
    sent_at = iso_instant(call.now).removesuffix("Z") + "+00:00"  # from now on, as recorded of the service
    kept = replace(current, properties={**current.properties, "sentAt": sent_at, **until})
    consumer_invitations.send(call.plane, call.owner, kept)
    return Outcome(kept, 201)


def _target(given: dict[str, Any]) -> dict[str, str]:  # Any: a JSON body
    """Return the members that say who is invited: an address, or a tenant and an object in it."""
    found = {name: given[name] for name in _TARGETS if given.get(name) not in (None, "")}
    if set(found) == {"targetEmail"} and isinstance(found["targetEmail"], str) and "@" in found["targetEmail"]:
        return found
    if set(found) != set(_TARGETS[:2]):
        raise errors.bad("Either 'targetEmail', or 'targetActiveDirectoryId' and 'targetObjectId' are required")
    try:
        return {name: str(UUID(str(value))) for name, value in found.items()}
    except ValueError:
        raise errors.bad("'targetActiveDirectoryId' and 'targetObjectId' must be GUIDs") from None


def _render(call: Call, resource: Resource) -> Document:
    return document(call, resource, without_expiration(call, resource.properties))


INVITATION = ResourceType(
    INVITATIONS,
    put=_put,
    render=_render,
    missing=errors.invitation_missing,
    listed=filtering.listed(INVITATIONS, _render),
    removed=consumer_invitations.withdraw,
)
