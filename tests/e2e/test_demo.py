"""The story that `make demo` tells."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(360)
def test_the_story_is_told_to_its_end_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lakeport", "demo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")},
    )
    assert (done.returncode, done.stderr) == (0, "")
    steps = re.findall(r"^ *[\d.]+ s  (.+?)   \$ lakeport (.+)$", done.stdout, re.MULTILINE)
    commands = [command for _, command in steps]
    assert [command.split()[0:2] for command in commands][:5] == [
        ["local", "up"],
        ["cp", "-r"],
        ["share", "apply"],
        ["receive", "list"],
        ["receive", "apply"],
    ]
    told = "\n".join(text for text, _ in steps)
    assert "copied 6 files" in told
    assert "Incremental snapshot Succeeded: 6 files" in told
    assert "Incremental snapshot Succeeded: 1 file," in told
    assert told.count("MD5 of the bytes read") == 2
    assert "refused, as it must be: share penguins of contoso was revoked" in told
    assert "cannot read contoso's lake itself, as it must be" in told
    assert "Torgersen" in done.stdout
    assert list(tmp_path.iterdir()) == []
