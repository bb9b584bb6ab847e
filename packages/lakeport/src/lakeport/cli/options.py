"""Options that many commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")  # Any: a command's own parameters


class _FilePath(click.Path):
    """A file's path; what is empty, as a variable that is not set, is no folder's."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # Any: click's
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Name(click.types.StringParamType):
    """A name; what is empty, as a variable that is not set, does not mean the default."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # Any: click's
        if value == "":
            self.fail("the name is empty", param, ctx)
        return super().convert(value, param, ctx)


FILE, NAME = _FilePath(), _Name()
json_output = click.option("--json", "is_json", is_flag=True, expose_value=False, help="One JSON object a line.")
verbose = click.option("-v", "--verbose", is_flag=True, expose_value=False, help="Show the causes of an error.")
places = click.argument("urls", nargs=-1, required=True, metavar="URL...")
sources = click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
profile = click.option("--profile", metavar="NAME", type=NAME, help="Who connects; wins over the file's.")
dry_run = click.option("--dry-run", is_flag=True, help="Print what would be done; send nothing that changes anything.")
grant = click.option("--grant", is_flag=True, help="Give the share account's identity the storage role it lacks.")
webhook = click.option(
    "--webhook",
    metavar="URL",
    envvar="LAKEPORT_WEBHOOK",
    help="Told by a POST of JSON what is stale; https or loopback.",
)
only_share = click.option("--share", "name", metavar="NAME", help="Only this received share.")


def common(command: F) -> F:
    """Add what every command has: `--json` and `--verbose`."""
    return json_output(verbose(command))


def several(default: str) -> Callable[[F], F]:
    """Add what names one side or several of the same kind: YAML files, or an environment file, and a profile.

    Args:
        default: The YAML file meant when none is given.
    """

    def add(command: F) -> F:
        files = click.argument("files", type=FILE, nargs=-1, metavar=f"[{default}...]")
        env = click.option("--env", type=FILE, metavar="FILE", help="Take an environment file in place of YAML.")
        return common(files(env(profile(command))))

    return add


def desired(default: str) -> Callable[[F], F]:
    """Add what names a side: a YAML file, or an environment file, and a profile.

    Args:
        default: The YAML file meant when none is given.
    """

    def add(command: F) -> F:
        file = click.argument("file", type=FILE, default=Path(default), metavar=f"[{default}]")
        env = click.option("--env", type=FILE, metavar="FILE", help="Take an environment file in place of YAML.")
        return common(file(env(profile(command))))

    return add
