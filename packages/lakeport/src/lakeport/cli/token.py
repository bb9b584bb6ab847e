"""`lakeport token`: what a token says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lakeport import identity, profiles
from lakeport.cli import options
from lakeport.errors import Misused
from lakeport.identity.caller import decoded

if TYPE_CHECKING:
    from lakeport.cli.output import Output
    from lakeport.clouds import Cloud

SERVICES = ("storage", "arm", "vault", "graph")
INSTANTS = ("iat", "nbf", "exp")


@click.command("token")
@click.argument("name", required=False, type=options.NAME, metavar="[PROFILE]")
@click.option("--for", "audience", default="storage", metavar="WHAT", help=f"{', '.join(SERVICES)}, or a scope.")
@click.option("--raw", is_flag=True, help="Print the token itself, and nothing else.")
@options.common
@click.pass_obj
def token(output: Output, *, name: str | None, audience: str, raw: bool) -> None:
    """Sign in and show what the token says; the token itself only with --raw.

    \b
    lakeport token local:provider
    lakeport token contoso --for arm --json
    curl -H "Authorization: Bearer $(lakeport token contoso --raw)" ...
    """
    profile = profiles.resolve(name)
    found = identity.credential(profile).get_token(scope(profile.cloud, audience))
    if raw:
        output.result(found.token, token=found.token, expires_on=found.expires_on)
        return
    claims = decoded(found.token)
    if not claims:
        output.say("the token is opaque: only the service that it is for can read it")
    for key, value in sorted(claims.items()):
        shown = _instant(value) if key in INSTANTS else value
        output.result(f"{key:<12} {shown}", claim=key, value=value)
    output.summary(profile=profile.name, audience=claims.get("aud", ""), expires_on=found.expires_on)


def scope(cloud: Cloud, audience: str) -> str:
    """Return the scope that a service's name means; a scope is returned as it is.

    Raises:
        Misused: It is neither.
    """
    named = {
        "storage": "https://storage.azure.com/.default",
        "arm": cloud.control_scope,
        "vault": cloud.vault_scope,
        "graph": f"{cloud.graph}/.default",
    }
    if audience in named:
        return named[audience]
    if "/" not in audience:
        raise Misused(
            f"--for {audience!r} is no service", hint=f"Use {', '.join(SERVICES)}, or a scope such as URL/.default"
        )
    return audience


def _instant(value: object) -> str:
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}Z" if isinstance(value, int | float) else str(value)
