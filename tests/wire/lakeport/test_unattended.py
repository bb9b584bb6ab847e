"""Receiving without anybody there: the daemon, and the Azure Function."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.identity import credential
from lakeport.profiles import local, resolve

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

APP = Path(__file__).parents[3] / "deploy" / "function_app"
TICK = """\
import logging, sys
sys.path.insert(0, sys.argv[1])
import azure.functions as func
import function_app

class Timer(func.TimerRequest):
    past_due = False

logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(message)s", stream=sys.stdout)
for name in ("azure", "urllib3", "msal", "asyncio"):
    logging.getLogger(name).setLevel(logging.ERROR)
[timer] = function_app.app.get_functions()
for tick in range(2):
    timer.get_user_function()(Timer())
    print("tick", flush=True)
"""


def give(object_id: str, scope: str) -> None:
    """Let a principal of fabrikam do everything in a resource group, as its administrator would."""
    from azure.mgmt.authorization.v2022_04_01 import AuthorizationManagementClient
    from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters

    profile = resolve("local:consumer")
    client = AuthorizationManagementClient(
        credential(profile), scope.split("/")[2], profile.cloud.control_plane, **profile.cloud.sdk_options()
    )
    [found] = client.role_definitions.list(scope, filter="roleName eq 'Owner'")
    asked = RoleAssignmentCreateParameters(
        role_definition_id=str(found.id), principal_id=object_id, principal_type="ServicePrincipal"
    )
    client.role_assignments.create(scope, str(uuid.uuid4()), asked)


def numbers(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def test_watching_accepts_what_comes_and_maps_what_is_new(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("watched")
    assert lakeport("share", "apply", "--grant").status == 0
    watched = lakeport("receive", "watch", "--grant", "--rounds", "1", "--metrics-file", "numbers.prom", "--json")
    assert watched.status == 0, watched.err
    assert [row["kind"] for row in watched.rows[:-1] if row["kind"] != "role"] == [
        "subscription",
        "mapping",
        "mapping",
        "trigger",
    ]
    assert "lakeport_in_step 1" in Path("numbers.prom").read_text().splitlines()
    text = Path("share.yaml").read_text()
    Path("share.yaml").write_text(text.replace("schedule:", "  - {name: late, folder: share-data/late}\nschedule:"))
    assert lakeport("share", "apply").status == 0
    again = lakeport("receive", "watch", "--rounds", "1", "--json")
    assert [(row["verb"], row["name"]) for row in again.rows[:-1]] == [("create", "watched/late")]
    idle = lakeport("receive", "watch", "--rounds", "1")
    assert (idle.status, idle.out, idle.err) == (0, "", "ended after 1 looks\n")


def test_the_daemon_shows_numbers_and_ends_cleanly_when_asked(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("daemon")
    command = [sys.executable, "-m", "lakeport", "receive", "watch", "--every", "3600", "--metrics-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert first.startswith("metrics at "), first
        while "lakeport_rounds_total 1" not in numbers(first.removeprefix("metrics at ").strip()):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, said.splitlines()[-1]) == (0, "ended after 1 looks"), said


def test_the_function_s_timer_receives_as_the_app_s_identity(
    running: LocalAzure, lakeport: Lakeport, sides: Sides, here: Path
) -> None:
    sides("functional")
    identity = next(one for one in local.things() if one.kind == "managed_identity" and one.name == "fabrikam-node")
    text = Path("share.yaml").read_text()
    Path("share.yaml").write_text(text.replace("principal: consumer", f"principal: {identity.object_id}"))
    assert lakeport("share", "apply", "--grant").status == 0
    accounts = {one.name: one for one in local.things() if one.subscription_id}
    maker = running.credentials("provider")["object_id"]
    group = "data-share-automation"
    settings = {
        "DATA_SHARE_ACCOUNT_NAME": "dest-data-share",
        "DATA_SHARE_RESOURCE_GROUP_NAME": group,
        "DATA_SHARE_AZURE_SUBSCRIPTION_ID": str(accounts["dest-data-share"].subscription_id),
        "DESTINATION_STORAGE_ACCOUNT_NAME": "deststorage",
        "DESTINATION_STORAGE_RESOURCE_GROUP_NAME": group,
        "DESTINATION_STORAGE_SUBSCRIPTION_ID": str(accounts["deststorage"].subscription_id),
        "DESTINATION_FILE_SYSTEM_NAME": "functional",
        "LAKEPORT_GRANT": "true",
    }
    (here / "tick.py").write_text(TICK)
    give(identity.object_id or "", f"/subscriptions/{accounts['deststorage'].subscription_id}/resourceGroups/{group}")
    nobody = running.run_as("fabrikam-node", "python", "tick.py", str(APP), env=settings)
    assert "no invitation is accepted" in nobody.stdout, nobody.stderr
    assert "created" not in nobody.stdout.replace("granted", "")
    rule = f"[{{from: contoso.onmicrosoft.com, named: Contoso, share: functional, creator: {maker}}}]"
    ran = running.run_as("fabrikam-node", "python", "tick.py", str(APP), env=settings | {"LAKEPORT_ACCEPT": rule})
    assert ran.returncode == 0, ran.stderr
    first, second, _ = ran.stdout.split("tick\n")
    assert [line.split()[2] for line in first.splitlines() if line.startswith("INFO created")] == [
        "subscription",
        "mapping",
        "mapping",
        "trigger",
    ]
    assert second == "DEBUG already in step\n"
