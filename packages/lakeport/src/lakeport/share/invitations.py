"""Whom a share invites: sent when nobody is, ended when the file says, and sent again to who left only on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.share.schedules import parse_instant
from lakeport.share.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lakeport.share.desired import Invitee, Provider
    from lakeport.share.provider import Observed
    from lakeport.share.resources import Document, Invitation, Subscriber


def steps(wished: Provider, seen: Observed) -> Iterator[Step]:
    """Yield what brings invitations and their ends in step."""
    taken = {one.name.lower() for one in seen.invitations}
    for invitee in wished.invitees:
        found = _open(invitee, seen)
        if found and not (invitee.again and all(has_left(one, seen) for one in found)):
            yield from _ends(wished.share, invitee, found, seen)
            continue
        name, number = invitee.name, 1
        while name.lower() in taken:
            number += 1
            name = f"{invitee.name}-{number}"
        taken.add(name.lower())
        again = "an earlier invitation is no longer open" if number > 1 else "nothing invites it yet"
        why = f"{'it accepted and left' if found else again}: {invitee.shown}"
        body: Document = {"properties": _properties(invitee)}
        yield Step("create", "invitation", (wished.share, name), why, f"lakeport share destroy {wished.where}", body)


def notes(wished: Provider, seen: Observed) -> Iterator[str]:
    """Yield what is worth saying of those who accepted."""
    for invitee in wished.invitees:
        found = _open(invitee, seen)
        if found and not invitee.again and all(has_left(one, seen) for one in found):
            yield f"{invitee.shown} accepted and left; again: true beside it under invite: sends another invitation"
        for one in found:
            is_unknown = one.invitation_status == "Accepted" and acceptance(one, seen) is None
            if invitee.expires_at is not None and is_unknown and not has_left(one, seen):
                yield f"could not tell which subscriber accepted invitation {one.name}: when it ends is left as it is"


def acceptance(one: Invitation, seen: Observed) -> Subscriber | None:
    """Return the subscriber that accepted an invitation, or `None` when none did or several may have.

    The service names no invitation there; what the two have in common is when it was sent and answered.

    Source: data-share.md 1.10.
    """
    found = [taken for taken in seen.subscribers if _at(taken.shared_at) == _at(one.sent_at) is not None]
    if len(found) > 1:
        found = [taken for taken in found if _at(taken.created_at) == _at(one.responded_at)]
    return found[0] if len(found) == 1 else None


def end_for(subscriber_id: str, wished: Provider, seen: Observed) -> str:
    """Return when the file wants a subscriber's access to end; empty when it does not say, or nobody can tell."""
    for invitee in wished.invitees:
        for one in _open(invitee, seen) if invitee.expires_at is not None else ():
            taken = acceptance(one, seen)
            if taken is not None and taken.share_subscription_object_id == subscriber_id and invitee.expires_at:
                return _spoken(invitee.expires_at)
    return ""


def has_left(one: Invitation, seen: Observed) -> bool:
    """Tell if whoever accepted an invitation surely gave the share up: it is nobody's, and nobody is unaccounted for."""
    if one.invitation_status != "Accepted" or not seen.asked_subscribers or acceptance(one, seen) is not None:
        return False
    known = [acceptance(other, seen) for other in seen.invitations]
    return all(taken in known for taken in seen.subscribers)


def _open(invitee: Invitee, seen: Observed) -> list[Invitation]:
    answers = {"Pending", "Accepted"}
    return [one for one in seen.invitations if _reaches(one, invitee) and one.invitation_status in answers]


def _ends(share: str, invitee: Invitee, found: list[Invitation], seen: Observed) -> Iterator[Step]:
    """Yield what makes access end when the file says; a file that says nothing leaves it alone."""
    if invitee.expires_at is None:
        return
    for one in found:
        if one.invitation_status == "Pending" and _at(one.expiration_date) != invitee.expires_at:
            why = f"it ends {one.expiration_date or 'never'}, the file wants {_spoken(invitee.expires_at)}"
            yield Step("update", "invitation", (share, one.name), why, body={"properties": _properties(invitee)})
        taken = acceptance(one, seen) if one.invitation_status == "Accepted" else None
        if taken is not None and _at(taken.expiration_date) != invitee.expires_at:
            until = _spoken(invitee.expires_at)
            why = (
                f"{taken.consumer_tenant_name}'s access ends {taken.expiration_date or 'never'}, the file wants {until}"
            )
            body: Document = {"properties": {"expirationDate": until}}
            yield Step("update", "subscriber", (share, taken.share_subscription_object_id), why, body=body)


def _reaches(one: Invitation, invitee: Invitee) -> bool:
    if invitee.email:
        return one.target_email.lower() == invitee.email.lower()
    wanted = ((invitee.tenant_id or "").lower(), (invitee.object_id or "").lower())
    return (one.target_active_directory_id.lower(), one.target_object_id.lower()) == wanted


def _properties(invitee: Invitee) -> Document:
    if invitee.email:
        properties: Document = {"targetEmail": invitee.email}
    else:
        properties = {"targetActiveDirectoryId": invitee.tenant_id, "targetObjectId": invitee.object_id}
    if invitee.expires_at is not None:
        properties["expirationDate"] = _spoken(invitee.expires_at)
    return properties


def _spoken(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _at(text: str) -> datetime | None:
    return parse_instant(text) if text else None
