"""The directory as Microsoft Graph shows and edits it: lists of its objects, their profiles, memberships, credentials."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import orjson

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from lakeport_local.entra.directory import Directory
    from lakeport_local.state import Store

EntryKind: TypeAlias = Literal["application", "servicePrincipal", "user", "group"]
Profile: TypeAlias = dict[str, Any]  # Any: a JSON object

_PRINCIPAL_KINDS: dict[EntryKind, tuple[str, str]] = {
    "servicePrincipal": ("Application", "ManagedIdentity"),
    "user": ("User", "User"),
    "group": ("Group", "Group"),
}
_KINDS: dict[str, EntryKind] = {stored: kind for kind, names in _PRINCIPAL_KINDS.items() for stored in names}
_PRINCIPALS = (
    "SELECT p.*, coalesce(a.tenant_id, p.home_tenant_id) AS home, coalesce(a.is_enabled, 1) AS app_enabled,"
    " coalesce(f.document, '{}') AS document FROM principals p"
    " LEFT JOIN apps a ON a.client_id = p.client_id AND p.kind = 'Application'"
    " LEFT JOIN profiles f ON f.tenant_id = p.tenant_id AND f.object_id = p.object_id"
)
_APPS = (
    "SELECT a.tenant_id, a.object_id, 'Registration' AS kind, a.name, '' AS mail, a.client_id, '' AS resource_id,"
    " a.tenant_id AS home, a.is_enabled, 1 AS app_enabled, coalesce(f.document, '{}') AS document FROM apps a"
    " LEFT JOIN profiles f ON f.tenant_id = a.tenant_id AND f.object_id = a.object_id"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of the directory.

    Attributes:
        kind: In Graph's words.
        tenant_id: Its tenant.
        object_id: Its object id there.
        name: Display name; a user's UPN.
        mail: A user's address; a guest's is the one at home.
        client_id: Application id of an application, service principal or managed identity; empty for others.
        resource_id: ARM id of a managed identity's resource; empty for others.
        home_tenant_id: Where the app is registered, or where the user signs in.
        is_enabled: False for an app or user that may not sign in.
        profile: What else Graph was told, by Graph's names.
    """

    kind: EntryKind
    tenant_id: str
    object_id: str
    name: str
    mail: str = ""
    client_id: str = ""
    resource_id: str = ""
    home_tenant_id: str = ""
    is_enabled: bool = True
    profile: Profile = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretNote:
    """What may be told of a client secret.

    Attributes:
        key_id: GUID of the registration.
        name: Display name.
        hint: First characters.
        starts_at: In force from.
        ends_at: In force until, or None.
    """

    key_id: str
    name: str
    hint: str
    starts_at: datetime
    ends_at: datetime | None


