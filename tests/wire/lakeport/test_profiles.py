"""Naming connections from the command line."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport


def test_a_profile_is_added_tested_listed_and_removed(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = running.credentials("provider")
    monkeypatch.setenv("CONTOSO_SECRET", provider["client_secret"])
    values = [f"{key}={provider[key]}" for key in ("tenant_id", "client_id")]
    command = ("profile", "add", "contoso", "cloud=local", *values, "client_secret=env:CONTOSO_SECRET")
    assert lakeport(*command, "--dry-run").out.startswith("would write profile contoso")
    assert lakeport("profile", "test", "contoso").status == 5
    added = lakeport(*command)
    assert (added.status, "undo: lakeport profile remove contoso" in added.err) == (0, True)
    assert provider["client_secret"] not in (here / "config" / "lakeport" / "profiles.toml").read_text()
    assert lakeport("profile", "test", "contoso").status == 0
    listed = lakeport("profile", "list", "--json").rows
    assert {"contoso", "local:provider", "local:consumer"} <= {row.get("profile") for row in listed}
    removed = lakeport("profile", "remove", "contoso")
    assert "undo: lakeport profile add contoso cloud=local" in removed.err
    assert lakeport("profile", "test", "contoso").status == 5


def test_a_project_s_profile_is_found_from_below(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lakeport("profile", "add", "here", "--project", "cloud=local", "file_system=raw").status == 0
    (here / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(here / "a" / "b")
    shown = lakeport("profile", "show", "here", "--origins")
    assert f"file_system = raw    ({here / 'lakeport.toml'})" in shown.out


def test_a_reader_that_has_enough_ends_a_listing_quietly(running: LocalAzure, here: Path, lakeport: Lakeport) -> None:
    (here / "many").mkdir()
    for number in range(40):
        (here / "many" / f"{number}").write_text("x")
    assert lakeport("cp", "-r", "many", "local:provider:share-data/many").status == 0
    line = f"{sys.executable} -m lakeport ls -r local:provider:share-data/many | head -n 1"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
