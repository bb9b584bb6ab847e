"""The classic snippets of the field, as `examples/` has them, run unchanged under `exec`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

pytestmark = pytest.mark.timeout(360)

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def azure(azure_of: AzureOf) -> LocalAzure:
    return azure_of((EXAMPLES / "snippets.toml").read_text())


def printed(azure: LocalAzure, who: str | None, program: str, **variables: str) -> str:
    done = azure.run_as(who, "python", str(EXAMPLES / program), env=variables)
    assert done.returncode == 0, f"{program}: {done.stderr}"
    return done.stdout


def test_an_application_makes_and_lists_file_systems_writes_and_reads_by_its_secret(azure: LocalAzure) -> None:
    said = printed(azure, "engineer", "client-secret/classic.py")
    assert said == "['raw', 'reports']\nid,amount\n1,10\n"


def test_an_application_signs_in_by_its_certificate_and_a_machine_by_its_identity(azure: LocalAzure) -> None:
    assert printed(azure, "batch", "certificate/classic.py") == "by certificate\n"
    assert printed(azure, "node", "managed-identity/classic.py") == "['node/done.txt']\n"


def test_a_sas_opens_the_account_from_its_url_and_from_a_vault(azure: LocalAzure) -> None:
    sas = printed(azure, "engineer", "sas-url/prepare.py").strip()
    assert printed(azure, None, "sas-url/classic.py", SAS=sas) == "['raw']\nby signature\n"
    printed(azure, "engineer", "sas-in-key-vault/prepare.py")
    assert printed(azure, "clerk", "sas-in-key-vault/classic.py") == "by a signature from the vault\n"


def test_tables_are_read_by_pyarrow_pandas_polars_and_duckdb(azure: LocalAzure) -> None:
    assert printed(azure, "engineer", "parquet/classic.py") == "{'amount': [10, 20, 30]}\n"
    assert printed(azure, "engineer", "engines/classic.py") == "60\n60\n60\n"


def test_a_tree_is_opened_for_an_application(azure: LocalAzure) -> None:
    analyst = str(azure.credentials("analyst")["object_id"])
    assert printed(azure, "engineer", "permissions/classic.py", ANALYST_OBJECT_ID=analyst) == "1 1\n"


def test_a_person_signs_in_by_a_code_that_they_type_at_any_browser(azure: LocalAzure) -> None:
    command = [sys.executable, "-u", str(EXAMPLES / "device-code/classic.py")]
    with subprocess.Popen(command, env=azure.exec_env(), stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        code = re.search(r"the code (\w+)", program.stdout.readline())
        assert code is not None
        azure.command("approve", code[1], "--user", "ada@contoso.onmicrosoft.com")
        assert program.stdout.read().startswith("[")
    assert program.returncode == 0
