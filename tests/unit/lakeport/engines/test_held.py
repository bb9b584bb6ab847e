"""Python does not end while a thread of another library holds a file."""

from __future__ import annotations

import _thread
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from lakeport.engines import held

if TYPE_CHECKING:
    import pytest

HELD = """
import _thread, threading
from lakeport.engines import held

class File: ...

def hold(let_go, noted):
    file = File()
    held.note(file)
    noted.release()
    let_go.acquire(timeout={seconds})
    print("still here", flush=True)
    del file

noted, never = _thread.allocate_lock(), _thread.allocate_lock()
noted.acquire()
never.acquire()
_thread.start_new_thread(hold, (never, noted))
noted.acquire()
"""
HELD_TO_THE_END = """
from lakeport.engines import held
class File: ...
mine = File()
held.note(mine)
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)


def test_a_file_that_a_foreign_thread_holds_is_waited_for() -> None:
    done = run(HELD.format(seconds=0.2))
    assert (done.returncode, done.stdout, done.stderr) == (0, "still here\n", "")


def test_a_file_that_the_program_keeps_does_not_keep_python_from_ending() -> None:
    done = run(HELD_TO_THE_END)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_let_go_of_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    class File:
        pass

    monkeypatch.setattr(held, "_held", {})
    for _ in range(3 * held.MANY):
        held.note(File())
    kept = File()
    held.note(kept)
    assert len(held._held) <= held.MANY + 1
    del kept
    held.wait()
    assert held._held == {}


def test_threads_of_python_are_not_foreign() -> None:
    said: list[bool] = []
    one = threading.Thread(target=lambda: said.append(held.is_by_a_foreign_thread()))
    one.start()
    one.join()
    done = threading.Event()

    def foreign() -> None:
        said.append(held.is_by_a_foreign_thread())
        done.set()

    _thread.start_new_thread(foreign, ())
    assert done.wait(30)
    assert (said, held.is_by_a_foreign_thread()) == ([False, True], False)
