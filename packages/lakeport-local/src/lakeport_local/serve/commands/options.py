"""Options that several commands share, and how results are printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakeport_local.serve.running import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_F = TypeVar("_F", bound="Callable[..., object]")


def _as_folder(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Path:
    if given == "":  # an unset variable of a script, most likely; the folder one stands in is not what is meant
        raise click.BadParameter("it is empty; name a folder")
    return state_folder(None if given is None else Path(given))


def state_option(command: _F) -> _F:
    """Add `--state`."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False),
        callback=_as_folder,
        metavar="DIR",
        help="State folder. Default: $LAKEPORT_LOCAL_STATE, else one among the user's data.",
    )(command)


def json_option(command: _F) -> _F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line, the last one a summary.")(
        command
    )


def print_objects(found: Iterable[dict[str, Any]], *, summary: dict[str, Any]) -> None:  # Any: JSON objects
    """Print JSON lines, the last one a summary."""
    for one in found:
        click.echo(json.dumps(one))
    click.echo(json.dumps({"summary": summary}))
