"""What a transfer will do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakeport.errors import Misused
from lakeport.transfer import Filter, Rules
from lakeport.transfer.plan import MOST_PARTS, PART_BYTES, Entry, Item, copy, sync

AT = datetime(2030, 1, 1, tzinfo=UTC)


def entry(path: str, size: int = 1, *, later: int = 0) -> Entry:
    return Entry(path, size, AT + timedelta(seconds=later))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a//x", "..\\x", "./x", "a\0b"])
def test_a_lake_cannot_name_a_file_outside_the_target(name: str) -> None:
    with pytest.raises(Misused, match="no folder here can hold"):
        copy("download", [entry(name)], "raw", "/here")
    assert copy("upload", [entry(name)], "/here", "raw").items


def test_paths_join_on_both_sides() -> None:
    up = copy("upload", [entry("y/b")], "/x", "in").items[0]
    assert (up.source, up.target) == ("/x/y/b", "in/y/b")
    down = copy("download", [entry("b")], "", "/x").items[0]
    assert (down.source, down.target) == ("b", "/x/b")
    assert copy("upload", [entry("")], "/x/a", "in/a").items[0].target == "in/a"


def test_what_is_the_same_stays_and_what_has_no_source_is_deleted_when_asked() -> None:
    here = [entry("same"), entry("longer", 2), entry("newer", later=5), entry("new"), entry("skip.tmp")]
    there = [entry("same", later=9), entry("longer"), entry("newer"), entry("gone"), entry("old.tmp")]
    rules = Rules(Filter(exclude=["*.tmp"]), deletes=True)
    plan = sync("upload", here, there, rules, source="/x", target="in")
    assert [item.target for item in plan.items] == ["in/longer", "in/newer", "in/new"]
    assert (plan.deletions, plan.same) == (("in/gone",), 1)
    assert sync("upload", here, there, Rules(), source="/x", target="in").deletions == ()


def test_checksums_win_over_times() -> None:
    here, there = [entry("a", later=5), entry("b"), entry("c", later=5)], [entry("a"), entry("b"), entry("c")]
    digests = {"a": ("1", "1"), "b": ("1", "2"), "c": ("1", "")}
    plan = sync("upload", here, there, Rules(checksums=True), source="/x", target="", digests=digests)
    assert [item.target for item in plan.items] == ["b", "c"]


@given(st.integers(min_value=0, max_value=190 << 40))
def test_parts_cover_a_file_of_any_size_and_are_never_too_many(size: int) -> None:
    item = Item("a", "b", size, AT)
    assert item.part_bytes % PART_BYTES == 0
    assert 1 <= item.parts <= MOST_PARTS
    assert (item.parts - 1) * item.part_bytes < max(size, 1) <= item.parts * item.part_bytes
