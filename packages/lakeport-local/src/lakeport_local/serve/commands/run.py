"""`exec` and `env`: programs written for the real Azure, with real host names, reach the local one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakeport_local.serve.commands.options import state_option
from lakeport_local.serve.environment import Change, change
from lakeport_local.serve.home import make_home
from lakeport_local.serve.principals import principal_of
from lakeport_local.serve.refusal import MISUSED, Refusal
from lakeport_local.serve.running import Running

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_FOUND = 127
_NOT_RUNNABLE = 126

_as_option = click.option(
    "--as",
    "name",
    metavar="NAME",
    help="Run as this app, user or managed identity: NAME, TENANT/NAME, client id or object id.",
)


@click.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@state_option
@_as_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- PROGRAM [ARGS]...")
def exec_(*, state: Path, name: str | None, command: tuple[str, ...]) -> None:
    """Run a program whose real host names reach the local Azure; its exit status is the program's.

    \b
    lakeport local exec --as provider -- python script.py
    lakeport local exec --as batch-node -- az login --identity
    """
    environment = _change(Running(state), name).applied(os.environ)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606  that is what it is for
    except FileNotFoundError as error:
        raise Refusal(f"program {command[0]!r} is not found.", status=_NOT_FOUND) from error
    except OSError as error:
        raise Refusal(f"program {command[0]!r} cannot be run: {error.strerror}.", status=_NOT_RUNNABLE) from error


@click.command
@state_option
@_as_option
@click.option("--format", "form", type=click.Choice(["shell", "json"]), default="shell", show_default=True)
@click.option("--things", "with_things", is_flag=True, help="Then what there is, as credentials --json; in JSON only.")
def env(*, state: Path, name: str | None, form: str, with_things: bool) -> None:
    """Print the variables that `exec` sets, to eval in a shell; in JSON, null means unset.

    \b
    eval "$(lakeport local env --as provider)"
    lakeport local env --format json
    """
    if with_things and form != "json":
        raise Refusal("--things is for --format json.", "env --help", status=MISUSED)
    running = Running(state)
    things = running.ask("GET", "credentials")["things"] if with_things or name is not None else ()
    found = _change(running, name, things)
    if form == "json":
        click.echo(json.dumps({**dict.fromkeys(found.to_unset), **found.to_set}))
        for one in things if with_things else ():
            click.echo(json.dumps(one))
    else:
        click.echo(found.as_shell())


def _change(running: Running, name: str | None, things: Iterable[dict[str, Any]] | None = None) -> Change:
    principal = None if name is None else principal_of(running, name, things)
    home = Path.home()
    found = change(running.endpoint, os.environ, home=home, principal=principal)
    make_home(Path(found.to_set["HOME"]), home)
    return found
