"""Files that other libraries' threads hold: Python ends once they have let go.

A thread that was not made by Python and lets go of one of our files while Python ends takes the whole process with it:
CPython before 3.14 ends such a thread by unwinding its stack, which C++ does not allow in a destructor (`terminate called without an
active exception`). pyarrow's threads let go of a file some time after the table that was read from it is there.
"""

from __future__ import annotations

import atexit
import gc
import threading
import time
import weakref

PATIENCE = 1.0
"""How many seconds Python's end waits: a program may hold a file to its very end, in a name of its own."""
POLL = 0.001
MANY = 256

_held: dict[int, weakref.ref[object]] = {}


def is_by_a_foreign_thread() -> bool:
    """Return whether this is asked by a thread that Python did not make."""
    return isinstance(threading.current_thread(), threading._DummyThread)  # noqa: SLF001  (they have no other name)


def note(file: object) -> None:
    """Note that a foreign thread uses a file, and may be the last to let go of it."""
    if len(_held) > MANY:
        _forget_released()
    _held[id(file)] = weakref.ref(file)  # no callback: it would run in the thread that is being waited for


def _forget_released() -> None:
    for key, file in list(_held.items()):
        if file() is None:
            _held.pop(key, None)


def wait() -> None:
    """Return once no file that was noted is there any more, or `PATIENCE` is over."""
    if not _held:
        return
    gc.collect()
    ends = time.monotonic() + PATIENCE
    while _held and time.monotonic() < ends:
        time.sleep(POLL)
        _forget_released()


atexit.register(wait)
