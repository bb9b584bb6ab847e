"""Synchronize, cancel, and the history of runs for both sides.

Source: data-share.md 1.3, 1.5, 1.12, 7.6, 7.10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import iso_instant
from lakeport_local.datashare import errors, filtering, links, pace, results
from lakeport_local.datashare.nouns import MAPPINGS
from lakeport_local.datashare.pieces import Pieces
from lakeport_local.datashare.rendering import duration_ms, present
from lakeport_local.datashare.runs import OPEN, Run, Runs
from lakeport_local.datashare.triggers import mode_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lakeport_local.arm import Call
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Response
    from lakeport_local.datashare.pieces import Piece
    from lakeport_local.state import Resource, Resources


def synchronize(call: Call, wake: Callable[[], None]) -> Response:
    """Queue a snapshot and answer 202 with its first record; its id is the answer's request id."""
    mode = mode_of(call.optional_body().get("synchronizationMode"))
    refuse_ended(call.plane.resources, call.owner, call.now)
    if not call.plane.resources.children(call.owner.id, MAPPINGS):
        raise errors.nothing_mapped()
    runs = Runs(call.plane.store)
    run_id = call.request.id.lower()
    if runs.get(run_id) is not None:
        run_id = call.plane.ids.guid()
    enqueue(runs, call.owner, run_id, mode, call.now)
    wake()
    headers = [
        ("Azure-AsyncOperation", call.url(f"{call.owner.id}/synchronizationOperationResults/{run_id}")),
        ("Location", call.url(f"{call.owner.id}/shareSubscriptionSynchronizations/{run_id}")),
        *pace.POLL_AGAIN,
    ]
    return call.json(202, {"status": "Queued", "synchronizationId": run_id, "synchronizationMode": mode}, headers)


def refuse_ended(resources: Resources, subscription: Resource, now: datetime) -> None:
    """Refuse a snapshot of a subscription whose access has ended.

    Raises:
        ServiceError: 403.
    """
    status = links.subscription_status(resources, subscription, now)
    if status != "Active":
        is_over = status == "Revoked" and "revoked_at" not in subscription.internal
        raise errors.access_ended("Expired" if is_over else status, str(subscription.internal["share_name"]))


def enqueue(
    runs: Runs, subscription: Resource, run_id: str, mode: str, at: datetime, *, slot: datetime | None = None
) -> bool:
    """Queue a run of a subscription; False when the slot of its schedule was already run."""
    return runs.add(
        run_id=run_id,
        subscription_id=subscription.id,
        subscription_uid=subscription.uid,
        share_uid=int(subscription.internal["share_uid"]),
        mode=mode,
        at=at,
        slot=slot,
        consumer={
            "consumerName": subscription.properties["userName"],
            "consumerEmail": subscription.properties["userEmail"],
            "consumerTenantName": subscription.internal["tenant_name"],
        },
    )


def cancel_synchronization(call: Call, wake: Callable[[], None]) -> Response:
    """Cancel a run: 202 while it still has to stop, 200 when it has ended."""
    run = _of_subscription(call, call.body().get("synchronizationId"))
    if run.status not in OPEN:
        return call.json(200, record(run))
    runs = Runs(call.plane.store)
    runs.cancel(run, call.now)
    wake()
    status_url = results.begin_action(call, call.owner, pace.DELETING, run_id=run.id)
    location = call.url(f"{call.owner.id}/shareSubscriptionSynchronizations/{run.id}")
    headers = [("Azure-AsyncOperation", status_url), ("Location", location), *pace.POLL_AGAIN]
    return call.json(202, record(runs.get(run.id) or run), headers)


def poll_cancellation(call: Call) -> Response:
    """Answer the poll of an operation below a share subscription: done when its run has ended."""
    kept = results.found(call)
    run = Runs(call.plane.store).get(str(kept.internal["run"]))
    status = "Accepted" if run is not None and run.status in OPEN else "Succeeded"
    return call.json(200, results.status_document(status), list(pace.POLL_AGAIN))


