"""pyarrow signs in by secret, certificate and managed identity: a refused token would abort its whole process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.azure import LocalAzure

SCRIPT = Path(__file__).parents[1] / "scripts/list_with_pyarrow.py"


@pytest.mark.parametrize("name", ["provider", "provider-certificate", "batch-node"])
def test_the_cpp_client_signs_in_and_sees_the_file_system(azure: LocalAzure, name: str) -> None:
    done = azure.run_as(name, "python", str(SCRIPT))
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
