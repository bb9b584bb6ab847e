"""Invitations as the invited see them: at tenant level, for the token's own tenant and object id, or sign-in address.

Every invitation sent is kept a second time for its recipient, so that they can still see what became of one that its provider
deleted. Source: data-share.md 1.9, 2.1, 7.3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import iso_instant, parse_instant
from lakeport_local.datashare import assumptions, errors, filtering, mail
from lakeport_local.datashare.email_registrations import is_registered
from lakeport_local.datashare.links import account_of, data_sets_of, tenant_of
from lakeport_local.datashare.nouns import CONSUMER_INVITATIONS, NAMESPACE
from lakeport_local.datashare.rendering import is_early, present, region, without_expiration
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.access import Principal
    from lakeport_local.arm import Call, ControlPlane
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response

_AT = f"/providers/{CONSUMER_INVITATIONS}/"


def send(plane: ControlPlane, share: Resource, invitation: Resource) -> None:
    """Keep the recipient's side of an invitation, new or sent anew."""
    sent = invitation.properties
    tenant = plane.directory.tenant(tenant_of(plane.resources, invitation.id))
    account = account_of(plane.resources, share)
    if "targetEmail" in sent:
        text = f"{sent['userName']} invites you to the data share {share.name}.\n\nThe invitation: {sent['invitationId']}\n"
        mail.post(
            plane.store, sent["targetEmail"], f"Azure Data Share invitation: {share.name}", text, plane.clock.now()
        )
    target = sent.get("targetEmail") or f"{sent['targetActiveDirectoryId']}/{sent['targetObjectId']}"
    properties = present(
        invitationId=sent["invitationId"],
        invitationStatus=sent["invitationStatus"],
        location=region(account.location or ""),
        shareName=share.name,
        sentAt=iso_instant(parse_instant(sent["sentAt"])),
        expirationDate=sent.get("expirationDate"),
        providerName=sent["userName"],
        providerEmail=sent["userEmail"],
        providerTenantName=tenant.name if tenant is not None else "",
    )
    plane.resources.put(
        Resource(
            _AT + sent["invitationId"],
            CONSUMER_INVITATIONS,
            sent["invitationId"],
            properties=properties,
            internal={
                "target": target,
                "name": invitation.name,
                "invitation_id": invitation.id,
                "share_id": share.id,
                "share_uid": str(share.uid),
            },
        )
    )


def withdraw(plane: ControlPlane, invitation: Resource) -> None:
    """Tell the recipient that the provider deleted an invitation, or its share."""
    kept = plane.resources.get(_AT + invitation.properties["invitationId"])
    if kept is not None:
        status = assumptions.withdrawn_status(kept.properties["invitationStatus"])
        plane.resources.put(replace(kept, properties={**kept.properties, "invitationStatus": status}))


def answer(plane: ControlPlane, kept: Resource, status: str, at: datetime) -> Resource:
    """Keep the recipient's answer on both sides; return their side."""
    said = {"invitationStatus": status, "respondedAt": iso_instant(at)}
    sent = plane.resources.get(str(kept.internal["invitation_id"]))
    if sent is not None and sent.properties["invitationId"] == kept.properties["invitationId"]:
        plane.resources.put(replace(sent, properties={**sent.properties, **said}))
    return plane.resources.put(replace(kept, properties={**kept.properties, **said}))


def addressed(plane: ControlPlane, caller: Principal, invitation_id: object, location: object) -> Resource:
    """Return the invitation with this id in this region, if it is addressed to the caller.

    Raises:
        ServiceError: 404 7001: unknown, for somebody else, or in another region.
    """
    if not isinstance(invitation_id, str) or not isinstance(location, str) or "/" in invitation_id:
        raise errors.not_invited()
    kept = plane.resources.get(_AT + invitation_id)
    if kept is None or kept.properties["location"] != region(location) or not _is_for(plane, kept, caller):
        raise errors.not_invited()
    return kept


