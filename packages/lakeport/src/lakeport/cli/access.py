"""`lakeport access`: who may see what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakeport.access import explaining, files
from lakeport.access.bringing import Access
from lakeport.cli import options
from lakeport.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.access.plan import Change
    from lakeport.cli.output import Output


@click.group()
def access() -> None:
    """Say in one file which consumer may read or write which folder, bring it about, and see who may.

    \b
    lakeport access apply access.yaml
    lakeport access explain access.yaml ada@contoso.onmicrosoft.com sales/2026
    """


def _file(command: Callable[..., None]) -> Callable[..., None]:
    path = click.Path(dir_okay=False, path_type=Path)
    file = click.argument("file", type=path, default=Path("access.yaml"), metavar="[access.yaml]")
    return options.common(file(options.profile(command)))


@access.command()
@_file
@click.pass_obj
def plan(output: Output, *, file: Path, profile: str | None) -> None:
    """Print what apply would do, and why; send nothing that changes anything.

    \b
    lakeport access plan access.yaml
    lakeport access plan access.yaml --json
    """
    changes = Access(files.read(file, profile=profile)).plan()
    for change in changes:
        output.result(change.sentence(), **_fields(change))
    output.summary("" if changes else "already in step", changes=len(changes))


@access.command()
@_file
@options.dry_run
@click.pass_context
def apply(context: click.Context, *, file: Path, profile: str | None, dry_run: bool) -> None:
    """Keep a group for each consumer, its members, lists with defaults on its folders, and roles; safe to run again.

    \b
    lakeport access apply access.yaml
    lakeport access apply access.yaml --dry-run
    """
    output: Output = context.obj
    if dry_run:
        context.invoke(plan, file=file, profile=profile)
        return

    def told(change: Change) -> None:
        output.result(change.sentence(done=True), **_fields(change), status="done")

    done = Access(files.read(file, profile=profile)).apply(told)
    if done:
        output.say("undo: put the earlier file back and run the same command; groups and folders that were made stay")
    output.summary("in step" if done else "already in step", changes=len(done))


@access.command()
@_file
@click.argument("who")
@click.argument("folder")
@click.option("--write", is_flag=True, help="Ask for writing in place of reading.")
@click.pass_obj
def explain(output: Output, *, file: Path, profile: str | None, who: str, folder: str, write: bool) -> None:
    """Tell whether somebody may read or write a folder, and every rule that was asked on the way.

    WHO is an object id, client id, sign-in name, address of a guest, or display name.

    \b
    lakeport access explain access.yaml provider sales/2026
    lakeport access explain access.yaml grace@fabrikam.onmicrosoft.com inbox --write
    """
    right = "write" if write else "read"
    answer = explaining.explain(Access(files.read(file, profile=profile)), who, folder.strip("/"), right)
    for gate in answer.gates:
        text = f"{'allows ' if gate.allows else 'refuses'}  {gate.place}  {gate.rule}"
        output.result(text, place=gate.place, rule=gate.rule, allows=gate.allows)
    verdict = f"{who} {'may' if answer.allowed else 'may not'} {right} /{folder.strip('/')}"
    output.summary(verdict, allowed=answer.allowed, who=who, folder=folder, right=right)
    if not answer.allowed:
        last = answer.gates[-1] if answer.gates else None
        raise Forbidden(verdict, hint=f"It ends at {last.place}: {last.rule}" if last else "")


@access.command()
@_file
@click.argument("folder")
@click.pass_obj
def audit(output: Output, *, file: Path, profile: str | None, folder: str) -> None:
    """Print everybody who may read or write a folder, and by which rule; members of groups one by one.

    \b
    lakeport access audit access.yaml sales/2026
    lakeport access audit access.yaml inbox --json
    """
    found = explaining.audit(Access(files.read(file, profile=profile)), folder.strip("/"))
    for one in found:
        through = f" through group {one.through!r}" if one.through else ""
        blocked = f"  (but {one.blocked} does not let it pass)" if one.blocked else ""
        text = f"{one.right:5}  {one.who.name}{through}  by {one.by}{blocked}"
        fields = {"name": one.who.name, "object_id": one.who.object_id, "kind": one.who.kind}
        output.result(text, **fields, right=one.right, by=one.by, through=one.through, blocked=one.blocked)
    output.summary("" if found else "nobody, by any rule that can be seen from here", readers=len(found))


def _fields(change: Change) -> dict[str, object]:
    return {
        "verb": change.verb,
        "kind": change.kind,
        "group": change.group,
        "target": change.target,
        "right": change.right,
        "why": change.why,
    }
