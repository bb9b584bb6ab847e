"""Which bytes are fetched when some are read, and what a missing library is called."""

from __future__ import annotations

import random

import pytest

from lakeport.engines.extras import needed
from lakeport.engines.windows import MOST_AHEAD, Windows
from lakeport.errors import MissingExtra

DATA = random.Random(7).randbytes(3 << 20)


def test_what_is_read_is_what_is_there_however_it_is_read() -> None:
    chance = random.Random(11)
    for size in (0, 1, 100_000, len(DATA)):
        data = DATA[:size]
        windows = Windows(1, lambda start, stop, data=data: data[start:stop], size)  # type: ignore[misc]
        at = 0
        for _ in range(300):
            start = at if chance.random() < 0.5 else chance.randrange(size + 1)
            stop = min(start + chance.choice((1, 8, 5_000, 70_000, 900_000)), size + 10)
            assert windows._fetch(start, stop) == data[start:stop]
            at = min(stop, size)


def test_who_reads_on_asks_ever_less_often() -> None:
    asked: list[int] = []

    def fetch(start: int, stop: int) -> bytes:
        asked.append(stop - start)
        return DATA[start:stop]

    windows = Windows(1, fetch, len(DATA))
    assert b"".join(windows._fetch(at, at + 10_000) for at in range(0, len(DATA), 10_000)) == DATA
    assert len(asked) < 10
    assert max(asked) <= 2 * MOST_AHEAD


def test_a_missing_library_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtra, match=r"needs no_such_library.*pip install 'lakeport\[no_such_library\]'"):
        needed("no_such_library", "an object store")
