"""What happens to snapshots when the server's clock is moved or its process killed."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError
from azure.mgmt.datashare import models as m

from lakeport_local.core import RandomIds, ShiftableClock
from lakeport_local.state import Resources, Store
from lakeport_local.storage import Lake
from lakeport_local.storage.content import Extent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GROUP = "data-share-automation"
FILES = 6000


def seed(folder: Path) -> None:
    """Put many small files into the provider's file system, while no server holds the folder."""
    store = Store(folder)
    resources, clock = Resources(store), ShiftableClock()
    lake = Lake(store, resources, RandomIds(), clock)
    account = resources.named("Microsoft.Storage/storageAccounts", "sourcestorage")
    assert account is not None
    with store.transaction():
        root = lake.file_systems.require(account.uid, "share-data").root
        parent = lake.paths.make_parents(root, "many/x", owner="$superuser")
        for number in range(FILES):
            sink = lake.contents.sink(limit_bytes=100)
            sink.write(b"%d" % number)
            sink.finish()
            chunk = lake.contents.keep(sink)
            content, size = lake.contents.make([Extent(chunk.id, 0, chunk.size_bytes)])
            lake.paths.replace_file(parent, f"{number:05}", owner="$superuser", content=content, size_bytes=size)
    store.close()


def copied(folder: Path, file_system: str) -> int:
    """Count the files in the consumer's file system, while no server holds the folder."""
    store = Store(folder)
    resources = Resources(store)
    account = resources.named("Microsoft.Storage/storageAccounts", "deststorage")
    assert account is not None
    found = sum(1 for _ in Lake(store, resources, RandomIds(), ShiftableClock()).files(account, file_system))
    store.close()
    return found


def written(folder: Path) -> int:
    """Count the files that snapshots wrote, while a server holds the folder."""
    with closing(sqlite3.connect(f"file:{folder}/state.db?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT coalesce(sum(files_written), 0) FROM data_share_pieces").fetchone()[0])


def until(happened: Callable[[], bool]) -> None:
    """Poll until something has happened."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_clock_brings_scheduled_runs_and_returns_when_they_are_done(new_azure: Any, flow_of: Any) -> None:
    azure = new_azure()
    flow = flow_of(azure)
    flow.all("clock")
    provider, consumer = flow.provider, flow.consumer
    hourly = m.ScheduledSynchronizationSetting(
        recurrence_interval="Hour", synchronization_time=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )
    provider.client.synchronization_settings.create(GROUP, provider.account, "clock", "hourly", hourly)
    (schedule,) = consumer.client.share_subscriptions.list_source_share_synchronization_settings(
        GROUP, consumer.account, "clock"
    )
    consumer.client.triggers.begin_create(GROUP, consumer.account, "clock", "hourly", schedule).result()
    azure.command("clock", "advance", "3h")
    again = flow_of(azure).consumer
    runs = list(again.client.share_subscriptions.list_synchronizations(GROUP, again.account, "clock"))
    assert [run.status for run in runs] == ["Succeeded"] * 3
    began = [run.start_time.replace(second=0, microsecond=0) for run in reversed(runs)]
    assert [one.minute for one in began] == [0] * 3
    assert began == [began[0] + dt.timedelta(hours=n) for n in range(3)]


def test_a_server_killed_in_the_middle_of_a_run_finishes_it_when_it_is_up_again(new_azure: Any, flow_of: Any) -> None:
    azure = new_azure(memory=False)
    azure.stop()
    seed(azure.state)
    azure.start()
    flow = flow_of(azure)
    flow.all("killed")
    consumer = flow.consumer
    client = consumer.client.share_subscriptions

    def ask() -> None:
        with suppress(AzureError):  # it may die before it answers
            client.begin_synchronize(GROUP, consumer.account, "killed", m.Synchronize(), polling=False, retry_total=0)

    asking = threading.Thread(target=ask)
    asking.start()
    azure.kill9_when(lambda: written(azure.state) > 0)
    asking.join()
    assert 0 < copied(azure.state, "killed-copy") < FILES
    azure.start()

    def status() -> str:
        return str(next(iter(client.list_synchronizations(GROUP, consumer.account, "killed"))).status)

    until(lambda: status() not in {"Queued", "InProgress"})
    (run,) = client.list_synchronizations(GROUP, consumer.account, "killed")
    wanted = m.ShareSubscriptionSynchronization(synchronization_id=run.synchronization_id)
    (detail,) = client.list_synchronization_details(GROUP, consumer.account, "killed", wanted)
    assert (detail.status, detail.files_read, detail.files_written) == ("Succeeded", FILES, FILES)
    azure.stop()
    assert copied(azure.state, "killed-copy") == FILES
