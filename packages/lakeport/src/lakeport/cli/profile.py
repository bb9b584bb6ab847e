"""`lakeport profile`: named connections, and where their values come from."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakeport import identity, profiles
from lakeport.cli import options
from lakeport.errors import Misused, NotFound
from lakeport.identity.caller import caller
from lakeport.profiles.files import PROJECT_FILE, ProfileFile, project_file, user_file
from lakeport.profiles.secrets import WAYS

if TYPE_CHECKING:
    from lakeport.cli.output import Output

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")
"""What a short URL can begin with; one letter alone looks like a drive."""


@click.group()
def profile() -> None:
    """Name connections and see where their values come from.

    \b
    lakeport profile list
    lakeport profile show local:provider --origins
    """


def _file(is_project: bool) -> ProfileFile:
    return ProfileFile((project_file(Path.cwd()) or Path(PROJECT_FILE)) if is_project else user_file())


@profile.command("add")
@click.argument("name", type=options.NAME)
@click.argument("values", nargs=-1, metavar="KEY=VALUE...")
@click.option("--project", is_flag=True, help="Write lakeport.toml here in place of your own file.")
@options.dry_run
@options.common
@click.pass_obj
def add(output: Output, *, name: str, values: tuple[str, ...], project: bool, dry_run: bool) -> None:
    """Add or replace a profile. A secret is given as env:NAME, file:PATH, keyring:SERVICE/USER or key_vault:URL.

    \b
    lakeport profile add contoso tenant_id=contoso.onmicrosoft.com client_id=... client_secret=env:CONTOSO_SECRET
    lakeport profile add here --project storage_account=sourcestorage
    """
    if name.startswith("local:"):
        raise Misused(f"{name!r} is a principal of the running local Azure", hint="Choose a name without local:")
    if not NAME.fullmatch(name):
        raise Misused(f"{name!r} is no name that NAME:PATH could begin with", hint="Use letters, digits, . _ and -")
    if not values:
        raise Misused(
            f"nothing is said of profile {name!r}", hint=f"Give it KEY=VALUE; keys: {', '.join(profiles.KEYS)}"
        )
    parsed = dict(_parsed(one) for one in values)
    file = _file(project)
    before = {key: one.value for key, one in file.profiles.get(name, {}).items()}
    if not dry_run:
        file.put(name, parsed)
    shown = {key: value.shown() if isinstance(value, profiles.Secret) else value for key, value in parsed.items()}
    verb = "would write" if dry_run else "wrote"
    output.result(f"{verb} profile {name} to {file.path}", profile=name, file=str(file.path), **shown)
    here = " --project" if project else ""
    again = " ".join(shlex.quote(_argument(*one)) for one in before.items())
    output.say(
        f"undo: lakeport profile add {name} {again}{here}" if before else f"undo: lakeport profile remove {name}{here}"
    )
    output.summary(status="planned" if dry_run else "done")


def _parsed(text: str) -> tuple[str, str | profiles.Secret]:
    key, sign, value = text.partition("=")
    if key not in profiles.KEYS:
        raise Misused(f"unknown key {key!r}", hint=f"Known keys: {', '.join(profiles.KEYS)}")
    if not sign or not value:
        raise Misused(f"{text!r} gives {key} no value", hint=f"Write {key}=VALUE: {profiles.KEYS[key].meaning}")
    if not profiles.KEYS[key].secret:
        return key, value
    way, _, target = value.partition(":")
    if way not in WAYS or not target:
        forms = f"{key}=env:NAME, file:PATH, keyring:SERVICE/USER or key_vault:https://VAULT/secrets/NAME"
        raise Misused(f"{key} is a secret, and arguments are seen by others", hint=f"Write {forms}")
    return key, profiles.Secret(**{way: target})


@profile.command("list")
@options.common
@click.pass_obj
def list_(output: Output) -> None:
    """List every profile that can be named here.

    \b
    lakeport profile list
    lakeport profile list --json
    """
    found = profiles.names()
    for name, where in sorted(found.items()):
        output.result(f"{name}\t{where}", profile=name, origin=where)
    if not found:
        output.say("there is no profile yet. Next: lakeport profile add NAME, or lakeport local up")
    output.summary(profiles=len(found))


@profile.command("show")
@click.argument("name", required=False, type=options.NAME)
@click.option("--origins", is_flag=True, help="Say where each value came from.")
@options.common
@click.pass_obj
def show(output: Output, *, name: str | None, origins: bool) -> None:
    """Show a profile as it is resolved: argument, environment, project file, user file, default.

    \b
    lakeport profile show local:consumer
    lakeport profile show --origins
    """
    found = profiles.resolve(name)
    for key, value in sorted(found.values.items()):
        text = value.value.shown() if isinstance(value.value, profiles.Secret) else value.value
        line = f"{key} = {text}" + (f"    ({value.origin})" if origins else "")
        output.result(line, key=key, value=text, origin=value.origin, hides=value.hides)
        if value.surprise:
            output.say(f"note: {key} {value.surprise}")
    output.summary(profile=found.name)


@profile.command("test")
@click.argument("name", required=False, type=options.NAME)
@options.common
@click.pass_obj
def test(output: Output, *, name: str | None) -> None:
    """Sign in with a profile and say who that is.

    \b
    lakeport profile test local:provider
    lakeport profile test
    """
    found = profiles.resolve(name)
    who = caller(identity.credential(found), found)
    text = f"profile {found.name} signs in to tenant {who.tenant_id} as object {who.object_id} (client {who.client_id})"
    output.result(text, profile=found.name, tenant_id=who.tenant_id, object_id=who.object_id, client_id=who.client_id)
    output.summary(status="done")


@profile.command("remove")
@click.argument("name", type=options.NAME)
@click.option("--project", is_flag=True, help="From lakeport.toml in place of your own file.")
@options.dry_run
@options.common
@click.pass_obj
def remove(output: Output, *, name: str, project: bool, dry_run: bool) -> None:
    """Remove a profile from its file.

    \b
    lakeport profile remove contoso
    lakeport profile remove contoso --dry-run
    """
    file = _file(project)
    if name not in file.profiles:
        raise NotFound(f"there is no profile {name!r} in {file.path}")
    values = {key: one.value for key, one in file.profiles[name].items()}
    if not dry_run:
        file.remove(name)
    output.result(f"{'would remove' if dry_run else 'removed'} profile {name} from {file.path}", profile=name)
    again = " ".join(shlex.quote(_argument(*one)) for one in values.items())
    output.say(f"undo: lakeport profile add {shlex.quote(name)} {again}{' --project' if project else ''}")
    output.summary(status="planned" if dry_run else "done")


def _argument(key: str, value: str | profiles.Secret) -> str:
    if isinstance(value, profiles.Secret):
        return f"{key}={':'.join(*value.reference().items())}"
    return f"{key}={value}"
