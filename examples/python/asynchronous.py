"""The same lake in an event loop: many requests at once, none of them waited for by a thread."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import lakeport
from lakeport import transfer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def lines() -> AsyncIterator[bytes]:
    for number in range(3):
        yield f"{number}\n".encode()


async def work() -> None:
    async with lakeport.connect("local:provider:share-data").asynchronous() as lake:
        print(await lake.file_systems(), await lake.create(), await lake.exists("examples"))
        top = await lake.directory("examples/asynchronous").make()
        await asyncio.gather(*(top.file(f"{number}.txt").write_text(str(number)) for number in range(10)))
        print(await asyncio.gather(*(top.file(f"{number}.txt").read_text() for number in range(10))))

        file = lake.file("examples/asynchronous/a.bin")
        await file.write_chunks(lines())
        await file.append_bytes(b"end")
        await file.set_metadata({"owner": "ada"})
        print(await file.metadata(), (await file.stat()).size_bytes, (await file.checksum()).md5)
        print(await file.read_range(2, 4), sum([len(chunk) async for chunk in file.chunks()]))
        await (await file.rename("examples/asynchronous/b.bin")).remove()
        await top.file("c.bin").write_bytes(b"1")
        print(await top.file("c.bin").read_bytes(), await top.file("none").exists())

        print([one.path async for one in lake.entries("examples")], [one.path async for one in top.entries()])
        print([one.path async for one in lake.glob("examples/**/1.txt")], [one.path async for one in top.glob("?.bin")])
        moved = await (await top.directory("old").make()).rename("examples/asynchronous/new")
        await moved.remove()
        await top.remove()


async def open_files(lake: lakeport.AsyncLake) -> None:
    async with lake.open("examples/opened.csv", "w") as file:  # seen when it is closed, whole
        await file.write("name,age\n")
        await file.writelines(["ada,36\n", "grace,85\n"])
        await file.flush()
    async with lake.file("examples/opened.csv").open() as file:
        print(await file.readline(), [line async for line in file], file.readable(), file.writable(), file.seekable())
        print(await file.seek(0), await file.tell(), await file.readlines(), file.closed)
    opened = await lake.open("examples/opened.csv", "rb")
    print(await opened.readinto(bytearray(4)), await opened.read())
    await opened.close()
    print(lake.file("examples/opened.csv").parent.url)


async def move(lake: lakeport.AsyncLake, folder: Path) -> None:
    top = lake.directory("examples/moved")
    (folder / "raw").mkdir()
    (folder / "raw/a.csv").write_text("name\nada\n")
    await top.upload(folder / "raw", told=lambda done, item: print(done.size_bytes, item))
    print((await top.download(folder / "back")).files, (await top.file("b.csv").upload(folder / "raw/a.csv")).files)
    print((await top.file("b.csv").download(folder / "back")).files, (await top.sync_from(folder / "raw")).files)
    print((await top.sync_to(folder / "back")).files, (await lake.copy(top, lake.directory("examples/copied"))).files)
    print((await lake.sync(top, lake.directory("examples/copied"))).files)
    url = lakeport.parse_url("local:provider:share-data/examples/last/")
    decided = await lake.file_system.apart(transfer.copy, folder / "raw/a.csv", url)
    print(await lake.run(lambda: decided), (await lake.resume(decided.header.transfer)).files)


async def tables(lake: lakeport.AsyncLake) -> None:
    print(await lake.write_table([{"name": "ada", "age": 36}, {"name": "grace", "age": 85}], "examples/people.parquet"))
    found = await lake.scan_table("examples/people.parquet", where="age > 40")
    print([batch.num_rows async for batch in found.batches()], await found.count(), await found.head(1))
    print(await found.table(), await found.polars(), await found.pandas())
    print(await lake.read_table("examples/people.parquet", columns=["name"]))


async def threads() -> None:
    async with lakeport.connect("local:provider:share-data").asynchronous() as lake:
        await open_files(lake)
        with tempfile.TemporaryDirectory() as name:
            await move(lake, Path(name))
        await tables(lake)
        await lake.directory("examples").remove()


async def without_with() -> None:
    lake = lakeport.connect("local:provider:share-data").asynchronous()
    try:
        print(await lake.exists(""), await lake.file_system.siblings(), lake.file_system.flat)
    finally:
        await lake.aclose()


def main() -> None:
    asyncio.run(work())
    asyncio.run(threads())
    asyncio.run(without_with())


if __name__ == "__main__":
    main()
