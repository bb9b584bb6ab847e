"""One token for everybody, whatever the others of this user do with the folder that they share."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lakeport.clock import FixedClock
from lakeport.errors import Throttled
from lakeport.identity.broker import PAUSE, Broker, Held

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOLDS = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


class Issuer:
    """Counts what is asked of it; refuses as often as it is told."""

    def __init__(self, *, refuses: int = 0) -> None:
        self.asked = 0
        self._refuses = refuses

    def __call__(self) -> Held:
        self.asked += 1
        if self.asked <= self._refuses:
            raise Throttled("too many requests")
        return Held(f"token {self.asked}", int(NOON.timestamp()) + 3600)


def fresh(folder: Path, clock: FixedClock | None = None) -> Broker:
    """As another process has it: each locks the files of the folder for itself."""
    return Broker(folder, clock or FixedClock(NOON))


def outcome(broker: Broker, issuer: Issuer) -> str:
    try:
        return broker.token("who", "what", issuer).token
    except Throttled as error:
        return str(error)


def test_twenty_at_once_ask_once_and_a_pause_holds_for_all_of_them(tmp_path: Path) -> None:
    issuer, clock = Issuer(refuses=1), FixedClock(NOON)
    many = [fresh(tmp_path, clock) for _ in range(20)]
    with ThreadPoolExecutor(len(many)) as pool:
        said = list(pool.map(lambda one: outcome(one, issuer), many))
        assert issuer.asked == 1
        assert max(said) == "too many requests"
        assert sum("asked to pause; 30 seconds are left" in one for one in said) == len(many) - 1
        clock.sleep(PAUSE + timedelta(seconds=1))
        again = set(pool.map(lambda one: outcome(one, issuer), many))
    assert (again, issuer.asked) == ({"token 2"}, 2)


def test_a_lock_whose_holder_crashed_is_nobody_s(tmp_path: Path) -> None:
    issuer, one, other = Issuer(), fresh(tmp_path), fresh(tmp_path)
    assert outcome(one, issuer) == "token 1"
    (lock,) = tmp_path.glob("*.lock")
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    assert (outcome(other, issuer), issuer.asked) == ("token 1", 1)


def test_what_is_garbage_or_could_be_another_s_is_not_believed_and_is_replaced(tmp_path: Path) -> None:
    issuer = Issuer()
    assert outcome(fresh(tmp_path), issuer) == "token 1"
    (kept,) = (one for one in tmp_path.iterdir() if not one.suffix)
    good = kept.read_bytes()
    for asked, (content, mode) in enumerate(
        (
            (b"", 0o600),
            (b"\x00\xff" * 1000, 0o600),
            (b'{"token": 7}', 0o600),
            (good[:-5], 0o600),
            (good, 0o644),
            (good, 0o660),
        ),
        2,
    ):
        kept.write_bytes(content)
        kept.chmod(mode)
        (tmp_path / f"{kept.name}.new").write_bytes(b"of one that was killed")
        (tmp_path / f"{kept.name}.paused").write_bytes(content)
        assert outcome(fresh(tmp_path), issuer) == f"token {asked}"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert outcome(fresh(tmp_path), issuer) == f"token {asked}", "it was not kept"


def test_a_folder_that_cannot_be_used_costs_requests_and_nothing_else(tmp_path: Path) -> None:
    issuer = Issuer()
    assert outcome(fresh(tmp_path), issuer) == "token 1"
    (lock,) = tmp_path.glob("*.lock")
    lock.unlink()
    lock.mkdir()  # as one of another user's: it cannot be opened
    assert outcome(fresh(tmp_path), issuer) == "token 1"
    assert outcome(fresh(tmp_path / "gone"), issuer) == "token 2"
