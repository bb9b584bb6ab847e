"""`lakeport acl`: access control lists of a lake."""

from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from lakeport.access.changing import AT_MOST
from lakeport.access.operations import OPERATIONS, TREE
from lakeport.access.owning import Owning
from lakeport.access.permissions import SUPERUSER, Permissions
from lakeport.access.posix import Listed
from lakeport.access.whom import spoken
from lakeport.cli import options
from lakeport.cli.lake import located
from lakeport.cli.outcome import Partly
from lakeport.cli.output import is_dressed
from lakeport.errors import Forbidden, Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lakeport.access.deciding import Answer, Gate, Lack
    from lakeport.access.journal import Progress
    from lakeport.access.people import Person
    from lakeport.access.permissions import Edit
    from lakeport.cli.output import Output


@click.group()
def acl() -> None:
    """Read and change access control lists, and tell what somebody may do at a path and why.

    WHO is a name, sign-in name, client id or object id; user:ID and group:ID also count where the directory does not
    know the id or may not be asked; user::, group:: and other:: are the owner, the owning group and everybody else.

    \b
    lakeport acl get local:provider:share-data
    lakeport acl grant provider r-x local:provider:share-data/penguins --recursive --default
    """


def _there(url: str, profile: str | None) -> Permissions:
    lake, place = located(url, profile)
    return Permissions(lake.profile, lake.account, lake.name, place.path)


@dataclass(frozen=True)
class How:
    """How a change is made."""

    profile: str | None
    dry_run: bool
    resume: bool
    batch: int

    @property
    def named(self) -> str:
        """The option that names the profile, for a command that is proposed."""
        return f" --profile {self.profile}" if self.profile else ""


def _changing(command: Callable[..., None]) -> Callable[..., None]:
    """Add what every command that changes lists has, and hand it over as one `How`."""

    @wraps(command)
    def run(*args: Any, recursive: bool, **given: Any) -> None:  # Any: a command's own parameters
        how = How(*(given.pop(one.name) for one in fields(How)))
        if how.resume and not recursive:
            raise Misused("--resume goes on with a recursive change", hint="Give --recursive, too")
        command(*args, recursive=recursive, how=how, **given)

    recursive = click.option("-r", "--recursive", is_flag=True, help="Everything below, too.")
    resume = click.option("--resume", is_flag=True, help="Go on where the same recursive change was interrupted.")
    size = click.IntRange(1, AT_MOST)
    batch = click.option("--batch", type=size, default=AT_MOST, metavar="N", help=f"Paths a request, up to {AT_MOST}.")
    return recursive(resume(batch(options.profile(options.dry_run(options.common(run))))))


@acl.command()
@click.argument("url")
@click.option("--ids", is_flag=True, help="Print object ids; do not ask the directory for names.")
@options.profile
@options.common
@click.pass_obj
def get(output: Output, *, url: str, ids: bool, profile: str | None) -> None:
    """Print who owns a path and what its list allows. People go by their names where the directory tells them.

    \b
    lakeport acl get local:provider:share-data/penguins
    lakeport acl get local:provider:share-data/penguins --ids --json
    """
    there = _there(url, profile)
    listed = there.get()
    names = {} if ids else there.names([listed])
    output.result(
        f"# owner: {_name(listed.owner, names)}\n# group: {_name(listed.group, names)}"
        + ("\n# sticky: only owners delete and rename what is in it" if listed.is_sticky else ""),
        path=listed.path,
        owner=listed.owner,
        group=listed.group,
        is_sticky=listed.is_sticky,
    )
    for one in listed.entries:
        shown = {"kind": one.kind, "object_id": one.who, "name": names[one.who].name if one.who in names else ""}
        output.result(spoken(one, names), **shown, rights=one.can, is_default=one.is_default)
    output.summary(entries=len(listed.entries), acl=",".join(map(str, listed.entries)))


