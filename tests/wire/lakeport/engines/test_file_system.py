"""What our file system promises beyond fsspec's suites: whole files or none, one state of a file, few requests."""

from __future__ import annotations

import errno
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeport import engines
from lakeport.engines import account
from lakeport.engines.account import Account
from lakeport.engines.files import BLOCK
from lakeport.engines.requests import Requests

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = Any  # conftest's; test modules do not import one another
BIG = os.urandom(BLOCK + (5 << 20))


@pytest.fixture
def elsewhere(owner: Any) -> Account:
    """The account through connections of somebody else."""
    return Account(owner, "lake1")


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment that no slow machine outlasts."""
    monkeypatch.setattr(account, "MOMENT", timedelta(hours=1))


@pytest.fixture
def asked(long: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked from here on."""
    methods: list[str] = []
    ask = Requests.ask

    def noted(self: Requests, method: str, *arguments: Any, **options: Any) -> Any:
        methods.append(method)
        return ask(self, method, *arguments, **options)

    monkeypatch.setattr(Requests, "ask", noted)
    return methods


def half_of_it() -> Iterator[bytes]:
    yield b"half of it"
    raise BufferError


def test_a_big_file_goes_in_blocks_and_is_seen_when_it_is_whole(place: Place) -> None:
    path = f"{place.container}/big"
    with place.lake.open(path, "wb") as file:
        file.write(BIG)
        file.write(b"end")
        assert not place.lake.exists(path)
    assert place.lake.cat_file(path) == BIG + b"end"
    assert place.lake.cat_file(path, -5) == BIG[-2:] + b"end"
    assert place.lake.cat_file(path, 10, 10) == b""
    with pytest.raises(BufferError), place.lake.open(path, "wb") as file:
        file.writelines(half_of_it())
    assert place.lake.size(path) == len(BIG) + 3


def test_what_is_added_is_added_to_files_of_either_origin(place: Place) -> None:
    path = f"{place.container}/log"
    for text in (b"one", b"two", b"three"):
        with place.lake.open(path, "ab") as file:
            assert file.tell() == (place.lake.size(path) if place.lake.exists(path) else 0)
            file.write(text)
    assert place.lake.cat_file(path) == b"onetwothree"


def test_a_file_that_changes_while_it_is_read_is_refused(place: Place, elsewhere: Account) -> None:
    path = f"{place.container}/changing"
    place.lake.pipe_file(path, BIG)
    with place.lake.open(path) as file, elsewhere.requests() as asking:
        assert file.read(10) == BIG[:10]
        asking.write(path, b"x" * len(BIG))
        with pytest.raises(OSError, match="changing") as refused:
            file.read()
    assert refused.value.errno == errno.ESTALE


def test_what_changed_in_the_moment_before_it_was_opened_is_read_as_it_is_or_refused(
    place: Place, elsewhere: Account, long: None
) -> None:
    path = f"{place.container}/momentary"
    place.lake.pipe_file(path, b"first")
    assert place.lake.info(path)["size"] == 5
    with elsewhere.requests() as asking:
        asking.write(path, b"other")
        with place.lake.open(path) as file:
            assert file.read() == b"other"
        place.lake.info(path)
        asking.write(path, b"longer")
    with place.lake.open(path) as file, pytest.raises(OSError, match="open it again"):
        file.read()
    place.lake.pipe_file(path, b"own")
    assert place.lake.size(path) == 3, "what was changed from here is seen at once"


def test_a_column_takes_no_more_requests_than_it_has_places(place: Place, owner: Any, asked: list[str]) -> None:
    table = pa.table({name: os.urandom(8 * 50_000) and list(range(50_000)) for name in "abcdefgh"})
    path = f"{place.container}/columns.parquet"
    pq.write_table(table, path, filesystem=place.lake, compression="none", use_dictionary=False, row_group_size=25_000)
    asked.clear()
    assert pq.read_table(path, columns=["c"], filesystem=engines.pyarrow(owner, "lake1")).num_columns == 1
    assert sorted(asked) == ["GET"] * 3 + ["HEAD"], "the file, its directory, a column in each of two row groups"
    asked.clear()
    assert place.lake.cat_ranges([path] * 3, [0, 1000, 300_000], [100, 1100, 300_100])[2]
    assert asked == ["GET", "GET"], "what lies close is fetched at once"


def test_a_url_of_another_account_is_not_looked_up_in_this_one(place: Place) -> None:
    place.lake.pipe_file(f"{place.container}/f", b"")
    with pytest.raises(ValueError, match="is in account other"):
        place.lake.exists(f"abfss://{place.container}@other.dfs.core.windows.net/f")
    assert place.lake.unstrip_protocol(f"{place.container}/f") == place.url("f")


def test_a_directory_is_renamed_at_once_and_a_container_is_emptied_and_stays(place: Place, asked: list[str]) -> None:
    lake, box = place.lake, place.container
    lake.pipe({f"{box}/a/one": b"1", f"{box}/a/b/two": b"2"})
    lake.mv(f"{box}/a", f"{box}/c", recursive=True)
    assert lake.find(box) == [f"{box}/c/b/two", f"{box}/c/one"]
    with pytest.raises(OSError, match="not empty"):
        lake.rmdir(f"{box}/c")
    asked.clear()
    lake.rm(f"{box}/c", recursive=True)
    assert asked.count("DELETE") == 1
    lake.pipe_file(f"{box}/d", b"")
    lake.rm(box, recursive=True)
    assert (lake.ls(box), lake.exists(box)) == ([], True)
