"""Snapshots of Data Share: full ones against `cp -r` on the same disk, incremental ones among a million files, many at once.

The engine runs in this process over a state folder on disk, without sockets: what is measured is the copying. Times are CPU seconds of
this process (a machine that does something else meanwhile does not count), those of `cp` its own user and system time.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figure import Figure

from lakeport_local.arm import ControlPlane
from lakeport_local.arm.providers import role_assignment
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response
from lakeport_local.entra import Tokens
from lakeport_local.gateway import Callers
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Store
from lakeport_local.storage.content import Extent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.access import Principal
    from lakeport_local.state import Resource

_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_SMALL = 64 * 1024
_DAILY = {"recurrenceInterval": "Day", "synchronizationTime": "2026-11-23T02:00:00Z"}


def measure() -> Iterator[Figure]:
    """Yield what snapshots cost."""
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        yield from _full(Path(folder))
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        yield from _incremental(Path(folder))
    with tempfile.TemporaryDirectory(prefix="lakeport-bench-") as folder:
        yield from _due_together(Path(folder))


def _full(folder: Path) -> Iterator[Figure]:
    world = _World(folder / "state")
    files = 10_000
    for number in range(files):
        world.put("small", f"d{number % 100:04}/f{number:07}.bin", *world.written(os.urandom(_SMALL)))
    world.share("small", "small")
    copied, gaps = world.run("small", "FullSync")
    peer = _cp(folder, files)
    yield Figure("full snapshot of 10,000 files of 64 KiB", copied, "s of CPU")
    yield Figure("cp -r of the same files, same disk", peer, "s of CPU")
    yield Figure("full snapshot as a part of cp -r", copied / peer, "", at_most=1 / 3)
    yield Figure("longest time others waited meanwhile", gaps * 1000, "ms", at_most=100)
    again, _ = world.run("small", "FullSync")
    yield Figure("the same once more, over what is there", again / peer, "of cp -r")
    world.write_large("large", 4 << 30)
    world.share("large", "large")
    large, _ = world.run("large", "FullSync")
    yield Figure("full snapshot of a file of 4 GiB", large, "s of CPU", at_most=1)
    world.close()


def _incremental(folder: Path) -> Iterator[Figure]:
    world = _World(folder / "state")
    world.fill("few", directories=100, files=100)
    world.share("few", "few")
    world.run("few")
    world.touch("few", 100)
    few, _ = world.run("few")
    world.fill("many", directories=1000, files=1000)
    world.share("many", "many")
    first, gaps = world.run("many")
    world.touch("many", 100)
    many, _ = world.run("many")
    assert world.counted() == 100
    yield Figure("first snapshot of 1,000,000 files", first, "s of CPU")
    yield Figure("longest time others waited meanwhile", gaps * 1000, "ms")
    yield Figure("incremental: 100 changed of 10,000 files", few, "s of CPU")
    yield Figure("incremental: 100 changed of 1,000,000 files", many, "s of CPU", at_most=5)
    yield Figure("a hundred times the files cost", many / few, "times", at_most=2)
    world.close()


def _due_together(folder: Path) -> Iterator[Figure]:
    world = _World(folder / "state")
    world.fill("data", directories=1, files=10)
    count = 200
    for number in range(count):
        world.share("data", f"s{number}", account=number // 100)
        world.follow(f"s{number}", number // 100)
    due = datetime(2026, 11, 23, 2, tzinfo=UTC)
    with _cpu() as spent:
        asyncio.run(world.rooms.data_share.advance(due + timedelta(minutes=1), world.move))
    ended = world.store.db.execute("SELECT count(*) FROM data_share_runs WHERE status = 'Succeeded'").fetchone()[0]
    yield Figure("subscriptions run of 200 due in the same minute", ended, "runs", at_least=count)
    yield Figure("all of them", spent[0], "s of CPU")
    world.close()


@contextmanager
def _cpu() -> Iterator[list[float]]:
    spent = [0.0]
    begun = time.process_time()
    yield spent
    spent[0] = time.process_time() - begun


def _cp(folder: Path, files: int) -> float:
    """Return the least CPU time of three copies of as many files in as many directories."""
    source = folder / "cp"
    for number in range(files):
        at = source / f"d{number % 100:04}"
        at.mkdir(parents=True, exist_ok=True)
        (at / f"f{number:07}.bin").write_bytes(os.urandom(_SMALL))
    best = float("inf")
    for turn in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["cp", "-r", str(source), str(folder / f"cp{turn}")], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        shutil.rmtree(folder / f"cp{turn}")
    return best


class _World:
    """The two organisations of every new state folder, and flows between them."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock, ids = Store(folder), FixedClock(_AT), RandomIds()
        self.rooms = Rooms(self.store, self.clock, ids, Callers(bytes(32)))
        topology = load(None)
        provision(self.rooms.stores, topology.document, topology.certificates)
        plane = self.rooms.services["arm"]
        assert isinstance(plane, ControlPlane)
        self.plane, self.lake = plane, self.rooms.stores.lake
        provider, consumer = topology.document.tenants
        self.provider = _Side(self, provider.id, "provider", provider.subscriptions[0].id, "source")
        self.consumer = _Side(self, consumer.id, "consumer", consumer.subscriptions[0].id, "dest")

    def close(self) -> None:
        """End it."""
        self.store.close()

    def move(self, to: datetime) -> None:
        """Move the clock."""
        self.clock.advance(to - self.clock.now())

    def tick(self) -> None:
        """Let a second pass, so that a change is later than what was read."""
        self.clock.advance(timedelta(seconds=1))

    def fill(self, file_system: str, *, directories: int, files: int) -> None:
        """Put files of 64 KiB into so many directories, so many each; all of them share their bytes, as copies do."""
        self.tick()
        account = self.provider.store
        self.lake.ensure_file_system(account, file_system, owner="$superuser")
        root = self.lake.file_systems.require(account.uid, file_system).root
        content, size = self.written(os.urandom(_SMALL))
        with self.store.transaction() as db:
            for number in range(directories):
                made = self.lake.paths.make_parents(root, f"d{number:04}/.", owner="o")
                db.execute(
                    "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)"
                    " INSERT INTO paths (parent, root, name, is_directory, size_bytes, etag, created, modified, owner, owning_group,"
                    " acl, content)"
                    " SELECT ?2, ?3, printf('f%07d.bin', i), 0, ?4, ?5 + i, ?6, ?6, 'o', 'o', ?7, ?8 FROM n",
                    (files, made.id, root, size, made.etag, made.modified, made.acl, content),
                )

    def written(self, data: bytes) -> tuple[int | None, int]:
        """Keep bytes as a content."""
        contents = self.lake.contents
        sink = contents.sink(limit_bytes=1 << 40)
        sink.write(data)
        sink.finish()
        with self.store.transaction():
            chunk = contents.keep(sink)
            kept = contents.make([Extent(chunk.id, 0, chunk.size_bytes)])
        sink.settle()
        return kept

    def put(self, file_system: str, path: str, content: int | None, size_bytes: int) -> None:
        """Write a file that holds a content."""
        account = self.provider.store
        self.lake.ensure_file_system(account, file_system, owner="$superuser")
        with self.store.transaction():
            root = self.lake.file_systems.require(account.uid, file_system).root
            parent = self.lake.paths.make_parents(root, path, owner="o")
            name = path.rpartition("/")[2]
            self.lake.paths.replace_file(parent, name, owner="o", content=content, size_bytes=size_bytes)

    def write_large(self, file_system: str, size_bytes: int) -> None:
        """Write one large file, of many extents over the same 64 MiB."""
        part = 64 << 20
        first, _ = self.written(bytes(part))
        assert first is not None
        with self.store.transaction():
            whole = self.lake.contents.make(self.lake.contents.extents(first, 0, part) * (size_bytes // part))
        self.put(file_system, "large.bin", *whole)

    def touch(self, file_system: str, count: int) -> None:
        """Write so many files anew, one in each of as many directories."""
        self.tick()
        for number in range(count):
            self.put(file_system, f"d{number:04}/f0000000.bin", *self.written(os.urandom(_SMALL)))

    def share(self, file_system: str, name: str, account: int = 0) -> None:
        """Share a file system, accept it and map it to one of the share's name."""
        self.provider.grant(account, "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1")
        self.consumer.grant(account, "ba92f5b4-2d11-453d-a403-e96b0029c9fe")
        source, target = self.provider, self.consumer
        source.put(account, f"shares/{name}", {"properties": {}})
        own = {"kind": "AdlsGen2FileSystem", "properties": {"fileSystem": file_system, **source.at}}
        data_set = source.put(account, f"shares/{name}/dataSets/all", own)["properties"]["dataSetId"]
        schedule = {"kind": "ScheduleBased", "properties": _DAILY}
        source.put(account, f"shares/{name}/synchronizationSettings/daily", schedule)
        invited = {"targetActiveDirectoryId": target.tenant_id, "targetObjectId": target.principal.object_id}
        sent = source.put(account, f"shares/{name}/invitations/one", {"properties": invited})["properties"]
        accepted = {"invitationId": sent["invitationId"], "sourceShareLocation": "westeurope"}
        target.put(account, f"shareSubscriptions/{name}", {"properties": accepted})
        mapping = {"fileSystem": f"copy-{name}", "dataSetId": data_set, **target.at}
        body = {"kind": "AdlsGen2FileSystem", "properties": mapping}
        target.put(account, f"shareSubscriptions/{name}/dataSetMappings/all", body)

    def follow(self, name: str, account: int) -> None:
        """Follow the provider's schedule."""
        body = {"kind": "ScheduleBased", "properties": _DAILY}
        self.consumer.put(account, f"shareSubscriptions/{name}/triggers/daily", body)

    def run(self, name: str, mode: str = "Incremental") -> tuple[float, float]:
        """Run a snapshot; return its CPU seconds and the longest time in seconds that others had to wait."""
        self.tick()
        self.consumer.send(0, "POST", f"shareSubscriptions/{name}/synchronize", {"synchronizationMode": mode})
        longest = 0.0

        async def others() -> None:
            nonlocal longest
            while True:
                begun = time.thread_time()
                await asyncio.sleep(0)
                longest = max(longest, time.thread_time() - begun)

        async def both() -> None:
            beside = asyncio.create_task(others())
            await self.rooms.data_share.drain()
            beside.cancel()

        with _cpu() as spent:
            asyncio.run(both())
        row = self.store.db.execute("SELECT status FROM data_share_runs ORDER BY number DESC").fetchone()
        assert row["status"] == "Succeeded"
        return spent[0], longest

    def counted(self) -> int:
        """Return how many files the last run wrote."""
        row = self.store.db.execute("SELECT files_written FROM data_share_pieces ORDER BY id DESC").fetchone()
        return int(row["files_written"])


class _Side:
    """One organisation, and what it asks of the control plane."""

    def __init__(self, world: _World, tenant_id: str, app: str, subscription_id: str, prefix: str) -> None:
        self._world, self.tenant_id = world, tenant_id
        stores = world.rooms.stores
        found = stores.directory.find(tenant_id, app)
        assert found is not None
        self.principal: Principal = found
        self.group = f"/subscriptions/{subscription_id}/resourceGroups/data-share-automation"
        self.at = {
            "subscriptionId": subscription_id,
            "resourceGroup": "data-share-automation",
            "storageAccountName": f"{prefix}storage",
        }
        tokens = Tokens(stores.directory, world.store, stores.ids, world.clock)
        self._token = tokens.issue(found, "https://management.azure.com", lifetime=timedelta(days=2), appidacr="1")
        self._accounts = {0: f"{prefix}-data-share"}

    @property
    def store(self) -> Resource:
        """The storage account."""
        name = self.at["storageAccountName"]
        found = self._world.plane.resources.get(f"{self.group}/providers/Microsoft.Storage/storageAccounts/{name}")
        assert found is not None
        return found

    def account(self, number: int) -> str:
        """Return the path of a share account, made when it is new: one holds a hundred subscriptions."""
        new = number not in self._accounts
        name = self._accounts.setdefault(number, f"more-{number}")
        path = f"{self.group}/providers/Microsoft.DataShare/accounts/{name}"
        if new:
            self._send("PUT", path, {"location": "westeurope", "identity": {"type": "SystemAssigned"}})
            self._world.tick()
        return path

    def grant(self, number: int, role: str) -> None:
        """Give a share account's identity its role on the store."""
        identity = self._send("GET", self.account(number), None)["identity"]["principalId"]
        self._world.plane.resources.put(
            role_assignment(
                self.store.id,
                name=identity,
                role_id=role,
                principal_id=identity,
                principal_type="ServicePrincipal",
                tenant_id=self.tenant_id,
                at=_AT,
            )
        )

    def put(self, number: int, path: str, body: object) -> Any:  # Any: a JSON body
        """PUT a resource below a share account."""
        return self.send(number, "PUT", path, body)

    def send(self, number: int, method: str, path: str, body: object) -> Any:  # Any: a JSON body
        """Ask something of a share account."""
        return self._send(method, f"{self.account(number)}/{path}", body)

    def _send(self, method: str, path: str, body: object) -> Any:  # Any: a JSON body
        fields = Headers([("authorization", f"Bearer {self._token}"), ("content-type", "application/json")])
        now = self._world.clock.now()
        host, request_id = "management.azure.com", self._world.rooms.stores.ids.guid()
        request = Request(
            method, "https", host, 443, path, "api-version=2021-08-01", fields, "127.0.0.1", None, request_id, now
        )
        sink = self._world.plane.open_body(request)
        assert not isinstance(sink, Response)
        sink.write(b"" if body is None else json.dumps(body).encode())
        sink.finish()
        request.body = sink
        answer = self._world.plane.handle(request)
        assert isinstance(answer, Response)
        assert isinstance(answer.body, bytes)
        assert answer.status < 300, answer.body
        return json.loads(answer.body)
