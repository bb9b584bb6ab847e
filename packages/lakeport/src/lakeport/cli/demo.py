"""`lakeport demo`: the whole story, told with the real commands in this process."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import click

from lakeport.cli import main, options
from lakeport.demo import Ran, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport.cli.output import Output


@click.command()
@options.common
@click.pass_obj
def demo(output: Output) -> None:
    """Tell the whole story on this machine: two organisations share a folder, and it is taken back.

    \b
    lakeport demo
    lakeport demo --json
    """

    def say(line: str) -> None:
        output.result(line, told=line)

    tell(run, say)
    output.summary(status="done")


def run(arguments: Sequence[str]) -> Ran:
    """Run one command line: in this process, but for `local`, which becomes another program."""
    if arguments[0] == "local":
        command = [sys.executable, "-m", "lakeport", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)
        return Ran(done.returncode, done.stdout, done.stderr)
    results, talk = io.StringIO(), io.StringIO()
    with redirect_stdout(results), redirect_stderr(talk):
        status = main(list(arguments))
    return Ran(status, results.getvalue(), talk.getvalue())
