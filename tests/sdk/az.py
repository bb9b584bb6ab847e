"""The real Azure CLI as a test's hand: runs under `exec`, with a configuration of its own."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.azure import LocalAzure


class Az:
    """Runs `az` as one principal of one local Azure; its output decoded."""

    def __init__(self, azure: LocalAzure, name: str, *login: str) -> None:
        self.azure, self.name = azure, name
        self.program = Path(".witness/az/bin/az").resolve()
        assert self.program.exists(), "the Azure CLI is not installed; next: make witness"
        found = azure.credentials(name)
        self.object_id = str(found["object_id"])
        self(
            "login",
            "--service-principal",
            "-u",
            found["client_id"],
            "-p",
            found["client_secret"],
            "--tenant",
            found["tenant_id"],
            *login,
        )

    def raw(self, *arguments: str, configuration: str = "") -> tuple[int, str, str]:
        """Run `az` and return its exit status, stdout and stderr."""
        config = self.azure.state / f"az-{configuration or self.name}"
        done = self.azure.run_as(
            self.name,
            "sh",
            "-c",
            f"AZURE_CONFIG_DIR={config} exec {shlex.join([str(self.program), *arguments])}",
            timeout=240,
        )
        return done.returncode, done.stdout, done.stderr

    def __call__(self, *arguments: str) -> Any:  # Any: JSON of az
        """Run `az`, which must succeed; return its JSON, or None when it prints none."""
        status, out, err = self.raw(*arguments, "-o", "json")
        assert status == 0, f"az {' '.join(arguments[:3])}: {err}"
        return json.loads(out) if out.strip() else None

    def rest(self, method: str, path: str, body: object = None) -> Any:  # Any: JSON of az
        """Call ARM below the local Data Share api-version."""
        separator = "&" if "?" in path else "?"
        more = ("--body", json.dumps(body)) if body is not None else ()
        return self(
            "rest",
            "--method",
            method,
            "--url",
            f"https://management.azure.com{path}{separator}api-version=2021-08-01",
            *more,
        )


class AzShell:
    """The same `az`, signed in already, with many commands in one process: each costs its own work and no start."""

    def __init__(self, az: Az) -> None:
        config = az.azure.state / f"az-{az.name}"
        environment = {**az.azure.exec_env(az.name), "AZURE_CONFIG_DIR": str(config)}
        script = Path(__file__).with_name("scripts") / "az_shell.py"
        command = [str(az.program.with_name("python")), str(script)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def raw(self, line: str, *more: str) -> tuple[int, str, str]:
        """Run a command, as it is typed but for `az`; return its exit status, stdout and stderr."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([*shlex.split(line), *more]) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        return found["status"], found["out"], found["err"]

    def __call__(self, line: str, *more: str) -> Any:  # Any: JSON of az
        """Run a command, which must succeed; return its JSON, or None when it prints none."""
        status, out, err = self.raw(line, *more)
        assert status == 0, f"az {line}: {err}"
        return json.loads(out) if out.strip() else None

    def refused(self, line: str, *more: str) -> str:
        """Run a command, which must fail; return what it says."""
        status, _, err = self.raw(line, *more)
        assert status != 0, line
        return err

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
