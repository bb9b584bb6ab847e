"""One snapshot run, carried through from wherever it stands.

Everything a run has done is in the store, in the transaction that did it: whoever takes up a run after the process died goes on with the
next file. Source: data-share.md 3.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lakeport_local.core import ServiceError
from lakeport_local.datashare import assumptions, errors, links, pace, stores
from lakeport_local.datashare.nouns import MAPPINGS
from lakeport_local.datashare.reading import first_cursor, take
from lakeport_local.datashare.runs import SnapshotFailed
from lakeport_local.datashare.synchronizations import refuse_ended

if TYPE_CHECKING:
    from typing import Any

    from lakeport_local.access import Action, Principal
    from lakeport_local.datashare.pieces import Cursor, Piece, Place
    from lakeport_local.datashare.runs import Run
    from lakeport_local.datashare.world import World
    from lakeport_local.state import Resource


class Cancelled(Exception):
    """Somebody asked to cancel the run."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a piece as it is now: its store, and who acts there."""

    store: Resource
    identity: Principal


async def carry(world: World, run: Run) -> None:
    """Carry a run through to its end."""
    if run.status == "Queued":
        with world.store.transaction():
            _begin(world, run)
    try:
        await _carry_pieces(world, run)
    except Cancelled:
        with world.store.transaction():
            _stop(world, run)
        return
    with world.store.transaction():
        _end(world, run)


async def _carry_pieces(world: World, run: Run) -> None:
    """Carry the pieces of a run side by side; nothing of it is at work any more when this returns or raises."""
    turns = asyncio.Semaphore(pace.PIECES_AT_ONCE)

    async def one(piece: Piece) -> None:
        async with turns:
            await _Copy(world, run, piece).carry()

    open_ones = [piece for piece in world.pieces.of(run) if piece.ended_at is None]
    ended = await asyncio.gather(*map(one, open_ones), return_exceptions=True)
    for failure in ended:
        if isinstance(failure, BaseException):
            raise failure


def _begin(world: World, run: Run) -> None:
    """Mark the run as begun and freeze what it will do, or fail it when it may not."""
    now = world.clock.now()
    world.runs.begin(run, now)
    subscription = world.resources.get(run.subscription_id)
    if subscription is None or subscription.uid != run.subscription_uid:
        raise SnapshotFailed("94042", "The share subscription was deleted")
    try:
        refuse_ended(world.resources, subscription, now)
    except ServiceError as refusal:
        raise SnapshotFailed(refusal.code, refusal.message) from refusal
    share = links.share_of(world.resources, subscription)
    for mapping in world.resources.children(subscription.id, MAPPINGS):
        data_set = links.data_set_of(world.resources, share, mapping.properties["dataSetId"])
        if data_set is not None:
            ends = (links.store_id(data_set.properties), links.store_id(mapping.properties))
            world.pieces.plan(run, data_set, mapping, ends)


def _stop(world: World, run: Run) -> None:
    now = world.clock.now()
    for piece in world.pieces.of(run):
        if piece.ended_at is None:
            world.pieces.end(piece, now, errors.error_info("94092", "The synchronization was cancelled"))
    world.runs.end(run, "Cancelled", now)


def fail(world: World, run: Run, error: dict[str, Any]) -> None:  # Any: the service's error object
    """End a run that cannot go on, with all that it had still to do."""
    now = world.clock.now()
    for piece in world.pieces.of(run):
        if piece.ended_at is None:
            world.pieces.end(piece, now, error)
    world.runs.end(run, "Failed", now, error)


def _end(world: World, run: Run) -> None:
    """Sum the pieces up: the run failed if one of them did; a good one moves the marks of its mappings on."""
    pieces = world.pieces.of(run)
    failed = next((piece for piece in pieces if piece.error is not None), None)
    if failed is not None:
        world.runs.end(run, "Failed", world.clock.now(), failed.error)
        return
    for piece in pieces:
        world.pieces.set_mark(piece)
    world.runs.end(run, "Succeeded", world.clock.now())


