"""The namespace as other rooms use it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lakeport_local.core import BodySource, ServiceError
from lakeport_local.storage import reclaim
from lakeport_local.storage.leases import Lease
from lakeport_local.storage.stamps import microseconds

if TYPE_CHECKING:
    World = Any  # conftest's; test modules do not import one another

BIG = bytes(range(256)) * 1024


def names(world: World, under: str = "", file_system: str = "data") -> list[str]:
    return [entry.path for entry in world.lake.files(world.account, file_system, under)]


def test_files_come_depth_first_with_the_slash_before_every_other_character(world: World) -> None:
    for path in ("a.txt", "a/x", "a-b/y", "a/b/c", "B"):
        world.write(path, b"1")
    assert names(world) == ["B", "a/b/c", "a/x", "a-b/y", "a.txt"]
    assert names(world, "a") == ["a/b/c", "a/x"]
    assert names(world, "a/x") == ["a/x"]
    assert names(world, "nowhere") == []


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 700_001])
def test_a_file_reads_back_as_written_whether_small_or_large(world: World, size: int) -> None:
    data = (BIG * 3)[:size]
    world.write("d/f", data)
    assert world.read("d/f") == data


def test_a_copy_shares_bytes_and_outlives_its_source(world: World) -> None:
    world.lake.ensure_file_system(world.account, "other", owner="them")
    source = world.write("raw/f.bin", BIG)
    world.lake.copy(source, world.account, "other", "in/deep/f.bin", owner="them")
    assert len(world.content_files()) == 1
    world.write("raw/f.bin", b"new")
    world.lake.reclaimer.finish()
    assert world.read("in/deep/f.bin", file_system="other") == BIG
    assert world.read("raw/f.bin") == b"new"
    copy = world.entry("in/deep/f.bin", file_system="other")
    assert copy.etag != source.etag


@pytest.mark.parametrize("keeps", ["version", "snapshot"])
def test_what_a_copy_overwrites_is_kept_as_the_account_is_set(world: World, keeps: str) -> None:
    world.account.properties["isHnsEnabled"] = False
    is_set = (
        {"isVersioningEnabled": True} if keeps == "version" else {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
    )
    world.account.internal["blob_service"] = is_set
    world.lake.ensure_file_system(world.account, "flat", owner="me")
    flat = world.lake.file_systems.require(world.account.uid, "flat")
    for text in (b"first", b"second"):
        source = world.write("raw/f", text)
        world.lake.copy(source, world.account, "flat", "one/f", owner="me")
        for batch in world.lake.below(world.account, "data", "raw", after=None, limit=10):
            world.lake.copy_batch(batch, world.account, "flat", "many", owner="me")
    for name in ("one/f", "many/f"):
        (kept,) = world.lake.kept.of(flat.id, name)
        assert (kept.kind, kept.path.size_bytes) == (keeps, len(b"first")), name
        assert world.read(name, file_system="flat") == b"second"
        assert (world.lake.paths.find(flat.root, name).detail("version") is not None) == (keeps == "version")


def test_a_copy_over_a_leased_file_is_refused(world: World) -> None:
    source, target = world.write("f", b"1"), world.write("g", b"2")
    lease = Lease(id="1c000000-0000-4000-8000-000000000000", seconds=-1, now=0)
    path = world.lake.paths.get(target.id)
    with world.store.transaction():
        world.lake.paths.change(path, touch=False, details=orjson.dumps({"lease": lease.as_json()}).decode())
    with pytest.raises(ServiceError, match="LeaseIdMissing"):
        world.lake.copy(source, world.account, "data", "g", owner="me")


def test_a_copy_of_a_file_that_is_gone_is_refused(world: World) -> None:
    source = world.write("f", b"1")
    world.write("f", b"2")
    with pytest.raises(ServiceError, match="PathNotFound"):
        world.lake.copy(source, world.account, "data", "g", owner="me")


def test_a_copy_over_a_directory_or_the_root_is_refused_and_leaves_no_parents(world: World) -> None:
    source = world.write("d/f", b"1")
    for path in ("d", "", "d/f/below"):
        with pytest.raises(ServiceError, match="PathConflict"):
            world.lake.copy(source, world.account, "data", path, owner="me")
    assert names(world) == ["d/f"]


def test_replaced_content_is_collected_but_never_while_somebody_reads_it(world: World) -> None:
    entry = world.write("f", BIG)
    source = world.lake.read(entry)
    first = source.read(1000)
    world.write("f", b"small")
    world.lake.reclaimer.finish()
    rest = b"".join(iter(lambda: source.read(1 << 20), b""))
    assert first + rest == BIG
    source.close()
    world.lake.reclaimer.finish()
    assert world.content_files() == []


def test_contents_that_are_read_keep_nobody_elses_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reclaim, "BATCH", 2)
    sources = [world.lake.read(world.write(str(number), BIG)) for number in range(5)]
    left = world.write("unread", BIG)
    for path in ("0", "1", "2", "3", "4", left.path):
        world.write(path, b"small")
    world.lake.reclaimer.finish()
    assert len(world.content_files()) == len(sources)
    for source in sources:
        source.close()
    world.lake.reclaimer.finish()
    assert world.content_files() == []


def test_a_small_body_lies_with_its_content_until_another_takes_a_part_of_it(world: World) -> None:
    contents, count = world.lake.contents, "SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM extents)"

    def read(number: int | None, start: int, size: int) -> bytes:
        source = contents.read(number, start, size)
        try:
            return b"".join(iter(lambda: source.read(3), b""))
        finally:
            source.close()

    sink = contents.sink(limit_bytes=100)
    sink.write(b"0123456789")
    with world.store.transaction():
        first, size = contents.take(sink)
        assert first is not None
    assert (size, read(first, 0, 10), read(first, 4, 5)) == (10, b"0123456789", b"45678")
    assert world.store.db.execute(count).fetchone()[0] == 0
    with world.store.transaction():
        second, _ = contents.make(contents.extents(first, 2, 3))
        third, _ = contents.extend(first, 5, contents.extents(first, 8, 2))
    assert (read(second, 0, 3), read(third, 0, 7), read(first, 1, 9)) == (b"234", b"0123489", b"123456789")
    assert contents.body(first, 1, 2) == b"12"
    with world.store.transaction():
        for one in (first, second, third):
            contents.release(one)
    world.lake.reclaimer.finish()
    assert world.store.db.execute(count).fetchone()[0] == 0


def test_an_empty_body_is_no_content(world: World) -> None:
    with world.store.transaction():
        assert world.lake.contents.take(world.lake.contents.sink(limit_bytes=1)) == (None, 0)


def test_a_deleted_tree_is_reclaimed_whole(world: World) -> None:
    for number in range(5):
        world.write(f"d/{number}/f", BIG)
    root = world.lake.file_systems.require(world.account.uid, "data").root
    directory = world.lake.paths.find(root, "d")
    with world.store.transaction():
        world.lake.paths.detach(directory)
    assert names(world) == []
    world.lake.reclaimer.finish()
    assert world.content_files() == []
    tables = ("contents", "extents", "chunks", "loose_files", "released_chunks", "released_contents")
    assert [world.store.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0] * 6


def test_a_deleted_file_systems_name_rests_for_thirty_seconds(world: World) -> None:
    systems = world.lake.file_systems
    with world.store.transaction():
        systems.delete(systems.require(world.account.uid, "data"))
    with pytest.raises(ServiceError, match="FilesystemBeingDeleted"):
        world.lake.ensure_file_system(world.account, "data", owner="me")
    world.clock.advance(timedelta(seconds=31))
    world.lake.ensure_file_system(world.account, "data", owner="me")
    assert names(world) == []


def test_an_upload_that_was_killed_leaves_no_file_after_the_next_start(world: World) -> None:
    sink = world.lake.contents.sink(limit_bytes=1 << 40)
    sink.write(BIG)
    assert len(world.content_files()) == 1
    world.lake.contents.__init__(world.store, None)  # as a start does
    assert world.content_files() == []


def test_forgetting_an_account_frees_its_bytes(world: World) -> None:
    world.write("raw/f.bin", BIG)
    assert len(world.content_files()) == 1
    with world.store.transaction():
        world.lake.forget(world.account)
    world.lake.reclaimer.finish()
    assert not world.lake.file_system_exists(world.account, "data")
    assert world.content_files() == []


def test_a_file_whose_time_has_come_is_gone(world: World) -> None:
    world.write("kept", b"k")
    file = world.write("brief", b"b")
    with world.store.transaction():
        path = world.lake.paths.get(file.id)
        assert path is not None
        until = microseconds(world.clock.now() + timedelta(hours=1))
        world.lake.paths.change(path, details=f'{{"expires":{until}}}')
    world.lake.expire(world.clock.now())
    assert world.entry("brief").id == file.id
    world.lake.expire(world.clock.now() + timedelta(hours=1))
    assert [entry.path for entry in world.lake.files(world.account, "data")] == ["kept"]


def test_small_bytes_are_remembered_but_not_those_of_a_change_that_was_undone(world: World) -> None:
    def write_and_read(data: bytes) -> tuple[int, bytes | BodySource]:
        sink = world.lake.contents.sink(limit_bytes=100)
        sink.write(data)
        content, size = world.lake.contents.take(sink)
        assert content is not None
        return content, world.lake.contents.body(content, 0, size)

    undone: list[int] = []

    def write_and_undo() -> None:
        with world.store.transaction():
            undone.append(write_and_read(b"never")[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_undo()
    with world.store.transaction():
        content, body = write_and_read(b"kept")
    assert [content] == undone  # its number is given again
    assert body == b"kept"
    assert world.lake.contents.body(content, 1, 2) == b"ep"
