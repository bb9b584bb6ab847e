"""`lakeport local ...`: hands everything over to `python -m lakeport_local`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec


def run_local(arguments: list[str]) -> int:
    """Become `python -m lakeport_local` with these arguments.

    Returns:
        Its exit status, where a process cannot become another; 2 when it is not installed.
    """
    if find_spec("lakeport_local") is None:
        sys.stderr.write("lakeport: the local Azure is not installed. Next: pip install 'lakeport[local]'\n")
        return 2
    command = [sys.executable, "-m", "lakeport_local", *arguments]
    environment = {**os.environ, "LAKEPORT_PROG": "lakeport local"}  # how it names itself in what it says
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(sys.executable, command, environment)  # noqa: S606  (no shell: the arguments go as they are)
    return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603  (our own program)
