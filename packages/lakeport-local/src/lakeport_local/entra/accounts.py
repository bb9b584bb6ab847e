"""The people who sign in: a home account, and the object it has in another tenant when it is a guest there.

Source: identity.md 1.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.objects import Tenant, User
    from lakeport_local.state import Store


class Accounts:
    """Finds the users of a directory by their home account.

    Args:
        store: Where the directory is kept.
        directory: Reads users.
    """

    def __init__(self, store: Store, directory: Directory) -> None:
        self._db = store.db
        self._directory = directory

    def home(self, name: str) -> User | None:
        """Return the user object at home of who signs in with this name, compared without case, or None."""
        return self._one("kind = 'User' AND home_tenant_id = tenant_id AND name = ?", name)

    def of_object(self, object_id: str) -> User | None:
        """Return the user object at home of who has this object id in any tenant, or None."""
        user = self._one("kind = 'User' AND object_id = ?", object_id.lower())
        return None if user is None else self._directory.user(user.home_tenant_id, user.home_object_id)

    def at(self, tenant: Tenant | None, home: User) -> User | None:
        """Return the object that a home account has in a tenant, as member or guest; without a tenant, at home."""
        if tenant is None:
            return home
        where = "kind = 'User' AND tenant_id = ? AND home_tenant_id = ? AND home_object_id = ?"
        return self._one(where, tenant.id, home.tenant_id, home.object_id)

    def _one(self, where: str, *values: str) -> User | None:
        row = self._db.execute(
            f"SELECT tenant_id, object_id FROM principals WHERE {where} ORDER BY tenant_id LIMIT 1",  # noqa: S608  # ours
            values,
        ).fetchone()
        return None if row is None else self._directory.user(row["tenant_id"], row["object_id"])
