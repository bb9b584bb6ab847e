"""msgraph-sdk, unmodified, under `exec`: what an administrator's script does to a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sdk.conftest import AzureOf

SCRIPT = Path(__file__).parents[1] / "scripts/directory_with_msgraph.py"
TOPOLOGY = """
[[tenants]]
name = "contoso"

  [[tenants.apps]]
  name = "administrator"

  [[tenants.subscriptions]]
  name = "main"

  [[tenants.role_assignments]]
  principal = "administrator"
  role = "Owner"
  scope = "/subscriptions/main"

[[tenants]]
name = "fabrikam"

  [[tenants.users]]
  name = "grace@fabrikam.onmicrosoft.com"
"""


def test_an_administrators_script_gets_what_graph_would_give(azure_of: AzureOf) -> None:
    done = azure_of(TOPOLOGY).run_as("administrator", "python", "-W", "ignore", str(SCRIPT))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "signed in": True,
        "keys": 2,
        "wrong proof": 401,
        "federated": [["build", "dev"]],
        "selected": [["rolling", None]],
        "gone": "Request_ResourceNotFound",
        "counted": 5,
        "paged": ["Reader 4", "Reader 3", "Reader 2", "Reader 1", "Reader 0"],
        "transitive": ["Group", "User"],
        "member of": True,
        "checked": True,
        "by ids": True,
        "revoked": True,
        "invited": ["Completed", "Guest"],
        "batch": [200, 404],
    }
