"""Rows that were read once and have not changed since, whoever might have changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from lakeport_local.state.store import Store

Row = TypeVar("Row")


class Remembered(Generic[Row]):
    """Rows of one table by a key, forgotten the moment one of them is updated, deleted or undone.

    SQLite itself says so, by a trigger of this connection: no writer can forget to. What is missing is not remembered,
    so that an insertion changes nothing here.

    Args:
        store: Where the table is.
        name: Of the trigger; a table may have several.
        table: Whose rows.
        columns: What makes the key: one column, or several for a tuple.
        most: How many are remembered.
    """

    def __init__(self, store: Store, name: str, table: str, columns: tuple[str, ...], *, most: int = 20_000) -> None:
        self._store = store
        self._most = most
        self._undone = store.undone
        self._rows: dict[Hashable, Row] = {}
        rows, is_single = self._rows, len(columns) == 1

        def forget(*key: Hashable) -> None:
            rows.pop(key[0] if is_single else key, None)

        store.db.create_function(f"forget_{name}", len(columns), forget)
        old = ", ".join(f"OLD.{column}" for column in columns)
        for event in ("UPDATE", "DELETE"):
            store.db.execute(
                f"CREATE TEMP TRIGGER IF NOT EXISTS {name}_{event.lower()} AFTER {event} ON main.{table}"
                f" BEGIN SELECT forget_{name}({old}); END"
            )

    def get(self, key: Hashable) -> Row | None:
        """Return the row with a key, or None when it must be read."""
        if self._undone != self._store.undone:
            self._rows.clear()
            self._undone = self._store.undone
        return self._rows.get(key)

    def keep(self, key: Hashable, row: Row) -> None:
        """Remember a row that was just read."""
        if len(self._rows) >= self._most:
            self._rows.clear()
        self._rows[key] = row
