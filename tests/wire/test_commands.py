"""The command line against a running local Azure."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure


def local(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lakeport_local", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **env})


def the_one_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    assert done.stdout == ""
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_detached_it_says_ready_in_one_line_and_down_ends_it(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    started = local("up", "--state", state, "--port", "0", "--memory", "--detach")
    try:
        assert started.stdout.startswith("ready https://127.0.0.1:")
        assert started.stdout.endswith(f"(state {state}, data in memory, 2 tenants)\n")
        assert local("status", "--state", state).returncode == 0
        assert (tmp_path / "state/local.log").exists()
    finally:
        ended = local("down", "--state", state)
    assert ended.returncode == 0
    assert local("status", "--state", state).returncode == 1


def test_a_second_start_names_the_holder(azure: LocalAzure) -> None:
    line = the_one_line(local("up", "--state", str(azure.state), LAKEPORT_PROG="lakeport local"), 1)
    assert f"state folder {azure.state} is held by process" in line
    assert line.endswith("Next: lakeport local down")


def test_a_port_in_use_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = the_one_line(local("up", "--state", str(tmp_path / "new"), "--port", port), 1)
    assert f"port {port} on 127.0.0.1 is in use" in line
    assert not (tmp_path / "new").exists()


def test_a_bad_topology_is_refused_by_name_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "topology.toml").write_text('[[tenants]]\nname = "a"\ndomian = "a.com"')
    arguments = ("--topology", str(tmp_path / "topology.toml"), "--port", "0")
    line = the_one_line(local("up", "--state", str(tmp_path / "new"), *arguments), 2)
    assert "topology.toml: tenants[0]: unknown key 'domian' (did you mean 'domain'?)" in line
    assert not (tmp_path / "new").exists()


def test_other_machines_are_let_in_only_when_that_is_said(tmp_path: Path) -> None:
    line = the_one_line(local("up", "--state", str(tmp_path / "new"), "--host", "0.0.0.0"), 2)
    assert "lets other machines reach this local Azure" in line


@pytest.mark.parametrize("detach", [[], ["--detach"]], ids=["here", "detached"])
def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path, detach: list[str]) -> None:
    (tmp_path / "file").touch()
    state = str(tmp_path / "file/state")
    line = the_one_line(local("up", "--state", state, "--port", "0", *detach), 1)
    assert f"state folder {state} cannot be used: Not a directory" in line


@pytest.mark.parametrize("command", [["exec", "--", "true"], ["env"], ["credentials"], ["status"], ["reset"]])
def test_without_a_running_one_the_next_move_is_up(command: list[str], tmp_path: Path) -> None:
    name, *rest = command
    line = the_one_line(local(name, "--state", str(tmp_path), *rest, LAKEPORT_PROG="lakeport local"), 1)
    assert line.endswith("Next: lakeport local up")


def test_the_exit_status_of_a_program_passes_through(azure: LocalAzure) -> None:
    assert azure.run_as(None, "python", "-c", "import sys; sys.exit(42)").returncode == 42
    assert azure.run_as(None, "no-such-program").returncode == 127
    assert azure.run_as(None, "/etc/passwd").returncode == 126


def test_a_program_gets_an_environment_without_real_credentials(azure: LocalAzure) -> None:
    real = {"AZURE_CLIENT_SECRET": "real", "AZURE_STORAGE_KEY": "real", "NO_PROXY": "*", "ALL_PROXY": "http://p:1"}
    done = azure.run_as("batch-node", "env", env=real)
    child = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert not {"AZURE_CLIENT_SECRET", "AZURE_STORAGE_KEY", "ALL_PROXY"} & set(child)
    assert child["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert child["IDENTITY_HEADER"].startswith(azure.credentials("batch-node")["object_id"])
    assert child["LAKEPORT_LOCAL_STATE"] == str(azure.state)


def test_a_program_keeps_the_users_home_but_for_token_caches(azure: LocalAzure, tmp_path: Path) -> None:
    (tmp_path / ".azure").mkdir()
    (tmp_path / ".local/share/.IdentityService").mkdir(parents=True)
    (tmp_path / ".local/bin").mkdir()
    (tmp_path / ".tool").write_text("mine")
    listing = "import os; print(*(os.path.exists(os.path.expanduser('~/' + p)) for p in %r))"
    names = [".tool", ".local/bin", ".azure", ".local/share/.IdentityService"]
    done = azure.run_as(None, "python", "-c", listing % (names,), env={"HOME": str(tmp_path)})
    assert done.stdout.split() == ["True", "True", "False", "False"]


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("nobody", 5, "no principal 'nobody' (there are: contoso/provider,"),
        ("grace@fabrikam.onmicrosoft.com", 2, "is more than one: contoso/grace@"),
        ("analysts", 2, "is a group; --as takes an app, a user or a managed identity"),
    ],
)
def test_whom_to_run_as_must_be_clear(azure: LocalAzure, name: str, status: int, said: str) -> None:
    assert said in the_one_line(azure.run_as(name, "true"), status)


@pytest.mark.parametrize("key", ["name", "client_id", "object_id"])
def test_a_principal_is_found_by_any_of_its_names(azure: LocalAzure, key: str) -> None:
    consumer = azure.credentials("fabrikam/consumer")
    assert azure.credentials(consumer[key].upper()) == consumer


def test_the_certificate_principal_gets_a_key_that_only_its_owner_reads(azure: LocalAzure) -> None:
    variables = azure.exec_env("provider-certificate")
    file = Path(variables["AZURE_CLIENT_CERTIFICATE_PATH"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert "AZURE_CLIENT_SECRET" not in variables


def test_secrets_are_another_in_each_state_folder_and_the_same_after_a_restart(new_azure: NewAzure) -> None:
    first, second = new_azure(memory=False), new_azure(memory=False)
    secret = first.credentials("provider")["client_secret"]
    assert second.credentials("provider")["client_secret"] != secret
    first.kill9()
    first.restart()
    assert first.credentials("provider")["client_secret"] == secret


def test_applying_a_topology_again_changes_only_what_differs(new_azure: NewAzure) -> None:
    before = '[[tenants]]\nname = "a"\n[[tenants.apps]]\nname = "one"\n'
    azure = new_azure(topology=before, memory=False)
    one = azure.credentials("one")
    (azure.state.parent / "topology.toml").write_text(before + '[[tenants.apps]]\nname = "two"\n')
    azure.restart()
    assert azure.credentials("one") == one
    assert azure.credentials("two")["client_secret"]


def test_the_clock_moves_forward_and_stays_moved(new_azure: NewAzure) -> None:
    azure = new_azure(memory=False)
    before = azure.command("clock").stdout
    azure.command("clock", "advance", "400d")
    azure.kill9()
    azure.restart()
    assert int(azure.command("clock").stdout[:4]) > int(before[:4])


def test_what_a_killed_one_in_memory_left_behind_is_removed_by_the_next(new_azure: NewAzure) -> None:
    azure = new_azure()
    left = Path(azure.folder)
    azure.kill9()
    assert left.exists()
    azure.restart()
    assert not left.exists()
    assert Path(azure.folder).exists()


def test_reset_brings_back_the_topology_and_keeps_credentials(new_azure: NewAzure) -> None:
    azure = new_azure()
    secret = azure.credentials("provider")["client_secret"]
    azure.command("clock", "advance", "400d")
    azure.command("reset")
    assert azure.credentials("provider")["client_secret"] == secret
    things = [json.loads(line) for line in azure.command("credentials", "--json").stdout.splitlines()]
    assert sum(one.get("kind") == "storage_account" for one in things) == 2
    assert things[-1] == {"summary": {"count": len(things) - 1}}


def test_an_empty_state_folder_is_not_the_current_one(tmp_path: Path) -> None:
    assert "--state" in the_one_line(local("up", "--state", "", "--port", "0"), 2)


def test_whoever_reads_only_the_first_line_sees_no_complaint(azure: LocalAzure) -> None:
    command = f"'{sys.executable}' -m lakeport_local credentials --json --state '{azure.state}' | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("{", "")


def test_a_trace_names_the_operations_that_are_asked_for(new_azure: NewAzure, tmp_path: Path) -> None:
    trace = tmp_path / "mine.jsonl"
    azure = new_azure(arguments=("--trace", str(trace)))
    url = "http://login.microsoftonline.com/common/discovery/keys"
    assert requests.get(url, proxies=azure.sdk["proxies"], timeout=10).status_code == 200
    (line,) = map(json.loads, trace.read_text().splitlines())
    assert (line["operation"], line["status"]) == ("entra discovery/keys", 200)


def test_a_trace_in_a_folder_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    line = the_one_line(local("up", "--state", str(tmp_path / "state"), "--trace", str(tmp_path / "no" / "trace")), 2)
    assert "there is no such folder" in line
    assert not (tmp_path / "state").exists()
