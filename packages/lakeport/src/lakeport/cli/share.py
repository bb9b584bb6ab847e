"""`lakeport share`: the providing side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakeport.cli import options, sides
from lakeport.share import Provider, Session, provider, resources, revocation, schedules
from lakeport.share.resources import Run

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.cli.output import Output


@click.group()
def share() -> None:
    """Be the providing side: what share.yaml says is brought about and kept.

    \b
    lakeport share plan share.yaml
    lakeport share apply share.yaml --grant
    """


@share.command()
@options.desired("share.yaml")
@options.grant
@click.pass_obj
def plan(output: Output, *, file: Path, env: Path | None, profile: str | None, grant: bool) -> None:
    """Print what apply would do, and why; send nothing that changes anything.

    \b
    lakeport share plan share.yaml
    lakeport share plan --env source.env
    """
    sides.show_plan(output, sides.provider(output, file, env, profile, grant=grant).plan())


@share.command()
@options.desired("share.yaml")
@options.grant
@options.dry_run
@click.pass_obj
def apply(output: Output, *, file: Path, env: Path | None, profile: str | None, grant: bool, dry_run: bool) -> None:
    """Bring the share in step with its file; safe to run again at any time.

    \b
    lakeport share apply share.yaml --grant
    lakeport share apply --env source.env --dry-run
    """
    session = sides.provider(output, file, env, profile, grant=grant)
    if dry_run:
        sides.show_plan(output, session.plan())
    else:
        sides.apply(output, session)


@share.command()
@options.desired("share.yaml")
@click.pass_obj
def status(output: Output, *, file: Path, env: Path | None, profile: str | None) -> None:
    """Print where the share stands: data sets, schedule, invitations, subscribers, and what drifted.

    \b
    lakeport share status share.yaml
    lakeport share status --env source.env --json
    """
    session = sides.provider(output, file, env, profile)
    wished = _wished(session)
    seen = provider.observe(wished, session.control, session.roles)
    for one in seen.data_sets:
        output.result(f"data set    {one.name}  {one.kind}", kind="data set", name=one.name, data_set_kind=one.kind)
    for setting in seen.schedules:
        spoken = schedules.spoken(setting.recurrence_interval, setting.synchronization_time)
        output.result(f"schedule    {spoken}", kind="schedule", name=setting.name, spoken=spoken)
    for invited in seen.invitations:
        to = invited.target_email or f"{invited.target_object_id} in tenant {invited.target_active_directory_id}"
        text = f"invitation  {invited.name}  {invited.invitation_status}  to {to}"
        output.result(text, kind="invitation", name=invited.name, status=invited.invitation_status, to=to)
    for taken in seen.subscribers:
        text = f"subscriber  {taken.name} of {taken.consumer_tenant_name}  {taken.share_subscription_status}"
        fields = {"tenant": taken.consumer_tenant_name, "status": taken.share_subscription_status}
        output.result(text, kind="subscriber", name=taken.name, **fields)
    drift = provider.plan(wished, seen, session.clock.now(), grant=True)
    for step in drift.steps:
        output.result(f"drift       {step.sentence()}", **{**sides.fields(step), "drift": True})
    text = "in step" if not drift.steps else "out of step: lakeport share apply mends it"
    output.summary(text, share=wished.share, drift=len(drift.steps), subscribers=len(seen.subscribers))
    if drift.refusals:
        raise drift.refusals[0]


@share.command()
@options.desired("share.yaml")
@click.pass_obj
def sync(output: Output, *, file: Path, env: Path | None, profile: str | None) -> None:
    """Print the snapshots that consumers took; it is they who start them.

    \b
    lakeport share sync share.yaml
    lakeport share sync share.yaml --json
    """
    session = sides.provider(output, file, env, profile)
    found = [resources.read(Run, one) for one in session.control.share_runs(_wished(session).share)]
    for one in found:
        text = f"{one.start_time}  {one.consumer_tenant_name}  {one.synchronization_mode}  {one.status}"
        fields = {"tenant": one.consumer_tenant_name, "mode": one.synchronization_mode, "status": one.status}
        output.result(text, synchronization_id=one.synchronization_id, start_time=one.start_time, **fields)
    output.summary("" if found else "nobody took a snapshot yet", snapshots=len(found))


@share.command()
@options.desired("share.yaml")
@click.option("--to", metavar="NAME", help="Only this consumer: its tenant's or subscription's name.")
@options.dry_run
@click.pass_obj
def revoke(output: Output, *, file: Path, env: Path | None, profile: str | None, to: str | None, dry_run: bool) -> None:
    """Take the share back: no snapshot can start; what was copied stays with the consumer.

    \b
    lakeport share revoke share.yaml
    lakeport share revoke share.yaml --to fabrikam
    """
    _change(output, sides.provider(output, file, env, profile), to, "Revoked", dry_run=dry_run)


@share.command()
@options.desired("share.yaml")
@click.option("--to", metavar="NAME", help="Only this consumer: its tenant's or subscription's name.")
@options.dry_run
@click.pass_obj
def reinstate(
    output: Output, *, file: Path, env: Path | None, profile: str | None, to: str | None, dry_run: bool
) -> None:
    """Give a revoked share again.

    \b
    lakeport share reinstate share.yaml
    lakeport share reinstate share.yaml --to fabrikam
    """
    _change(output, sides.provider(output, file, env, profile), to, "Active", dry_run=dry_run)


def _change(output: Output, session: Session, to: str | None, wished: str, *, dry_run: bool) -> None:
    place = _wished(session)
    needed = [one for one in revocation.changes(session.control, place.share, to, wished) if one.is_needed]
    verb, back = ("revoked", "reinstate") if wished == "Revoked" else ("reinstated", "revoke")
    for one in needed:
        if not dry_run:
            revocation.carry_out(session.control, place.share, one, session.clock)
        tenant, name = one.subscriber.consumer_tenant_name, one.subscriber.name
        text = f"{'would be ' if dry_run else ''}{verb}: share {place.share} for subscription {name} of {tenant}"
        output.result(text, share=place.share, tenant=tenant, subscription=name, status=wished)
    if needed and not dry_run:
        output.say(f"undo: lakeport share {back} {place.where}{f' --to {to}' if to else ''}")
    output.summary("" if needed else "already in step", changed=len(needed), status="planned" if dry_run else "done")


@share.command()
@options.desired("share.yaml")
@options.dry_run
@click.pass_obj
def destroy(output: Output, *, file: Path, env: Path | None, profile: str | None, dry_run: bool) -> None:
    """Remove the share with its data sets, schedule and open invitations; the stores stay as they are.

    \b
    lakeport share destroy share.yaml --dry-run
    lakeport share destroy share.yaml
    """
    session = sides.provider(output, file, env, profile)
    wished = _wished(session)
    steps = revocation.share_removal(session.control, wished.share)
    undo = f"lakeport share apply {wished.where} (consumers must accept anew)"
    sides.carry_out(output, session, steps, dry_run=dry_run, undo=undo, nothing="already gone")


def _wished(session: Session) -> Provider:
    if not isinstance(session.wished, Provider):
        raise TypeError("a providing side is meant")
    return session.wished
