"""What `lakeport` offers, and what loading it costs."""

from __future__ import annotations

import subprocess
import sys

import lakeport

HEAVY = ("azure", "pyarrow", "rich", "msal", "requests", "lakeport_local", "yaml", "tomlkit")


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_list_of_public_names_is_sorted_and_every_one_loads() -> None:
    assert lakeport.__all__ == sorted(lakeport.__all__)
    assert set(lakeport.__all__) == {*lakeport._WHERE, "__version__"}
    assert all(getattr(lakeport, name) is not None for name in lakeport.__all__)
    assert dir(lakeport) == lakeport.__all__


def test_importing_lakeport_loads_nothing_heavy() -> None:
    found = modules_after("import lakeport")
    assert not found & set(HEAVY)
    assert sum(name.startswith("lakeport") for name in found) == 1


def test_importing_lakeport_takes_under_a_tenth_of_a_second_of_the_processor() -> None:
    code = "import time; before = time.process_time(); import lakeport; print(time.process_time() - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.1


def test_help_loads_nothing_heavy() -> None:
    found = modules_after("from lakeport.cli import main; main(['--help'])")
    assert not found & set(HEAVY)
