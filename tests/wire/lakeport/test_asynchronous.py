"""A lake in an event loop: the same answers as to callers that wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

import lakeport
from lakeport.errors import BadProfile, Conflict, Misused, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


NAMES = ("two words", "50%25", "%2F", "naïve 数据", "what?", "a#b", "plus+", ".dot", "[x]{y}")


async def test_files_are_written_read_described_renamed_and_removed(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake
) -> None:
    file, other = lake.file("async/a.csv"), waiting.file("async/a.csv")
    assert not await file.exists()
    await file.write_text("ä,b\n")
    assert (await file.read_text(), await file.read_range(2, 100), await file.exists()) == ("ä,b\n", b",b\n", True)
    assert await file.stat() == other.stat()
    assert await file.checksum() == other.checksum()
    await file.append_bytes(b"more")
    assert other.read_bytes() == "ä,b\nmore".encode()
    await file.set_metadata({"owner": "ada"})
    assert await file.metadata() == other.metadata() == {"owner": "ada"}
    moved = await file.rename("async/b.csv")
    with pytest.raises(NotFound):
        await file.read_bytes()
    await waiting_free(moved)
    await moved.remove()
    await moved.remove()
    assert not waiting.exists("async/b.csv")


async def waiting_free(file: lakeport.AsyncFile) -> None:
    """Many requests of one loop go at once."""
    assert await asyncio.gather(*(file.read_range(0, 2) for _ in range(20))) == ["ä".encode()] * 20


async def test_directories_are_made_listed_renamed_and_removed(
    lake: lakeport.AsyncLake, waiting: lakeport.Lake
) -> None:
    top = await lake.directory("async tops").make()
    await asyncio.gather(*(top.file(f"{name}/f").write_bytes(name.encode()) for name in NAMES))
    found = [one async for one in top.entries(recursive=True)]
    assert found == list(waiting.entries("async tops", recursive=True))
    assert {one.path for one in found} >= {f"async tops/{name}/f" for name in NAMES}
    assert [await top.file(f"{name}/f").read_text() for name in NAMES] == list(NAMES)
    for pattern in ("async tops/*/f", "async tops/**/f", "async tops/.dot/?", "async tops/{plus+,.dot}", "none/*"):
        assert {one.path async for one in lake.glob(pattern)} == {one.path for one in waiting.glob(pattern)}, pattern
    with pytest.raises(Conflict):
        await lake.file("async tops/.dot").remove()
    with pytest.raises(Conflict):
        await top.directory(".dot/f").remove()
    moved = await top.directory(".dot").rename("async tops/moved")
    await moved.set_metadata({"kept": "yes"})
    assert (await moved.stat()).is_directory
    await moved.remove()
    await top.remove()
    assert not await top.exists()
    with pytest.raises(Misused):
        await lake.directory().remove()


async def test_pieces_are_one_file_or_none(lake: lakeport.AsyncLake, waiting: lakeport.Lake) -> None:
    async def pieces(*, whole: bool) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (5 << 20)
        if not whole:
            raise KeyError

    file = lake.file("async pieces/a")
    with pytest.raises(KeyError):
        await file.write_chunks(pieces(whole=False))
    assert not await file.exists()
    await file.write_chunks(pieces(whole=True))
    assert sum([len(chunk) async for chunk in file.chunks()]) == waiting.file("async pieces/a").stat().size_bytes
    await lake.file("async pieces/empty").write_bytes(b"")
    assert await lake.file("async pieces/empty").read_bytes() == b""


async def test_an_asynchronous_lake_refuses_as_the_other_does(lake: lakeport.AsyncLake, waiting: lakeport.Lake) -> None:
    assert await lake.file_systems() == waiting.file_systems()
    assert await lake.create() is False
    with pytest.raises(NotFound):
        await lake.file("async none").stat()
    with pytest.raises(NotFound):
        _ = [one async for one in lake.entries("async none")]
    with pytest.raises(Misused):
        _ = [one async for one in lake.glob("[z-a]")]
    async with lakeport.connect("local:provider", account="sourcestorage").asynchronous() as nameless:
        with pytest.raises(BadProfile):
            nameless.file("x")
