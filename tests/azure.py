"""The test double: a local Azure in a process of its own, reached over TLS as the cloud is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from tests.driven import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_STOPS_WITHIN_S = 60.0
_HAPPENS_WITHIN_S = 60.0


class LocalAzure:
    """A running local Azure with a state folder of its own.

    Args:
        folder: An empty folder for its state.
        topology: `topology.toml`'s text; None for the built-in two organisations.
        memory: Keep the data in memory; False for tests that kill it and start it again.
        arguments: More arguments for `up`.

    Attributes:
        state: The state folder.
        port: The port it listens on; stays the same over `restart`.
    """

    def __init__(
        self, folder: Path, *, topology: str | None = None, memory: bool = True, arguments: tuple[str, ...] = ()
    ) -> None:
        self.state = folder / "state"
        self.port = 0
        self._arguments = ["--trace", str(traced(folder)), *(["--memory"] if memory else []), *arguments]
        if topology is not None:
            (folder / "topology.toml").write_text(topology)
            self._arguments += ["--topology", str(folder / "topology.toml")]
        self._log = folder / "azure.log"
        self._process: subprocess.Popen[str] | None = None
        self._status: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "lakeport_local", "up", "--json", *self._arguments]
        command += ["--state", str(self.state), "--port", str(self.port)]
        with self._log.open("a") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        process.stdout.close()
        if not line:
            process.wait()
            raise AssertionError(f"the local Azure did not start:\n{self._log.read_text()}")
        self._process = process
        self._status = json.loads(line)
        self.port = self._status["port"]

    def stop(self) -> None:
        """End it as `down` does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_STOPS_WITHIN_S)
            self._process = None

    def kill9(self) -> None:
        """End it as a crash does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def kill9_when(self, happened: Callable[[], bool]) -> None:
        """Let its process run a moment at a time until something has happened, and kill it there: no state is run past."""
        assert self._process is not None
        end = time.monotonic() + _HAPPENS_WITHIN_S
        self._process.send_signal(signal.SIGSTOP)
        while not happened():
            assert time.monotonic() < end
            self._process.send_signal(signal.SIGCONT)
            time.sleep(0.002)
            self._process.send_signal(signal.SIGSTOP)
        self.kill9()

    def restart(self) -> None:
        """Start it again on the same port; ends it first if it runs."""
        self.stop()
        self.start()

    @property
    def folder(self) -> str:
        """Where its files lie."""
        return str(self._status["folder"])

    @property
    def ca_bundle(self) -> str:
        """File of the local CA and the public roots."""
        return f"{self.folder}/ca-bundle.pem"

    @property
    def proxy(self) -> str:
        """URL of the proxy through which real host names reach it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sdk(self) -> dict[str, Any]:
        """Keyword arguments that make any azure-core client in this process reach it."""
        return {"proxies": {"http": self.proxy, "https": self.proxy}, "connection_verify": self.ca_bundle}

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of its command line, such as `command("clock", "advance", "1d")`."""
        command = [sys.executable, "-m", "lakeport_local", *arguments, "--state", str(self.state)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def credentials(self, name: str) -> dict[str, Any]:
        """Return a principal's ids and secret."""
        found: dict[str, Any] = json.loads(self.command("credentials", name, "--json").stdout)
        return found

    def things(self, kind: str) -> list[dict[str, Any]]:
        """Return what it has of a kind: `app`, `storage_account`, `data_share_account`, ..."""
        lines = self.command("credentials", "--json").stdout.splitlines()
        return [one for one in map(json.loads, lines) if one.get("kind") == kind]

    def exec_env(self, name: str | None = None) -> dict[str, str]:
        """Return the environment that `exec` gives a program that runs as this principal."""
        as_whom = ("--as", name) if name else ()
        change: dict[str, str | None] = json.loads(self.command("env", "--format", "json", *as_whom).stdout)
        return {key: value for key, value in {**os.environ, **change}.items() if value is not None}

    def run_as(
        self, name: str | None, *program: str, env: Mapping[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a program under `exec`; `python` as the program means this Python."""
        python = sys.executable if program[0] == "python" else program[0]
        command = [sys.executable, "-m", "lakeport_local", "exec", "--state", str(self.state)]
        command += [*(["--as", name] if name else []), "--", python, *program[1:]]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout, env={**os.environ, **(env or {})}
        )

    def log(self) -> str:
        """Return what it has said on stderr."""
        return self._log.read_text()
