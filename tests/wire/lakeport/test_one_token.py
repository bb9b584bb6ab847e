"""However many processes ask at once, one asks the issuer; and the others go on when it is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.azure import LocalAzure

PROCESSES = 20
WITHIN_S = 200
HOLDS = """
import json, sys
from lakeport import credential
from lakeport.identity.broker import Broker
from lakeport.profiles import resolve

def stands_still(self, key, ask):
    print("holds the lock, and has not asked", flush=True)
    sys.stdin.read()

Broker._asked = stands_still
profile = resolve(arguments=json.loads(sys.stdin.readline()), environment={})
credential(profile).get_token("https://storage.azure.com/.default")
"""
ASK = """
import json, os, sys
import azure.identity
from lakeport import credential
from lakeport.profiles import resolve

number = int(sys.argv[1])
profile = resolve(arguments=json.loads(sys.stdin.readline()), environment={})
began, begins = os.pipe()
children = []
for one in range(number):
    child = os.fork()
    if not child:
        os.write(begins, b".")
        with open(f"token-{one}", "w") as file:
            file.write(credential(profile).get_token("https://storage.azure.com/.default").token)
        os._exit(0)
    children.append(child)
for _ in children:
    os.read(began, 1)
print("all have begun", flush=True)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))
"""


def started(program: str, values: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start a program that is told who it is."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", program, *arguments]
    one = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1)
    assert one.stdin is not None
    one.stdin.write(json.dumps(values) + "\n")
    one.stdin.flush()
    return one


def said(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def asked(azure: LocalAzure) -> int:
    """How many requests for a token there were since they are counted."""
    return int(json.loads(azure.command("fault", "list", "--json").stdout.splitlines()[0])["struck"])


def test_twenty_processes_make_one_request_though_the_first_is_killed_while_it_holds_the_lock(
    alone: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEPORT_TOKEN_CACHE", str(here / "tokens"))
    ids = alone.credentials("provider")
    values = {"cloud": "local", **{name: str(ids[name]) for name in ("tenant_id", "client_id", "client_secret")}}
    alone.command("fault", "add", "slow", "--service", "entra", "--path", "*/token", "--count", "0", "--delay", "0.5")

    with started(HOLDS, values) as holder:
        assert said(holder) == "holds the lock, and has not asked"
        with started(ASK, values, str(PROCESSES)) as others:
            assert said(others) == "all have begun"
            assert asked(alone) == 0, "they wait for whoever holds the lock"
            holder.kill()
            assert json.loads(said(others)) == [0] * PROCESSES
            assert others.wait(WITHIN_S) == 0
    tokens = {file.read_text() for file in here.glob("token-*")}
    assert (len(list(here.glob("token-*"))), len(tokens), asked(alone)) == (PROCESSES, 1, 1)
    with started(ASK, values, "1") as later:
        assert (said(later), said(later)) == ("all have begun", "[0]")
    assert ({(here / "token-0").read_text()}, asked(alone)) == (tokens, 1), "it is kept for who comes later"