def poll_run(call: Call) -> Response:
    """Answer the poll of a snapshot: `Accepted` until it has ended."""
    run = _of_subscription(call, call.name)
    status = "Accepted" if run.status in OPEN else {"Cancelled": "Canceled"}.get(run.status, run.status)
    return call.json(200, results.status_document(status, run.error), list(pace.POLL_AGAIN))


def get_run(call: Call) -> Response:
    """Answer a run's record."""
    return call.json(200, record(_of_subscription(call, call.name)))


def list_of_subscription(call: Call) -> Response:
    """Answer a subscription's runs, newest first."""
    found = Runs(call.plane.store).of_subscription(call.owner.uid, call.now)
    return filtering.answered(call, [run.id for run in found], [record(run) for run in found])


def list_of_share(call: Call) -> Response:
    """Answer the runs of all subscriptions to a share, newest first."""
    found = Runs(call.plane.store).of_share(call.owner.uid, call.now)
    return filtering.answered(call, [run.id for run in found], [{**run.consumer, **record(run)} for run in found])


def details_of_subscription(call: Call) -> Response:
    """Answer what a run did with each data set, to its consumer."""
    return _details(call, _of_subscription(call, _wanted(call)))


def details_of_share(call: Call) -> Response:
    """Answer what a run did with each data set, to the share's provider."""
    wanted = _wanted(call)
    run = Runs(call.plane.store).get(wanted)
    if run is None or run.share_uid != call.owner.uid:
        raise errors.run_missing(wanted[:64])
    return _details(call, run)


def list_source_settings(call: Call) -> Response:
    """Answer the source share's schedule, without id and name."""
    setting = links.setting_of(call.plane.resources, links.share_of(call.plane.resources, call.owner))
    shown = []
    if setting is not None:
        names = ("recurrenceInterval", "synchronizationTime")
        shown = [{"properties": {name: setting.properties[name] for name in names}, "kind": setting.kind}]
    return filtering.answered(call, ["1"] * len(shown), shown)


def record(run: Run) -> Document:
    """Return a run's record, with the members that it has so far."""
    span = None if run.started_at is None or run.ended_at is None else duration_ms(run.started_at, run.ended_at)
    return present(
        endTime=None if run.ended_at is None else iso_instant(run.ended_at),
        startTime=None if run.started_at is None else iso_instant(run.started_at),
        durationMs=span,
        status=run.status,
        message=None if run.error is None else run.error["message"],
        synchronizationId=run.id,
        synchronizationMode=run.mode,
    )


def _detail(piece: Piece) -> Document:
    ended, started = piece.ended_at, piece.started_at
    return present(
        name=piece.name,
        dataSetType=piece.kind,
        dataSetId=piece.data_set_id,
        status=piece.status,
        message="" if piece.error is None else piece.error["message"],
        startTime=None if started is None else iso_instant(started),
        endTime=None if ended is None else iso_instant(ended),
        durationMs=None if started is None or ended is None else duration_ms(started, ended),
        filesRead=piece.files_read,
        sizeRead=piece.size_read,
        filesWritten=piece.files_written,
        sizeWritten=piece.size_written,
        vCore=1,
    )


def _wanted(call: Call) -> str:
    """Return the `synchronizationId` of a list of details: of the body, or of the next page's URL."""
    given = call.request.parameter("synchronizationId") or call.optional_body().get("synchronizationId")
    if not isinstance(given, str) or not given:
        raise errors.bad("'synchronizationId' is required")
    return given


def _details(call: Call, run: Run) -> Response:
    found = Pieces(call.plane.store).of(run)
    order = filtering.arranged(call, [_detail(one) for one in found])
    keys, shown = [str(found[i].id) for i in order], [_detail(found[i]) for i in order]
    return filtering.paged(call, keys, shown, synchronizationId=run.id)


def _of_subscription(call: Call, run_id: object) -> Run:
    """Return a run of the call's subscription.

    Raises:
        ServiceError: 400, 404.
    """
    if not isinstance(run_id, str) or not run_id:
        raise errors.bad("'synchronizationId' is required")
    run = Runs(call.plane.store).get(run_id)
    if run is None or run.subscription_uid != call.owner.uid:
        raise errors.run_missing(run_id[:64])
    return run
