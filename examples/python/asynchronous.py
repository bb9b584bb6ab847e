"""The same lake in an event loop: many requests at once, none of them waited for by a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import lakeport

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


async def without_with() -> None:
    lake = lakeport.connect("local:provider:share-data").asynchronous()
    try:
        print(await lake.exists(""), await lake.file_system.siblings(), lake.file_system.flat)
    finally:
        await lake.aclose()


def main() -> None:
    asyncio.run(work())
    asyncio.run(without_with())


if __name__ == "__main__":
    main()
