"""Files and directories of a lake as Python objects."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import lakeport
from lakeport.errors import BadProfile, Conflict, LakeportError, Misused, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure

HOSTILE = (
    "two words.txt",
    "50%25.txt",
    "naïve 数据.txt",
    "what?.txt",
    "a#b.txt",
    "plus+.txt",
    "-dash",
    ".dot",
    "[x]{y}.txt",
)


@pytest.fixture
def lake(running: LocalAzure) -> lakeport.Lake:
    return lakeport.connect("local:provider", account="sourcestorage", file_system="share-data")


def test_a_file_is_written_read_described_renamed_and_removed(lake: lakeport.Lake) -> None:
    file = lake.file("basics/a.csv")
    assert not file.exists()
    file.write_text("name,age\nada,36\n")
    assert (file.exists(), file.read_text(), file.stat().size_bytes) == (True, "name,age\nada,36\n", 16)
    file.set_metadata({"owner": "ada"})
    assert file.metadata() == {"owner": "ada"}
    moved = file.rename("basics/b.csv")
    assert (file.exists(), moved.read_bytes()[:4], moved.name) == (False, b"name", "b.csv")
    moved.remove()
    moved.remove()
    assert [one.path for one in lake.entries("basics")] == []
    with pytest.raises(NotFound):
        moved.read_bytes()


def test_a_directory_is_made_listed_renamed_and_removed_with_what_is_below(lake: lakeport.Lake) -> None:
    top = lake.directory("tops/one").make().make()
    top.set_metadata({"kept": "yes"})
    top.file("deep/er/a.txt").write_bytes(b"1")
    assert top.metadata() == {"kept": "yes"}
    assert {one.path for one in top.entries(recursive=True)} == {
        f"tops/one/{name}" for name in ("deep", "deep/er", "deep/er/a.txt")
    }
    moved = top.rename("tops/two")
    assert lake.file("tops/two/deep/er/a.txt").read_bytes() == b"1"
    with pytest.raises(Conflict):
        lake.file("tops/two").remove()
    with pytest.raises(Conflict):
        lake.file("tops/two").write_bytes(b"")
    moved.remove()
    moved.remove()
    assert not moved.exists()
    with pytest.raises(Misused):
        lake.directory().remove()
    assert lake.directory().exists()


def broken(file: lakeport.File, mode: str, data: bytes | str) -> None:
    """Write to a file and end its `with` block by an exception."""

    def write() -> None:
        with file.open(mode) as sink:
            sink.write(data)
            raise KeyError

    with pytest.raises(KeyError):
        write()


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_names_whatever_they_hold(lake: lakeport.Lake, name: str) -> None:
    file = lake.directory("hostile dir").file(name)
    file.write_text(name)
    assert file.read_text() == name
    assert f"hostile dir/{name}" in {one.path for one in lake.entries("hostile dir")}
    lake.directory("hostile dir/moved").make()
    moved = file.rename(f"hostile dir/moved/{name}")
    assert moved.read_text() == name
    assert [one.path for one in moved.parent.glob("*" if name == "-dash" else f"*{name[-1]}") if one.path == moved.path]


def test_what_is_written_is_there_when_it_is_closed_and_not_after_an_exception(lake: lakeport.Lake) -> None:
    file = lake.file("atomic/a.bin")
    file.write_bytes(b"old")
    with file.open("wb") as sink:
        sink.write(b"n" * (9 << 20))
        assert file.read_bytes() == b"old"
        sink.write(b"ew")
    assert file.read_bytes() == b"n" * (9 << 20) + b"ew"
    for mode, data in (("wb", b"x" * (9 << 20)), ("w", "text"), ("ab", b"more")):
        broken(file, mode, data)
        assert file.stat().size_bytes == (9 << 20) + 2
    dropped = file.open("w")
    dropped.write("never closed")
    del dropped
    assert file.stat().size_bytes == (9 << 20) + 2
    broken(lake.file("atomic/none.txt"), "x", "text")
    assert not lake.exists("atomic/none.txt")


def test_an_exclusive_file_is_written_once(lake: lakeport.Lake) -> None:
    for size in (3, 9 << 20):
        file = lake.file(f"exclusive/{size}")
        with file.open("xb") as sink:
            sink.write(b"1" * size)
        with pytest.raises(Conflict), file.open("xb") as sink:
            sink.write(b"2" * size)
        assert file.read_bytes() == b"1" * size


def test_text_is_appended_and_read_by_lines(lake: lakeport.Lake) -> None:
    for line in ("ä\n", "b\n", ""):
        with lake.open("text/log.txt", "a") as log:
            log.write(line)
    with lake.open("text/log.txt") as log:
        assert list(log) == ["ä\n", "b\n"]
    with lake.open("text/log.txt", "w", encoding="latin-1") as log:
        log.write("ä")
    assert lake.file("text/log.txt").read_bytes() == b"\xe4"


def test_what_was_written_whole_is_appended_to_whatever_wrote_it(lake: lakeport.Lake) -> None:
    for size in (0, 3, 9 << 20):
        file = lake.file(f"append/{size}")
        file.write_bytes(b"1" * size)
        with file.open("ab") as log:
            assert log.tell() == size
            log.write(b"22")
            assert file.stat().size_bytes == size
        assert file.read_bytes() == b"1" * size + b"22"
        late = file.open("ab")
        late.write(b"x" * (9 << 20))
        file.write_bytes(b"other")
        with pytest.raises(Conflict):
            late.close()
        assert file.read_bytes() == b"other"
    with lake.open("append/new and empty", "ab"):
        pass
    assert lake.file("append/new and empty").read_bytes() == b""


def test_a_file_is_read_at_any_place_and_only_as_it_was_opened(lake: lakeport.Lake) -> None:
    file = lake.file("seek/a.bin")
    data = bytes(range(256)) * 20_000
    file.write_bytes(data)
    with file.open("rb") as opened:
        assert opened.read(3) == data[:3]
        assert (opened.seek(-7, 2), opened.read()) == (len(data) - 7, data[-7:])
        opened.seek(1_000_001)
        assert opened.read(300) == data[1_000_001:1_000_301]
        assert (opened.seek(len(data) + 5), opened.read(1)) == (len(data) + 5, b"")
    with file.open("rb") as opened:
        file.write_bytes(data[::-1])
        with pytest.raises(Conflict):
            opened.read()
    lake.file("seek/empty").write_bytes(b"")
    assert lake.file("seek/empty").read_bytes() == b""


def test_readers_see_the_old_file_or_the_new_one_while_writers_replace_it(lake: lakeport.Lake) -> None:
    file, sizes, over = lake.file("race/a.bin"), (1000, 9 << 20), threading.Event()
    file.write_bytes(b"1000")
    wrong: list[object] = []

    def look() -> None:
        while not over.is_set():
            try:
                read = file.read_bytes()
            except Conflict:  # replaced between two requests of one read
                continue
            except LakeportError as error:
                wrong.append(error)
                return
            if read != b"1000" and read != b"%d" % len(read) * (len(read) // len(b"%d" % len(read))):
                wrong.append(len(read))

    reader = threading.Thread(target=look)
    reader.start()
    for size in sizes * 3:
        word = b"%d" % (size - size % len(b"%d" % size))
        with file.open("wb") as sink:
            sink.write(word * (int(word) // len(word)))
    over.set()
    reader.join()
    assert wrong == []


def test_a_pattern_finds_paths_and_lists_no_more_than_it_must(lake: lakeport.Lake) -> None:
    for name in ("2029/a.csv", "2030/a.csv", "2030/b.json", "2030/01/c.csv"):
        lake.file(f"globs/{name}").write_bytes(b"")
    assert [one.path for one in lake.glob("globs/*/a.csv")] == ["globs/2029/a.csv", "globs/2030/a.csv"]
    assert {one.path for one in lake.glob("globs/**/*.csv")} == {
        f"globs/{name}" for name in ("2029/a.csv", "2030/a.csv", "2030/01/c.csv")
    }
    assert [one.path for one in lake.directory("globs/2030").glob("{b,c}.*")] == ["globs/2030/b.json"]
    assert list(lake.glob("none/*/x")) == []
    with pytest.raises(Misused):
        list(lake.glob("[z-a]"))


def test_folders_of_this_machine_go_up_and_come_down(lake: lakeport.Lake, here: Path) -> None:
    (here / "local" / "sub").mkdir(parents=True)
    (here / "local" / "a.txt").write_text("a")
    (here / "local" / "sub" / "b.txt").write_text("b")
    there = lake.directory("moved here")
    assert there.upload(here / "local").failures == {}
    (here / "local" / "c.txt").write_text("c")
    there.sync_from(here / "local")
    there.sync_to(here / "back")
    assert (here / "back" / "sub" / "b.txt").read_text() == "b"
    there.file("c.txt").download(here / "c2.txt")
    assert (here / "c2.txt").read_text() == "c"


def test_a_lake_is_named_by_profile_or_url_and_says_what_is_missing(
    running: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_url = lakeport.connect("local:provider:share-data", account="sourcestorage")
    assert by_url.directory().url == "abfss://share-data@sourcestorage.dfs.core.windows.net/"
    assert "share-data" in by_url.file_systems()
    assert by_url.of("other").file("abfss://other@sourcestorage.dfs.core.windows.net/x y").path == "x y"
    with pytest.raises(Misused, match="not in share-data"):
        by_url.file("abfss://else@sourcestorage.dfs.core.windows.net/x")
    with pytest.raises(BadProfile, match="no file system"):
        lakeport.connect("local:provider", account="sourcestorage").file("x").exists()
    with pytest.raises(Misused, match="no mode"):
        by_url.open("x", "rw")
    with pytest.raises(NotFound):
        by_url.of("no-such-file-system").directory().stat()
