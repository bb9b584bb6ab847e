"""Snapshots past and under way: `receive history | cancel | prune`, `share history | publish-manifest`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakeport.cli import options, sides
from lakeport.cli.output import counted, size
from lakeport.errors import NotFound
from lakeport.lake import FileSystem
from lakeport.share import Provider, consumer, pruning, resources
from lakeport.share.archive import Archive
from lakeport.share.resources import Run, Subscription
from lakeport.share.verification import Verifier

if TYPE_CHECKING:
    from lakeport.cli.output import Output
    from lakeport.share import Session
    from lakeport.share.consumer import Received

archive_option = click.option(
    "--archive", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Keep runs there for good."
)


@click.command()
@options.desired("receive.yaml")
@options.only_share
@archive_option
@click.pass_obj
def history(
    output: Output, *, file: Path, env: Path | None, profile: str | None, name: str | None, archive: Path | None
) -> None:
    """Print every snapshot that was taken; with an archive, also those that the service has forgotten (after 30 days).

    \b
    lakeport receive history receive.yaml
    lakeport receive history receive.yaml --share sales --archive ~/shares
    """
    session = sides.consumer(output, file, env, profile)
    kept = Archive(archive) if archive is not None else None
    count = 0
    for one in sides.received_names(session, name):
        if kept is not None:
            keep(kept, session, one)
        for run in _runs(session, one, kept):
            _print_run(output, one, run)
            count += 1
    output.summary("" if count else "no snapshot was taken yet", snapshots=count)


def keep(archive: Archive, session: Session, name: str) -> int:
    """Archive the runs of a received share; return how many were new."""
    taker = session.taker()
    return archive.keep(
        session.wished.place.account, name, taker.runs(name), lambda run: taker.details(name, run.synchronization_id)
    )


def _runs(session: Session, name: str, archive: Archive | None) -> list[Run]:
    runs = {one.synchronization_id: one for one in session.taker().runs(name)}
    if archive is not None:
        for row in archive.read(session.wished.place.account, name):
            run = Run(
                synchronization_id=row["synchronization_id"],
                synchronization_mode=row["mode"],
                status=row["status"],
                start_time=row["start_time"],
                end_time=row["end_time"],
                duration_ms=row["duration_ms"],
                message=row["message"],
            )
            runs.setdefault(run.synchronization_id, run)
    return sorted(runs.values(), key=lambda one: one.start_time or "9")


def _print_run(output: Output, name: str, run: Run) -> None:
    who = f"  {run.consumer_tenant_name}" if run.consumer_tenant_name else ""
    why = f"  {run.message}" if run.message else ""
    start = run.start_time or "not begun"
    text = f"{start}  {name}{who}  {run.synchronization_mode}  {run.status}  {run.duration_ms / 1000:.1f} s{why}"
    fields = {"mode": run.synchronization_mode, "status": run.status, "tenant": run.consumer_tenant_name}
    fields |= {"synchronization_id": run.synchronization_id, "start_time": run.start_time, "end_time": run.end_time}
    output.result(text, share=name, message=run.message, duration_ms=run.duration_ms, **fields)


@click.command("history")
@options.desired("share.yaml")
@click.pass_obj
def share_history(output: Output, *, file: Path, env: Path | None, profile: str | None) -> None:
    """Print the snapshots that consumers took; it is they who start them.

    \b
    lakeport share history share.yaml
    lakeport share history share.yaml --json
    """
    session = sides.provider(output, file, env, profile)
    share = _provider(session).share
    found = [resources.read(Run, one) for one in session.control.share_runs(share)]
    for one in sorted(found, key=lambda run: run.start_time or "9"):
        _print_run(output, share, one)
    output.summary("" if found else "nobody took a snapshot yet", snapshots=len(found))


@click.command()
@options.desired("receive.yaml")
@options.only_share
@click.option("--id", "synchronization_id", metavar="ID", help="Only this snapshot.")
@options.dry_run
@click.pass_obj
def cancel(
    output: Output,
    *,
    file: Path,
    env: Path | None,
    profile: str | None,
    name: str | None,
    synchronization_id: str | None,
    dry_run: bool,
) -> None:
    """End the snapshots that are under way, and wait until they are over; what was copied stays.

    \b
    lakeport receive cancel receive.yaml
    lakeport receive cancel receive.yaml --share sales --dry-run
    """
    session = sides.consumer(output, file, env, profile)
    count = 0
    for one in sides.received_names(session, name):
        act = session.taker().under_way if dry_run else session.taker().cancel
        going = act(one, synchronization_id)
        for run in going:
            said = f"would cancel {run.synchronization_id}" if dry_run else f"{run.synchronization_id} {run.status}"
            output.result(f"{one}: {said}", share=one, synchronization_id=run.synchronization_id, status=run.status)
        count += len(going)
    if synchronization_id and not count:
        raise NotFound(f"snapshot {synchronization_id} is not under way", hint="Next: lakeport receive history")
    output.summary("" if count else "nothing is under way", snapshots=count, status="planned" if dry_run else "done")


@click.command()
@options.desired("receive.yaml")
@options.only_share
@click.option("--yes", is_flag=True, help="Delete them; without it they are only listed.")
@click.pass_obj
def prune(output: Output, *, file: Path, env: Path | None, profile: str | None, name: str | None, yes: bool) -> None:
    """List what lies at the destinations though its provider has it no more, by the share's manifest; delete it with --yes.

    The service never deletes what it copied. Files that came after the manifest was made are left, and so is whatever may
    belong to another received share.

    \b
    lakeport receive prune receive.yaml
    lakeport receive prune receive.yaml --share sales --yes
    """
    session = sides.consumer(output, file, env, profile)
    wanted = sides.received_names(session, name)
    every = _everything(session)
    everything = [target for _, targets in every for target in targets]
    count = total = 0
    for received, targets in every:
        if received.subscription.name not in wanted:
            continue
        if not any(target.made_at for target in targets):
            output.say(
                f"note: share {received.subscription.name} brings no manifest: nobody here can tell what is too much"
            )
        for target in targets:
            lake = FileSystem(session.wished.profile, target.account, target.root, session.credential)
            for one in list(pruning.excess(target, pruning.entries(lake, target.below), everything)):
                if yes:
                    lake.remove(one.path)
                text = f"{'deleted' if yes else 'would delete'} {one.root}/{one.path} in {one.account}"
                output.result(
                    text, share=received.subscription.name, path=f"{one.root}/{one.path}", size_bytes=one.size_bytes
                )
                count, total = count + 1, total + one.size_bytes
    verb = "deleted" if yes else "would delete"
    text = f"{verb} {counted(count, 'file')}, {size(total)}" if count else "nothing is too much"
    output.summary(text, files=count, size_bytes=total, status="done" if yes else "planned")


def _everything(session: Session) -> list[tuple[Received, list[pruning.Target]]]:
    """Return all that goes anywhere on this side, wanted or not: what others may have put there is not ours to delete."""
    verifier = Verifier(session.wished.profile, session.credential)
    found = []
    for one in session.control.all("subscription"):
        received = consumer.look_at(resources.read(Subscription, one), session.control)
        found.append((received, pruning.targets(received, verifier.manifest(received))))
    return found


@click.command("publish-manifest")
@options.desired("share.yaml")
@click.pass_obj
def publish_manifest(output: Output, *, file: Path, env: Path | None, profile: str | None) -> None:
    """Look at everything that is shared and put the list of it (names, sizes, MD5) where the share takes it from.

    Needs `manifest: true` in the file. Consumers compare with it (receive verify) and mirror deletions by it (receive prune).

    \b
    lakeport share publish-manifest share.yaml
    lakeport share publish-manifest share.yaml --json
    """
    session = sides.provider(output, file, env, profile)
    made = session.publisher.publish(session.clock.now())
    for data_set, files in made.files.items():
        total = sum(one.size_bytes for one in files.values())
        text = f"data set {data_set}: {counted(len(files), 'file')}, {size(total)}"
        output.result(text, data_set=data_set, files=len(files), size_bytes=total)
    output.summary("published; it travels with the next snapshot", share=made.share, made_at=made.made_at.isoformat())


def _provider(session: Session) -> Provider:
    if not isinstance(session.wished, Provider):
        raise TypeError("a providing side is meant")
    return session.wished
