"""Transfers: moved, checked, interrupted, resumed, compared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.trouble import Trouble, until

from lakeport import parse_url, transfer
from lakeport.transfer import disk, journal
from lakeport.transfer.blobs import Blobs
from lakeport.transfer.plan import Plan

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

BIG = 37 << 20  # ten parts


@pytest.fixture(autouse=True)
def journals(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Journals of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))
    return here / "state" / "lakeport" / "transfers"


@pytest.fixture
def big(here: Path) -> Path:
    path = here / "big.bin"
    path.write_bytes(os.urandom(BIG))
    return path


def test_a_big_file_goes_in_parts_and_comes_back_with_its_time(
    running: LocalAzure, here: Path, lakeport: Lakeport, big: Path
) -> None:
    sent = lakeport("cp", "big.bin", "local:provider:share-data/big/", "--json")
    assert (sent.status, sent.rows[-1]["size_bytes"]) == (0, BIG), sent.err
    fetched = lakeport("cp", "local:provider:share-data/big/big.bin", "back.bin", "--jobs", "3")
    assert fetched.status == 0, fetched.err
    assert Path("back.bin").read_bytes() == big.read_bytes()
    assert not list(here.glob(f"*{disk.ASIDE}"))
    listed = lakeport("transfer", "list", "--json").rows
    assert [row["state"] for row in listed if "state" in row] == ["complete", "complete"]


def test_a_journal_that_cannot_be_read_is_named_and_the_others_are_listed(
    here: Path, lakeport: Lakeport, journals: Path
) -> None:
    plan = Plan("upload", ())
    names = ("20300101-000000-aaaaaa", "20300102-000000-bbbbbb")
    for name in names:
        header = dict.fromkeys(("source", "target", "profile", "account", "file_system", "begun_at"), "x")
        journal.Journal.begin(journal.Header(transfer=name, direction="upload", **header), plan).close()
    (journals / "20300101-120000-cccccc.jsonl").write_text("this is no journal\n")
    (journals / "20300101-130000-dddddd.jsonl").symlink_to(here / "nowhere")
    for options in ((), ("--json",)):
        listed = lakeport("transfer", "list", *options)
        assert listed.status == 3, listed
        assert all(name in listed.out for name in names), listed.out
        assert listed.out.count("is no journal of a transfer") == 2, listed.out
    assert (listed.rows[-1]["transfers"], listed.rows[-1]["unreadable"]) == (4, 2)
    assert lakeport("transfer", "show", "20300101-12").status == 2
    assert lakeport("transfer", "show", names[0]).status == 0


def test_an_upload_that_was_killed_goes_on_with_the_parts_that_are_left(
    running: LocalAzure, here: Path, lakeport: Lakeport, big: Path, journals: Path
) -> None:
    command = [sys.executable, "-m", "lakeport", "cp", "big.bin", "local:provider:share-data/killed/", "--jobs", "1"]
    with Trouble(running).of("timeout", method="PUT", skip=4, count=0, delay_s=3600):  # after four parts
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: sum(path.read_text().count('"part"') for path in journals.glob("*")) >= 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert lakeport("cat", "local:provider:share-data/killed/big.bin").status == 5, "half a file is nobody's to see"
    name = journal.listed()[0]
    moved = len(journal.read(name)[2].parts[0])
    resumed = lakeport("transfer", "resume", name, "--json")
    assert resumed.status == 0, resumed.err
    assert int(str(resumed.rows[-1]["size_bytes"])) <= BIG - moved * (4 << 20) + (4 << 20)
    back = lakeport("cp", "local:provider:share-data/killed/big.bin", "back.bin")
    assert (back.status, Path("back.bin").read_bytes() == big.read_bytes()) == (0, True)


def test_a_download_that_broke_goes_on_and_one_whose_source_changed_begins_anew(
    running: LocalAzure, here: Path, lakeport: Lakeport, big: Path
) -> None:
    assert lakeport("cp", "big.bin", "local:provider:share-data/broken/").status == 0
    decided = transfer.copy(parse_url("local:provider:share-data/broken/big.bin"), here / "back.bin")
    read, calls = Blobs.read, iter(range(100))

    def breaks(self: Blobs, *arguments: object) -> None:
        if next(calls) == 4:
            raise KeyboardInterrupt
        read(self, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Blobs, "read", breaks)
        with pytest.raises(KeyboardInterrupt):
            decided.run(workers=1)
    assert not Path("back.bin").exists()
    outcome = transfer.resume(decided.header.transfer).run()
    assert outcome.size_bytes == BIG - 4 * (4 << 20)
    assert Path("back.bin").read_bytes() == big.read_bytes()

    again = transfer.copy(parse_url("local:provider:share-data/broken/big.bin"), here / "again.bin")
    big.write_bytes(os.urandom(BIG))
    assert lakeport("cp", "big.bin", "local:provider:share-data/broken/").status == 0
    failed = again.run()
    assert list(failed.failures) == ["broken/big.bin"]
    assert not Path("again.bin").exists()
    assert transfer.resume(again.header.transfer).run().failures == {}
    assert Path("again.bin").read_bytes() == big.read_bytes()


def test_a_source_that_changes_while_it_is_read_is_reported(running: LocalAzure, here: Path, big: Path) -> None:
    decided = transfer.copy(big, parse_url("local:provider:share-data/changed/"))
    with big.open("ab") as file:
        file.write(b"more")
    outcome = decided.run()
    assert "changed while it was read" in outcome.failures[str(big)]
    assert transfer.resume(decided.header.transfer).run().failures == {}


def test_what_passes_is_tried_again_and_what_stays_is_told(
    running: LocalAzure, here: Path, lakeport: Lakeport, big: Path
) -> None:
    added = running.command(
        "fault",
        "add",
        "503",
        "--host",
        "sourcestorage.blob.*",
        "--path",
        "*/faults/*",
        "--count",
        "5",
        "--retry-after",
        "0",
    )
    sent = lakeport("cp", "big.bin", "local:provider:share-data/faults/")
    assert sent.status == 0, sent.err + added.stdout
    denied = lakeport(
        "cp", "big.bin", "abfss://none@sourcestorage.dfs.core.windows.net/x", "--profile", "local:provider"
    )
    assert (denied.status, "failed" in denied.out) == (3, True)


def test_a_sync_sends_what_is_new_and_deletes_what_is_gone(running: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    folder = here / "tree"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.csv", "b.csv", "deep/c.csv", "deep/d.tmp"):
        (folder / name).write_text(name)
    to = "local:provider:share-data/synced"
    first = lakeport("sync", "tree", to, "--exclude", "*.tmp", "--json")
    assert (first.status, first.rows[-1]["files"]) == (0, 3), first.err
    again = lakeport("sync", "tree", to, "--exclude", "*.tmp", "--json").rows[-1]
    assert (again["files"], again["same"]) == (0, 3)
    (folder / "a.csv").write_text("changed")
    (folder / "b.csv").unlink()
    planned = lakeport("sync", "tree", to, "--exclude", "*.tmp", "--delete", "--dry-run").out
    assert ("would delete synced/b.csv" in planned, "a.csv" in planned) == (True, True)
    done = lakeport("sync", "tree", to, "--exclude", "*.tmp", "--delete", "--json").rows[-1]
    assert (done["files"], done["deleted"]) == (1, 1)
    back = lakeport("sync", to, "back", "--json").rows[-1]
    assert back["files"] == 2
    assert (here / "back" / "a.csv").read_text() == "changed"
    assert lakeport("sync", to, "back", "--json").rows[-1]["same"] == 2
    (here / "back" / "a.csv").write_text("CHANGED")  # the same size, and newer: only its checksum tells
    assert lakeport("sync", to, "back", "--json").rows[-1]["same"] == 2
    assert lakeport("sync", to, "back", "--checksum", "--json").rows[-1]["files"] == 1
    assert (here / "back" / "a.csv").read_text() == "changed"
