"""Files that no chunk names are unlinked beside the event loop, and a start after a kill finds them."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from lakeport_local.core import RandomIds
from lakeport_local.state import Store
from lakeport_local.storage import loose
from lakeport_local.storage.content import Contents
from lakeport_local.storage.loose import LooseFiles

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.local.storage.conftest import World


def rows(store: Store) -> list[str]:
    return [row["file"] for row in store.db.execute("SELECT file FROM loose_files ORDER BY file")]


def test_nobody_waits_for_an_unlink_and_its_row_stays_until_it_is_done(world: World) -> None:
    gate = Event()
    world.write("f", bytes(1 << 20))
    world.write("f", b"")
    loose._thread().submit(gate.wait)  # the disk takes its time
    try:
        assert world.lake.reclaimer.step()
        assert len(world.content_files()) == 1
        assert len(rows(world.store)) == 1
        assert world.lake.reclaimer.step(), "there is something left to see to"
    finally:
        gate.set()
    world.lake.reclaimer.finish()
    assert (world.content_files(), rows(world.store)) == ([], [])


def test_what_a_killed_process_left_is_gone_after_the_next_start(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    (store.content_folder / "ab").mkdir()
    for name in ("ab/half", "ab/whole"):
        (store.content_folder / name).write_bytes(b"bytes")
    LooseFiles(store).add(["ab/half", "ab/never-begun"])
    store.close()
    store = Store(tmp_path / "state")
    Contents(store, RandomIds())
    assert rows(store) == []
    assert [file.name for file in store.content_folder.rglob("*") if file.is_file()] == ["whole"]
    store.close()


def test_what_is_left_to_unlink_at_the_end_waits_for_the_next_start(tmp_path: Path) -> None:
    gate = Event()
    store = Store(tmp_path / "state")
    files = LooseFiles(store)
    (store.content_folder / "large").write_bytes(b"bytes")
    files.add(["large"])
    loose._thread().submit(gate.wait)  # the disk takes its time
    files.unlink(["large"])
    files._is_closed = True  # as `close` says before it waits
    gate.set()
    files.close()
    assert rows(store) == ["large"]
    assert (store.content_folder / "large").exists()
    store.close()
    store = Store(tmp_path / "state")
    LooseFiles(store)
    assert (rows(store), list(store.content_folder.iterdir())) == ([], [])
    store.close()


def test_a_reset_that_was_killed_half_way_leaves_no_bytes(tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    (store.folder / "content.wiped" / "ab").mkdir(parents=True)
    (store.folder / "content.wiped" / "ab" / "file").write_bytes(b"bytes")
    store.close()
    store = Store(tmp_path / "state")
    assert not (store.folder / "content.wiped").exists()
    store.wipe(but=frozenset())
    assert sorted(path.name for path in store.folder.iterdir() if "content" in path.name) == ["content"]
    store.close()
