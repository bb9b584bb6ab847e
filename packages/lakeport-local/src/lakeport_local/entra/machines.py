"""Machines and the managed identities that they have: one of their own, or none, and any number that are assigned to them.

Source: identity.md 2.1, "Selection rule".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.state import Store


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine.

    Attributes:
        object_id: What it is known by at the metadata address.
        own: Object id of its system-assigned identity, or empty.
        assigned: Object ids of the user-assigned identities that it has.
    """

    object_id: str
    own: str
    assigned: tuple[str, ...]


class Machines:
    """The machines of one store.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._db = store.db

    def put(self, tenant_id: str, object_id: str, *, own: str, assigned: Sequence[str]) -> None:
        """Keep a machine, new or changed."""
        self._db.execute(
            "INSERT INTO machines VALUES (?, ?, ?, ?) ON CONFLICT (object_id) DO UPDATE SET"
            " own = excluded.own, assigned = excluded.assigned",
            (object_id, tenant_id, own, orjson.dumps(list(assigned)).decode()),
        )

    def get(self, object_id: str) -> Machine | None:
        """Return a machine, or None when there is none of this id."""
        row = self._db.execute("SELECT * FROM machines WHERE object_id = ?", (object_id.lower(),)).fetchone()
        return None if row is None else Machine(row["object_id"], row["own"], tuple(orjson.loads(row["assigned"])))
