"""Large bodies are hashed beside the event loop, small ones at once; nobody sees which."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    World = Any  # conftest's; test modules do not import one another

MIB = 1024 * 1024
DATA = bytes(range(256)) * (5 * MIB // 256)


@pytest.mark.parametrize("size", [0, 100, MIB - 1, MIB, MIB + 1, 5 * MIB])
@pytest.mark.parametrize("piece", [100_003, 5 * MIB])
def test_a_body_of_any_size_has_its_own_md5(world: World, size: int, piece: int) -> None:
    sink = world.lake.contents.sink(limit_bytes=1 << 40, hashes=frozenset({"md5"}))
    for start in range(0, size, piece):
        sink.write(memoryview(DATA)[start : min(start + piece, size)])
    sink.finish()
    assert (sink.hashing is not None) == (size > MIB)
    assert sink.md5 == hashlib.md5(DATA[:size], usedforsecurity=False).digest()
    sink.abort()
    world.lake.contents.loose.settle()
    assert world.content_files() == []


def test_a_large_body_that_breaks_off_leaves_nothing_behind(world: World) -> None:
    for _ in range(3):
        sink = world.lake.contents.sink(limit_bytes=1 << 40, hashes=frozenset({"md5"}))
        for start in range(0, 4 * MIB, MIB):
            sink.write(memoryview(DATA)[start : start + MIB])
        sink.abort()
    world.lake.contents.loose.settle()
    assert world.content_files() == []
    assert not world.store.db.execute("SELECT * FROM loose_files").fetchall()
