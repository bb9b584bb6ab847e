"""`fault`: injected trouble."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lakeport_local.admin.faults import KINDS, SOMEWHERE
from lakeport_local.serve.commands.options import json_option, print_objects, state_option
from lakeport_local.serve.running import Running

if TYPE_CHECKING:
    from pathlib import Path


@click.group
def fault() -> None:
    """Make requests fail as an overloaded, broken or far-away service would.

    \b
    lakeport local fault add 503 --host '*.dfs.core.windows.net' --count 2
    lakeport local fault clear
    """


_KINDS = "\n".join(f"{kind:<16} {meaning}" for kind, meaning in KINDS.items())


@fault.command(epilog=f"\b\nKinds:\n{_KINDS}")
@click.argument("kind", type=click.Choice(list(KINDS)), metavar="KIND")
@click.option("--service", default="*", help="Shell pattern of the service: storage, entra, arm, graph, vault, imds.")
@click.option("--operation", default="*", help="Shell pattern of storage's operation, such as 'blob * block'.")
@click.option("--host", default="*", help="Shell pattern of the host name.")
@click.option("--path", default="*", help="Shell pattern of the path.")
@click.option("--method", default="*", help="HTTP method.")
@click.option(
    "--principal",
    default="*",
    help="Shell pattern of who asks: object id, client id or user of a token, name of exec --as; key, sas, anonymous.",
)
@click.option("--count", type=click.IntRange(0), default=1, show_default=True, help="How many requests; 0 for all.")
@click.option("--skip", type=click.IntRange(0), default=0, help="How many requests pass first.")
@click.option(
    "--probability",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Which part of the requests.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of chance: the same seed strikes the same requests."
)
@click.option(
    "--after",
    "after_bytes",
    type=click.IntRange(SOMEWHERE),
    default=SOMEWHERE,
    metavar="BYTES",
    help="Where in a body it happens. Default: somewhere, by the seed.",
)
@click.option(
    "--rate",
    "bytes_per_second",
    type=click.IntRange(1),
    default=64 * 1024,
    show_default=True,
    metavar="BYTES",
    help="How many bytes a second of a slow-body.",
)
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
    help="How late a slow answer is, how long a stall-body stops, how long a timeout holds a request; an hour at most.",
)
@state_option
@json_option
def add(*, state: Path, as_json: bool, **members: str | float) -> int:
    """Strike requests that match: refuse them, cut the connection, answer late, in part, with another byte, or never.

    \b
    lakeport local fault add 503 --host '*.dfs.core.windows.net' --count 2
    lakeport local fault add reset-body --method GET --count 0 --probability 0.1 --seed 7
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


@fault.command("hold-snapshots")
@click.argument("files", type=click.IntRange(0, 1_000_000), required=False)
@state_option
@json_option
def hold_snapshots(files: int | None, *, state: Path, as_json: bool) -> int:
    """Let every data set of a snapshot copy FILES files and then wait; without a number, all go on.

    A snapshot that waits is under way: look at it, cancel it, kill the server in it. `clock advance` waits for it, too.

    \b
    lakeport local fault hold-snapshots 1
    lakeport local fault hold-snapshots
    """
    found = Running(state).ask("PATCH", "switches", {"hold_snapshots_after": files})
    after = found["hold_snapshots_after"]
    click.echo(
        json.dumps(found) if as_json else f"snapshots {'go on' if after is None else f'wait after {after} files'}"
    )
    return 0


@fault.command("shorten-tokens")
@click.argument("seconds", type=click.FloatRange(1, 86400), required=False)
@state_option
@json_option
def shorten_tokens(seconds: float | None, *, state: Path, as_json: bool) -> int:
    """Let tokens issued from now on be good for SECONDS at most; without a number, as long as usual.

    \b
    lakeport local fault shorten-tokens 30
    lakeport local fault shorten-tokens
    """
    found = Running(state).ask("PATCH", "switches", {"token_life_s": seconds})
    life = found["token_life_s"]
    click.echo(json.dumps(found) if as_json else f"tokens last {'as usual' if life is None else f'{life:g} s'}")
    return 0


@fault.command("list")
@state_option
@json_option
def list_(*, state: Path, as_json: bool) -> int:
    """List the faults that are set; with --json the last line also counts what each kind has struck.

    \b
    lakeport local fault list
    lakeport local fault list --json
    """
    answer = Running(state).ask("GET", "faults")
    found = answer["faults"]
    if as_json:
        print_objects(found, summary={"count": len(found), "struck": answer["struck"]})
        return 0
    for one in found:
        click.echo(_worded(one))
    return 0


@fault.command
@state_option
@json_option
def clear(*, state: Path, as_json: bool) -> int:
    """Remove every fault, the delay of roles, the throttle, the short life of tokens and the hold of snapshots.

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