def _name(object_id: str, names: dict[str, Person]) -> str:
    return names[object_id].name if object_id in names else object_id


@acl.command("set", context_settings={"ignore_unknown_options": True})  # --------- are permissions
@click.argument("words", nargs=-1, required=True, metavar="[LIST | MODE] URL")
@click.option("--owner", metavar="WHO", help="Give it to somebody.")
@click.option("--group", metavar="WHO", help="Give it to a group.")
@_changing
@click.pass_obj
def set_(
    output: Output, *, words: tuple[str, ...], owner: str | None, group: str | None, recursive: bool, how: How
) -> None:
    """Replace the list of a path, its permissions, its owner or its owning group.

    LIST is the whole list; people in it may go by their names. MODE is permissions as chmod takes them: 750, 1777,
    rwxr-x---, g+w,o-rwx, or +t for the sticky bit, by which only owners delete and rename what is in a directory.

    \b
    lakeport acl set 'user::rwx,group::r-x,other::---' local:provider:share-data/penguins
    lakeport acl set 'user::rwx,group::r-x,group:analysts:r-x,other::---' contoso:raw/2030 -r --dry-run
    lakeport acl set 1770 --owner ada@contoso.com --group analysts contoso:raw/inbox -r
    """
    *said, url = words
    if len(said) > 1 or not (said or owner or group):
        wrong = f"{said[1]!r} is one word too many" if len(said) > 1 else "nothing is said that is to be set"
        raise Misused(wrong, hint="Write [LIST | MODE] URL, --owner WHO, --group WHO")
    there, mode = _there(url, how.profile), next((one for one in said if one and ":" not in one), "")
    edits: list[Edit | Owning] = [*there.set(said[0], recursive=recursive)] if said and not mode else []
    if mode or owner or group:
        edits.append(there.own(owner=owner or "", group=group or "", mode=mode, recursive=recursive))
    _do(output, there, edits, url, how)


@acl.command(context_settings={"ignore_unknown_options": True})  # --x and -w- are rights
@click.argument("who")
@click.argument("rights")
@click.argument("url")
@click.option("--default", is_flag=True, help="At what is made in the directory later, too.")
@click.option("--passage", is_flag=True, help="Let them pass through the directories above, where needed.")
@_changing
@click.pass_obj
def grant(
    output: Output, *, who: str, rights: str, url: str, recursive: bool, default: bool, passage: bool, how: How
) -> None:
    """Let somebody do something at a path. Their entry becomes RIGHTS, the other entries stay.

    RIGHTS are read (r-x), write (rwx), pass (--x), none, or letters such as r-x.

    \b
    lakeport acl grant provider read local:provider:share-data/penguins -r --default --passage
    lakeport acl grant group:analysts rwx contoso:raw/inbox --dry-run
    """
    there = _there(url, how.profile)
    edits = there.grant(who, rights, recursive=recursive, default=default, passage=passage)
    _do(output, there, edits, url, how)


@acl.command()
@click.argument("who")
@click.argument("url")
@_changing
@click.pass_obj
def revoke(output: Output, *, who: str, url: str, recursive: bool, how: How) -> None:
    """Take somebody's entries off a path. Those for what is made there later, too.

    \b
    lakeport acl revoke provider local:provider:share-data/penguins
    lakeport acl revoke group:analysts contoso:raw/inbox -r
    """
    there = _there(url, how.profile)
    _do(output, there, there.revoke(who, recursive=recursive), url, how)


