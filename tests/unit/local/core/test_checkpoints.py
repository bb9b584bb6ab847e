"""What was committed goes into the database itself, without a commit that waits for it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from lakeport_local.state import Store, checkpoints

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def settings_in(database: Path, copy: Path) -> int:
    """Return how many settings the database holds without its log."""
    shutil.copy(database, copy)
    with closing(sqlite3.connect(copy)) as db:
        try:
            found = db.execute("SELECT count(*) FROM settings WHERE name LIKE 'n%'").fetchone()[0]
        except sqlite3.OperationalError:  # not even its tables have come there
            return 0
    return int(found)


def test_after_many_changes_the_log_goes_into_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "state")
    database = tmp_path / "state" / "state.db"
    monkeypatch.setattr(checkpoints, "_EVERY", 100_000)
    for number in range(100):
        with store.transaction():
            store.set_setting(f"n{number}", "1")
    assert settings_in(database, tmp_path / "before") == 0
    monkeypatch.setattr(checkpoints, "_EVERY", 100)
    with store.transaction():
        store.set_setting("n100", "1")
    assert store._checkpoints is not None
    store._checkpoints.close()
    assert settings_in(database, tmp_path / "after") == 101
    store.close()


def test_a_store_in_memory_has_none() -> None:
    store = Store(None)
    assert store._checkpoints is None
    store.close()
