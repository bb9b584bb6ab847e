"""Every control-plane resource as one document, found by id, parent, type or a member of its document."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from lakeport_local.state.store import Store

_MEMBERS = ("location", "tags", "kind", "identity", "properties", "system_data", "internal")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the control plane.

    Attributes:
        id: Full id, in the caller's casing, such as `/subscriptions/S/resourceGroups/G/providers/NS/TYPE/NAME`.
        type: Full type, such as `Microsoft.DataShare/accounts/shares`.
        name: Last segment of the id.
        location: Azure region, or None for a proxy resource.
        tags: None when never set.
        kind: ARM's `kind`, such as a data set's, or None.
        identity: ARM's `identity` object, or None.
        properties: What is rendered below `properties`.
        system_data: ARM's `systemData`, or None.
        internal: What the service remembers and never renders, such as account keys.
        uid: Number of this creation; a resource deleted and made again has another one. 0 before it is stored.
    """

    id: str
    type: str
    name: str
    location: str | None = None
    tags: dict[str, str] | None = None
    kind: str | None = None
    identity: dict[str, Any] | None = None  # Any: a JSON object
    properties: dict[str, Any] = field(default_factory=dict)  # Any: a JSON object
    system_data: dict[str, Any] | None = None  # Any: a JSON object
    internal: dict[str, Any] = field(default_factory=dict)  # Any: a JSON object
    uid: int = 0

    @property
    def key(self) -> str:
        """The id in lower case: ARM compares ids without case."""
        return self.id.lower()

    @property
    def parent(self) -> str:
        """The key of what contains this resource: a resource, a resource group, a subscription, or `` for the tenant.

        Example:
            >>> Resource("/subscriptions/S/resourceGroups/G/providers/N/a/x/b/y", "N/a/b", "y").parent
            '/subscriptions/s/resourcegroups/g/providers/n/a/x'
            >>> Resource("/subscriptions/S/resourceGroups/G/providers/N/a/x", "N/a", "x").parent
            '/subscriptions/s/resourcegroups/g'
        """
        above = self.key.rsplit("/", 2)[0]
        return re.sub(r"/providers/[^/]+$", "", above)


class Resources:
    """The documents of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._db = store.db
        self._generations: defaultdict[str, int] = defaultdict(int)

    def get(self, resource_id: str) -> Resource | None:
        """Return the resource with this id, compared without case, or None."""
        row = self._db.execute("SELECT * FROM resources WHERE key = ?", (resource_id.lower(),)).fetchone()
        return None if row is None else _resource(row)

    def put(self, resource: Resource) -> Resource:
        """Keep a resource, new or changed; return it with its uid."""
        document = orjson.dumps({name: getattr(resource, name) for name in _MEMBERS}).decode()
        row = self._db.execute(
            "INSERT INTO resources (key, id, type, name, parent, document) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET document = excluded.document RETURNING uid",
            (resource.key, resource.id, resource.type, resource.name, resource.parent, document),
        ).fetchone()
        self._touch(resource.type)
        return replace(resource, uid=int(row["uid"]))

    def delete(self, resource_id: str) -> list[Resource]:
        """Remove a resource and everything below it; return what was removed, the deepest first."""
        key = resource_id.lower()
        rows = self._db.execute(
            "DELETE FROM resources WHERE key = ? OR (key > ? AND key < ?) RETURNING *", (key, key + "/", key + "0")
        ).fetchall()
        removed = sorted((_resource(row) for row in rows), key=lambda resource: (-resource.id.count("/"), resource.key))
        for resource in removed:
            self._touch(resource.type)
        return removed

    def children(self, parent_id: str, resource_type: str) -> list[Resource]:
        """Return the resources of a type directly below a resource, group or subscription, by name."""
        rows = self._db.execute(
            "SELECT * FROM resources WHERE parent = ? AND type = ? ORDER BY name", (parent_id.lower(), resource_type)
        )
        return [_resource(row) for row in rows]

    def under(self, scope_id: str, resource_type: str) -> list[Resource]:
        """Return the resources of a type anywhere below a scope (`` for all), by key."""
        key = scope_id.lower()
        rows = self._db.execute(
            "SELECT * FROM resources WHERE type = ? AND key > ? AND (? = '' OR key < ?) ORDER BY key",
            (resource_type, key + "/", key, key + "0"),
        )
        return [_resource(row) for row in rows]

    def named(self, resource_type: str, name: str) -> Resource | None:
        """Return the one resource of a type whose names are global (storage accounts, vaults), or None."""
        row = self._db.execute("SELECT * FROM resources WHERE type = ? AND name = ?", (resource_type, name)).fetchone()
        return None if row is None else _resource(row)

    def where(self, resource_type: str, member: str, value: str) -> Iterator[Resource]:
        """Yield the resources of a type whose document has this text at a path such as `$.properties.invitationId`."""
        rows = self._db.execute(
            "SELECT * FROM resources WHERE type = ? AND json_extract(document, ?) = ? COLLATE NOCASE ORDER BY uid",
            (resource_type, member, value),
        ).fetchall()
        yield from (_resource(row) for row in rows)

    def generation(self, resource_type: str) -> int:
        """Return a number that changes whenever a resource of this type changes, or a change is undone; for caches."""
        return self._generations[resource_type.lower()] + self._store.undone

    def _touch(self, resource_type: str) -> None:
        self._generations[resource_type.lower()] += 1


def _resource(row: sqlite3.Row) -> Resource:
    return Resource(id=row["id"], type=row["type"], name=row["name"], uid=row["uid"], **orjson.loads(row["document"]))
