"""The MD5 of a file whose parts come in any order, and memory that is lent within a bound."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from typing import TYPE_CHECKING

from lakeport.transfer import digests
from lakeport.transfer.digests import Digest
from lakeport.transfer.limits import Buffers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PART = 1 << 16


def test_parts_in_any_order_give_the_md5_of_the_whole(tmp_path: Path) -> None:
    for size in (1, PART, PART + 1, 9 * PART - 7):
        path = tmp_path / f"{size}"
        path.write_bytes(os.urandom(size))
        parts = list(range(-(-size // PART)))
        random.Random(size).shuffle(parts)
        there, coming = parts[: len(parts) // 2], parts[len(parts) // 2 :]
        digest = Digest(str(path), size, PART, there, insists=True)
        for part in coming:
            digest.arrived(part)
        assert digest.result() == hashlib.md5(path.read_bytes()).hexdigest()


def test_one_that_nobody_insists_on_is_given_up_where_it_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "LAG_BYTES", PART)
    path = tmp_path / "big"
    path.write_bytes(bytes(8 * PART))
    for insists in (False, True):
        gate = threading.Event()
        monkeypatch.setattr(digests.Digest, "_wait", held(gate, digests.Digest._wait))
        digest = Digest(str(path), 8 * PART, PART, insists=insists)
        for part in range(8):  # all have arrived before it may read one
            digest.arrived(part)
        gate.set()
        assert bool(digest.result()) is insists
        monkeypatch.undo()
        monkeypatch.setattr(digests, "LAG_BYTES", PART)


def held(gate: threading.Event, wait: object) -> object:
    def waits(self: Digest) -> int:
        gate.wait(30)
        return wait(self)  # type: ignore[operator, no-any-return]

    return waits


def test_one_that_is_stopped_ends_though_parts_never_come(tmp_path: Path) -> None:
    path = tmp_path / "half"
    path.write_bytes(bytes(PART))
    digest = Digest(str(path), 4 * PART, PART, [0], insists=True)
    digest.stop()
    assert digest.result() == ""


def test_no_more_memory_is_lent_than_there_is() -> None:
    buffers, most, lent, lock = Buffers(4 * PART), [0], [0], threading.Lock()

    def borrow(size: int) -> None:
        for _ in range(20):
            with buffers.lent(size) as view:
                with lock:
                    lent[0] += len(view)
                    most[0] = max(most[0], lent[0])
                with lock:
                    lent[0] -= len(view)

    threads = [threading.Thread(target=borrow, args=(size,)) for size in (PART, 2 * PART, 3 * PART, 4 * PART) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 0 < most[0] <= 4 * PART
    with buffers.lent(9 * PART) as view:  # more than there is: alone
        assert len(view) == 9 * PART