class Catalog:
    """Lists and edits the objects of one store's directory.

    Args:
        directory: The directory; what changes here is a change there.
        store: Where it is kept.
    """

    def __init__(self, directory: Directory, store: Store) -> None:
        self._directory = directory
        self._store = store
        self._db = store.db

    def entries(self, tenant_id: str, kind: EntryKind) -> list[Entry]:
        """Return a tenant's objects of one kind, by object id."""
        if kind == "application":
            rows = self._db.execute(f"{_APPS} WHERE a.tenant_id = ? ORDER BY a.object_id", (tenant_id,))
        else:
            rows = self._db.execute(
                f"{_PRINCIPALS} WHERE p.tenant_id = ? AND p.kind IN (?, ?) ORDER BY p.object_id",
                (tenant_id, *_PRINCIPAL_KINDS[kind]),
            )
        return [_entry(row) for row in rows]

    def entry(self, tenant_id: str, object_id: str) -> Entry | None:
        """Return the object of any kind with this object id in a tenant, or None."""
        keys = (tenant_id, object_id.lower())
        row = self._db.execute(f"{_PRINCIPALS} WHERE p.tenant_id = ? AND p.object_id = ?", keys).fetchone()
        row = row or self._db.execute(f"{_APPS} WHERE a.tenant_id = ? AND a.object_id = ?", keys).fetchone()
        return None if row is None else _entry(row)

    def registration(self, client_id: str) -> Entry | None:
        """Return the application with this client id, whatever its tenant, or None."""
        row = self._db.execute(f"{_APPS} WHERE a.client_id = ?", (client_id.lower(),)).fetchone()
        return None if row is None else _entry(row)

    def register(self, tenant_id: str, *, name: str, client_id: str, object_id: str) -> Entry:
        """Keep a new application, without a service principal: nobody signs in with it yet."""
        self._change(
            "INSERT INTO apps (client_id, tenant_id, name, is_enabled, object_id) VALUES (?, ?, ?, 1, ?)",
            (client_id, tenant_id, name, object_id),
        )
        return Entry("application", tenant_id, object_id, name, client_id=client_id, home_tenant_id=tenant_id)

    def set_profile(self, entry: Entry, profile: Profile) -> None:
        """Keep what else Graph was told of an object."""
        self._change(
            "INSERT INTO profiles VALUES (?, ?, ?)"
            " ON CONFLICT (tenant_id, object_id) DO UPDATE SET document = excluded.document",
            (entry.tenant_id, entry.object_id, orjson.dumps(profile).decode()),
        )

    def rename(self, entry: Entry, name: str) -> None:
        """Give an object another name; for a user, another UPN, which is also the address of a member."""
        if entry.kind == "application":
            self._change("UPDATE apps SET name = ? WHERE client_id = ?", (name, entry.client_id))
            self._change(
                "UPDATE principals SET name = ? WHERE client_id = ? AND kind = 'Application'", (name, entry.client_id)
            )
            return
        mail = name if entry.kind == "user" and entry.home_tenant_id == entry.tenant_id else entry.mail
        self._change(
            "UPDATE principals SET name = ?, mail = ? WHERE tenant_id = ? AND object_id = ?",
            (name, mail, entry.tenant_id, entry.object_id),
        )

    def enable(self, entry: Entry, *, is_enabled: bool) -> None:
        """Let an app sign in, or refuse it."""
        self._change("UPDATE apps SET is_enabled = ? WHERE client_id = ?", (is_enabled, entry.client_id))

    def remove(self, entry: Entry) -> None:
        """Remove an object and its memberships; an application takes its service principal at home with it."""
        with self._store.transaction():
            if entry.kind == "application":
                here = self._directory.app(entry.tenant_id, entry.client_id)
                self._change("DELETE FROM apps WHERE client_id = ?", (entry.client_id,))
                if here is None:
                    return
                keys = (here.tenant_id, here.object_id)
            else:
                keys = (entry.tenant_id, entry.object_id)
                self._change(
                    "DELETE FROM secrets WHERE client_id = ? AND holder = ?", (entry.client_id, entry.object_id)
                )
            self._change("DELETE FROM members WHERE tenant_id = ? AND member_id = ?", keys)
            self._change("DELETE FROM principals WHERE tenant_id = ? AND object_id = ?", keys)

    def members(self, group: Entry, *, is_transitive: bool = False) -> list[Entry]:
        """Return a group's members, direct or also those of groups in it."""
        return self._related("member_id", "group_id", group, is_transitive=is_transitive)

    def groups_of(self, entry: Entry, *, is_transitive: bool = False) -> list[Entry]:
        """Return the groups that an object is in, directly or also through groups in groups."""
        return self._related("group_id", "member_id", entry, is_transitive=is_transitive)

    def _related(self, wanted: str, known: str, entry: Entry, *, is_transitive: bool) -> list[Entry]:
        more = f" UNION SELECT m.{wanted} FROM members m JOIN found ON m.{known} = found.id WHERE m.tenant_id = ?1"  # noqa: S608
        found = f"SELECT {wanted} FROM members WHERE tenant_id = ?1 AND {known} = ?2{more if is_transitive else ''}"  # noqa: S608
        rows = self._db.execute(  # the words put together are our own
            f"WITH RECURSIVE found (id) AS ({found}) {_PRINCIPALS}"  # noqa: S608
            " WHERE p.tenant_id = ?1 AND p.object_id IN (SELECT id FROM found) ORDER BY p.object_id",
            (entry.tenant_id, entry.object_id),
        )
        return [_entry(row) for row in rows]

    def add_member(self, group: Entry, object_id: str) -> bool:
        """Put an object into a group; return False when it is in it already."""
        done = self._change(
            "INSERT INTO members VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (group.tenant_id, group.object_id, object_id)
        )
        return done.rowcount > 0

    def remove_member(self, group: Entry, object_id: str) -> bool:
        """Take an object out of a group; return False when it is not in it."""
        done = self._change(
            "DELETE FROM members WHERE tenant_id = ? AND group_id = ? AND member_id = ?",
            (group.tenant_id, group.object_id, object_id),
        )
        return done.rowcount > 0

    def secrets(self, client_id: str, holder: str = "") -> list[SecretNote]:
        """Return what may be told of the secrets of an app, or of those registered with its service principal."""
        rows = self._db.execute(
            "SELECT * FROM secrets WHERE client_id = ? AND holder = ? ORDER BY starts_at, key_id", (client_id, holder)
        )
        return [
            SecretNote(
                row["key_id"],
                row["name"],
                row["hint"],
                datetime.fromtimestamp(row["starts_at"], UTC),
                None if row["ends_at"] is None else datetime.fromtimestamp(row["ends_at"], UTC),
            )
            for row in rows
        ]

    def remove_secret(self, client_id: str, key_id: str, holder: str = "") -> bool:
        """Remove a secret; return False when there is none with this key id."""
        done = self._change(
            "DELETE FROM secrets WHERE client_id = ? AND key_id = ? AND holder = ?", (client_id, key_id.lower(), holder)
        )
        return done.rowcount > 0

    def certificate_names(self, client_id: str) -> dict[str, str]:
        """Return the display names of an app's certificates by key id."""
        rows = self._db.execute("SELECT key_id, name FROM certificates WHERE client_id = ?", (client_id,))
        return {row["key_id"]: row["name"] for row in rows}

    def name_certificate(self, key_id: str, name: str) -> None:
        """Give a certificate a display name."""
        self._change("UPDATE certificates SET name = ? WHERE key_id = ?", (name, key_id))

    def keep_certificates(self, client_id: str, key_ids: Iterable[str]) -> None:
        """Remove an app's certificates but for these."""
        gone = set(self.certificate_names(client_id)) - {key_id.lower() for key_id in key_ids}
        for key_id in gone:
            self._change("DELETE FROM certificates WHERE client_id = ? AND key_id = ?", (client_id, key_id))

    def _change(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        self._directory.touch()
        return self._db.execute(statement, values)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        _KINDS.get(row["kind"], "application"),
        row["tenant_id"],
        row["object_id"],
        row["name"],
        row["mail"],
        row["client_id"],
        row["resource_id"],
        row["home"],
        bool(row["is_enabled"] and row["app_enabled"]),
        orjson.loads(row["document"]),
    )
