"""Azure Resource Manager as a table: a resource type is one entry, everything ARM does for it is done once.

A provider is a `Provider(namespace, resource_types, operations)`. A `ResourceType` names a stored resource and brings hooks for what is its
own: `put` decides what a PUT makes of the body, `render` what a client sees. An `Operation` is any other call: an action (`POST
.../synchronize`), a list that is no collection, a status to poll. Routing, api-version, bearer tokens, tenant and RBAC checks, parents,
collections and paging, `systemData`, long-running operations and error envelopes are the framework's (`ControlPlane`).
Must not know any provider's rules.
"""

from __future__ import annotations

from lakeport_local.arm.address import Address
from lakeport_local.arm.call import Call
from lakeport_local.arm.longrunning import LongRunning
from lakeport_local.arm.plane import ControlPlane
from lakeport_local.arm.table import Operation, Outcome, Provider, ResourceType

__all__ = ["Address", "Call", "ControlPlane", "LongRunning", "Operation", "Outcome", "Provider", "ResourceType"]
