"""The provider's view of the subscriptions to a share: look, revoke, reinstate, adjust.

Source: data-share.md 1.3, 1.10, 2.1, 7.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.core import iso_instant
from lakeport_local.datashare import errors, filtering, links, pace, results
from lakeport_local.datashare.nouns import PROVIDER_SUBSCRIPTIONS
from lakeport_local.datashare.rendering import instant_text, is_early, type_name

if TYPE_CHECKING:
    from typing import Any

    from lakeport_local.arm import Address, Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response
    from lakeport_local.state import Resource


def look(call: Call) -> Response:
    """Answer the list of a share's subscriptions, or one of them."""
    if call.address.is_instance:
        return call.json(200, _render(call, call.owner, _subscription(call, call.owner, call.address)))
    found = links.subscriptions_to(call.plane.resources, call.owner)
    return filtering.answered(call, [one.key for one in found], [_render(call, call.owner, one) for one in found])


def revoke(call: Call) -> Response:
    """End a subscription's access; what was copied stays where it is."""
    share, found = _named(call)
    ended = {"revoked_at": iso_instant(call.now), "revoke_done_at": call.after(pace.REVOKING)}
    kept = call.plane.resources.put(replace(found, internal={**found.internal, **ended}))
    headers = [
        ("Azure-AsyncOperation", results.begin_action(call, share, pace.REVOKING)),
        ("Location", call.url(_view_id(share, kept))),
        *pace.POLL_AGAIN,
    ]
    return call.json(202, _render(call, share, kept), headers)


def reinstate(call: Call) -> Response:
    """Give a subscription its access back, until another date if the body names one."""
    share, found = _named(call)
    until = _expiration(call, call.optional_body())
    internal = {name: value for name, value in found.internal.items() if not name.startswith("revoke")}
    kept = replace(found, internal=internal, properties={**found.properties, **until})
    return call.json(200, _render(call, share, call.plane.resources.put(kept)))


def adjust(call: Call) -> Response:
    """Change when a subscription's access ends."""
    share, found = _named(call)
    until = _expiration(call, call.body())
    if not until:
        raise errors.bad("'expirationDate' is required")
    kept = call.plane.resources.put(replace(found, properties={**found.properties, **until}))
    return call.json(200, _render(call, share, kept))


def _expiration(call: Call, body: dict[str, Any]) -> dict[str, str]:  # Any: a JSON body
    given = body.get("properties") or {}
    if not isinstance(given, dict):
        raise errors.bad("'properties' is not an object")
    expires = given.get("expirationDate")
    return {} if expires is None or is_early(call) else {"expirationDate": instant_text(expires, "expirationDate")}


def _named(call: Call) -> tuple[Resource, Resource]:
    """Return the share and the subscription that an action's address names."""
    view = call.address.above
    above = view.above if view is not None else None
    share = call.plane.resources.get(above.id) if above is not None else None
    if view is None or above is None or share is None:
        raise errors.share_missing(call.address)
    return share, _subscription(call, share, view)


def _subscription(call: Call, share: Resource, address: Address) -> Resource:
    wanted = address.names[-1].lower()
    for one in links.subscriptions_to(call.plane.resources, share):
        if one.internal["object_id"] == wanted:
            return one
    raise errors.provider_subscription_missing(address)


def _view_id(share: Resource, subscription: Resource) -> str:
    return f"{share.id}/providerShareSubscriptions/{subscription.internal['object_id']}"


def _render(call: Call, share: Resource, subscription: Resource) -> Document:
    """Show a subscription to its provider; its id ends in `shareSubscriptions`, whatever the URL said."""
    own, internal = subscription.properties, subscription.internal
    properties = {
        "shareSubscriptionObjectId": internal["object_id"],
        "consumerName": own["userName"],
        "createdAt": own["createdAt"],
        "sharedAt": internal["shared_at"],
        "consumerEmail": own["userEmail"],
        "consumerTenantName": internal["tenant_name"],
        "providerName": own["providerName"],
        "providerEmail": own["providerEmail"],
        "shareSubscriptionStatus": links.subscription_status(call.plane.resources, subscription, call.now),
    }
    expires = own.get("expirationDate")
    if call.api_version == "2021-08-01" or (expires is not None and not is_early(call)):
        properties["expirationDate"] = expires
    return {
        "properties": properties,
        "id": f"{share.id}/shareSubscriptions/{internal['object_id']}",
        "name": subscription.name,
        "type": type_name(call, PROVIDER_SUBSCRIPTIONS),
    }
