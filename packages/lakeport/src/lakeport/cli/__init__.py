"""The command line: one module a group, loaded when used; results on stdout, talk on stderr.

Knows every room below it; decides nothing that they could decide.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def main(arguments: list[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: Without the program's name; absent: the process's own.

    Returns:
        The exit status: 0 done, 1 failed, 2 misused, 3 partly done, 4 not signed in or forbidden, 5 not found,
        130 interrupted.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["local"]:
        from lakeport.cli.local import run_local  # noqa: PLC0415  (one process hands over to another, at once)

        return run_local(given[1:])
    from lakeport.cli.outcome import run  # noqa: PLC0415  (nothing is loaded before it is needed)

    return run(given)


def script() -> None:
    """Run as the installed program."""
    if sys.stdout is None:  # closed by whoever started us: what is printed goes nowhere
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # while it was still loading
        sys.exit(130)
    finally:
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)


def _let_go(stream: TextIO | None) -> None:
    """Let what could not be written go nowhere: at its end Python would fail over it once more, with a status of its own."""
    if stream is None:  # closed by whoever started us
        return
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
