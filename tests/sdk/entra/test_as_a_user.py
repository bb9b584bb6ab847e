"""Programs that sign a person in, unchanged, under `exec --as USER`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.azure import LocalAzure

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.mark.parametrize("name", ["ada@contoso.onmicrosoft.com", "fabrikam/grace@fabrikam.onmicrosoft.com"])
def test_a_browser_sign_in_completes_as_the_user(azure: LocalAzure, name: str) -> None:
    done = azure.run_as(name, "python", str(SCRIPTS / "whoami_browser.py"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "username": name.rpartition("/")[2],
        "aud": "https://management.azure.com",
        "oid": azure.credentials(name)["object_id"],
    }


def test_under_an_app_nobody_is_signed_in_and_the_next_move_is_named(azure: LocalAzure) -> None:
    url = (
        "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?response_type=code"
        "&client_id=04b07795-8ddb-461a-bbee-02f9e1bf7b46&redirect_uri=http%3A%2F%2Flocalhost%3A8400"
        "&response_mode=form_post&scope=https%3A%2F%2Fstorage.azure.com%2F.default"
    )
    done = azure.run_as("provider", "python", "-m", "lakeport_local", "browser", url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "nobody is signed in to this session" in line
    assert "exec --as USER" in line


@pytest.mark.parametrize("url", ["http://login.microsoftonline.com/", "file:///etc/passwd", "https://example.com/"])
def test_the_browser_opens_sign_in_pages_only(azure: LocalAzure, url: str) -> None:
    done = azure.run_as("ada@contoso.onmicrosoft.com", "python", "-m", "lakeport_local", "browser", url)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
