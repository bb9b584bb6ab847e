"""What the command line shows where: pipes that close, narrow terminals, terminals without colour, files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

PROGRAM = (sys.executable, "-m", "lakeport")
FULL = Path("/dev/full")
WITHIN_S = 100
ESCAPE = "\x1b"


class Shown(NamedTuple):
    """What a program showed on a terminal, and how it ended."""

    status: int
    text: str

    @property
    def widest(self) -> int:
        return max(map(len, self.text.splitlines()))


def on_a_terminal(*arguments: str, columns: int = 80, more: Mapping[str, str] | None = None) -> Shown:
    """Run the command line on a terminal of its own."""
    ours, theirs = os.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR", "CI"}}
    environment |= {"TERM": "xterm-256color", "COLUMNS": str(columns), **(more or {})}
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as program:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 1 << 16):
                shown += chunk
        except OSError:  # how Linux says that nobody has the other end any more
            pass
        finally:
            os.close(ours)
        return Shown(program.wait(WITHIN_S), shown.decode())


def ended(
    *arguments: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run the command line with these files; it leaves no traceback."""
    done = subprocess.run(
        [*PROGRAM, *arguments], stdout=stdout, stderr=stderr, text=True, check=False, timeout=WITHIN_S
    )
    assert "Traceback" not in (done.stderr or ""), done.stderr
    return done


@pytest.fixture
def closed() -> int:
    """The end of a pipe that nobody reads."""
    theirs, ours = os.pipe()
    os.close(theirs)
    return ours


@pytest.fixture
def many(here: Path) -> Path:
    """A folder whose list is more than a pipe holds, so that a reader who leaves is noticed."""
    folder = here / "many"
    folder.mkdir()
    for number in range(600):
        (folder / f"{number:03}-{'n' * 200}").touch()
    (folder / "bytes").write_bytes(bytes(1 << 20))
    return folder


def test_who_reads_the_first_line_alone_hears_of_nothing_else(many: Path) -> None:
    for arguments in (["ls", "many", "--json"], ["cat", "many/bytes"], ["tree", "many"]):
        with subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
            assert program.stdout is not None
            assert program.stderr is not None
            assert program.stdout.read(10), arguments
            program.stdout.close()
            assert (program.stderr.read(), program.wait(WITHIN_S)) == (b"", 1), arguments


def test_a_pipe_that_nobody_reads_ends_every_command_quietly(many: Path, closed: int) -> None:
    for arguments in (["ls", "many"], ["cat", "many/bytes"], ["--help"]):
        done = ended(*arguments, stdout=closed)
        assert (done.returncode, done.stderr) == (1, ""), arguments
    os.close(closed)


def test_an_error_keeps_its_status_when_it_cannot_be_told(here: Path, closed: int) -> None:
    for arguments, status in ((["ls", "nowhere"], 5), (["ls"], 2)):
        assert ended(*arguments, stderr=closed).returncode == status
        told = ended(*arguments, "--json", stdout=closed)
        assert told.returncode == status, told
        assert told.stderr.startswith("lakeport: ")
    os.close(closed)


def test_a_full_disk_behind_the_results_is_told(many: Path) -> None:
    with FULL.open("w") as full:
        for arguments in (["ls", "many", "--json"], ["cat", "many/bytes"]):
            done = ended(*arguments, stdout=full.fileno())
            said = "lakeport: standard output: No space left on device\n"
            assert (done.returncode, done.stderr) == (1, said), arguments
        assert ended("ls", "--json", stdout=full.fileno()).returncode == 2


def test_a_transfer_that_nobody_listens_to_says_how_it_goes_on(
    running: LocalAzure, here: Path, lakeport: Lakeport, closed: int
) -> None:
    (here / "tree").mkdir()
    for number in range(5):
        (here / "tree" / str(number)).write_text("content")
    target = "local:provider:share-data/unheard"
    done = ended("cp", "-r", "tree", target, "--jobs", "1", stdout=closed)
    os.close(closed)
    said = re.search(
        r"^lakeport: nobody reads the results any more\. Next: lakeport (transfer resume \S+)$",
        done.stderr,
        re.MULTILINE,
    )
    assert (done.returncode, said is not None) == (1, True), done.stderr
    assert said is not None
    assert lakeport(*said[1].split()).status == 0
    assert [line.split("/")[-1] for line in lakeport("ls", target).out.splitlines()] == ["0", "1", "2", "3", "4"]


def test_help_fits_a_narrow_terminal_and_keeps_the_names_of_options_whole(here: Path) -> None:
    for arguments in (["--help"], ["sync", "--help"], ["table", "convert", "--help"]):
        narrow = on_a_terminal(*arguments, columns=40)
        lines = narrow.text.splitlines()
        sentences = [
            line for line in lines if not re.search(r"lakeport |\[.*\|", line)
        ]  # others are to be copied whole
        assert narrow.status == 0
        assert max(map(len, sentences)) <= 40, narrow.text
        assert "…" not in narrow.text
        wide = ended(*arguments).stdout
        assert set(re.findall(r"--[a-z-]+", wide)) <= set(re.findall(r"--[a-z-]+", narrow.text)), arguments


def test_a_narrow_terminal_gets_every_result_whole(many: Path, here: Path) -> None:
    name = f"007-{'n' * 200}"
    for arguments in (["ls", "many"], ["tree", "many"]):
        assert name in on_a_terminal(*arguments, columns=40).text, arguments
    refused = on_a_terminal("ls", f"many/{name}-none", columns=40)
    assert (refused.status, refused.text.splitlines()) == (5, [f"lakeport: there is no many/{name}-none"])


def test_only_a_terminal_that_wants_it_gets_colours_and_progress_goes_to_stderr(
    running: LocalAzure, here: Path
) -> None:
    (here / "file").write_bytes(b"1" * 1000)
    copy = ("cp", "file", "local:provider:share-data/dressed/")
    assert ESCAPE in on_a_terminal("cp", "--help").text
    dressed = on_a_terminal(*copy, columns=40)
    assert (dressed.status, ESCAPE in dressed.text) == (0, True), dressed
    bars = [line for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", dressed.text)) if "/1 " in line]
    assert bars, "there is a bar"
    assert max(map(len, bars)) <= 40, "on one line of a narrow terminal"
    plain: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
        (("cp", "--help"), {"NO_COLOR": "1"}),
        (("sync", "--help"), {"TERM": "dumb"}),
    )
    for arguments, plainly in plain:
        assert ESCAPE not in on_a_terminal(*arguments, more=plainly).text, (arguments, plainly)
    assert ESCAPE not in ended("cp", "--help").stdout
    done = ended(*copy)
    assert done.stdout == "file -> dressed/file\n", "results, and nothing else"
    *progress, last = done.stderr.splitlines()
    assert last.startswith("copied 1 file, 1.0 kB at "), done.stderr
    assert all(re.fullmatch(r"\d/1 files, .+ of 1\.0 kB", line) for line in progress), "on a slow machine"
