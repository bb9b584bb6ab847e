"""The resource providers of the local Azure that are not rooms of their own, one file a namespace.

Each brings its entry of the table, and the function that builds its documents from plain arguments, for whoever sets up a local Azure.
"""

from __future__ import annotations

from lakeport_local.arm.providers.resources import RESOURCES, resource_group
from lakeport_local.arm.providers.subscriptions import subscription

PROVIDERS = (RESOURCES,)
"""The table's entries, Data Share's apart."""

__all__ = ["PROVIDERS", "RESOURCES", "resource_group", "subscription"]
