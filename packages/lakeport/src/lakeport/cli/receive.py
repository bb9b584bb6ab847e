"""`lakeport receive`: the receiving side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from lakeport.cli import options, sides
from lakeport.cli.late import LateGroup
from lakeport.errors import NotFound
from lakeport.share import Consumer, Session, consumer
from lakeport.share.snapshots import MODES

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.cli.output import Output


LATE = {
    "cancel": "snapshots:cancel",
    "history": "snapshots:history",
    "list": "offers:list_",
    "prune": "snapshots:prune",
    "register": "offers:register",
    "reject": "offers:reject",
    "watch": "watch:watch",
}


@click.group(cls=LateGroup, late=LATE)
def receive() -> None:
    """Be the receiving side: what receive.yaml says is brought about and kept.

    \b
    lakeport receive apply receive.yaml --grant
    lakeport receive sync receive.yaml
    """


@receive.command()
@options.desired("receive.yaml")
@options.grant
@click.pass_obj
def check(output: Output, *, file: Path, env: Path | None, profile: str | None, grant: bool) -> None:
    """Print what this side needs (registration, rights, stores, firewall, region) and the command for what is missing.

    \b
    lakeport receive check receive.yaml
    lakeport receive check receive.yaml --grant
    """
    sides.check(output, sides.consumer(output, file, env, profile, grant=grant))


@receive.command()
@options.desired("receive.yaml")
@options.grant
@click.pass_obj
def plan(output: Output, *, file: Path, env: Path | None, profile: str | None, grant: bool) -> None:
    """Print what apply would do, and why; send nothing that changes anything.

    \b
    lakeport receive plan receive.yaml
    lakeport receive plan --env dest.env
    """
    sides.show_plan(output, sides.consumer(output, file, env, profile, grant=grant).plan())


@receive.command()
@options.desired("receive.yaml")
@options.grant
@options.dry_run
@click.pass_obj
def apply(output: Output, *, file: Path, env: Path | None, profile: str | None, grant: bool, dry_run: bool) -> None:
    """Accept, map and follow what the file wants; safe to run again at any time.

    \b
    lakeport receive apply receive.yaml --grant
    lakeport receive apply --env dest.env --dry-run
    """
    session = sides.consumer(output, file, env, profile, grant=grant)
    if dry_run:
        sides.show_plan(output, session.plan())
    else:
        sides.apply(output, session)


@receive.command()
@options.desired("receive.yaml")
@options.only_share
@click.option("--mode", type=click.Choice(list(MODES)), help="Wins over the file's.")
@click.option("--timeout", type=float, metavar="SECONDS", help="How long to wait for the end; absent: until it comes.")
@options.dry_run
@click.pass_obj
def sync(
    output: Output,
    *,
    file: Path,
    env: Path | None,
    profile: str | None,
    name: str | None,
    mode: str | None,
    timeout: float | None,
    dry_run: bool,
) -> None:
    """Take a snapshot of what was received, and wait for its end.

    \b
    lakeport receive sync receive.yaml
    lakeport receive sync receive.yaml --share sales --mode full
    """
    from lakeport.cli import arrivals  # noqa: PLC0415  (apply needs none of it)

    session = sides.consumer(output, file, env, profile)
    wished = _wished(session)
    wire_mode = MODES[mode] if mode else wished.mode
    taker = session.taker(timedelta(seconds=timeout) if timeout else None)

    def take(one: str) -> None:
        if dry_run:
            output.result(f"would take a {wire_mode} snapshot of {one}", share=one, mode=wire_mode)
            return
        snapshot = taker.take(one, wire_mode)
        arrivals.print_snapshot(output, snapshot)
        snapshot.check()
        if wished.verify:
            arrivals.verify(output, session, one, snapshot)

    names = sides.received_names(session, name)
    sides.per_share(output, names, take)
    output.summary(status="planned" if dry_run else "done", snapshots=len(names))


@receive.command()
@options.desired("receive.yaml")
@options.only_share
@options.webhook
@click.pass_obj
def status(
    output: Output, *, file: Path, env: Path | None, profile: str | None, name: str | None, webhook: str | None
) -> None:
    """Print where every received share stands: mappings, schedule, newest snapshot, and what drifted.

    Ends with 1 when the newest good snapshot of a share is older than its schedule allows, and tells the webhook.

    \b
    lakeport receive status receive.yaml
    lakeport receive status receive.yaml --share sales --json
    """
    from lakeport.cli import arrivals  # noqa: PLC0415  (apply needs none of it)

    session = sides.consumer(output, file, env, profile)
    wished = _wished(session)
    seen = consumer.observe(wished, session.control, session.roles)
    shown = [one for one in seen.received if name is None or one.subscription.name.lower() == name.lower()]
    if name is not None and not shown:
        raise NotFound(f"there is no received share {name!r}", hint="Next: lakeport receive list")
    with ThreadPoolExecutor(8) as pool:
        standings = list(pool.map(lambda one: arrivals.standing(session, one), shown))
    for one, (last, fresh) in zip(shown, standings, strict=True):
        arrivals.print_received(output, one, last, fresh)
    drift = consumer.plan(wished, seen, grant=True)
    for step in drift.steps:
        output.result(f"drift  {step.sentence()}", **{**sides.fields(step), "drift": True})
    for error in drift.held:
        output.say(f"held: {error}")
    text = "in step" if not drift.steps else "out of step: lakeport receive apply mends it"
    held = [str(error) for error in drift.held]
    sides.end_status(
        output, text, [fresh for _, fresh in standings], webhook, received=len(shown), drift=len(drift.steps), held=held
    )


@receive.command()
@options.desired("receive.yaml")
@options.only_share
@click.option("--against", metavar="PROFILE", help="The provider's profile: compare with the source itself.")
@click.option("--read", is_flag=True, help="Read and hash every arrived byte in place of trusting the stored MD5.")
@click.pass_obj
def verify(
    output: Output,
    *,
    file: Path,
    env: Path | None,
    profile: str | None,
    name: str | None,
    against: str | None,
    read: bool,
) -> None:
    """Compare what arrived with what was sent; says what was compared.

    \b
    lakeport receive verify receive.yaml
    lakeport receive verify receive.yaml --against local:provider --read
    """
    from lakeport.cli import arrivals  # noqa: PLC0415  (apply needs none of it)

    session = sides.consumer(output, file, env, profile)

    def one_share(one: str) -> None:
        arrivals.verify(output, session, one, session.last_snapshot(one), against=against, read=read)

    sides.per_share(output, sides.received_names(session, name), one_share)
    output.summary(status="done")


@receive.command()
@options.desired("receive.yaml")
@click.option("--share", "name", metavar="NAME", required=True, help="Which received share.")
@options.dry_run
@click.pass_obj
def destroy(output: Output, *, file: Path, env: Path | None, profile: str | None, name: str, dry_run: bool) -> None:
    """Forget a received share: trigger, mappings, subscription; what was received stays.

    \b
    lakeport receive destroy receive.yaml --share sales --dry-run
    lakeport receive destroy receive.yaml --share sales
    """
    from lakeport.share import revocation  # noqa: PLC0415

    session = sides.consumer(output, file, env, profile)
    steps = revocation.subscription_removal(session.control, name)
    undo = "the provider invites again, then lakeport receive apply"
    sides.carry_out(output, session, steps, dry_run=dry_run, undo=undo, nothing="already gone")


def _wished(session: Session) -> Consumer:
    if not isinstance(session.wished, Consumer):
        raise TypeError("a receiving side is meant")
    return session.wished
