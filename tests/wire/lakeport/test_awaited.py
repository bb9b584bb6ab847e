"""What a program with an event loop has beside requests: file objects, transfers and tables, as callers that wait have them."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from tests.trouble import Trouble

import lakeport
from lakeport import transfer
from lakeport.errors import BadData, Conflict, Misused, NotFound, Stopped
from lakeport.transfer import journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.azure import LocalAzure

TEXT = "".join(f"{number},näme {number}\r\n" for number in range(5_000))


@pytest.fixture
def trouble(running: LocalAzure) -> Iterator[Trouble]:
    one = Trouble(running)
    yield one
    one.clear()


async def test_a_file_object_reads_as_one_that_waits_does(lake: lakeport.AsyncLake, waiting: lakeport.Lake) -> None:
    waiting.file("opened/a.csv").write_bytes(TEXT.encode())
    for mode, newline in (("rb", None), ("r", None), ("r", "")):
        with waiting.open("opened/a.csv", mode, newline=newline) as other:
            async with lake.open("opened/a.csv", mode, newline=newline) as file:
                assert (file.readable(), file.writable(), file.seekable()) == (True, False, True)
                assert [await file.readline(), await file.read(10)] == [other.readline(), other.read(10)]
                assert await file.tell() == other.tell()
                assert [line async for line in file] == list(other), mode
                assert await file.read() == other.read()
                assert await file.seek(1000) == other.seek(1000)
                assert await file.readlines() == other.readlines()
        assert file.closed
    async with lake.file("opened/a.csv").open("rb") as file:
        into = bytearray(8)
        assert (await file.readinto(into), bytes(into)) == (8, TEXT.encode()[:8])


@pytest.mark.parametrize("mode", ["r", "rb"])
async def test_whoever_leaves_the_lines_reads_on_where_they_ended(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake, mode: str
) -> None:
    waiting.file("opened/left.csv").write_bytes(TEXT.encode())
    with waiting.open("opened/left.csv", mode) as other:
        async with lake.open("opened/left.csv", mode) as file:
            for count in (1, 7, 3000):
                left = [other.readline() for _ in range(count)]
                found = []
                async for line in file:
                    found.append(line)
                    if len(found) == count:
                        break
                assert found == left
                assert await file.tell() == other.tell()
                assert await file.read(5) == other.read(5)


async def test_what_is_written_appears_whole_or_not_at_all(lake: lakeport.AsyncLake, waiting: lakeport.Lake) -> None:
    async with lake.open("opened/new.txt", "x") as file:
        assert await file.write("ä") == 1
        await file.writelines(["b\n", "c"])
        await file.flush()
        assert not waiting.exists("opened/new.txt")
    assert waiting.file("opened/new.txt").read_text() == "äb\nc"

    async def write(mode: str, data: str | bytes, *, whole: bool) -> None:
        async with lake.open("opened/new.txt", mode) as file:
            await file.write(data)
            if not whole:
                raise KeyError

    with pytest.raises(Conflict):
        await write("xb", b"other", whole=True)
    for mode, data in (("w", "lost"), ("wb", b"lost"), ("a", "lost"), ("ab", b"lost")):
        with pytest.raises(KeyError):
            await write(mode, data, whole=False)
    async with lake.open("opened/new.txt", "ab") as file:
        await file.write(b"!")
    opened = await lake.open("opened/new.txt")
    assert await opened.read() == "äb\nc!"
    await opened.close()
    await opened.close()


async def test_a_file_object_refuses_as_one_that_waits_does(lake: lakeport.AsyncLake) -> None:
    never = lake.open("opened/none", "rb")
    with pytest.raises(ValueError, match="not open yet"):
        _ = never.closed
    await never.close()
    with pytest.raises(NotFound):
        await never
    with pytest.raises(Misused):
        await lake.open("opened/none", "q")
    await lake.directory("opened/folder").make()
    with pytest.raises(Conflict):
        await lake.open("opened/folder", "rb")


async def test_a_cancelled_task_writes_no_file(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake, trouble: Trouble
) -> None:
    written = asyncio.Event()

    async def write() -> None:
        async with lake.open("opened/cancelled", "wb") as file:
            await file.write(b"x")
            written.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(write())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not waiting.exists("opened/cancelled")


async def test_only_directories_that_a_pattern_needs_are_listed(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("a/x/1.csv", "a/y/1.csv", "a/y/2.txt", "b/x/1.csv", "b/deep/deeper/1.csv"):
        waiting.file(f"awaited-globs/{path}").write_bytes(b"")
    listed: list[str] = []
    of_lake = type(lake.file_system).entries

    def noted(self: Any, under: str = "", *, recursive: bool = False) -> AsyncIterator[Any]:
        listed.append(f"{under} deep" if recursive else under)
        return of_lake(self, under, recursive=recursive)

    monkeypatch.setattr(type(lake.file_system), "entries", noted)
    needed = {
        "awaited-globs/*/x/1.csv": ["awaited-globs"],
        "awaited-globs/a/*/1.csv": ["awaited-globs/a"],
        "awaited-globs/{a,b}/[xy]/*.csv": [
            "awaited-globs/a",
            "awaited-globs/a/x",
            "awaited-globs/a/y",
            "awaited-globs/b",
            "awaited-globs/b/x",
        ],
        "awaited-globs/b/**/1.csv": ["awaited-globs/b deep"],
        "awaited-globs/none/*": ["awaited-globs/none"],
    }
    for pattern, expected in needed.items():
        listed.clear()
        assert [one async for one in lake.glob(pattern)] == list(waiting.glob(pattern)), pattern
        assert listed == expected
    top = lake.directory("awaited-globs/a")
    assert [one.path async for one in top.glob("*/2.txt")] == ["awaited-globs/a/y/2.txt"]
    assert (top.parent, top.url) == (lake.directory("awaited-globs"), waiting.directory("awaited-globs/a").url)


async def test_folders_go_up_down_across_and_are_kept_in_step(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake, here: Path
) -> None:
    for name in ("a", "below/b"):
        (here / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "raw" / name).write_text(name)
    top, told = lake.directory("moved"), []
    outcome = await top.upload(here / "raw", told=lambda done, item: told.append((done.files, item and item.target)))
    assert (outcome.files, sorted(item or "" for _, item in told)) == (2, ["moved/a", "moved/below/b"])
    assert (await top.download(here / "back")).files == 2
    assert (here / "back/below/b").read_text() == "below/b"
    assert (await lake.copy(top, lake.directory("moved again"))).files == 2
    assert (await lake.copy(top.file("a"), lake.directory("moved again/in"))).files == 1
    assert waiting.file("moved again/in/a").read_text() == "a"
    assert (await lake.copy(top.file("a").url, here / "back" / "c")).files == 1
    (here / "raw/a").unlink()
    rules = transfer.Rules(deletes=True)
    assert (await top.sync_from(here / "raw", rules)).deleted == 1
    assert (await top.sync_to(here / "back", rules)).deleted == 2
    assert (await lake.sync(top, lake.directory("moved again"), rules)).deleted == 2
    assert (await top.file("c").upload(here / "raw/below/b")).files == 1
    assert (await top.file("c").download(here / "back")).size_bytes == len("below/b")
    with pytest.raises(NotFound):
        await top.file("none").download(here / "back")


async def test_a_cancelled_task_ends_its_transfer_which_can_be_resumed(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake, here: Path, trouble: Trouble
) -> None:
    (here / "raw").mkdir()
    (here / "raw/a").write_bytes(b"small")
    (here / "raw/b").write_bytes(os.urandom(9 << 20))
    arrived = asyncio.Event()
    trouble.add("timeout", method="PUT", path="*/b", count=0, delay_s=3600)
    told = lambda _done, item: arrived.set() if item else None  # noqa: E731
    task = asyncio.ensure_future(lake.directory("cancelled").upload(here / "raw", told=told))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    trouble.clear()
    (name,) = journal.listed()
    assert (journal.read(name)[2].ended, journal.read(name)[2].failed) == ("", {})
    assert [one.path for one in waiting.entries("cancelled")] == ["cancelled/a"]
    outcome = await lake.resume(name)
    assert (outcome.files, outcome.failures) == (1, {})
    assert waiting.file("cancelled/b").read_bytes() == (here / "raw/b").read_bytes()


async def test_an_exception_of_who_is_told_ends_the_transfer_and_is_raised(
    lake: lakeport.AsyncLake, here: Path, trouble: Trouble
) -> None:
    (here / "a").write_bytes(b"small")
    (here / "b").write_bytes(b"never arrives")
    trouble.add("timeout", method="PUT", path="*/b", count=0, delay_s=3600)

    def told(_done: transfer.Outcome, _item: object) -> None:
        raise ZeroDivisionError

    decide = lambda: transfer.copy_all(  # noqa: E731
        [here / "a", here / "b"], lakeport.parse_url("local:provider:share-data/told/")
    )
    with pytest.raises(ZeroDivisionError):
        await lake.run(decide, told=told)


async def test_tables_are_written_scanned_and_read(lake: lakeport.AsyncLake, waiting: lakeport.Lake) -> None:
    rows = pa.table({"id": list(range(1000)), "kind": ["a", "b"] * 500})
    assert (await lake.write_table(rows, "tables/one.parquet")).rows == 1000
    with pytest.raises(Conflict):
        await lake.write_table(rows, "tables/one.parquet")
    assert (await lake.read_table("tables/one.parquet", columns=["id"])).equals(rows.select(["id"]))
    found = await lake.scan_table("tables/one.parquet", where="kind = 'a'")
    assert [batch.num_rows async for batch in found.batches(rows=300)] == [
        batch.num_rows for batch in found.scan.batches(rows=300)
    ]
    assert (await found.count(), (await found.table()).num_rows, (await found.head(3)).num_rows) == (500, 500, 3)
    assert ((await found.polars()).height, len(await found.pandas())) == (500, 500)
    async for batch in found.batches(rows=10):
        assert batch.num_rows
        break
    waiting.file("tables/bad.parquet").write_bytes(b"PAR1 not PAR1")
    with pytest.raises(BadData):
        await lake.read_table("tables/bad.parquet")


async def test_a_cancelled_task_writes_no_table(lake: lakeport.AsyncLake, waiting: lakeport.Lake) -> None:
    loop, first = asyncio.get_running_loop(), asyncio.Event()
    schema = pa.schema([("n", pa.int64())])

    def endless() -> Iterator[pa.RecordBatch]:
        while True:
            yield pa.record_batch([list(range(10))], schema=schema)
            loop.call_soon_threadsafe(first.set)

    reader = pa.RecordBatchReader.from_batches(schema, endless())
    task = asyncio.ensure_future(lake.write_table(reader, "tables/endless.parquet"))
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not waiting.exists("tables/endless.parquet")


def test_a_transfer_that_waits_can_be_stopped_by_another_thread(
    waiting: lakeport.Lake, here: Path, trouble: Trouble
) -> None:
    import threading

    (here / "raw").mkdir()
    (here / "raw/a").write_bytes(b"small")
    (here / "raw/b").write_bytes(b"late")
    stop = threading.Event()
    trouble.add("timeout", method="PUT", path="*/b", count=0, delay_s=3600)
    url = lakeport.parse_url("local:provider:share-data/stopping")
    decided = transfer.copy(here / "raw", url, recursive=True)
    with pytest.raises(Stopped, match="stopped"):
        decided.run(stop=stop, told=lambda _done, _item: stop.set())
    trouble.clear()
    assert transfer.resume(decided.header.transfer).run().files == 1
