"""Snapshots by the batch: resumed anywhere, cheap where little changed, and never more than what is shared."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeport_local.datashare import pace
from lakeport_local.datashare.pieces import Pieces
from lakeport_local.storage.content import Extent
from lakeport_local.storage.leases import Lease

if TYPE_CHECKING:
    from collections.abc import Callable


async def snapshot(org: Any, path: str, mode: str = "Incremental") -> dict[str, Any]:
    """Run a snapshot to its end and return its only data set's record."""
    org.world.clock.advance(timedelta(seconds=1))
    run = org.post(f"{path}/synchronize", {"synchronizationMode": mode}).body
    await org.world.share.drain()
    asked = {"synchronizationId": run["synchronizationId"]}
    (found,) = org.post(f"{path}/listSynchronizationDetails", asked).body["value"]
    org.world.clock.advance(timedelta(seconds=1))
    return dict(found)


TREE = {"top": b"0", "a/1": b"1", "a/2": b"22", "a/b/c/3": b"333", "a-/4": b"4", "z/y/5": b"5", "zz": b"6"}


@pytest.mark.parametrize("batch", [1, 2, 3])
async def test_a_run_killed_after_any_batch_copies_the_rest_once(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(pace, "BATCH", batch)
    monkeypatch.setattr(pace, "DIRECTORIES", 1)
    for path, data in TREE.items():
        contoso.write("data", path, data)
    expected = contoso.files("data")
    fabrikam.post(f"{mapped}/synchronize", {})
    moments = 0
    while world.share._start():
        engine, before = world.share, world.store.db.total_changes
        while world.store.db.total_changes < before + 4 and engine._tasks:  # noqa: ASYNC110  # the engine has no event for it
            await asyncio.sleep(0)
        for task in list(engine._tasks.values()):
            task.cancel()
        await asyncio.gather(*engine._tasks.values(), return_exceptions=True)
        world = type(world)(world.store, world.clock, world.ids)
        moments += 1
    assert moments > 3
    (run,) = fabrikam.post(f"{mapped}/listSynchronizations").body["value"]
    (detail,) = fabrikam.post(
        f"{mapped}/listSynchronizationDetails", {"synchronizationId": run["synchronizationId"]}
    ).body["value"]
    assert run["status"] == "Succeeded"
    assert fabrikam.files("copy") == expected
    assert (detail["filesRead"], detail["filesWritten"]) == (len(expected), len(expected))
    assert detail["sizeWritten"] == sum(map(len, expected.values()))


async def test_a_run_killed_after_its_last_file_copies_and_counts_nothing_again(
    world: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise asyncio.CancelledError

    run = fabrikam.post(f"{mapped}/synchronize", {}).body
    monkeypatch.setattr(Pieces, "end", killed)
    world.share._start()
    await asyncio.gather(*world.share._tasks.values(), return_exceptions=True)
    monkeypatch.undo()
    copied = world.lake.file(fabrikam.store, "copy", "2024/a.csv")
    await type(world)(world.store, world.clock, world.ids).share.drain()
    asked = {"synchronizationId": run["synchronizationId"]}
    (detail,) = fabrikam.post(f"{mapped}/listSynchronizationDetails", asked).body["value"]
    assert (detail["status"], detail["filesWritten"], detail["sizeWritten"]) == ("Succeeded", 2, 8)
    assert world.lake.file(fabrikam.store, "copy", "2024/a.csv") == copied


async def test_an_incremental_snapshot_costs_what_changed_and_not_what_is_there(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    """Counted in steps of the database, which no load of the machine changes."""

    async def cost(files: int) -> int:
        for number in range(files):
            contoso.write("data", f"many/{number:05}", b"x")
        await snapshot(fabrikam, mapped)
        contoso.write("data", "2024/a.csv", b"changed")
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        world.store.db.set_progress_handler(count, 10)
        detail = await snapshot(fabrikam, mapped)
        world.store.db.set_progress_handler(None, 0)
        assert (detail["filesRead"], detail["filesWritten"]) == (1, 1)
        return steps

    few = await cost(20)
    assert await cost(600) < 2 * few


async def test_a_renamed_directory_comes_with_the_next_full_snapshot_only(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    """Its files were not modified: the service goes by that alone (data-share.md 3), and what was copied stays."""
    await snapshot(fabrikam, mapped)
    paths = world.lake.paths
    root = world.lake.file_systems.require(contoso.store.uid, "data").root
    with world.store.transaction():
        moved, home = paths.find(root, "2024"), paths.find(root, "")
        paths.move(moved, home.id, "archive")
    assert (await snapshot(fabrikam, mapped))["filesRead"] == 0
    assert (await snapshot(fabrikam, mapped, "FullSync"))["filesRead"] == 2
    assert set(fabrikam.files("copy")) == {"2024/a.csv", "2024/b.csv", "archive/a.csv", "archive/b.csv"}


async def test_a_directory_that_came_from_another_file_system_is_looked_at_in_its_new_one(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    contoso.write("elsewhere", "in/deep/x", b"1")
    await snapshot(fabrikam, mapped)
    systems, paths = world.lake.file_systems, world.lake.paths
    with world.store.transaction():
        home = paths.find(systems.require(contoso.store.uid, "data").root, "")
        paths.move(paths.find(systems.require(contoso.store.uid, "elsewhere").root, "in"), home.id, "in")
    assert (await snapshot(fabrikam, mapped))["filesRead"] == 0
    contoso.write("data", "in/deep/x", b"2")
    assert (await snapshot(fabrikam, mapped))["filesRead"] == 1
    assert fabrikam.files("copy")["in/deep/x"] == b"2"


async def test_what_was_deleted_after_it_changed_is_not_brought(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    await snapshot(fabrikam, mapped)
    contoso.write("data", "gone/deep/x", b"1")
    contoso.write("data", "new", b"1")
    paths = world.lake.paths
    with world.store.transaction():
        paths.detach(paths.find(world.lake.file_systems.require(contoso.store.uid, "data").root, "gone"))
    assert (await snapshot(fabrikam, mapped))["filesRead"] == 1
    assert "gone/deep/x" not in fabrikam.files("copy")


async def test_files_written_meanwhile_come_now_or_with_the_next_snapshot(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BATCH", 1)
    world.clock.advance(timedelta(seconds=1))
    fabrikam.post(f"{mapped}/synchronize", {})
    draining = asyncio.create_task(world.share.drain())
    while not world.lake.file(fabrikam.store, "copy", "2024/a.csv"):  # noqa: ASYNC110  # the engine has no event for it
        await asyncio.sleep(0)
    world.clock.advance(timedelta(seconds=1))
    contoso.write("data", "2024/a.csv", b"changed behind its back")
    contoso.write("data", "2024/c.csv", b"new")
    await draining
    assert (await snapshot(fabrikam, mapped))["status"] == "Succeeded"
    assert fabrikam.files("copy") == contoso.files("data")


async def test_a_snapshot_into_its_own_source_does_not_bring_its_own_copies(
    world: Any, contoso: Any, mapped: str
) -> None:
    target = {"targetActiveDirectoryId": contoso.tenant_id, "targetObjectId": contoso.principal.object_id}
    sent = contoso.put("shares/sales/invitations/own", {"properties": target}).body["properties"]["invitationId"]
    body = {"properties": {"invitationId": sent, "sourceShareLocation": "eastus"}}
    assert contoso.put("shareSubscriptions/own", body).status == 201
    contoso.grant_identity("ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    (source,) = contoso.get("shareSubscriptions/own/consumerSourceDataSets")["value"]
    folder = {
        **contoso.at(fileSystem="data", folderPath="copies/here"),
        "dataSetId": source["properties"]["dataSetId"],
    }
    path = "shareSubscriptions/own/dataSetMappings/one"
    assert contoso.put(path, {"kind": "AdlsGen2Folder", "properties": folder}).status == 201
    for mode in ("FullSync", "Incremental", "FullSync"):
        await snapshot(contoso, "shareSubscriptions/own", mode)
    names = {"2024/a.csv", "2024/b.csv"}
    assert set(contoso.files("data")) == names | {f"copies/here/{name}" for name in names}


@pytest.mark.parametrize("flat", ["source", "target", "both"])
@pytest.mark.parametrize("mode", ["FullSync", "Incremental"])
async def test_accounts_with_and_without_directories_share_with_each_other(
    two_organisations: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, flat: str, mode: str
) -> None:
    monkeypatch.setattr(pace, "BATCH", 2)
    pair = two_organisations()
    for one, name in ((pair.contoso, "source"), (pair.fabrikam, "target")):
        is_flat = flat in {name, "both"}
        pair.world.resources.put(replace(one.store, properties={"isHnsEnabled": not is_flat}))
    pair.ready()
    path = "shareSubscriptions/received"
    for name, data in TREE.items():
        pair.contoso.write("raw", name, data)
    detail = await snapshot(pair.fabrikam, path, mode)
    assert (detail["status"], detail["filesWritten"]) == ("Succeeded", len(TREE))
    assert pair.fabrikam.files("copy") == TREE
    pair.contoso.write("raw", "a/b/c/3", b"new")
    assert (await snapshot(pair.fabrikam, path))["filesWritten"] == 1
    assert pair.fabrikam.files("copy") == {**TREE, "a/b/c/3": b"new"}
    pair.world.store.close()


async def test_an_append_blob_arrives_as_a_block_blob(world: Any, contoso: Any, fabrikam: Any, mapped: str) -> None:
    world.store.db.execute("UPDATE paths SET made_by = 'append' WHERE name = 'a.csv'")
    await snapshot(fabrikam, mapped)
    root = world.lake.file_systems.require(fabrikam.store.uid, "copy").root
    assert world.lake.paths.find(root, "2024/a.csv").made_by == "blob"


async def test_a_leased_file_at_the_target_is_not_overwritten(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    fabrikam.write("copy", "2024/b.csv", b"in use")
    paths = world.lake.paths
    leased = paths.find(world.lake.file_systems.require(fabrikam.store.uid, "copy").root, "2024/b.csv")
    lease = Lease(id="1c000000-0000-4000-8000-000000000000", seconds=-1, now=0)
    with world.store.transaction():
        paths.change(leased, touch=False, details=orjson.dumps({"lease": lease.as_json()}).decode())
    detail = await snapshot(fabrikam, mapped)
    assert (detail["status"], detail["filesWritten"]) == ("Failed", 0)
    assert "lease" in detail["message"]
    assert fabrikam.files("copy") == {"2024/b.csv": b"in use"}


@pytest.mark.parametrize(
    "kept", [{"holds": ["case1"]}, {"policy": {"days": 3, "appends": True}}], ids=["held", "policy"]
)
async def test_a_kept_file_at_the_target_is_not_overwritten(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, kept: dict[str, Any]
) -> None:
    systems = world.lake.file_systems
    fabrikam.write("copy", "free", b"1")
    with world.store.transaction():
        found = systems.require(fabrikam.store.uid, "copy")
        systems.change(found, touch=False, details=orjson.dumps({"kept": kept}).decode())
    assert (await snapshot(fabrikam, mapped))["status"] == "Succeeded"  # what is new is taken
    before = fabrikam.files("copy")
    contoso.write("data", "2024/b.csv", b"newer")
    detail = await snapshot(fabrikam, mapped)
    assert (detail["status"], detail["filesWritten"]) == ("Failed", 0)
    assert "immutable" in detail["message"]
    assert fabrikam.files("copy") == before == {"free": b"1", "2024/a.csv": b"one", "2024/b.csv": b"three"}


NAMES = st.sampled_from(["a", "b", "a/x", "a/y", "a/b/x", "a-b", "c/d/e", "ü/1"])
WRITES = st.tuples(st.sampled_from(["source", "target"]), NAMES, st.binary(max_size=3))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(st.one_of(WRITES, st.sampled_from(["Incremental", "FullSync"])), max_size=12))
def test_any_history_of_writes_and_snapshots_leaves_what_a_plain_copy_would(
    two_organisations: Callable[[], Any], steps: list[Any]
) -> None:
    """Neither side ever shows what was written on the other after the snapshot that brought it."""
    pair = two_organisations()
    pair.ready()
    changed: set[str] = set()
    source: dict[str, bytes] = {}
    target: dict[str, bytes] = {}
    for step in steps:
        pair.world.clock.advance(timedelta(seconds=1))
        if isinstance(step, str):
            asyncio.run(snapshot(pair.fabrikam, "shareSubscriptions/received", step))
            wanted = source if step == "FullSync" else {name: source[name] for name in changed}
            target.update(wanted)
            changed.clear()
            continue
        side, name, data = step
        files, org, where = (source, pair.contoso, "raw") if side == "source" else (target, pair.fabrikam, "copy")
        held = set(source) | set(target)
        if any(one.startswith(f"{name}/") or name.startswith(f"{one}/") for one in held):
            continue
        org.write(where, name, data)
        files[name] = data
        changed |= {name} if side == "source" else set()
        assert pair.contoso.files("raw") == source
        assert pair.fabrikam.files("copy") == target
    pair.world.store.close()


def appended(org: Any, file_system: str, path: str, data: bytes) -> None:
    """Let a file grow at its end, as an append and a flush do: its content grows where nobody else made it grow."""
    lake = org.world.lake
    sink = lake.contents.sink(limit_bytes=1 << 40)
    sink.write(data)
    sink.finish()
    with org.world.store.transaction():
        found = lake.paths.find(lake.file_systems.require(org.store.uid, file_system).root, path)
        chunk = lake.contents.keep(sink)
        content, size = lake.contents.extend(found.content, found.size_bytes, [Extent(chunk.id, 0, chunk.size_bytes)])
        lake.paths.change(found, content=content, size_bytes=size)


@pytest.mark.parametrize("first", ["source", "target"])
async def test_what_either_side_appends_later_never_shows_on_the_other(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, first: str
) -> None:
    await snapshot(fabrikam, mapped)
    sides = [(contoso, "data", b" at the source"), (fabrikam, "copy", b" at the target")]
    for org, file_system, data in sides if first == "source" else reversed(sides):
        appended(org, file_system, "2024/a.csv", data)
        appended(org, file_system, "2024/a.csv", b"!")
        world.lake.reclaimer.finish()
    assert contoso.files("data")["2024/a.csv"] == b"one at the source!"
    assert fabrikam.files("copy")["2024/a.csv"] == b"one at the target!"
    await snapshot(fabrikam, mapped)
    appended(contoso, "data", "2024/a.csv", b" again")
    world.lake.reclaimer.finish()
    assert fabrikam.files("copy")["2024/a.csv"] == b"one at the source!"


async def test_a_target_that_is_full_midway_fails_the_run_and_the_next_brings_the_rest(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database itself says that the disk is full, after the first batch; that batch stays, whole."""
    monkeypatch.setattr(pace, "BATCH", 1)
    copy_batch = world.lake.copy_batch
    done: list[int] = []

    def until_full(*arguments: Any, **more: Any) -> None:
        copy_batch(*arguments, **more)
        if done:
            raise sqlite3.OperationalError("database or disk is full")
        done.append(1)

    monkeypatch.setattr(world.lake, "copy_batch", until_full)
    detail = await snapshot(fabrikam, mapped)
    assert (detail["status"], detail["filesWritten"]) == ("Failed", 1)
    assert detail["message"] == "The copy failed: database or disk is full"
    assert fabrikam.files("copy") == {"2024/a.csv": b"one"}
    monkeypatch.undo()
    assert (await snapshot(fabrikam, mapped))["filesWritten"] == 2
    assert fabrikam.files("copy") == contoso.files("data")


async def test_data_sets_of_a_run_are_carried_side_by_side(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smaller one has ended while the larger one is still under way."""
    monkeypatch.setattr(pace, "BATCH", 1)
    for number in range(20):
        contoso.write("data", f"many/{number}", b"x")
    contoso.write("small", "one", b"1")
    body = {"kind": "AdlsGen2FileSystem", "properties": contoso.at(fileSystem="small")}
    data_set = contoso.put("shares/sales/dataSets/small", body).body["properties"]["dataSetId"]
    target = {**fabrikam.at(fileSystem="small"), "dataSetId": data_set}
    fabrikam.put(f"{mapped}/dataSetMappings/small", {"kind": "AdlsGen2FileSystem", "properties": target})
    run = fabrikam.post(f"{mapped}/synchronize", {}).body
    draining = asyncio.create_task(world.share.drain())
    while fabrikam.world.lake.file(fabrikam.store, "small", "one") is None:  # noqa: ASYNC110  # the engine has no event for it
        await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    asked = {"synchronizationId": run["synchronizationId"]}
    listed = fabrikam.post(f"{mapped}/listSynchronizationDetails", asked).body["value"]
    assert {one["name"]: one["status"] for one in listed} == {"raw": "InProgress", "small": "Succeeded"}
    await draining
    assert len(fabrikam.files("copy")) == 22
