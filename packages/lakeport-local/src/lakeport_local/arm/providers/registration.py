"""Resource providers of a subscription: what they offer, and registering for them.

Source: identity.md 4.2, data-share.md 1.1 (unregistered provider).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport_local.arm.paging import page
from lakeport_local.arm.providers.subscriptions import seen_subscription
from lakeport_local.arm.table import Document, Operation, Provider
from lakeport_local.arm.tracked import REGIONS
from lakeport_local.core import ServiceError

if TYPE_CHECKING:
    from lakeport_local.arm.call import Call
    from lakeport_local.core import Response
    from lakeport_local.state import Resource

_PROVIDERS = "Microsoft.Resources/subscriptions/providers"
_PAGE_SIZE = 1000


def registered(subscription: Resource, provider: Provider) -> bool:
    """Tell whether a subscription may use a provider."""
    if not provider.needs_registration:
        return True
    names = {str(name).lower() for name in subscription.internal.get("registered", ["*"])}
    return "*" in names or provider.namespace.lower() in names


def _show(subscription: Resource, provider: Provider) -> Document:
    versions = list(provider.versions or (provider.newest,))
    return {
        "id": f"{subscription.id}/providers/{provider.namespace}",
        "namespace": provider.namespace,
        "resourceTypes": [
            {
                "resourceType": kind.name.partition("/")[2],
                "locations": list(REGIONS.values()),
                "apiVersions": versions,
                "capabilities": "SupportsTags, SupportsLocation" if kind.name.count("/") == 1 else "None",
            }
            for kind in provider.resource_types
        ],
        "registrationState": "Registered" if registered(subscription, provider) else "NotRegistered",
        "registrationPolicy": "RegistrationRequired" if provider.needs_registration else "RegistrationFree",
    }


def _named(call: Call, name: str) -> Provider:
    provider = call.plane.entries.providers.get(name.lower())
    if provider is None:
        raise ServiceError(404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid.")
    return provider


def _get(call: Call) -> Response:
    """Answer one provider or all; any role in the subscription is enough to look."""
    subscription = seen_subscription(call)
    if call.address.is_instance:
        return call.json(200, _show(subscription, _named(call, call.name)))
    found = sorted(call.plane.entries.providers.values(), key=lambda provider: provider.namespace)
    shown = [_show(subscription, provider) for provider in found]
    return call.json(200, page(call, [provider.namespace for provider in found], shown, size=_PAGE_SIZE))


def _register(call: Call) -> Response:
    return _change(call, "register")


def _unregister(call: Call) -> Response:
    return _change(call, "unregister")


def _change(call: Call, verb: str) -> Response:
    """Register or unregister a provider; at once, where the real service takes minutes."""
    subscription = seen_subscription(call)
    provider = _named(call, call.name)
    call.require(f"{provider.namespace}/{verb}/action", subscription.id)
    everything = [one.namespace for one in call.plane.entries.providers.values()]
    before = subscription.internal.get("registered", ["*"])
    names = {name.lower(): name for name in (everything if "*" in before else before)}
    names.pop(provider.namespace.lower(), None)
    if verb == "register":
        names[provider.namespace.lower()] = provider.namespace
    changed = replace(subscription, internal={**subscription.internal, "registered": sorted(names.values())})
    return call.json(200, _show(call.plane.resources.put(changed), provider))


OPERATIONS = (
    Operation("GET", _PROVIDERS, _get),
    Operation("POST", f"{_PROVIDERS}/register", _register),
    Operation("POST", f"{_PROVIDERS}/unregister", _unregister),
)
