"""One look at many shares of an account: what they have in common is asked once."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lakeport.access.roles import Assignment, Roles
    from lakeport.share.control import Control
    from lakeport.share.resources import Document


class Looking(Protocol):
    """What looking at a providing side asks of its account."""

    def get(self, kind: str, *names: str) -> Document | None:
        """Return a resource, or `None` when there is none."""
        ...

    def all(self, kind: str, *names: str) -> list[Document]:
        """Return every resource of a kind below these names."""
        ...


class RoleBook(Protocol):
    """What looking at a side asks of role assignments."""

    def of(self, principal_id: str, scope: str) -> list[Assignment] | None:
        """Return the roles a principal has at a scope or above, or `None` when the caller may not know."""
        ...


class Glance:
    """The account, its shares and its identity's roles as they were when first asked for; for one look only."""

    def __init__(self, control: Control, roles: Roles) -> None:
        self._control, self._roles = control, roles
        self._lock = Lock()
        self._account: list[Document | None] = []
        self._shares: dict[str, Document] | None = None
        self._assignments: dict[tuple[str, str], list[Assignment] | None] = {}

    def get(self, kind: str, *names: str) -> Document | None:
        """Return a resource, or `None` when there is none."""
        if kind not in {"account", "share"}:
            return self._control.get(kind, *names)
        with self._lock:
            if kind == "account":
                if not self._account:
                    self._account.append(self._control.get("account"))
                return self._account[0]
            if self._shares is None:
                self._shares = {str(one["name"]).lower(): one for one in self._control.all("share")}
            return self._shares.get(names[0].lower())

    def all(self, kind: str, *names: str) -> list[Document]:
        """Return every resource of a kind below these names."""
        return self._control.all(kind, *names)

    def of(self, principal_id: str, scope: str) -> list[Assignment] | None:
        """Return the roles a principal has at a scope or above, or `None` when the caller may not know."""
        key = (principal_id, scope)
        with self._lock:
            if key not in self._assignments:
                self._assignments[key] = self._roles.of(principal_id, scope)
            return self._assignments[key]
