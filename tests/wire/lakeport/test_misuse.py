"""Every command that is given what it cannot take says so in one line, names it, and ends with the right status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakeport.cli.root import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.wire.lakeport.conftest import Lakeport

SIDES = ("access", "receive", "share")
ELSEWHERE = {"demo", "local"}
READS = ("table", "write")
"""It takes what comes in first."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, with the words it is called by."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = None if not path and name in ELSEWHERE else group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*path, name))
        elif found is not None:
            yield (*path, name), found


def test_every_command_refuses_what_it_cannot_take_in_one_line(here: Path, lakeport: Lakeport) -> None:
    (here / "folder").mkdir()
    (here / "bad.yaml").write_text("share: [\n  x: {")
    tried = 0
    for path, command in commands(cli):
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        needed = sum(one.required for one in arguments)
        cases = [([*["x"] * needed, "--nope"], {2}, "--nope")]
        if arguments and path != READS:
            cases.append(([""] * max(needed, 1), {2, 5}, ""))
        if path[0] in SIDES and not any(one.required for one in command.params):
            cases += [([one], {2}, one) for one in ("nowhere.yaml", "folder", "bad.yaml")]
        for given, statuses, named in cases:
            refused = lakeport(*path, *given, "--json")
            tried += 1
            assert refused.status in statuses, (path, given, refused)
            told = (refused.err.count("\n"), refused.err.startswith("lakeport: "), named in refused.err)
            assert told == (1, True, True), (path, given, refused)
            last = refused.rows[-1]
            assert (last["exit_status"], bool(last["error"]), bool(last["message"])) == (refused.status, True, True)
    assert tried > 100
    assert sorted(one.name for one in here.iterdir() if one.name not in {"config", "journals"}) == [
        "bad.yaml",
        "folder",
    ]
