"""`lakeport share`: the providing side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from lakeport import profiles
from lakeport.cli import options, sides
from lakeport.cli.late import LateGroup
from lakeport.share import Provider, Session, freshness, invitations, provider, resources, revocation, schedules
from lakeport.share.resources import Run

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from lakeport.cli.output import Output
    from lakeport.share.freshness import Freshness


LATE = {
    "history": "snapshots:share_history",
    "publish-manifest": "snapshots:publish_manifest",
    "sync": "snapshots:share_history",
}


@click.group(cls=LateGroup, late=LATE)
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
def check(output: Output, *, file: Path, env: Path | None, profile: str | None, grant: bool) -> None:
    """Print what this side needs (registration, rights, stores, firewall, region) and the command for what is missing.

    \b
    lakeport share check share.yaml
    lakeport share check share.yaml --grant
    """
    sides.check(output, sides.provider(output, file, env, profile, grant=grant))


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
@options.several("share.yaml")
@options.grant
@options.dry_run
@click.pass_obj
def apply(
    output: Output, *, files: tuple[Path, ...], env: Path | None, profile: str | None, grant: bool, dry_run: bool
) -> None:
    """Bring the share in step with its file; safe to run again at any time. Several files are several shares.

    \b
    lakeport share apply share.yaml --grant
    lakeport share apply shares/*.yaml
    """
    sessions = sides.providers(output, files, env, profile, grant=grant)
    if not dry_run:
        sides.apply_all(output, sessions)
    for session in sessions if dry_run else ():
        sides.show_plan(output, session.plan())


@share.command()
@options.desired("share.yaml")
@options.webhook
@click.pass_obj
def status(output: Output, *, file: Path, env: Path | None, profile: str | None, webhook: str | None) -> None:
    """Print where the share stands: data sets, schedule, invitations, subscribers, and what drifted.

    Ends with 1 when a subscriber's newest good snapshot is older than the schedule allows, and tells the webhook.

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
        left = invitations.has_left(invited, seen)
        text = f"invitation  {invited.name}  {invited.invitation_status}{' and left' if left else ''}  to {to}"
        fields = {"name": invited.name, "status": invited.invitation_status, "to": to, "left": left}
        output.result(text, kind="invitation", **fields)
    fresh = _freshness(session, seen)
    for taken, age in zip(seen.subscribers, fresh, strict=True):
        text = (
            f"subscriber  {taken.name} of {taken.consumer_tenant_name}  {taken.share_subscription_status}  {age.spoken}"
        )
        own = {"tenant": taken.consumer_tenant_name, "status": taken.share_subscription_status}
        output.result(text, **{**age.fields(), "kind": "subscriber", "name": taken.name, **own})
    drift = provider.plan(wished, seen, session.clock.now(), grant=True)
    for step in drift.steps:
        output.result(f"drift       {step.sentence()}", **{**sides.fields(step), "drift": True})
    for note in drift.notes:
        output.say(f"note: {note}")
    text = "in step" if not drift.steps else "out of step: lakeport share apply mends it"
    counts = {"drift": len(drift.steps), "subscribers": len(seen.subscribers)}
    if drift.refusals:
        output.summary(text, share=wished.share, **counts)
        raise drift.refusals[0]
    sides.end_status(output, text, fresh, webhook, share=wished.share, **counts)


def _freshness(session: Session, seen: provider.Observed) -> list[Freshness]:
    """Return how fresh each subscriber is; the service tells a provider the tenant of a run, not the subscription."""
    if not seen.subscribers or seen.share is None:
        return []
    wished = _wished(session)
    runs = [resources.read(Run, one) for one in session.control.share_runs(wished.share)]
    found = []
    for one in seen.subscribers:
        tenant, is_active = one.consumer_tenant_name, one.share_subscription_status == "Active"
        schedule = seen.schedules[0] if seen.schedules and is_active else None
        limit = wished.stale_after if is_active else None
        of_tenant = [run for run in runs if run.consumer_tenant_name == tenant]
        since, now = one.created_at, session.clock.now()
        found.append(
            freshness.judge(wished.share, tenant, of_tenant, schedule=schedule, since=since, now=now, stale_after=limit)
        )
    return found


@share.command()
@options.desired("share.yaml")
@click.option("--to", metavar="NAME", help="Only this consumer: its tenant's or subscription's name.")
@click.option(
    "--prove", metavar="PROFILE", help="A profile of the consumer: try a snapshot as it, which must be refused."
)
@options.dry_run
@click.pass_obj
def revoke(
    output: Output,
    *,
    file: Path,
    env: Path | None,
    profile: str | None,
    to: str | None,
    prove: str | None,
    dry_run: bool,
) -> None:
    """Take the share back: no snapshot can start; what was copied stays with the consumer.

    \b
    lakeport share revoke share.yaml
    lakeport share revoke share.yaml --to fabrikam --prove local:consumer
    """
    session = sides.provider(output, file, env, profile)
    _change(output, session, to, "Revoked", dry_run=dry_run)
    if prove and not dry_run:
        _prove(output, session, to, prove)


def _prove(output: Output, session: Session, to: str | None, profile: str) -> None:
    share = _wished(session).share
    theirs = sides.account_of(profiles.resolve(profile))
    for change in revocation.changes(session.control, share, to, "Revoked"):
        name = change.subscriber.name
        refused = revocation.prove(theirs, name)
        output.result(
            f"proven: a snapshot of {name} is refused: {refused.message}", subscription=name, code=refused.code
        )


@share.command()
@options.desired("share.yaml")
@click.option("--to", metavar="NAME", help="Only this consumer: its tenant's or subscription's name.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    metavar="DATE",
    help="When access ends, UTC; default: as the file says, else as it did.",
)
@options.dry_run
@click.pass_obj
def reinstate(
    output: Output,
    *,
    file: Path,
    env: Path | None,
    profile: str | None,
    to: str | None,
    until: datetime | None,
    dry_run: bool,
) -> None:
    """Give a share again that was revoked, or to which access ended.

    \b
    lakeport share reinstate share.yaml
    lakeport share reinstate share.yaml --to fabrikam --until 2027-01-31
    """
    spoken = f"{until:%Y-%m-%dT%H:%M:%SZ}" if until is not None else ""
    _change(output, sides.provider(output, file, env, profile), to, "Active", until=spoken, dry_run=dry_run)


def _change(output: Output, session: Session, to: str | None, wished: str, *, until: str = "", dry_run: bool) -> None:
    place = _wished(session)
    needed = [one for one in revocation.changes(session.control, place.share, to, wished) if one.is_needed]
    if wished == "Active" and needed:
        seen = provider.observe(place, session.control, session.roles)
        needed = [replace(one, until=until or _end(one, place, seen)) for one in needed]
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


def _end(change: revocation.Change, wished: Provider, seen: provider.Observed) -> str:
    return invitations.end_for(change.subscriber.share_subscription_object_id, wished, seen)


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