@acl.command()
@click.argument("who")
@click.argument("url")
@click.option(
    "--to",
    "operation",
    metavar="OPERATION",
    type=click.Choice([*OPERATIONS, TREE.name]),
    help=f"Only this, with every rule that was asked: {', '.join([*OPERATIONS, TREE.name])}.",
)
@options.profile
@options.common
@click.pass_obj
def explain(output: Output, *, who: str, url: str, operation: str | None, profile: str | None) -> None:
    """Tell what somebody may do at a path and why. Roles are asked first, then lists from the root down, as the service does.

    With --to: every rule that was asked, the least that would have to be granted, and exit status 4 when it is refused.
    Network rules, deny assignments and account keys are not asked.

    \b
    lakeport acl explain provider local:provider:share-data/penguins
    lakeport acl explain ada@contoso.com contoso:raw/2030/a.csv --to read
    """
    there = _there(url, profile)
    answers = there.explain(who, *([operation] if operation else []))
    named = f" --profile {profile}" if profile else ""
    base = url.rstrip("/").removesuffix(there.path).rstrip("/")
    for name, answer in answers.items():
        ways = [_way(one, who, base, there, named) for one in answer.lacks]
        if operation and not output.is_json:
            for gate in answer.gates:
                output.result(f"{'allows ' if gate.allows else 'refuses'}  {_place(gate)}  {gate.rule}")
        gates = [asdict(gate) for gate in answer.gates]
        fields = {"operation": name, "allowed": answer.allowed, "is_certain": answer.is_certain, "gates": gates}
        if output.is_json or not operation:
            output.result(_verdict(name, answer), **fields, grant=ways)
        if operation and ways and not output.is_json:
            output.result("\n".join(["it lacks:", *(f"  {one}" for one in ways)]))
    refused = [name for name, answer in answers.items() if not answer.allowed]
    does = {**OPERATIONS, TREE.name: TREE}[operation].does if operation else ""
    text = f"{who} {'may not' if refused else 'may'} {does} /{there.path}" if operation else ""
    output.summary(text, who=who, path=there.path, refused=refused)
    if operation and refused:
        raise Forbidden(text, hint=_doubt(answers[operation]))


def _verdict(name: str, answer: Answer) -> str:
    word = "may" if answer.allowed else "may not" if answer.is_certain else "unsure"
    gate = answer.deciding
    return f"{word:<8} {name:<12} {_place(gate)}  {gate.rule}" if gate else f"{word:<8} {name}"


def _place(gate: Gate) -> str:
    """Return where a rule is, of a scope what it is called only."""
    return "/".join(gate.place.split("/")[-2:]) if gate.is_role else gate.place


def _doubt(answer: Answer) -> str:
    return "" if answer.is_certain else "Not everything could be seen: a role may allow it all the same"


def _way(one: Lack, who: str, base: str, there: Permissions, named: str) -> str:
    """Return the command that grants what is missing."""
    if one.entry is not None:
        whom = who if one.entry.who else f"{one.entry.kind}::"
        can = one.entry.can.replace("-", "")  # what begins with - looks like an option
        return f"lakeport acl grant {whom} {can} {base}/{one.path}{named}"
    if one.kind == "owner":
        return (
            f"az storage fs access set --owner OBJECT_ID --path '{one.path or '/'}' --file-system {there.file_system} "
            f"--account-name {there.account} --auth-mode login"
        )
    return f"az role assignment create --role '{one.role}' --assignee OBJECT_ID --scope .../storageAccounts/{there.account}"


def _do(output: Output, there: Permissions, edits: Sequence[Edit | Owning], url: str, how: How) -> None:
    names = there.names(_people(one) for one in edits)
    changes = [one for one in edits if not one.is_nothing]
    base = url.rstrip("/").removesuffix(there.path).rstrip("/")
    progress = None
    for one in changes:
        if not how.dry_run:
            with _watched(output) as told:
                progress = there.do([one], told=told, resume=how.resume, at_most=how.batch) or progress
        text, fields = _owned(one, names, how) if isinstance(one, Owning) else _sentence(one, names, how)
        output.result(text, path=one.path, recursive=one.is_recursive, **fields)
        if not one.is_recursive:
            where = shlex.quote(f"{base}/{one.path}")
            output.say(f"undo: lakeport acl set {_undo(one)} {where}{how.named}")
    if how.dry_run or not changes:
        said = "" if changes else "already so"
        output.summary(said, status="planned" if how.dry_run else "done", changes=len(changes))
        return
    _tell(output, progress, changes=len(changes))


