"""Group commit of changes: those of one moment share a transaction, and each is answered when all of them are committed.

To commit costs several times what a small change does, and pages that several changes write are written once.

Source: performance.md 3.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from lakeport_local.state.store import Store

Made = TypeVar("Made")
Answer = TypeVar("Answer")

_MOST = 64
"""Changes in one transaction: the event loop has no turn until they are made."""


@dataclass(frozen=True, slots=True)
class _Change(Generic[Made, Answer]):
    make: Callable[[], Made]
    finish: Callable[[Made | Exception], Answer]
    future: asyncio.Future[Answer]

    def end(self, outcome: Made | Exception) -> None:
        """Say how it went, once nothing can undo it."""
        try:
            answer = self.finish(outcome)
        except Exception as error:  # noqa: BLE001  told to whoever waits
            if not self.future.done():
                self.future.set_exception(error)
            return
        if not self.future.done():
            self.future.set_result(answer)


class Grouping:
    """Makes the changes of one store that are asked for in one turn of the event loop.

    They are made in the order in which they were asked for, with nobody in between: who reads sees all of them, committed,
    or none.

    Args:
        store: Whose.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Change[Any, Any]] = []  # Any: each change makes what it makes

    def run(self, make: Callable[[], Made], finish: Callable[[Made | Exception], Answer]) -> asyncio.Future[Answer]:
        """Make a change when the event loop has heard everybody who speaks now.

        Args:
            make: Makes the change; what it raises undoes it alone.
            finish: Gets what `make` returned or raised, after the commit, and returns the answer.

        Returns:
            The answer; or what `finish` raised.
        """
        loop = asyncio.get_running_loop()
        change = _Change(make, finish, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._run)
        self._waiting.append(change)
        return change.future

    def _run(self) -> None:
        changes, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._run)
        for change, outcome in zip(changes, self._outcomes(changes), strict=True):
            change.end(outcome)

    def _outcomes(self, changes: list[_Change[Any, Any]]) -> list[Any]:
        try:
            if len(changes) == 1:
                with self._store.transaction():
                    return [changes[0].make()]
            with self._store.transaction() as db:
                return [self._outcome(change, db) for change in changes]
        except Exception as error:  # noqa: BLE001  told to each: nothing of the group was kept
            return [error] * len(changes)

    def _outcome(self, change: _Change[Any, Any], db: sqlite3.Connection) -> Any:
        try:
            with self._store.transaction():
                return change.make()
        except Exception as error:
            if not db.in_transaction:  # a full disk undoes everything, not this change alone
                raise
            return error
