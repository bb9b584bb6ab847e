"""A transfer killed inside every line of its journal is resumed: up, down, and from lake to lake."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import lakeport as package
from lakeport import transfer
from lakeport.transfer import disk, journal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

BIG = (9 << 20) + 5
LINES = 7
"""The plan, two parts of the big file, its end, the small file's, and the end; and one more, which is never written."""
DRIVER = """
import itertools, os, signal, sys, threading
from lakeport import cli, profiles
from lakeport.transfer import journal

source, target, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
for name in ("local:provider", "local:consumer"):
    profiles.resolve(name)
written = journal.Journal.write


def dies(line):
    begun, counting = itertools.count(1), threading.Lock()

    def write(self, *lines):
        with counting:
            number = next(begun)
        if number != line:
            return written(self, *lines)
        with self._lock:  # as a journal writes: nobody adds to the half line between it and the kill
            os.write(self._descriptor, b'{"part":[0,')
            os.kill(os.getpid(), signal.SIGKILL)

    return write


for line in range(1, lines + 1):
    child = os.fork()
    if not child:
        journal.Journal.write = dies(line)
        os._exit(cli.main(["cp", "-r", source, f"{target}/{line}", "--jobs", "2"]))
    os.waitpid(child, 0)
"""


@pytest.fixture(autouse=True)
def journals(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))


@pytest.fixture
def content(here: Path) -> dict[str, bytes]:
    files = {"big": os.urandom(BIG), "small": b"small"}
    (here / "tree").mkdir()
    for name, data in files.items():
        (here / "tree" / name).write_bytes(data)
    return files


@pytest.mark.timeout(360)
@pytest.mark.parametrize("way", ["up", "down", "across"])
def test_a_transfer_killed_at_any_line_of_its_journal_goes_on(
    running: LocalAzure, here: Path, lakeport: Lakeport, content: dict[str, bytes], way: str
) -> None:
    theirs = package.connect("local:consumer", account="deststorage", file_system="kills")
    theirs.create()
    mine = package.connect("local:provider", account="sourcestorage", file_system="share-data")
    source, target = {
        "up": ("tree", "local:provider:share-data/killed-up"),
        "down": ("local:provider:share-data/to-kill", "back"),
        "across": ("local:provider:share-data/to-kill", "local:consumer:kills"),
    }[way]
    if way != "up":
        assert lakeport("cp", "-r", "tree", source).status == 0
    begun = set(journal.listed())
    driver = subprocess.run(
        [sys.executable, "-c", DRIVER, source, target, str(LINES)], capture_output=True, text=True, check=False
    )
    assert driver.returncode == 0, driver.stderr

    def there(name: str) -> dict[str, bytes]:
        if way == "down":
            folder = here / "back" / name
            found = folder.iterdir() if folder.is_dir() else iter(())
            return {path.name: path.read_bytes() for path in found if not path.name.endswith(disk.ASIDE)}
        directory = mine.directory(f"killed-up/{name}") if way == "up" else theirs.directory(name)
        return {one: directory.file(one).read_bytes() for one in content if directory.file(one).exists()}

    killed = [name for name in journal.listed() if name not in begun]
    assert len(killed) == LINES - 1, "a plan that is not written whole is no transfer, and nothing else is none"
    for name in killed:
        folder = journal.read(name)[0].target.rpartition("/")[2]
        assert there(folder).items() <= content.items(), f"{folder}: something visible is not whole"
        is_over = journal.read(name)[2].ended
        outcome = transfer.resume(name).run()
        assert (outcome.failures, there(folder) == content) == ({}, True), folder
        assert journal.read(name)[2].ended == "complete"
        assert not (is_over and outcome.size_bytes), "what was complete is not sent again"
    assert not list(here.rglob(f"*{disk.ASIDE}"))
    states = {row["state"] for row in lakeport("transfer", "list", "--json").rows if "state" in row}
    assert states == {"complete"}
