"""A lake in memory, and an account to keep things in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lakeport_local.core import BodySource, FixedClock, SequentialIds
from lakeport_local.state import Resource, Resources, Store
from lakeport_local.storage import FileEntry, Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts"
TENANT = "11111111-1111-4111-8111-111111111111"


@dataclass
class World:
    store: Store
    resources: Resources
    clock: FixedClock
    lake: Lake
    account: Resource

    def write(self, path: str, data: bytes, *, file_system: str = "data") -> FileEntry:
        """Put a file, as an upload of one piece does."""
        lake = self.lake
        with self.store.transaction():
            root = lake.file_systems.require(self.account.uid, file_system).root
            parent = lake.paths.make_parents(root, path, owner="me")
            sink = lake.contents.sink(limit_bytes=1 << 40)
            for start in range(0, len(data), 100_000):
                sink.write(data[start : start + 100_000])
        sink.finish()
        with self.store.transaction():
            from lakeport_local.storage.content import Extent

            chunk = lake.contents.keep(sink)
            content, size = lake.contents.make([Extent(chunk.id, 0, chunk.size_bytes)])
            name = path.rpartition("/")[2]
            lake.paths.replace_file(parent, name, owner="me", content=content, size_bytes=size)
        return self.entry(path, file_system=file_system)

    def entry(self, path: str, *, file_system: str = "data") -> FileEntry:
        entry = self.lake.file(self.account, file_system, path)
        assert entry is not None
        return entry

    def read(self, path: str, *, file_system: str = "data") -> bytes:
        return drained(self.lake.read(self.entry(path, file_system=file_system)))

    def content_files(self) -> list[str]:
        return sorted(str(file.name) for file in self.store.content_folder.rglob("*") if file.is_file())


def drained(source: BodySource) -> bytes:
    data = b"".join(iter(lambda: source.read(1 << 20), b""))
    source.close()
    return data


@pytest.fixture
def world() -> Iterator[World]:
    store = Store(None)
    resources = Resources(store)
    account = resources.put(
        Resource(
            f"{GROUP}/lake1",
            "Microsoft.Storage/storageAccounts",
            "lake1",
            internal={"keys": ["a2V5", "a2V5"], "tenant_id": TENANT},
        )
    )
    clock = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
    lake = Lake(store, resources, SequentialIds(), clock)
    lake.ensure_file_system(account, "data", owner="me")
    yield World(store, resources, clock, lake, account)
    store.close()
