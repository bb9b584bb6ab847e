"""What `examples/` shows of lakeport beside each classic snippet does the same, and is shorter."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.azure import LocalAzure

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(360)

EXAMPLES = Path(__file__).parents[3] / "examples"
TOPICS = sorted(one.parent.name for one in EXAMPLES.glob("*/with_lakeport.py"))


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    one = LocalAzure(tmp_path_factory.mktemp("snippets"), topology=(EXAMPLES / "snippets.toml").read_text())
    yield one
    one.stop()


@cache
def environment_of(azure: LocalAzure, who: str | None) -> dict[str, str]:
    """Return what `exec` gives a program."""
    return azure.exec_env(who)


def run(azure: LocalAzure, who: str | None, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    file = EXAMPLES / program
    environment = {**environment_of(azure, who), **variables}
    command = [sys.executable, str(file)]
    return subprocess.run(
        command, cwd=file.parent, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def printed(azure: LocalAzure, who: str | None, program: str, **variables: str) -> str:
    done = run(azure, who, program, **variables)
    assert done.returncode == 0, f"{program}: {done.stderr}"
    return done.stdout


def test_applications_and_machines(azure: LocalAzure) -> None:
    assert printed(azure, "engineer", "client-secret/with_lakeport.py") == "['raw', 'reports']\nid,amount\n1,10\n"
    assert printed(azure, "batch", "certificate/with_lakeport.py") == "by certificate\n"
    assert printed(azure, "node", "managed-identity/with_lakeport.py") == "['node/done.txt']\n"


def test_signatures(azure: LocalAzure) -> None:
    early = run(azure, "clerk", "sas-in-key-vault/with_lakeport.py")
    assert (early.returncode, "lake-sas was not found" in early.stderr) == (1, True), "it opens by nothing else"
    sas = printed(azure, "engineer", "sas-url/prepare.py").strip()
    assert printed(azure, None, "sas-url/with_lakeport.py", SAS=sas) == "['raw']\nby signature\n"
    printed(azure, "engineer", "sas-in-key-vault/prepare.py")
    assert printed(azure, "clerk", "sas-in-key-vault/with_lakeport.py") == "by a signature from the vault\n"


def test_tables_and_engines(azure: LocalAzure) -> None:
    assert printed(azure, "engineer", "parquet/with_lakeport.py") == "{'amount': [10, 20, 30]}\n"
    assert printed(azure, "engineer", "engines/with_lakeport.py") == "60\n60\n60\n"


def test_permissions(azure: LocalAzure) -> None:
    assert printed(azure, "engineer", "permissions/with_lakeport.py") == "1 1\n"


def test_a_person_by_a_code(azure: LocalAzure) -> None:
    file = EXAMPLES / "device-code/with_lakeport.py"
    command = [sys.executable, "-u", str(file)]
    with subprocess.Popen(
        command,
        cwd=file.parent,
        env=environment_of(azure, None),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr is not None
        assert program.stdout is not None
        code = re.search(r"the code (\w+)", program.stderr.readline())
        assert code is not None
        azure.command("approve", code[1], "--user", "ada@contoso.onmicrosoft.com")
        assert program.stdout.read().startswith("[")
    assert program.returncode == 0


@pytest.mark.parametrize("topic", TOPICS)
def test_it_is_shorter_and_named_in_the_table(topic: str) -> None:
    classic, shorter = (
        len(ast.dump(ast.parse((EXAMPLES / topic / f"{name}.py").read_text()))) for name in ("classic", "with_lakeport")
    )
    assert shorter < classic
    assert f"| `{topic}` |" in (EXAMPLES / "README.md").read_text()