def is_open(kept: Resource, now: datetime) -> bool:
    """Tell whether an invitation can still be accepted."""
    until = kept.properties.get("expirationDate")
    return kept.properties["invitationStatus"] == "Pending" and (until is None or now < parse_instant(until))


def _is_for(plane: ControlPlane, kept: Resource, caller: Principal) -> bool:
    target = str(kept.internal["target"])
    if "@" in target:
        is_own = caller.kind == "User" and assumptions.is_addressed(caller.name, caller.mail, target)
        return is_own and (
            not assumptions.is_guest(caller.name) or is_registered(plane.resources, caller, plane.clock.now())
        )
    return target.lower() == f"{caller.tenant_id}/{caller.object_id}".lower()


def list_invitations(call: Call) -> Response:
    """Answer the caller's pending invitations, of all regions; the answer is ARM's own, so it names no server (data-share.md 1.9)."""
    caller, resources = call.caller, call.plane.resources
    targets = {f"{caller.tenant_id}/{caller.object_id}"}
    if caller.kind == "User":
        targets |= {text.lower() for text in (caller.name, caller.mail) if text}
    held = [
        one for target in sorted(targets) for one in resources.where(CONSUMER_INVITATIONS, "$.internal.target", target)
    ]
    shown = (
        [one for one in held if is_open(one, call.now) and _is_for(call.plane, one, caller)]
        if _has_provider(call)
        else []
    )
    response = filtering.answered(call, [one.key for one in shown], [render(call, one) for one in shown])
    response.headers += [("x-ms-original-request-ids", call.request.id), ("Server", "")]
    return response


def _has_provider(call: Call) -> bool:
    """Tell whether the caller's tenant has a subscription with the provider; without one no invitation is visible."""
    for one in call.plane.resources.under("", "Microsoft.Resources/subscriptions"):
        names = [str(name).lower() for name in one.internal.get("registered", ["*"])]
        if one.internal.get("tenant_id") == call.tenant_id and ("*" in names or NAMESPACE.lower() in names):
            return True
    return False


def get_invitation(call: Call) -> Response:
    """Answer one invitation of the caller's, whatever became of it."""
    return call.json(200, render(call, addressed(call.plane, call.caller, call.name, call.address.names[0])))


def reject_invitation(call: Call) -> Response:
    """Reject an invitation; one that was rejected before stays so."""
    kept = addressed(call.plane, call.caller, call.properties().get("invitationId"), call.address.names[0])
    if kept.properties["invitationStatus"] != "Rejected":
        if not is_open(kept, call.now):
            raise errors.conflict(f"The invitation is {kept.properties['invitationStatus']}")
        kept = answer(call.plane, kept, "Rejected", call.now)
    return call.json(200, render(call, kept))


def render(call: Call, kept: Resource) -> Document:
    """Show an invitation to its recipient, `userName` and `userEmail` as explicit nulls; later versions name its region in the id."""
    share = call.plane.resources.get(str(kept.internal["share_id"]))
    if share is not None and str(share.uid) != kept.internal["share_uid"]:
        share = None
    about = share.properties if share is not None else {}
    own = kept.properties
    properties = present(
        description=about.get("description"),
        dataSetCount=len(data_sets_of(call.plane.resources, share)),
        invitationId=own["invitationId"],
        invitationStatus=own["invitationStatus"],
        location=own["location"],
        shareName=own["shareName"],
        sentAt=own["sentAt"],
        respondedAt=own.get("respondedAt"),
        expirationDate=own.get("expirationDate"),
        termsOfUse=about.get("terms"),
        providerName=own["providerName"],
        providerEmail=own["providerEmail"],
        providerTenantName=own["providerTenantName"],
    )
    place = NAMESPACE if is_early(call) else f"{NAMESPACE}/locations/{own['location']}"
    return {
        "properties": {**without_expiration(call, properties), "userName": None, "userEmail": None},
        "id": f"/providers/{place}/consumerInvitations/{own['invitationId']}",
        "name": kept.internal["name"],
        "type": CONSUMER_INVITATIONS if is_early(call) else f"{NAMESPACE}/locations/consumerInvitations",
    }
