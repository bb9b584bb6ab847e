"""Changes of one moment share a transaction; each is answered when all are committed, and undone alone."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.state import Grouping, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(None)
    store.db.execute("CREATE TABLE parents (name TEXT PRIMARY KEY)")
    store.db.execute("CREATE TABLE names (name TEXT, parent TEXT REFERENCES parents DEFERRABLE INITIALLY DEFERRED)")
    yield store
    store.close()


def named(store: Store, *names: str, failure: Exception | None = None) -> Callable[[], str]:
    """Return a change that keeps names, and fails afterwards if it is to."""

    def make() -> str:
        store.db.executemany("INSERT INTO names (name) VALUES (?)", [(name,) for name in names])
        if failure is not None:
            raise failure
        return " ".join(names)

    return make


def kept(store: Store) -> list[str]:
    return [row["name"] for row in store.db.execute("SELECT name FROM names ORDER BY rowid")]


def run(store: Store, *changes: Callable[[], str]) -> list[tuple[Any, bool]]:  # Any: what a change returned or raised
    """Ask for changes in one turn; return how each went, and whether everything was committed when it was told."""

    async def ask() -> list[tuple[Any, bool]]:
        grouping = Grouping(store)
        futures = [grouping.run(change, lambda went: (went, not store.db.in_transaction)) for change in changes]
        return await asyncio.gather(*futures)

    return asyncio.run(ask())


def test_changes_of_one_turn_are_committed_once_and_told_afterwards(store: Store) -> None:
    said: list[str] = []
    store.db.set_trace_callback(said.append)
    answers = run(store, named(store, "a"), named(store, "b"), named(store, "c"))
    assert answers == [("a", True), ("b", True), ("c", True)]
    assert said.count("COMMIT") == 1
    assert kept(store) == ["a", "b", "c"]


def test_a_change_that_fails_is_undone_alone(store: Store) -> None:
    failure = RuntimeError("no")
    answers = run(store, named(store, "a"), named(store, "b", failure=failure), named(store, "c"))
    assert answers == [("a", True), (failure, True), ("c", True)]
    assert kept(store) == ["a", "c"]
    assert run(store, named(store, "d", failure=failure)) == [(failure, True)]
    assert kept(store) == ["a", "c"]


def test_when_all_is_undone_all_are_told(store: Store) -> None:
    def full() -> str:
        store.db.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    def orphan() -> str:
        store.db.execute("INSERT INTO names VALUES ('b', 'nobody')")
        return "b"

    for broken, error in ((full, sqlite3.OperationalError), (orphan, sqlite3.IntegrityError)):
        answers = run(store, named(store, "a"), broken, named(store, "c"))
        assert [(type(went), committed) for went, committed in answers] == [(error, True)] * 3
        assert kept(store) == []
    assert run(store, named(store, "d")) == [("d", True)]


def test_more_changes_than_one_transaction_takes_are_all_made_in_order(store: Store) -> None:
    names = [f"n{number}" for number in range(150)]
    answers = run(store, *(named(store, name) for name in names))
    assert answers == [(name, True) for name in names]
    assert kept(store) == names


def test_what_finishing_raises_is_told_to_who_asked_for_that_change(store: Store) -> None:
    async def ask() -> list[Any]:
        grouping = Grouping(store)
        bad = grouping.run(named(store, "a"), lambda _: 1 // 0)
        gone = grouping.run(named(store, "b"), str)
        gone.cancel()
        return list(await asyncio.gather(bad, grouping.run(named(store, "c"), str), return_exceptions=True))

    first, last = asyncio.run(ask())
    assert isinstance(first, ZeroDivisionError)
    assert last == "c"
    assert kept(store) == ["a", "b", "c"]


def test_a_transaction_undone_before_it_changed_anything_has_nobody_forget(store: Store) -> None:
    before = store.undone
    run(store, named(store, failure=RuntimeError("refused")))
    assert store.undone == before
    run(store, named(store, "a", failure=RuntimeError("refused")))
    assert store.undone == before + 1
