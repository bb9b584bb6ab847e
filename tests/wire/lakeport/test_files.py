"""Commands for files: patterns, several places, this machine's files, and names of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lakeport as library

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

STORE = "local:provider:share-data"


@pytest.fixture
def lake(running: LocalAzure) -> library.Lake:
    return library.connect("local:provider", account="sourcestorage", file_system="share-data")


def paths(rows: list[dict[str, object]]) -> list[object]:
    return [row["path"] for row in rows if "path" in row and not row.get("summary")]


def test_a_pattern_means_what_it_means_to_every_command(lake: library.Lake, lakeport: Lakeport) -> None:
    top = "patterns"
    for name in ("raw/a/2029-1.csv", "raw/a/2030-1.csv", "raw/b/2030-2.csv", "raw/b/c/2030-3.csv", "raw/b/2030.txt"):
        lake.file(f"{top}/{name}").write_text(name)
    listed = lakeport("ls", f"{STORE}/{top}/raw/*/2030-*.csv", "--json")
    assert paths(listed.rows) == [f"{top}/raw/a/2030-1.csv", f"{top}/raw/b/2030-2.csv"]
    deep = lakeport("ls", f"{STORE}/{top}/**/2030-?.csv", "--json")
    assert paths(deep.rows)[-1] == f"{top}/raw/b/c/2030-3.csv"
    assert lakeport("cat", f"{STORE}/{top}/raw/{{a,b}}/*-1.csv").out == "raw/a/2029-1.csvraw/a/2030-1.csv"
    assert lakeport("stat", f"{STORE}/{top}/raw/?", "--json").rows[-1]["entries"] == 2
    added = lakeport("du", f"{STORE}/{top}/raw/*", "--json").rows
    assert {row.get("path"): row.get("files") for row in added[:-1]} == {
        f"{STORE}/{top}/raw/a": 2,
        f"{STORE}/{top}/raw/b": 3,
    }
    moved = lakeport("mv", f"{STORE}/{top}/raw/a/*.csv", f"{STORE}/{top}/raw/b/")
    assert moved.status == 0, moved.err
    assert lakeport("rm", f"{STORE}/{top}/raw/*").status == 2, "directories need -r"
    assert lakeport("ls", f"{STORE}/{top}/raw/b/*.csv", "--json").rows[-1]["entries"] == 3
    planned = lakeport("rm", f"{STORE}/{top}/**/*.csv", "--dry-run", "--json")
    assert (len(paths(planned.rows)), lake.exists(f"{top}/raw/b/2030-2.csv")) == (4, True)
    assert lakeport("rm", f"{STORE}/{top}/**/*.csv").status == 0
    assert {one.path for one in lake.entries(top, recursive=True) if not one.is_directory} == {f"{top}/raw/b/2030.txt"}
    removed = lakeport("rm", "-r", f"{STORE}/{top}/raw/b", f"{STORE}/{top}/raw/**", "--json")
    assert (removed.status, lake.exists(f"{top}/raw/b")) == (0, False), removed.err
    assert lakeport("ls", f"{STORE}/{top}/*/none").status == 5
    assert lakeport("rm", f"{STORE}/{top}/[z-a]").status == 2


def test_a_name_that_looks_like_a_pattern_is_a_name_when_it_is_there(lake: library.Lake, lakeport: Lakeport) -> None:
    for name in ("*", "a", "[b]"):
        lake.file(f"literal/{name}").write_text(name)
    assert lakeport("cat", f"{STORE}/literal/[b]").out == "[b]"
    assert lakeport("mv", f"{STORE}/literal/[b]", f"{STORE}/literal/c").status == 0
    assert lakeport("rm", f"{STORE}/literal/*").status == 0
    assert {one.path for one in lake.entries("literal")} == {"literal/a", "literal/c"}


def test_two_files_are_not_moved_to_one_name(lake: library.Lake, lakeport: Lakeport) -> None:
    for name in ("x/same", "y/same"):
        lake.file(f"twice/{name}").write_text(name)
    assert lakeport("mv", f"{STORE}/twice/*/same", f"{STORE}/twice/").status == 2
    assert lake.exists("twice/x/same")


def test_hostile_names_go_through_every_command(lake: library.Lake, lakeport: Lakeport) -> None:
    deep = "/".join(f"d{number}" for number in range(40))
    for name in ("two words", "50%25", "%2F", "naïve 数据", "what?", "a#b", "plus+", ".dot", "'q'\"", "a;b&c=d", deep):
        place = f"{STORE}/odd/{name}"
        assert lakeport("mkdir", place).status == 0, name
        lake.file(f"odd/{name}/f").write_text(name)
        assert lakeport("cat", f"{place}/f").out == name
        assert lakeport("mv", f"{place}/f", f"{place}/g").status == 0, name
        assert paths(lakeport("ls", place, "--json").rows) == [f"odd/{name}/g"]
        assert paths(lakeport("stat", f"{place}/g", "--json").rows)[0] == f"odd/{name}/g"
        assert lakeport("rm", "-r", place).status == 0, name


def test_a_file_is_listed_and_a_place_that_is_made_twice_says_so(lake: library.Lake, lakeport: Lakeport) -> None:
    lake.file("single/a").write_text("1")
    assert paths(lakeport("ls", f"{STORE}/single/a", "--json").rows) == ["single/a"]
    assert lakeport("du", f"{STORE}/single/a", "--json").rows[-1]["size_bytes"] == 1
    again = lakeport("mkdir", f"{STORE}/single", f"{STORE}/other one")
    assert "was there: single" in again.out
    assert again.err.count("undo:") == 1, "what was there before is not to be deleted"


def test_the_same_commands_put_this_machine_in_order(here: Path, lakeport: Lakeport) -> None:
    assert lakeport("mkdir", "a/b", "c").status == 0
    Path("a/b/1.txt").write_text("one")
    Path("a/2 two.csv").write_text("two")
    assert paths(lakeport("ls", "a", "--json").rows) == ["a/2 two.csv", "a/b"]
    assert paths(lakeport("ls", str(here / "a" / "**" / "*.txt"), "--json").rows) == [str(here / "a/b/1.txt")]
    assert lakeport("tree", "a", "--json").rows[-1] == {"summary": True, "files": 2, "directories": 1}
    assert lakeport("cat", "a/b/1.txt", "a/*.csv").out == "onetwo"
    assert lakeport("stat", "a/b/1.txt", "--json").rows[0]["size_bytes"] == 3
    assert lakeport("du", ".", "--json").rows[-1]["files"] == 2
    assert lakeport("mv", "a/b/1.txt", "a/*.csv", "c").status == 0
    assert lakeport("mv", "c/1.txt", "c/2 two.csv").status == 1, "nothing is replaced unasked"
    assert sorted(path.name for path in Path("c").iterdir()) == ["1.txt", "2 two.csv"]
    assert lakeport("rm", "c").status == 2
    assert lakeport("rm", "-r", ".").status == 2, "one is in it"
    assert lakeport("rm", "-r", "c", "a").status == 0
    assert lakeport("ls", "a").status == 5
