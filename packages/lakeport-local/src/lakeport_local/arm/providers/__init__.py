"""The resource providers of the local Azure that are not rooms of their own, one file a namespace.

Each brings its entry of the table, and the function that builds its documents from plain arguments, for whoever sets up a local Azure.
"""

from __future__ import annotations

from lakeport_local.arm.providers.authorization import AUTHORIZATION
from lakeport_local.arm.providers.insights import INSIGHTS
from lakeport_local.arm.providers.key_vault import KEY_VAULT, key_vault
from lakeport_local.arm.providers.managed_identity import MANAGED_IDENTITY, user_assigned_identity
from lakeport_local.arm.providers.resources import RESOURCES, resource_group
from lakeport_local.arm.providers.role_assignments import role_assignment
from lakeport_local.arm.providers.storage import STORAGE, new_key, storage_account
from lakeport_local.arm.providers.subscriptions import subscription

PROVIDERS = (AUTHORIZATION, INSIGHTS, KEY_VAULT, MANAGED_IDENTITY, RESOURCES, STORAGE)
"""The table's entries, Data Share's apart."""

__all__ = [
    "AUTHORIZATION",
    "INSIGHTS",
    "KEY_VAULT",
    "MANAGED_IDENTITY",
    "PROVIDERS",
    "RESOURCES",
    "STORAGE",
    "key_vault",
    "new_key",
    "resource_group",
    "role_assignment",
    "storage_account",
    "subscription",
    "user_assigned_identity",
]
