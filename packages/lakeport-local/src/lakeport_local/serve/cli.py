"""The command line: `python -m lakeport_local`, which is also `lakeport local`.

Results go to stdout, talk to stderr. Each command's module is loaded when the command is used.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from lakeport_local.serve.refusal import FAILED, INTERRUPTED, MISUSED, Refusal, program

if TYPE_CHECKING:
    from typing import TextIO

_COMMANDS = {
    "up": "lakeport_local.serve.commands.up",
    "down": "lakeport_local.serve.commands.operate",
    "status": "lakeport_local.serve.commands.operate",
    "reset": "lakeport_local.serve.commands.operate",
    "credentials": "lakeport_local.serve.commands.operate",
    "explain": "lakeport_local.serve.commands.operate",
    "clock": "lakeport_local.serve.commands.operate",
    "fault": "lakeport_local.serve.commands.fault",
    "approve": "lakeport_local.serve.commands.authority",
    "keys": "lakeport_local.serve.commands.authority",
    "assertion": "lakeport_local.serve.commands.authority",
    "exec": "lakeport_local.serve.commands.run",
    "env": "lakeport_local.serve.commands.run",
    "browser": "lakeport_local.serve.commands.browser",
}
_NAMES = {"exec": "exec_"}


class _Commands(click.Group):
    """The commands, each loaded when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help page."""
        return [name for name in _COMMANDS if name != "browser"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name])
        command: click.Command = getattr(module, _NAMES.get(cmd_name, cmd_name))
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lakeport-local", message="lakeport-local %(version)s")
def commands() -> None:
    """Run a local Azure: Entra, managed identity, ARM, Data Lake Storage Gen2 and Data Share on one port.

    \b
    lakeport local up --detach
    lakeport local exec --as provider -- python script.py
    """


def main() -> None:
    """Run the command line; leaves the process with its exit status."""
    try:
        sys.exit(_run(sys.argv[1:]))
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


def _run(arguments: list[str]) -> int:
    try:
        status = commands.main(arguments, prog_name=program(), standalone_mode=False)
    except Refusal as refusal:
        return _said(str(refusal), refusal.status)
    except (click.ClickException, click.Abort, KeyboardInterrupt) as error:
        return _told_by_click(error)
    except BrokenPipeError:  # who reads our output went away, as `head` does
        return FAILED
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        return _said(_of_the_system(error), FAILED) if isinstance(error, OSError) else _defect(error)
    return status if isinstance(status, int) else 0


def _told_by_click(error: BaseException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return MISUSED
    if isinstance(error, click.UsageError):
        asked = error.ctx.command_path if error.ctx else program()
        return _said(f"{error.format_message()} Next: {asked} --help", MISUSED)
    if isinstance(error, click.ClickException):
        return _said(error.format_message(), error.exit_code)
    return INTERRUPTED


def _of_the_system(error: OSError) -> str:
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{error.strerror or type(error).__name__}."


def _defect(error: Exception) -> int:
    if os.environ.get("LAKEPORT_TRACEBACK"):
        traceback.print_exception(error)
    said = " ".join(str(error).split())
    return _said(
        f"this should not happen: {type(error).__name__}: {said}. Next: again with LAKEPORT_TRACEBACK=1, and report it",
        FAILED,
    )


def _said(line: str, status: int) -> int:
    with contextlib.suppress(OSError):  # nobody can hear it; the status tells it
        click.echo(f"{program()}: {line}", err=True)
    return status
