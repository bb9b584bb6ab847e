"""What is optional: without it everything else works, and who asks for it is told what to install."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OPTIONAL = (
    "adlfs",
    "aiohttp",
    "deltalake",
    "duckdb",
    "fsspec",
    "keyring",
    "lakeport_local",
    "obstore",
    "palmerpenguins",
    "pandas",
    "polars",
    "pyarrow",
)
HIDDEN = f"""
import json, sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""
HELP = """
from contextlib import redirect_stdout
from io import StringIO
from lakeport.cli import main
from lakeport.cli.root import COMMANDS
with redirect_stdout(StringIO()):
    found = {name: main([name, "--help"]) for name, (target, _) in COMMANDS.items() if target}
print(json.dumps(found))
"""
FILES = """
from lakeport.cli import main
print(json.dumps([main(["mkdir", "a/b"]), main(["ls", "a"]), main(["tree", "."]), main(["rm", "-r", "a"])]))
"""
ASKED = """
import lakeport
from lakeport import engines, tables
from lakeport.errors import MissingExtra
lake = lakeport.Lake(lakeport.profile(), "account", "raw")
ways = {
    "aiohttp": lake.asynchronous,
    "fsspec": lake.fsspec,
    "obstore": lake.obstore,
    "pyarrow": lake.pyarrow,
    "pyarrow ": lambda: tables.read("a.parquet"),
}
said = {}
for needed, way in ways.items():
    try:
        way()
    except MissingExtra as error:
        said[needed] = [error.message, error.hint]
print(json.dumps(said))
"""


def without_extras(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python that finds none of what is optional."""
    return subprocess.run(
        [sys.executable, "-c", HIDDEN + code], capture_output=True, text=True, check=False, cwd=folder, timeout=50
    )


def brings(hint: str) -> set[str]:
    """Return what the extra that a hint names installs."""
    extra = re.fullmatch(r"Next: pip install 'lakeport\[(\w+)\]'", hint)
    assert extra, hint
    assert extra[1] in (metadata.metadata("lakeport").get_all("Provides-Extra") or [])
    mark = re.compile(rf"extra == ['\"]{extra[1]}['\"]")
    return {re.split(r"[<>=\[ ;]", one)[0] for one in metadata.requires("lakeport") or [] if mark.search(one)}


def test_every_command_tells_its_use_without_any_extra(tmp_path: Path) -> None:
    done = without_extras(HELP, tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout).values()) == {0}


def test_commands_for_files_need_no_extra(tmp_path: Path) -> None:
    done = without_extras(FILES, tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["[0, 0, 0, 0]"]), done.stderr


def test_whoever_asks_for_what_is_missing_is_told_the_extra_that_brings_it(tmp_path: Path) -> None:
    done = without_extras(ASKED, tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said) == {"aiohttp", "fsspec", "obstore", "pyarrow", "pyarrow "}
    for needed, (message, hint) in said.items():
        assert needed.strip() in message
        assert needed.strip() in brings(hint)


def test_a_command_without_its_extra_ends_with_one_line_that_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name\nada\n")
    code = 'from lakeport.cli import main; sys.exit(main(["table", "head", "a.csv"]))'
    done = without_extras(code, tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert "pyarrow" in brings("Next:" + done.stderr.strip().partition("Next:")[2])
