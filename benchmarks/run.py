"""Run every benchmark beside this file and print one table.

A benchmark is a module with `measure() -> Iterable[Figure]`. Figures that have a budget and miss it make the run fail.

    python benchmarks/run.py            all of them
    python benchmarks/run.py up gateway these
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.figure import Absent, Figure

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_BENCHMARKS = {"run", "figure", "__init__", "permission"}


def modules(wanted: Iterable[str]) -> list[str]:
    """Return the names of the benchmarks, or of those wanted."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _NOT_BENCHMARKS)
    unknown = set(wanted) - set(names)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))} (there are: {', '.join(names)})")
    return [name for name in names if not wanted or name in wanted]


def main(wanted: list[str]) -> int:
    """Run benchmarks; return 1 when a figure misses its budget."""
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {platform.platform()}"
    )
    missed = 0
    for name in modules(wanted):
        for figure in importlib.import_module(f"benchmarks.{name}").measure():
            if not isinstance(figure, Figure | Absent):
                raise TypeError(f"benchmarks/{name}.py yields {type(figure).__name__}, not Figure")
            print(figure.row(name), flush=True)
            missed += not figure.is_met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
