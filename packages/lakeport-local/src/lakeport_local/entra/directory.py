"""Tenants and what is in them: apps with service principals, users, groups, managed identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from lakeport_local.access import Principal
from lakeport_local.entra.apis import Apis
from lakeport_local.entra.credentials import Credentials
from lakeport_local.entra.federated_credentials import FederatedCredentials
from lakeport_local.entra.issuers import Issuers
from lakeport_local.entra.machines import Machines
from lakeport_local.entra.objects import App, Group, ManagedIdentity, Tenant, User, application_id
from lakeport_local.entra.secrets import password_hash, password_matches

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from lakeport_local.access.caller import PrincipalKind
    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra.certificates import Certificate
    from lakeport_local.entra.credentials import SecretState
    from lakeport_local.state import Store


class Directory:
    """The directory of one store. Every `add_` is an upsert by id and may be applied again.

    Args:
        store: Where it is kept.
        ids: Gives salts.
        clock: Says whether a credential is in force.

    Attributes:
        apis: Finds the resources that tokens are for.
        federated: The federated credentials of apps.
        issuers: The keys of issuers outside.
        machines: Who calls the metadata address, with which identities.
    """

    def __init__(self, store: Store, ids: Ids, clock: Clock) -> None:
        self._store = store
        self._db = store.db
        self._ids = ids
        self._clock = clock
        self.apis = Apis(store)
        self.federated = FederatedCredentials(store)
        self.issuers = Issuers(store)
        self.machines = Machines(store)
        self._credentials = Credentials(store, ids, clock)
        self._changes = 0

    @property
    def generation(self) -> int:
        """A number that changes whenever the directory changes, or a change is undone; for caches."""
        return self._changes + self._store.undone

    def touch(self) -> None:
        """Make caches forget what they read: something about a principal changes."""
        self._changes += 1

    def add_tenant(self, *, id: str, name: str, domain: str, blocked: Collection[str] = ()) -> Tenant:
        """Keep a tenant.

        Args:
            id: Its GUID.
            name: Display name.
            domain: Its verified domain.
            blocked: What its conditional access refuses; see `BLOCKABLE`.

        Raises:
            sqlite3.IntegrityError: Another tenant has this domain.
        """
        tenant = Tenant(id.lower(), name, domain.lower(), tuple(blocked))
        self._change(
            "INSERT INTO tenants VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " name = excluded.name, domain = excluded.domain, blocked = excluded.blocked",
            (tenant.id, tenant.name, tenant.domain, orjson.dumps(tenant.blocked).decode()),
        )
        return tenant

    def tenant(self, key: str) -> Tenant | None:
        """Return the tenant with this id, domain or name, compared without case, or None."""
        row = self._db.execute(
            "SELECT * FROM tenants WHERE id = ?1 OR domain = ?1 OR name = ?1 ORDER BY id = ?1 DESC, domain = ?1 DESC",
            (key.lower(),),
        ).fetchone()
        return None if row is None else _tenant(row)

    def tenants(self) -> list[Tenant]:
        """Return all tenants, by name."""
        rows = self._db.execute("SELECT * FROM tenants ORDER BY name, id")
        return [_tenant(row) for row in rows]

    def add_app(self, tenant_id: str, *, name: str, client_id: str, object_id: str, is_enabled: bool = True) -> App:
        """Keep an app registration and its service principal at home."""
        with self._store.transaction():
            self._change(
                "INSERT INTO apps (client_id, tenant_id, name, is_enabled, object_id) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (client_id) DO UPDATE SET"
                " tenant_id = excluded.tenant_id, name = excluded.name, is_enabled = excluded.is_enabled",
                (client_id.lower(), tenant_id.lower(), name, is_enabled, application_id(client_id)),
            )
            return self.add_service_principal(client_id, tenant_id, object_id=object_id)

    def add_service_principal(self, client_id: str, tenant_id: str, *, object_id: str) -> App:
        """Keep the service principal of a registered app in a tenant, its own or one that consented.

        Raises:
            KeyError: No such app.
        """
        row = self._db.execute("SELECT * FROM apps WHERE client_id = ?", (client_id.lower(),)).fetchone()
        if row is None:
            raise KeyError(client_id)
        self._change(
            "DELETE FROM principals WHERE tenant_id = ? AND client_id = ? AND kind = 'Application' AND object_id <> ?",
            (tenant_id.lower(), row["client_id"], object_id.lower()),
        )
        self._put(tenant_id, object_id, "Application", row["name"], client_id=row["client_id"])
        return App(
            row["client_id"],
            tenant_id.lower(),
            object_id.lower(),
            row["tenant_id"],
            row["name"],
            bool(row["is_enabled"]),
        )

    def app(self, tenant_id: str, client_id: str) -> App | None:
        """Return the app with this client id, if it has a service principal in the tenant, or None."""
        row = self._db.execute(
            "SELECT p.object_id, p.tenant_id AS here, a.* FROM principals p JOIN apps a ON a.client_id = p.client_id"
            " WHERE p.tenant_id = ? AND p.client_id = ? AND p.kind = 'Application'",
            (tenant_id.lower(), client_id.lower()),
        ).fetchone()
        if row is None:
            return None
        return App(
            row["client_id"], row["here"], row["object_id"], row["tenant_id"], row["name"], bool(row["is_enabled"])
        )

    def add_secret(
        self,
        app: App,
        secret: str,
        *,
        key_id: str | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        name: str = "",
        hint: str = "",
        holder: str = "",
    ) -> str:
        """Register a secret of an app; only its salted hash is kept. See `Credentials.add_secret`."""
        return self._credentials.add_secret(
            app.client_id,
            secret,
            key_id=key_id,
            starts_at=starts_at,
            ends_at=ends_at,
            name=name,
            hint=hint,
            holder=holder,
        )

    def secret_state(self, client_id: str, secret: str) -> SecretState:
        """Tell whether a secret of an app is `right`, `wrong` or `expired`, in equal time."""
        return self._credentials.secret_state(client_id, secret)

    def add_certificate(
        self, app: App, pem: bytes, *, starts_at: datetime | None = None, ends_at: datetime | None = None
    ) -> Certificate:
        """Register a certificate of an app. See `Credentials.add_certificate`.

        Raises:
            ValueError: No certificate in `pem`, or one whose key is not RSA.
        """
        return self._credentials.add_certificate(app.client_id, pem, starts_at=starts_at, ends_at=ends_at)

    def has_credential(self, client_id: str) -> bool:
        """Tell whether an app has a secret, certificate or federated credential: then it is no public client."""
        return self._credentials.has_any(client_id) or bool(self.federated.of_app(client_id))

    def certificates(self, client_id: str) -> list[Certificate]:
        """Return the certificates of an app, in force or not."""
        return self._credentials.certificates(client_id)

    def add_user(
        self, tenant_id: str, *, name: str, object_id: str, password: str | None, guest_of: User | None = None
    ) -> User:
        """Keep a user.

        Args:
            tenant_id: The tenant that gets the user object.
            name: A member's UPN, which is also the address; for a guest, the address at home.
            object_id: Object id in this tenant.
            password: Password; None for one who never signs in here, such as a guest.
            guest_of: The user object at home, for a B2B guest.
        """
        upn = self._guest_name(tenant_id, name) if guest_of else name
        home = (guest_of.tenant_id, guest_of.object_id) if guest_of else (tenant_id.lower(), object_id.lower())
        kept = self._kept_password(tenant_id, object_id, password)
        before = self._row(tenant_id, object_id)
        self._put(tenant_id, object_id, "User", upn, mail=name, home=home, password=kept)
        if before is not None and before["password"] not in (b"", kept):
            self.revoke_sessions(tenant_id, object_id)
        return User(tenant_id.lower(), object_id.lower(), upn, name, *home)

    def revoke_sessions(self, tenant_id: str, object_id: str) -> None:
        """Revoke what a user's sign-ins until now have left: refresh tokens, and sign-ins under way."""
        self._change(
            "UPDATE principals SET sessions_from = ? WHERE tenant_id = ? AND object_id = ?",
            (int(self._clock.now().timestamp() * 1000), tenant_id.lower(), object_id.lower()),
        )

    def enable(self, tenant_id: str, object_id: str, *, is_enabled: bool) -> None:
        """Let a user sign in, or refuse it."""
        self._change(
            "UPDATE principals SET is_enabled = ? WHERE tenant_id = ? AND object_id = ?",
            (is_enabled, tenant_id.lower(), object_id.lower()),
        )

    def _guest_name(self, tenant_id: str, address: str) -> str:
        """Spell a guest's UPN. Source: identity.md 1.12."""
        host = self.tenant(tenant_id)
        return f"{address.replace('@', '_')}#EXT#@{host.domain if host else tenant_id}"

    def _kept_password(self, tenant_id: str, object_id: str, password: str | None) -> bytes:
        if password is None:
            return b""
        row = self._row(tenant_id, object_id)
        if row is not None and password_matches(password, row["password"]):
            return bytes(row["password"])
        return password_hash(password, self._ids.token(16))

    def user(self, tenant_id: str, key: str) -> User | None:
        """Return the user of a tenant with this object id, UPN or address, compared without case, or None."""
        row = self._db.execute(
            "SELECT * FROM principals WHERE tenant_id = ?1 AND kind = 'User'"
            " AND (object_id = ?2 OR name = ?2 OR mail = ?2) ORDER BY object_id = ?2 DESC, name = ?2 DESC, object_id",
            (tenant_id.lower(), key.lower()),
        ).fetchone()
        if row is None:
            return None
        home = (row["home_tenant_id"], row["home_object_id"])
        state = (bool(row["is_enabled"]), row["sessions_from"])
        return User(row["tenant_id"], row["object_id"], row["name"], row["mail"], *home, *state)

    def password_is(self, user: User | None, password: str) -> bool:
        """Tell whether this is the user's password; in equal time, whether or not there is a user who has one."""
        row = None if user is None else self._row(user.tenant_id, user.object_id)
        kept = bytes(row["password"]) if row is not None else b""
        return password_matches(password, kept or bytes(80)) and bool(kept)

    def add_group(self, tenant_id: str, *, name: str, object_id: str, members: Iterable[str]) -> Group:
        """Keep a group; `members` are object ids of any kind of principal and replace those it had."""
        tenant_id, object_id = tenant_id.lower(), object_id.lower()
        ids = tuple(dict.fromkeys(member.lower() for member in members))
        with self._store.transaction():
            self._put(tenant_id, object_id, "Group", name)
            self._change("DELETE FROM members WHERE tenant_id = ? AND group_id = ?", (tenant_id, object_id))
            self._db.executemany("INSERT INTO members VALUES (?, ?, ?)", [(tenant_id, object_id, one) for one in ids])
        return Group(tenant_id, object_id, name, ids)

    def add_managed_identity(
        self, tenant_id: str, *, name: str, resource_id: str, object_id: str, client_id: str
    ) -> ManagedIdentity:
        """Keep a managed identity of a resource, or a user-assigned one."""
        self._put(tenant_id, object_id, "ManagedIdentity", name, client_id=client_id.lower(), resource_id=resource_id)
        return ManagedIdentity(tenant_id.lower(), object_id.lower(), client_id.lower(), name, resource_id)

    def managed_identity(self, object_id: str) -> ManagedIdentity | None:
        """Return the managed identity with this object id, whatever its tenant, or None."""
        row = self._db.execute(
            "SELECT * FROM principals WHERE object_id = ? AND kind = 'ManagedIdentity'", (object_id.lower(),)
        ).fetchone()
        if row is None:
            return None
        return ManagedIdentity(row["tenant_id"], row["object_id"], row["client_id"], row["name"], row["resource_id"])

    def principal(self, tenant_id: str, object_id: str) -> Principal | None:
        """Return the principal of any kind, groups included, with this object id in a tenant, or None."""
        row = self._row(tenant_id, object_id)
        return None if row is None else self._principal(row)

    def find(self, tenant_id: str, name: str) -> Principal | None:
        """Return the principal with this object id, client id, UPN, address or display name, without case, or None.

        Where several have one name, apps come before managed identities, users and groups.
        """
        row = self._db.execute(
            "SELECT * FROM principals WHERE tenant_id = ?1 AND (object_id = ?2 OR client_id = ?2 OR name = ?2"
            " OR mail = ?2) ORDER BY object_id = ?2 DESC, client_id = ?2 DESC,"
            " kind = 'Application' DESC, kind = 'ManagedIdentity' DESC, kind = 'User' DESC, object_id",
            (tenant_id.lower(), name.lower()),
        ).fetchone()
        return None if row is None or not name else self._principal(row)

    def remove(self, tenant_id: str, object_id: str) -> None:
        """Remove a principal and its memberships; an app's registration goes with its service principal at home."""
        keys = (tenant_id.lower(), object_id.lower())
        row = self._row(*keys)
        if row is None:
            return
        with self._store.transaction():
            self._change("DELETE FROM members WHERE tenant_id = ? AND member_id = ?", keys)
            self._change("DELETE FROM principals WHERE tenant_id = ? AND object_id = ?", keys)
            if row["kind"] == "Application":
                self._change("DELETE FROM apps WHERE client_id = ? AND tenant_id = ?", (row["client_id"], keys[0]))

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        self._db.execute(statement, values)
        self.touch()

    def _put(
        self,
        tenant_id: str,
        object_id: str,
        kind: PrincipalKind,
        name: str,
        *,
        mail: str = "",
        client_id: str = "",
        resource_id: str = "",
        home: tuple[str, str] = ("", ""),
        password: bytes = b"",
    ) -> None:
        self._change(
            "INSERT INTO principals (tenant_id, object_id, kind, name, mail, client_id, resource_id, home_tenant_id,"
            " home_object_id, password) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, object_id)"
            " DO UPDATE SET kind = excluded.kind, name = excluded.name, mail = excluded.mail,"
            " client_id = excluded.client_id, resource_id = excluded.resource_id,"
            " home_tenant_id = excluded.home_tenant_id, home_object_id = excluded.home_object_id,"
            " password = excluded.password",
            (tenant_id.lower(), object_id.lower(), kind, name, mail, client_id, resource_id, *home, password),
        )

    def _row(self, tenant_id: str, object_id: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM principals WHERE tenant_id = ? AND object_id = ?", (tenant_id.lower(), object_id.lower())
        ).fetchone()
        return found

    def _principal(self, row: sqlite3.Row) -> Principal:
        tenant_id, object_id = row["tenant_id"], row["object_id"]
        return Principal(
            tenant_id,
            object_id,
            row["client_id"],
            row["kind"],
            row["name"],
            row["mail"],
            self._groups(tenant_id, object_id),
        )

    def _groups(self, tenant_id: str, member_id: str) -> frozenset[str]:
        """Return the object ids of the groups a principal is in, directly and through groups in groups."""
        rows = self._db.execute(
            "WITH RECURSIVE above (id) AS (SELECT group_id FROM members WHERE tenant_id = ?1 AND member_id = ?2"
            " UNION SELECT group_id FROM members JOIN above ON member_id = above.id WHERE tenant_id = ?1)"
            " SELECT id FROM above",
            (tenant_id, member_id),
        )
        return frozenset(row["id"] for row in rows)


def _tenant(row: sqlite3.Row) -> Tenant:
    return Tenant(row["id"], row["name"], row["domain"], tuple(orjson.loads(row["blocked"])))
