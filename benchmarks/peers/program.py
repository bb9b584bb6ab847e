"""A server in a process of its own, and what it cost so far."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

_READY_WITHIN_S = 60.0


class Program:
    """A running program.

    Args:
        command: What to run.
        port: Where it will listen; None when `ready` waits for a line instead.
        folder: Its working directory.
    """

    def __init__(self, command: list[str], *, port: int | None, folder: Path) -> None:
        self._log = (folder / f"{Path(command[0]).name}.log").open("ab")
        self._process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE if port is None else self._log, stderr=self._log
        )
        if port is None:
            assert self._process.stdout is not None
            self.line = self._process.stdout.readline().decode()
        else:
            self._wait_for(port)

    def _wait_for(self, port: int) -> None:
        ends = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < ends and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self._process.args!r} does not listen")

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_s(self) -> float:
        """Return the CPU seconds it has taken, its children's included."""
        return sum(_cpu_s(pid) for pid in [self.pid, *_children(self.pid)])

    def peak_mib(self) -> float:
        """Return the most memory it ever had resident."""
        return _kib(self.pid, "VmHWM:") / 1024

    def resident_mib(self) -> float:
        """Return the memory it has resident now."""
        return _kib(self.pid, "VmRSS:") / 1024

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def _cpu_s(pid: int) -> float:
    """Return the CPU time of a process's threads; `schedstat` counts nanoseconds where `stat` counts ticks."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kib(pid: int, field: str) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition(field)[2].split()[0])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
