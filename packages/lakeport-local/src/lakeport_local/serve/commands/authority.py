"""What an operator does at the authority: decide sign-ins, change the signing key, stand in for an issuer outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lakeport_local.serve.commands.options import json_option, print_objects, state_option
from lakeport_local.serve.principals import chosen
from lakeport_local.serve.refusal import MISUSED, Refusal
from lakeport_local.serve.running import Running

if TYPE_CHECKING:
    from pathlib import Path


@click.command
@click.argument("code")
@click.option("--user", required=True, metavar="NAME", help="Who approves: a sign-in name or an object id.")
@click.option("--decline", is_flag=True, help="Decline it instead.")
@state_option
@json_option
def approve(*, code: str, user: str, decline: bool, state: Path, as_json: bool) -> int:
    """Approve a device sign-in, as the user would on the page that the app names.

    \b
    lakeport local approve ABCD2345X --user ada@contoso.onmicrosoft.com
    lakeport local approve ABCD2345X --user ada@contoso.onmicrosoft.com --decline
    """
    found = Running(state).ask("POST", f"sign-ins/{_segment(code)}", {"user": user, "approve": not decline})
    click.echo(json.dumps(found) if as_json else f"{'declined' if decline else 'approved'} {code} as {found['user']}")
    return 0


@click.command
@click.argument("verb", type=click.Choice(["list", "rotate", "retire"]), default="list")
@click.argument("key_id", required=False)
@state_option
@json_option
def keys(*, verb: str, key_id: str | None, state: Path, as_json: bool) -> int:
    """List the keys that sign tokens; sign with a new one, or believe an old one no longer.

    \b
    lakeport local keys rotate
    lakeport local keys retire KEY_ID
    """
    if (verb == "retire") != (key_id is not None):
        raise Refusal("keys takes 'list', 'rotate', or 'retire' and a key id.", "keys list", status=MISUSED)
    method = {"list": "GET", "rotate": "POST", "retire": "DELETE"}[verb]
    found = Running(state).ask(method, f"keys/{_segment(key_id)}" if key_id else "keys")["keys"]
    if as_json:
        print_objects(found, summary={"count": len(found)})
        return 0
    for one in found:
        click.echo(f"{one['kid']}{' (signs)' if one['signs'] else ''}")
    return 0


@click.command
@click.argument("name")
@state_option
@json_option
def assertion(*, name: str, state: Path, as_json: bool) -> int:
    """Print a token of an issuer outside, with which an app signs in; for issuers whose keys are generated.

    \b
    lakeport local assertion workload > token.jwt
    lakeport local assertion contoso/workload
    """
    running = Running(state)
    one = chosen(running.ask("GET", "credentials")["things"], name)
    found = running.ask("POST", f"assertions/{one['tenant_id']}/{one['object_id']}")
    click.echo(json.dumps(found) if as_json else found["assertion"])
    return 0


def _segment(text: str) -> str:
    if not text.replace("-", "").replace("_", "").isalnum() or not text.isascii():
        raise Refusal(f"{text[:40]!r} is no such code or key id.", status=MISUSED)
    return text
