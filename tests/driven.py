"""Which operations each test drives, as the local Azures noted them: what `parity/check.py --driven` holds claims against.

A claim is alive when its test drove its operation, successfully, while it ran: what fixtures did before counts for nobody.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

_FOLDERS = Path(__file__).parent.parent / ".witness" / "driven"
_VARIABLE = "LAKEPORT_DRIVEN"
"""Names the run's folder to the workers: one file of JSON lines a process: `test`, `operations`."""

_TRACES: dict[Path, int] = {}


def traced(folder: Path) -> Path:
    """Return where a local Azure with this folder notes what it is asked for; it is read while the tests run."""
    file = folder / "trace.jsonl"
    _TRACES.setdefault(file, 0)
    return file


def news() -> set[str]:
    """Return the operations that were answered since this was asked last."""
    found: set[str] = set()
    for file, seen in _TRACES.items():
        if not file.exists() or file.stat().st_size <= seen:
            continue
        with file.open("rb") as lines:
            lines.seek(seen)
            text = lines.read()
        complete = text[: text.rfind(b"\n") + 1]
        _TRACES[file] = seen + len(complete)
        found |= {one["operation"] for one in map(json.loads, complete.splitlines()) if one["status"] < 400}
    return found


def note(test: str, operations: set[str]) -> None:
    """Note what a test has driven."""
    with Path(os.environ[_VARIABLE], f"{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps({"test": test, "operations": sorted(operations)}) + "\n")


def begin() -> None:
    """Begin a run, whose workers inherit where to note; what ended runs noted is gone."""
    for old in _FOLDERS.glob("*"):
        if not Path("/proc", old.name).exists():
            shutil.rmtree(old, ignore_errors=True)
    folder = _FOLDERS / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[_VARIABLE] = str(folder)
