"""Share subscriptions: accepting an invitation is creating one.

Source: data-share.md 1.10, 2.1, 2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lakeport_local.arm import Outcome, ResourceType
from lakeport_local.core import Response, iso_instant, parse_instant
from lakeport_local.datashare import consumer_invitations, errors, filtering, links, names, quotas, results
from lakeport_local.datashare.nouns import SUBSCRIPTIONS
from lakeport_local.datashare.rendering import document, instant_text, present, without_expiration
from lakeport_local.datashare.runs import Runs
from lakeport_local.state import Resource

if TYPE_CHECKING:
    from typing import Any

    from lakeport_local.arm import Call, ControlPlane
    from lakeport_local.arm.table import Document


def _put(call: Call, current: Resource | None) -> Outcome:
    given = call.properties()
    names.check(call, "share subscription")
    for name in ("invitationId", "sourceShareLocation"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise errors.bad(f"'{name}' is required")
    if current is not None:
        if current.properties["invitationId"].lower() != given["invitationId"].lower():
            raise errors.conflict(f"ShareSubscription: {call.name} already exists for another invitation")
        return Outcome(current)
    invitation = consumer_invitations.addressed(
        call.plane, call.caller, given["invitationId"], given["sourceShareLocation"]
    )
    share = _source(call, invitation)
    used = len(call.plane.resources.children(call.owner.id, SUBSCRIPTIONS))
    quotas.SUBSCRIPTION.require(used)
    accepted = consumer_invitations.answer(call.plane, invitation, "Accepted", call.now)
    made = _made(call, accepted, share, given.get("expirationDate"))
    return Outcome(
        made, 201, (("Location", quote(f"{made.id}/{made.name}")), quotas.SUBSCRIPTION.header(used + 1, made.id))
    )


def _source(call: Call, invitation: Resource) -> Resource:
    """Return the share that an invitation is to, which must still be open and there."""
    if invitation.properties["invitationStatus"] == "Accepted":
        raise errors.conflict("The invitation was already accepted")
    share = call.plane.resources.get(str(invitation.internal["share_id"]))
    is_same = share is not None and str(share.uid) == invitation.internal["share_uid"]
    if share is None or not is_same or not consumer_invitations.is_open(invitation, call.now):
        raise errors.not_invited()
    return share


def _made(call: Call, invitation: Resource, share: Resource, expires: object) -> Resource:
    own = None if expires is None else instant_text(expires, "expirationDate")
    ends = [text for text in (own, invitation.properties.get("expirationDate")) if text is not None]
    properties = present(
        createdAt=iso_instant(call.now),
        invitationId=invitation.properties["invitationId"],
        sourceShareLocation=invitation.properties["location"],
        expirationDate=min(ends, key=parse_instant) if ends else None,
        providerName=invitation.properties["providerName"],
        providerEmail=invitation.properties["providerEmail"],
        providerTenantName=invitation.properties["providerTenantName"],
        userName=call.caller.name,
        userEmail=call.caller.mail,
    )
    tenant = call.plane.directory.tenant(call.tenant_id)
    internal = {
        "object_id": call.plane.ids.guid(),
        "share_id": share.id,
        "share_uid": str(share.uid),
        "share": {name: share.properties.get(name) for name in ("shareKind", "description", "terms")},
        "share_name": share.name,
        "shared_at": invitation.properties["sentAt"],
        "tenant_name": tenant.name if tenant is not None else "",
    }
    return Resource(call.address.id, SUBSCRIPTIONS, call.name, properties=properties, internal=internal)


def _delete(call: Call, current: Resource | None) -> Response:
    if current is None:
        return Response(204)
    left = len(call.plane.resources.children(call.owner.id, SUBSCRIPTIONS)) - 1
    return results.begin_deletion(call, current, quotas.SUBSCRIPTION.header(left, ""))


def _removed(plane: ControlPlane, gone: Resource) -> None:
    """What still runs for a subscription ends with it."""
    Runs(plane.store).cancel_all(gone.uid, plane.clock.now())


def _render(call: Call, resource: Resource) -> Document:
    return document(call, resource, without_expiration(call, shown(call, resource)), has_system_data=False)


def shown(call: Call, resource: Resource) -> dict[str, Any]:  # Any: JSON values
    """Return a subscription's properties, the share's as it is now, or as it was when it was accepted."""
    share = links.share_of(call.plane.resources, resource)
    about = share.properties if share is not None else resource.internal["share"]
    own = resource.properties
    return present(
        createdAt=own["createdAt"],
        invitationId=own["invitationId"],
        sourceShareLocation=own["sourceShareLocation"],
        expirationDate=own.get("expirationDate"),
        provisioningState="Succeeded",
        shareDescription=about.get("description"),
        shareKind=about["shareKind"],
        shareName=resource.internal["share_name"],
        shareSubscriptionStatus=links.subscription_status(call.plane.resources, resource, call.now),
        shareTerms=about.get("terms"),
        providerName=own["providerName"],
        providerEmail=own["providerEmail"],
        providerTenantName=own["providerTenantName"],
        userName=own["userName"],
        userEmail=own["userEmail"],
    )


SHARE_SUBSCRIPTION = ResourceType(
    SUBSCRIPTIONS,
    put=_put,
    delete=_delete,
    render=_render,
    missing=errors.subscription_missing,
    listed=filtering.listed(SUBSCRIPTIONS, _render),
    removed=_removed,
)
