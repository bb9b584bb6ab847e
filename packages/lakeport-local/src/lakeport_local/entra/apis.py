"""The resources that a tenant's tokens are for: Microsoft's own, and apps of the tenant that are an API themselves.

Source: identity.md 0, 1.9; Microsoft Graph, "apiApplication".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.entra.audiences import Api, api_named

if TYPE_CHECKING:
    import sqlite3

    from lakeport_local.state import Store

_APP = (
    "SELECT a.client_id, a.name, coalesce(f.document, '{}') AS document FROM principals p"
    " JOIN apps a ON a.client_id = p.client_id"
    " LEFT JOIN profiles f ON f.tenant_id = a.tenant_id AND f.object_id = a.object_id"
    " WHERE p.tenant_id = ?1 AND p.kind = 'Application' AND (a.client_id = ?2 OR EXISTS"
    " (SELECT 1 FROM json_each(f.document, '$.identifierUris') WHERE lower(value) IN (?2, ?2 || '/')))"
)


_REGISTERED = (
    "SELECT a.client_id, a.name, coalesce(f.document, '{}') AS document FROM apps a"
    " LEFT JOIN profiles f ON f.tenant_id = a.tenant_id AND f.object_id = a.object_id WHERE a.client_id = ?"
)
_PROFILE = (
    "SELECT f.document FROM apps a JOIN profiles f ON f.tenant_id = a.tenant_id AND f.object_id = a.object_id"
    " WHERE a.client_id = ?"
)


class Apis:
    """Finds the resources by their names, and what apps' registrations say.

    Args:
        store: Where the directory is kept.
    """

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def named(self, tenant_id: str, resource: str) -> Api | None:
        """Return the resource that a client of a tenant asks for, or None when the tenant has none of this name.

        Args:
            tenant_id: The tenant.
            resource: As requested, `/.default` stripped: a URI, or an app id.
        """
        found = api_named(resource)
        if found is not None:
            return found
        row = self._db.execute(_APP, (tenant_id, resource.lower().removesuffix("/"))).fetchone()
        return None if row is None else _api(row)

    def of_app(self, client_id: str) -> Api:
        """Return an app as an API, by the URIs that its registration gives it."""
        row = self._db.execute(_REGISTERED, (client_id.lower(),)).fetchone()
        return Api(client_id, client_id.lower(), ()) if row is None else _api(row)

    def profile(self, client_id: str) -> dict[str, Any]:  # Any: a JSON object
        """Return what an app's registration says, by Microsoft Graph's names."""
        row = self._db.execute(_PROFILE, (client_id.lower(),)).fetchone()
        return {} if row is None else dict(orjson.loads(row["document"]))


def _api(row: sqlite3.Row) -> Api:
    profile = orjson.loads(row["document"])
    wanted = (profile.get("api") or {}).get("requestedAccessTokenVersion")
    uris = tuple(profile.get("identifierUris") or ())
    return Api(row["name"], row["client_id"], uris, version=2 if wanted == 2 else 1)
