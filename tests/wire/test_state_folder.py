"""What lies in a state folder: who may read it, and what is said when it cannot be used."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PUBLIC = {"ca.pem", "ca-bundle.pem", "ca-bundle.p12"}


def local(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lakeport_local", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_read_or_change_what_is_secret_even_in_a_folder_that_is_open(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    try:
        assert local("up", "--state", str(state), "--port", "0", "--detach").returncode == 0
        assert local("exec", "--state", str(state), "--as", "provider-certificate", "--", "true").returncode == 0
        modes = {entry: entry.lstat().st_mode for entry in state.iterdir()}
        readable = {entry.name for entry, mode in modes.items() if stat.S_IMODE(mode) & 0o077}
    finally:
        local("down", "--state", str(state))
    assert readable <= PUBLIC
    assert not any(stat.S_IMODE(mode) & 0o022 for mode in modes.values())


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [("state.db", b"this is no database at all", "file is not a database")],
    ids=["no database"],
)
def test_a_broken_state_folder_is_named_in_one_line(tmp_path: Path, file: str, content: bytes, said: str) -> None:
    (tmp_path / file).write_bytes(content)
    done = local("up", "--state", str(tmp_path), "--port", "0")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert said in line
    assert str(tmp_path) in line
    assert "should not happen" not in line
