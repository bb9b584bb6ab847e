"""Entra ID: tenants, principals, credentials, and the tokens that every other service believes.

`Directory` knows who there is, `Tokens` issues and verifies, `EntraService` is the authority's HTTP face; `STORAGE`, `ARM`,
`KEY_VAULT` and `GRAPH` say what each service takes as audience. Knows no service that the tokens are for.
"""

from __future__ import annotations

from lakeport_local.entra.audiences import ARM, GRAPH, KEY_VAULT, STORAGE, TOKEN_EXCHANGE, Api, storage_audiences
from lakeport_local.entra.authority import AUTHORITY_HOSTS, is_authority_host
from lakeport_local.entra.catalog import Catalog, Entry, EntryKind, SecretNote
from lakeport_local.entra.certificates import Certificate
from lakeport_local.entra.directory import Directory
from lakeport_local.entra.objects import App, Group, ManagedIdentity, Tenant, User
from lakeport_local.entra.people import People
from lakeport_local.entra.service import EntraService
from lakeport_local.entra.tokens import MANAGED_IDENTITY_LIFETIME, TokenRefused, Tokens

__all__ = [
    "ARM",
    "AUTHORITY_HOSTS",
    "GRAPH",
    "KEY_VAULT",
    "MANAGED_IDENTITY_LIFETIME",
    "STORAGE",
    "TOKEN_EXCHANGE",
    "Api",
    "App",
    "Catalog",
    "Certificate",
    "Directory",
    "EntraService",
    "Entry",
    "EntryKind",
    "Group",
    "ManagedIdentity",
    "People",
    "SecretNote",
    "Tenant",
    "TokenRefused",
    "Tokens",
    "User",
    "is_authority_host",
    "storage_audiences",
]
