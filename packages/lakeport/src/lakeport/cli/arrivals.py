"""What arrived, printed: snapshots, and what comparing them with the source found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import profiles
from lakeport.cli.output import counted, size
from lakeport.errors import BadProfile, NotFound
from lakeport.share import consumer, resources, schedules
from lakeport.share.freshness import judge
from lakeport.share.resources import Subscription
from lakeport.share.snapshots import Snapshot
from lakeport.share.verification import Verifier

if TYPE_CHECKING:
    from lakeport.cli.output import Output
    from lakeport.share import Session
    from lakeport.share.consumer import Received
    from lakeport.share.freshness import Freshness
    from lakeport.share.verification import Findings


def print_snapshot(output: Output, snapshot: Snapshot) -> None:
    """Print one snapshot that has ended."""
    run = snapshot.run
    text = (
        f"{snapshot.subscription}: {run.synchronization_mode} snapshot {run.status}: {counted(snapshot.files, 'file')},"
        f" {size(snapshot.size_bytes)} (id {run.synchronization_id})"
    )
    fields = {"mode": run.synchronization_mode, "status": run.status, "synchronization_id": run.synchronization_id}
    output.result(text, share=snapshot.subscription, files=snapshot.files, size_bytes=snapshot.size_bytes, **fields)


def standing(session: Session, one: Received) -> tuple[Snapshot | None, Freshness]:
    """Return the newest good snapshot of a received share, and how fresh it is."""
    subscription, taker = one.subscription, session.taker()
    runs = taker.runs(subscription.name)
    is_followed = any(trigger.trigger_status == "Active" for trigger in one.triggers)
    schedule = one.schedules[0] if one.schedules and is_followed else None
    limit = session.wished.stale_after if subscription.share_subscription_status == "Active" else None
    fresh = judge(
        subscription.name,
        subscription.provider_tenant_name,
        runs,
        schedule=schedule,
        since=subscription.created_at,
        now=session.clock.now(),
        stale_after=limit,
    )
    good = [run for run in runs if run.status == "Succeeded"]
    if not good:
        return None, fresh
    run = max(good, key=lambda run: schedules.parse_instant(run.start_time))
    return Snapshot(subscription.name, run, taker.details(subscription.name, run.synchronization_id)), fresh


def print_received(output: Output, one: Received, last: Snapshot | None, fresh: Freshness) -> None:
    """Print where one received share stands."""
    subscription = one.subscription
    trigger = one.triggers[0] if one.triggers else None
    spoken = schedules.spoken(trigger.recurrence_interval, trigger.synchronization_time) if trigger else "no schedule"
    newest = f"{last.run.end_time}, {counted(last.files, 'file')}, {size(last.size_bytes)}" if last else "never"
    text = (
        f"{subscription.name}  {subscription.share_name} of {subscription.provider_tenant_name}"
        f"  {subscription.share_subscription_status}  {len(one.mappings)} of {len(one.offered)} data sets mapped"
        f"  {spoken}  newest snapshot: {newest}{'  STALE' if fresh.is_stale else ''}{_last(fresh)}"
    )
    output.result(
        text,
        **{
            **fresh.fields(),
            "name": subscription.name,
            "share": subscription.share_name,
            "tenant": subscription.provider_tenant_name,
            "status": subscription.share_subscription_status,
            "mapped": len(one.mappings),
            "offered": len(one.offered),
            "trigger": trigger.trigger_status if trigger else None,
            "newest_snapshot": last.run.end_time if last else None,
        },
    )


def _last(fresh: Freshness) -> str:
    return f"  last one: {fresh.last_status}" if fresh.last_status not in {"", "Succeeded"} else ""


def verify(
    output: Output,
    session: Session,
    name: str,
    last: Snapshot | None,
    *,
    against: str | None = None,
    read: bool = False,
) -> None:
    """Verify what arrived of one received share, and print it data set by data set.

    Raises:
        BadProfile: The profile to compare with names no storage account.
        NotVerified: Something is missing or different.
    """
    found = session.control.get("subscription", name)
    if found is None:
        raise NotFound(f"there is no received share {name!r}", hint="Next: lakeport receive list")
    received = consumer.look_at(resources.read(Subscription, found), session.control)
    source = profiles.resolve(against) if against else None
    if source is not None and not source.storage_account:
        raise BadProfile(f"profile {source.name!r} does not say where the source lies", hint="Give it storage_account")
    verifier = Verifier(session.wished.profile, session.credential, source, read)
    for one in verifier.verify(received, last):
        _print_findings(output, one)
        one.check()


def _print_findings(output: Output, one: Findings) -> None:
    bad = f", {len(one.missing)} missing, {len(one.different)} different" if one.missing or one.different else ""
    extra = f", {len(one.extra)} more at the destination only" if one.extra else ""
    unhashed = f", {len(one.unhashed)} without MD5" if one.unhashed else ""
    text = f"data set {one.data_set}: {counted(one.files, 'file')}, {size(one.size_bytes)}{bad}{extra}{unhashed}; compared {one.against}"
    output.result(
        text,
        data_set=one.data_set,
        files=one.files,
        size_bytes=one.size_bytes,
        missing=one.missing,
        different=one.different,
        extra=one.extra,
        unhashed=one.unhashed,
        compared=one.against,
    )
