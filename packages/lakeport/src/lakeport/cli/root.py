"""The command `lakeport`: its groups and commands, each loaded when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from lakeport import __version__
from lakeport.cli.late import in_a_list

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Mapping[str, tuple[str, str]] = {
    "access": ("access:access", "Say who may see which folder, bring it about, explain and audit it."),
    "acl": ("acl:acl", "Read and change access control lists; tell who may do what and why."),
    "cat": ("lake:cat", "Print a file of a lake."),
    "certificate": ("certificate:certificate", "Make a key and certificate, name one, convert one."),
    "cp": ("transfer:cp", "Copy files to a lake, from one, or between two."),
    "demo": ("demo:demo", "Tell the whole story on this machine: two organisations share a folder."),
    "du": ("files:du", "Add up what is below a directory."),
    "mkdir": ("files:mkdir", "Make a directory."),
    "mv": ("files:mv", "Rename a file or directory."),
    "rm": ("files:rm", "Delete a file or directory."),
    "stat": ("files:stat", "Show a file's size, checksum, owner and list."),
    "tree": ("files:tree", "Draw what is below a directory."),
    "doctor": ("doctor:doctor", "Say what keeps a profile from its lake, and what to do."),
    "local": ("", "Run a local Azure: up, down, status, exec, env, credentials."),
    "ls": ("lake:ls", "List what is in a lake."),
    "profile": ("profile:profile", "Name connections and see where their values come from."),
    "receive": ("receive:receive", "Be the receiving side: accept, map, follow, sync, verify."),
    "share": ("share:share", "Be the providing side: share, schedule, invite, revoke."),
    "sync": ("transfer:sync", "Make a folder of a lake like one of this machine or another lake, or back."),
    "transfer": ("transfer:transfer_", "Look at transfers, and go on with one that was interrupted."),
    "token": ("token:token", "Sign in and show what the token says."),
    "table": ("table:table", "Look into tables, convert them, write them."),
}


LISTING = "lakeport.listing"
"""Set while the list of all commands is printed: then a command is its one line, and nothing is loaded."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and loads one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, sorted."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loading its module."""
        if cmd_name not in COMMANDS:
            return None
        target, line = COMMANDS[cmd_name]
        if not target or ctx.meta.get(LISTING):
            return click.Command(cmd_name, short_help=line, help=line)
        module, _, name = target.partition(":")
        found: click.Command = getattr(import_module(f"lakeport.cli.{module}"), name)
        for one in found.commands.values() if isinstance(found, click.Group) else ():
            in_a_list(one)
        return found

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without loading any."""
        ctx.meta[LISTING] = True
        super().format_help(ctx, formatter)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["--help", "-h"]})
@click.version_option(__version__, prog_name="lakeport")
def cli() -> None:
    """Reach, work with and share Azure Data Lake Storage, in the cloud or in a local Azure.

    \b
    lakeport demo
    lakeport ls -r local:provider:share-data
    """
