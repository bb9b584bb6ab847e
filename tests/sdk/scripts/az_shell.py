"""The Azure CLI as a shell: a command's words as JSON on each line in, its exit status, result and errors as JSON out."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

from azure.cli.core import get_default_cli


def ran(words: list[str]) -> dict[str, Any]:
    """Run one command as `az` does."""
    cli, out, err = get_default_cli(), io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = cli.invoke([*words, "-o", "json"], out_file=out)
        except SystemExit as end:
            status = int(end.code or 0)
    found = cli.result.error if cli.result is not None else None
    return {"status": status, "out": out.getvalue(), "err": err.getvalue() or str(found or "")}


for line in sys.stdin:
    print(json.dumps(ran(json.loads(line))), flush=True)
