"""Files of a lake, and what a snapshot brought."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakeport.lake import FileSystem
from lakeport.profiles import resolve

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides


@pytest.fixture
def files(here: Path) -> Path:
    folder = here / "files"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.csv").write_text("name,age\nada,36\ngrace,85\n")
    (folder / "deep" / "er" / "naïve file.bin").write_bytes(bytes(range(256)) * 100)
    (folder / "empty").write_bytes(b"")
    return folder


def test_a_folder_goes_up_and_comes_back_the_same(running: LocalAzure, lakeport: Lakeport, files: Path) -> None:
    up = lakeport("cp", "-r", "files", "local:provider:share-data/round", "--json")
    assert up.status == 0, up.err
    assert {"summary": True, "files": 3, "status": "done"}.items() <= up.rows[-1].items()
    lake = FileSystem(resolve("local:provider"), "sourcestorage", "share-data")
    assert lake.checksum("round/a.csv").md5 == hashlib.md5((files / "a.csv").read_bytes()).hexdigest()
    listed = lakeport("ls", "-r", "local:provider:share-data/round", "--json")
    assert {row["path"] for row in listed.rows if row.get("is_directory") is False} == {
        "round/a.csv",
        "round/empty",
        "round/deep/er/naïve file.bin",
    }
    assert lakeport("cp", "-r", "local:provider:share-data/round", "back").status == 0
    for name in ("a.csv", "empty", "deep/er/naïve file.bin"):
        assert Path("back", name).read_bytes() == (files / name).read_bytes()
    assert lakeport("cat", "local:provider:share-data/round/a.csv").out == (files / "a.csv").read_text()


def test_a_dry_copy_copies_nothing(running: LocalAzure, lakeport: Lakeport, files: Path) -> None:
    planned = lakeport("cp", "-r", "files", "local:provider:share-data/dry", "--dry-run")
    assert (planned.status, planned.out.count("would copy")) == (0, 3)
    assert lakeport("ls", "local:provider:share-data/dry").status == 5


def test_the_first_rows_of_a_table_are_printed(running: LocalAzure, lakeport: Lakeport, files: Path) -> None:
    assert lakeport("cp", "files/a.csv", "local:provider:share-data/table/").status == 0
    shown = lakeport("table", "head", "local:provider:share-data/table", "-n", "1")
    assert shown.out.splitlines() == ["name  age", "ada   36"]
    assert lakeport("table", "head", "local:provider:share-data/table", "--json").rows[1] == {
        "name": "grace",
        "age": 85,
    }


def test_what_arrived_is_verified_and_what_was_tampered_with_is_found(
    running: LocalAzure, lakeport: Lakeport, sides: Sides, files: Path
) -> None:
    assert lakeport("cp", "-r", "files", "local:provider:share-data/gold/x").status == 0
    sides("verified")
    assert lakeport("share", "apply", "--grant").status == 0
    assert lakeport("receive", "apply", "--grant").status == 0
    taken = lakeport("receive", "sync", "--json")
    assert taken.status == 0, taken.err
    assert len(str(taken.rows[0]["synchronization_id"])) == 36
    verify = ("receive", "verify", "--against", "local:provider", "--json")
    good = lakeport(*verify, "--read")
    assert good.status == 0, good.err
    gold = next(row for row in good.rows if row.get("data_set") == "gold")
    source = lakeport("ls", "-r", "local:provider:share-data/gold", "--json").rows
    there = sum(row.get("is_directory") is False for row in source)  # other tests put files there too
    assert there >= 3
    assert (gold["files"], gold["missing"], gold["unhashed"]) == (there, [], [])
    assert "MD5 of the bytes read" in str(gold["compared"])
    vain = lakeport("receive", "verify", "--against", "local:consumer")
    assert vain.status == 5, "another lake proves nothing"
    for name in ("share-data", "deststorage"):  # the first thing that is not there: other tests make one or the other
        assert name in vain.err, vain.err
    counted = lakeport("receive", "verify")
    assert (counted.status, "counts only" in counted.out) == (0, True)

    lake = FileSystem(resolve("local:consumer"), "deststorage", "verified")
    with (files / "empty").open("wb+") as other:
        other.write(b"name,age\nada,36\ngrace,99\n")
        other.seek(0)
        lake.write("gold/x/a.csv", other)
    bad = lakeport(*verify)
    assert (bad.status, "x/a.csv arrived different" in bad.err) == (1, True)
    assert lakeport("receive", "sync", "--mode", "full").status == 0
    assert lakeport(*verify).status == 0


def test_an_incremental_snapshot_brings_only_what_is_new(
    running: LocalAzure, lakeport: Lakeport, sides: Sides, files: Path
) -> None:
    assert lakeport("cp", "files/a.csv", "local:provider:share-data/gold/inc/one").status == 0
    sides("incremental")
    assert lakeport("share", "apply", "--grant").status == 0
    assert lakeport("receive", "apply", "--grant").status == 0
    assert lakeport("receive", "sync").status == 0
    assert lakeport("cp", "files/a.csv", "local:provider:share-data/gold/inc/two").status == 0
    again = lakeport("receive", "sync", "--json")
    assert again.rows[0]["files"] == 2, "one file, in both data sets"


def test_a_directory_is_not_printed_and_a_place_that_cannot_be_written_is_named(
    running: LocalAzure, lakeport: Lakeport, files: Path
) -> None:
    assert lakeport("cp", "files/a.csv", "local:provider:share-data/folder/").status == 0
    printed = lakeport("cat", "local:provider:share-data/folder")
    assert (printed.status, printed.out) == (2, "")
    assert "is a directory" in printed.err
    fetched = lakeport("cp", "local:provider:share-data/folder/a.csv", "files/a.csv/no")
    assert (fetched.status, "cannot write" in fetched.out) == (3, True)
    assert "files/a.csv" in fetched.out


def test_a_lake_is_put_in_order(running: LocalAzure, lakeport: Lakeport, files: Path) -> None:
    here = "local:provider:share-data/order"
    assert lakeport("cp", "-r", "files", f"{here}/in").status == 0
    assert lakeport("mkdir", f"{here}/a b/c").status == 0
    assert lakeport("mkdir", f"{here}/a b/c").status == 0, "one that is there stays"
    assert lakeport("mkdir", f"{here}/in/a.csv").status == 1, "a file is there"
    drawn = lakeport("tree", here, "--json").rows
    assert drawn[-1] == {"summary": True, "files": 3, "directories": 5}
    assert lakeport("tree", here, "-L", "1", "--json").rows[-1]["directories"] == 2
    assert lakeport("mv", f"{here}/in/a.csv", f"{here}/a b/c/", "--dry-run").status == 0
    assert lakeport("mv", f"{here}/in/a.csv", f"{here}/a b/c/").status == 0
    shown = lakeport("stat", f"{here}/a b/c/a.csv", "--json").rows[0]
    assert shown["md5"] == hashlib.md5((files / "a.csv").read_bytes()).hexdigest()
    assert str(shown["acl"]).startswith("user::rw-")
    taken = lakeport("mv", f"{here}/in/empty", f"{here}/a b/c/a.csv")
    assert (taken.status, "traceback" in taken.err.lower()) == (1, False)
    assert lakeport("mv", f"{here}/in/empty", f"{here}/a b/c/a.csv", "--replace").status == 0
    added = lakeport("du", here, "--json").rows
    assert {row.get("path"): row.get("files") for row in added[:-1]} == {"in/": 1, "a b/": 1}
    assert lakeport("rm", f"{here}/in").status == 2
    assert lakeport("rm", "-r", f"{here}/in", "--dry-run").status == 0
    assert lakeport("rm", "-r", f"{here}/in").status == 0
    assert lakeport("rm", f"{here}/a b/c/a.csv").status == 0
    assert lakeport("du", here, "--json").rows[-1]["files"] == 0
    assert lakeport("rm", f"{here}/none").status == 5
    assert lakeport("mv", f"{here}/a b", "local:consumer:received/x").status == 2
