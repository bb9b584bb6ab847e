"""The real Azure CLI as a test's hand: runs under `exec`, with a configuration of its own."""

from __future__ import annotations

import json
import shlex
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
            timeout=120,
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
