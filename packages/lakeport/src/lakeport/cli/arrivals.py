"""What arrived, printed: snapshots, and what comparing them with the source found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import profiles
from lakeport.cli.output import counted, size
from lakeport.errors import BadProfile, NotFound
from lakeport.share import consumer, resources
from lakeport.share.resources import Subscription
from lakeport.share.verification import Verifier

if TYPE_CHECKING:
    from lakeport.cli.output import Output
    from lakeport.share import Session
    from lakeport.share.snapshots import Snapshot
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