def _tell(output: Output, progress: Progress | None, *, changes: int) -> None:
    """Say what a change came to; one in which some paths refused is done in part."""
    failed = progress.failed if progress else {}
    for path, said in sorted(failed.items()):
        output.result(f"FAILED {path}: {said}", path=path, status="failed", message=said)
    if progress:
        output.say(_counts(progress))
    counts: dict[str, Any] = {
        "directories": progress.directories if progress else 0,
        "files": progress.files if progress else 0,
    }
    output.summary("", status="partly" if failed else "done", changes=changes, failed=len(failed), **counts)
    if failed:
        output.say("Next: the same command with --resume tries those again")
        raise Partly


def _people(one: Edit | Owning) -> Listed:
    """Return whom a change speaks of, as a list that names are asked for."""
    if isinstance(one, Owning):
        return Listed(one.path, one.owner, one.group, ())
    return Listed(one.path, "", "", (*one.before, *one.acl))


def _undo(one: Edit | Owning) -> str:
    if not isinstance(one, Owning):
        return f"'{','.join(map(str, one.before))}'"
    before = one.before.permissions.rstrip("+") if one.mode else ""
    owner = f"--owner {_id(one.before.owner, 'user')}" if one.owner else ""
    group = f"--group {_id(one.before.group, 'group')}" if one.group else ""
    return " ".join(filter(None, (before, owner, group)))


def _id(object_id: str, kind: str) -> str:
    return f"'{SUPERUSER}'" if object_id == SUPERUSER else f"{kind}:{object_id}"


def _owned(one: Owning, names: dict[str, Person], how: How) -> tuple[str, dict[str, str]]:
    said = [f"{what} {_name(id_, names)}" for what, id_ in (("owner", one.owner), ("group", one.group)) if id_]
    said += [f"permissions {one.mode}"] if one.mode else []
    where = f"/{one.path}" + (" and everything below" if one.is_recursive else "")
    fields = {"mode": "own", "owner": one.owner, "group": one.group, "permissions": one.mode}
    return f"{'would ' if how.dry_run else ''}give {where}: {', '.join(said)}", fields


def _sentence(one: Edit, names: dict[str, Person], how: How) -> tuple[str, dict[str, str]]:
    verb = {"set": "set", "modify": "put in", "remove": "take out"}[one.mode]
    where = f"/{one.path}" + (" and everything below" if one.is_recursive else "")
    shown = [spoken(each, names) for each in one.acl if one.mode != "set" or each not in one.before]
    gone = [f"without {spoken(each, names)}" for each in one.before if one.mode == "set" and each not in one.acl]
    if one.mode == "remove":
        shown = [each.rpartition(":")[0] for each in shown]
    what = ", ".join([*shown, *gone])
    return f"{'would ' if how.dry_run else ''}{verb} {where}: {what}", {"mode": one.mode, "acl": one.text}


@contextmanager
def _watched(output: Output) -> Iterator[Callable[[Progress], None]]:
    """Say how far it came: on a line of its own on a terminal; an interruption says how to go on."""
    on_terminal = is_dressed(sys.stderr) and not output.is_json

    def told(progress: Progress) -> None:
        if on_terminal:
            sys.stderr.write(f"\r{_counts(progress)}")
            sys.stderr.flush()

    try:
        yield told
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the same command with --resume") from None
    finally:
        if on_terminal:
            sys.stderr.write("\r\x1b[K")


def _counts(progress: Progress) -> str:
    directories = f"{progress.directories:,} {'directory' if progress.directories == 1 else 'directories'}"
    said = f"{directories} and {progress.files:,} {'file' if progress.files == 1 else 'files'} changed"
    return f"{said}, {len(progress.failed)} failed" if progress.failed else said
