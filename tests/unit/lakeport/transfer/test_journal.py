"""Journals: whole after every kill, written by one at a time, and by nobody where there is no room."""

from __future__ import annotations

import resource
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lakeport.errors import BadFile, Conflict, LakeportError
from lakeport.transfer import journal
from lakeport.transfer.journal import Header, Journal
from lakeport.transfer.plan import Item, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = Header(
    transfer="t1", direction="upload", source="a", target="b", profile="p", account="x", file_system="f", begun_at=""
)
ITEMS = tuple(Item(f"s{number}", f"t{number}", 10 << 20, datetime(2030, 1, 1, tzinfo=UTC)) for number in range(3))
PLAN = Plan("upload", ITEMS, ("gone",))


@pytest.fixture
def no_room() -> Iterator[None]:
    """This process may not write a file beyond 4,000 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


def fill(book: Journal) -> None:
    for number in range(1000):
        book.write({"part": [0, number]})


def test_a_journal_cut_anywhere_is_gone_on_with(tmp_path: Path) -> None:
    book = Journal.begin(HEADER, PLAN, tmp_path)
    planned = len(book.path.read_bytes())
    for line in ({"part": [0, 1]}, {"part": [0, 2]}, {"done": 0}, {"failed": 1, "said": "no", "anew": False}):
        book.write(line)
    book.close()
    whole = book.path.read_bytes()
    for cut in range(planned, len(whole) + 1):
        book.path.write_bytes(whole[:cut])
        again = Journal(book.path)
        again.write({"done": 2})
        again.close()
        _, plan, progress = journal.read("t1", tmp_path)
        assert plan == PLAN
        assert progress.done == ({0, 2} if whole[:cut].count(b'"done":0}\n') else {2}), cut


def test_a_plan_that_was_not_written_whole_is_no_transfer(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "line_of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Journal.begin(HEADER, PLAN, tmp_path)
    assert journal.listed(tmp_path) == []
    (tmp_path / "t2.jsonl").write_bytes(b"")
    with pytest.raises(BadFile):
        journal.read("t2", tmp_path)


def test_a_transfer_is_run_by_one_process_at_a_time(tmp_path: Path) -> None:
    book = Journal.begin(HEADER, PLAN, tmp_path)
    with pytest.raises(Conflict, match="t1 is being run"):
        Journal(book.path)
    book.close()
    Journal(book.path).close()


def test_where_there_is_no_room_no_half_line_stays(tmp_path: Path, no_room: None) -> None:
    book = Journal.begin(HEADER, PLAN, tmp_path)
    with pytest.raises(LakeportError, match=r"cannot write the journal .*make room, then lakeport transfer resume t1"):
        fill(book)
    book.close()
    assert book.path.read_bytes().endswith(b"\n")
    assert journal.read("t1", tmp_path)[1] == PLAN
    with pytest.raises(LakeportError, match="cannot write the journal"):
        Journal.begin(HEADER, Plan("upload", ITEMS * 100), tmp_path / "")
    assert [path.name for path in tmp_path.iterdir()] == ["t1.jsonl"]


def test_a_journal_that_says_nonsense_is_named_with_the_next_move(tmp_path: Path) -> None:
    book = Journal.begin(HEADER, PLAN, tmp_path)
    book.close()
    whole = book.path.read_bytes()
    header, _, rest = whole.partition(b"\n")
    for nonsense in (
        b"",
        b"\xff\xfe\n",
        b"[]\n",
        b'"file"\n',
        whole + b"[]\n",
        whole + b'"done"\n',
        whole + b'{"done": 9}\n',
        whole + b'{"part": [9, 0]}\n',
        whole + b'{"part": 3}\n',
        header.replace(b"upload", b"sidle") + b"\n" + rest,
        header + b"\n" + rest.partition(b"\n")[2],
    ):
        book.path.write_bytes(nonsense)
        with pytest.raises(BadFile, match=r"t1\.jsonl is no journal of a transfer: .+rm "):
            journal.read("t1", tmp_path)
