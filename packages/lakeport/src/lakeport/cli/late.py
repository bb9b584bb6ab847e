"""Groups some of whose commands lie elsewhere and are loaded when they are used."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LateGroup(click.Group):
    """A group with commands of other modules.

    Args:
        late: `module:command` of `lakeport.cli` by the command's name.
    """

    def __init__(self, *arguments: Any, late: Mapping[str, str] | None = None, **options: Any) -> None:  # Any: click's
        super().__init__(*arguments, **options)
        self._late = late or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, sorted."""
        return sorted({*super().list_commands(ctx), *self._late})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loading its module."""
        if cmd_name not in self._late:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._late[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"lakeport.cli.{module}"), name)
        return in_a_list(found)


def in_a_list(command: click.Command) -> click.Command:
    """Return a command that a list of commands tells whole: it wraps what is short, and cuts off what is long."""
    command.short_help = command.short_help or first_clause(command.help or "")
    return command


def first_clause(text: str) -> str:
    """Return what a command does, of its help: a list of commands wraps that, where it would cut off a longer one.

    Example:
        >>> first_clause("Print what apply would do, and why; send nothing.\\n\\nMore.")
        'Print what apply would do, and why.'
    """
    first = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    return re.split(r"[;:.] |[.]$", first)[0] + "."