class _Copy:
    """The copy of one data set."""

    def __init__(self, world: World, run: Run, piece: Piece) -> None:
        self._world = world
        self._run = run
        self._piece = piece
        self._cursor = piece.cursor
        self._lake = world.lake
        self._pieces = world.pieces
        self._is_explained = False
        self._copied = piece.files_written

    async def carry(self) -> None:
        """Copy what is still to copy, batch by batch, giving way to others in between; a failure ends this piece only."""
        error = None
        try:
            with self._world.store.transaction():
                self._pieces.begin(self._piece, self._world.clock.now())
            is_left = True
            while is_left:
                is_left = self._copy_batch(await self._room())
                await asyncio.sleep(0)
        except SnapshotFailed as failure:
            error = failure.error
        except ServiceError as refusal:
            error = errors.error_info(refusal.code, refusal.message)
        except (OSError, sqlite3.OperationalError) as failure:
            error = errors.error_info("94095", f"The copy failed: {getattr(failure, 'strerror', None) or failure}")
        with self._world.store.transaction():
            self._pieces.end(self._piece, self._world.clock.now(), error)

    async def _room(self) -> int:
        """Return how many files may be copied now; waits where snapshots are held."""
        while (room := self._world.hold.room(self._copied)) == 0:
            self._check_cancelled()
            await self._world.hold.changed()
        return room

    def _copy_batch(self, limit: int) -> bool:
        """Copy the next files, so many at most, in one transaction; False when nothing is left."""
        self._check_cancelled()
        with self._world.store.transaction():
            reading, writing = self._ends()
            before = self._cursor or self._begin(reading, writing)
            if before.is_done:
                return False
            taken = take(self._lake, self._piece, before, reading.store, limit)
            files = size_bytes = 0
            for directory, batch in taken.batches:
                owner = writing.identity.object_id
                self._lake.copy_batch(batch, writing.store, self._piece.target.container, directory, owner=owner)
                files, size_bytes = files + len(batch.ids), size_bytes + batch.size_bytes
            if taken.entry is not None:
                to, owner = self._piece.target, writing.identity.object_id
                self._lake.copy(taken.entry, writing.store, to.container, to.path, owner=owner)
                files, size_bytes = 1, taken.entry.size_bytes
            after = taken.cursor or replace(before, is_done=True)
            self._pieces.move_on(self._piece, after, files=files, size_bytes=size_bytes)
        self._cursor, self._copied = after, self._copied + files
        return not after.is_done

    def _begin(self, reading: End, writing: End) -> Cursor:
        """Keep when this piece began to read its source, and decide what it takes."""
        now = self._world.clock.now()
        uids = f"{reading.store.uid}/{writing.store.uid}"
        self._pieces.begin_reading(self._piece, now, uids)
        source = self._piece.source
        if not self._lake.file_system_exists(reading.store, source.container):
            raise SnapshotFailed(*assumptions.gone_container(reading.store.name, source.container))
        mark = self._pieces.mark(self._piece.mapping_uid, uids) if self._run.mode == "Incremental" else None
        return first_cursor(assumptions.changes_after(mark), now)

    def _check_cancelled(self) -> None:
        if self._world.runs.is_cancelling(self._run):
            raise Cancelled

    def _ends(self) -> tuple[End, End]:
        """Return both ends, their stores there and their identities allowed; the target's container is made if need be."""
        subscription = self._world.resources.get(self._run.subscription_id)
        share = None if subscription is None else links.share_of(self._world.resources, subscription)
        if subscription is None or share is None:
            raise SnapshotFailed("94033", "The source share was deleted")
        reading = self._end(self._piece.source, share, stores.READ)
        writing = self._end(self._piece.target, subscription, stores.WRITE)
        self._make_container(writing)
        self._is_explained = True
        return reading, writing

    def _end(self, place: Place, above: Resource, action: Action) -> End:
        account = links.account_of(self._world.resources, above)
        identity = stores.identity_of(self._world.directory, account)
        store = self._store(place)
        if identity is None or not self._may(identity, action, store, place.container):
            raise SnapshotFailed("5006", errors.role_missing_text(store.id))
        if not stores.lets_services_in(store, account):
            raise SnapshotFailed(
                "94034", f"The firewall of storage account {store.name} keeps trusted Microsoft services out"
            )
        return End(store, identity)

    def _make_container(self, writing: End) -> None:
        name = self._piece.target.container
        if self._lake.file_system_exists(writing.store, name):
            return
        if not self._may(writing.identity, stores.MAKE_CONTAINER, writing.store, name):
            raise SnapshotFailed("5006", errors.role_missing_text(writing.store.id))
        self._lake.ensure_file_system(writing.store, name, owner=writing.identity.object_id)

    def _may(self, identity: Principal, action: Action, store: Resource, container: str) -> bool:
        """Ask for a right; refusals and the first answers are kept for `explain`, under the run's id, not one a batch."""
        tenant_id = links.tenant_of(self._world.resources, store.id)
        ask = partial(stores.may, self._world.access, identity, action, store, container, tenant_id=tenant_id)
        allowed = ask(request_id="")
        if not (allowed and self._is_explained):
            ask(request_id=self._run.id)
        return allowed

    def _store(self, place: Place) -> Resource:
        store = self._world.resources.get(place.store_id)
        if store is None:
            raise SnapshotFailed("94048", f"Storage account: {place.store_id.rsplit('/', 1)[-1]} does not exist")
        return store
