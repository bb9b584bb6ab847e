"""Entra ID: tenants, principals, credentials, and the tokens that every other service believes.

`Directory` knows who there is, `Tokens` issues and verifies. Knows no service that the tokens are for.
"""

from __future__ import annotations

from lakeport_local.entra.directory import Directory
from lakeport_local.entra.objects import App, Group, ManagedIdentity, Tenant, User
from lakeport_local.entra.tokens import MANAGED_IDENTITY_LIFETIME, TokenRefused, Tokens

__all__ = [
    "MANAGED_IDENTITY_LIFETIME",
    "App",
    "Directory",
    "Group",
    "ManagedIdentity",
    "Tenant",
    "TokenRefused",
    "Tokens",
    "User",
]
