"""Instance metadata: the machine that a managed identity seems to run on.

Source: identity.md 2.1; Azure Instance Metadata Service, "Instance metadata".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.core import derived_id

if TYPE_CHECKING:
    from lakeport_local.entra import ManagedIdentity
    from lakeport_local.state import Resources

_ANYWHERE = "westeurope"


def instance_metadata(identity: ManagedIdentity, resources: Resources) -> dict[str, Any]:  # Any: a JSON object
    """Return the metadata document of the machine that an identity runs on.

    It stands in the resource group of the identity's resource, in that resource's region.
    """
    parts = identity.resource_id.split("/")
    subscription, group = (parts[2], parts[4]) if len(parts) > 4 else ("", "")
    name = parts[-1] or identity.name
    compute = {
        "azEnvironment": "AzurePublicCloud",
        "location": _location(identity.resource_id, resources),
        "name": name,
        "osType": "Linux",
        "provider": "Microsoft.Compute",
        "resourceGroupName": group,
        "resourceId": f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}",
        "subscriptionId": subscription,
        "tags": "",
        "tagsList": [],
        "vmId": derived_id("machine", identity.object_id),
        "vmScaleSetName": "",
        "zone": "",
    }
    return {"compute": compute, "network": {"interface": []}}


def _location(resource_id: str, resources: Resources) -> str:
    """Return the region of a resource, else of its resource group."""
    for id_ in (resource_id, "/".join(resource_id.split("/")[:5])):
        found = resources.get(id_)
        if found is not None and found.location:
            return found.location
    return _ANYWHERE


def part_of(document: dict[str, Any], path: list[str]) -> Any | None:  # Any: a JSON value
    """Return what stands in a document at a path of member names, compared without case, or None."""
    value: Any = document  # Any: a JSON value
    for wanted in path:
        members = {name.lower(): name for name in value} if isinstance(value, dict) else {}
        if wanted.lower() not in members:
            return None
        value = value[members[wanted.lower()]]
    return value
