"""How far a change of a tree came is kept line by line, and read back from whatever a kill left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakeport.access.journal import Change, Journal, Progress
from lakeport.access.lists import Batch
from lakeport.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path

CHANGE = Change(account="lake", file_system="raw", path="a", mode="modify", acl="user:u:r-x")


def test_the_last_whole_line_counts(tmp_path: Path) -> None:
    journal = Journal(CHANGE, tmp_path)
    assert journal.read() is None
    journal.begin()
    assert journal.read() == Progress()
    progress = Progress()
    progress.add(Batch(1, 2, (("a/x", "no"),), "next"))
    journal.write(progress)
    with journal.path.open("ab") as file:
        file.write(b'{"directories":9,"fi')  # killed while it wrote
    assert journal.read() == Progress(1, 2, {"a/x": "no"}, "next", walked=False)
    journal.begin()
    assert journal.read() == Progress()
    journal.end()
    assert journal.read() is None


def test_another_change_has_another_journal_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    journal = Journal(CHANGE, tmp_path)
    other = Change(account="lake", file_system="raw", path="a", mode="modify", acl="user:u:rwx")
    assert Journal(other, tmp_path).path != journal.path
    journal.path.write_text('{"change": {}}\nnothing\n')
    with pytest.raises(BadFile, match=journal.path.name):
        journal.read()


def test_a_walk_ends_where_no_token_is_given() -> None:
    progress = Progress()
    progress.add(Batch(0, 5, (), "t"))
    assert (progress.walked, progress.token) == (False, "t")
    progress.add(Batch(1, 0, ()))
    assert (progress.walked, progress.directories, progress.files) == (True, 1, 5)
