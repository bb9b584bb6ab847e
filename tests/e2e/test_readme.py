"""The sessions of the README and of docs/sharing.md are run as they stand there, and print what it says they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import NewAzure

PAGES = "".join(Path(page).read_text() for page in ("README.md", "docs/sharing.md"))
EXAMPLES = Path("examples/two-organisations").resolve()
_VARYING = (
    (re.compile(r"https://127\.0\.0\.1:\d+"), "URL"),
    (re.compile(r"\(state [^,]+,"), "(state DIR,"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}"), "GUID"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\dZ"), "TIME"),
)


def blocks() -> list[str]:
    return re.findall(r"```console\n(.*?)```", PAGES, re.DOTALL)


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a session with the lines it prints."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *printed = part.rstrip("\n").split("\n")
        yield command, printed


def masked(lines: list[str]) -> list[str]:
    for pattern, word in _VARYING:
        lines = [pattern.sub(word, line) for line in lines]
    return lines


@pytest.mark.timeout(360)
def test_the_sessions_of_the_readme_are_true(tmp_path: Path) -> None:
    for name in ("share.yaml", "receive.yaml", "orders.csv", "orders.yaml", "paths.py", "tables.py"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "LAKEPORT_LOCAL_STATE": str(tmp_path / "state"), "PATH": path}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, check=False, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90
        )

    try:
        for command, printed in (pair for block in blocks() for pair in commands(block)):
            if command.startswith("cat "):
                assert [line for line in (tmp_path / command[4:]).read_text().splitlines() if line][1:] == printed
                continue
            done = run(command.replace("up --detach", "up --detach --port 0"))
            said = masked((done.stdout + done.stderr).splitlines())
            for line in masked(printed):
                assert line in said, f"`{command}` printed:\n" + "\n".join(said)
    finally:
        run("lakeport local down")


def test_the_example_topology_is_accepted(new_azure: NewAzure) -> None:
    azure = new_azure(topology=Path("examples/topology.toml").read_text())
    assert azure.credentials("publisher")["client_id"] == "11111111-0000-4000-8000-000000000001"
