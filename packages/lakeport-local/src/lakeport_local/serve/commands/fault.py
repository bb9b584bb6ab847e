"""`fault`: injected trouble."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lakeport_local.admin.faults import KINDS
from lakeport_local.serve.commands.options import json_option, print_objects, state_option
from lakeport_local.serve.running import Running

if TYPE_CHECKING:
    from pathlib import Path


@click.group
def fault() -> None:
    """Make requests fail as an overloaded or broken service would.

    \b
    lakeport local fault add 503 --host '*.dfs.core.windows.net' --count 2
    lakeport local fault clear
    """


@fault.command
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--host", default="*", help="Shell pattern of the host name.")
@click.option("--path", default="*", help="Shell pattern of the path.")
@click.option("--method", default="*", help="HTTP method.")
@click.option("--count", type=click.IntRange(0), default=1, show_default=True, help="How many requests; 0 for all.")
@click.option(
    "--retry-after",
    "retry_after_s",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="SECONDS",
    help="What 429 and 503 say in Retry-After.",
)
@click.option(
    "--delay",
    "delay_s",
    type=click.FloatRange(0, 3600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How late a slow or timeout one is.",
)
@state_option
@json_option
def add(*, state: Path, as_json: bool, **members: str | float) -> int:
    """Strike the next requests that match: answer 429, 500 or 503, cut the connection, answer late or never.

    \b
    lakeport local fault add 503 --host '*.dfs.core.windows.net' --count 2
    lakeport local fault add slow --path '/share-data/*' --delay 2
    """
    (added,) = Running(state).ask("POST", "faults", members)["faults"]
    click.echo(json.dumps(added) if as_json else f"added {_worded(added)}")
    return 0


@fault.command("delay-roles")
@click.argument("seconds", type=click.FloatRange(0, 86400))
@state_option
@json_option
def delay_roles(seconds: float, *, state: Path, as_json: bool) -> int:
    """Let role assignments made from now on hold only after SECONDS by the clock, as in the cloud; 0: at once again.

    \b
    lakeport local fault delay-roles 300
    lakeport local clock advance 5m
    """
    found = Running(state).ask("PATCH", "switches", {"role_delay_s": seconds})
    click.echo(json.dumps(found) if as_json else f"role assignments hold after {found['role_delay_s']:g} s")
    return 0


@fault.command
@click.argument("per_minute", type=click.IntRange(0, 1_000_000))
@state_option
@json_option
def throttle(per_minute: int, *, state: Path, as_json: bool) -> int:
    """Let the control plane take PER_MINUTE reads, writes and deletes of each principal; beyond, 429; 0: no limit.

    \b
    lakeport local fault throttle 10
    lakeport local fault throttle 0
    """
    found = Running(state).ask("PATCH", "switches", {"throttle_per_minute": per_minute or None})
    limit = found["throttle_per_minute"]
    click.echo(json.dumps(found) if as_json else f"calls a minute: {limit if limit is not None else 'no limit'}")
    return 0


@fault.command("throttle-identities")
@click.argument("per_second", type=click.IntRange(0, 1_000_000), required=False)
@state_option
@json_option
def throttle_identities(per_second: int | None, *, state: Path, as_json: bool) -> int:
    """Let the metadata address take PER_SECOND requests of each machine; beyond, 429; without a number, no limit.

    \b
    lakeport local fault throttle-identities 5
    lakeport local fault throttle-identities
    """
    found = Running(state).ask("PUT", "identity-throttle", {"per_second": per_second})
    limit = "no limit" if per_second is None else per_second
    click.echo(json.dumps(found) if as_json else f"requests a second: {limit}")
    return 0


@fault.command("list")
@state_option
@json_option
def list_(*, state: Path, as_json: bool) -> int:
    """List the faults that are set.

    \b
    lakeport local fault list
    lakeport local fault list --json
    """
    found = Running(state).ask("GET", "faults")["faults"]
    if as_json:
        print_objects(found, summary={"count": len(found)})
        return 0
    for one in found:
        click.echo(_worded(one))
    return 0


@fault.command
@state_option
@json_option
def clear(*, state: Path, as_json: bool) -> int:
    """Remove every fault, the delay of roles and the throttle.

    \b
    lakeport local fault clear
    lakeport local fault clear --json
    """
    found = Running(state).ask("DELETE", "faults")
    click.echo(json.dumps(found) if as_json else f"cleared {found['cleared']}")
    return 0


def _worded(one: dict[str, object]) -> str:
    left = f"{one['struck']} of {one['count']}" if one["count"] else f"{one['struck']}, no end"
    return f"{one['kind']} for {one['method']} {one['host']} {one['path']} (struck {left})"
