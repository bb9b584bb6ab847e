"""Snapshot runs: what is copied where, counted how, and refused when."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.datashare import pace
from lakeport_local.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


async def until(happened: Callable[[], object]) -> None:
    """Give way to the engine until something has happened."""
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110  # the engine has no event for it
            await asyncio.sleep(0)


async def snapshot(org: Any, path: str, mode: str = "Incremental") -> dict[str, Any]:
    """Run a snapshot to its end and return its record."""
    answer = org.post(f"{path}/synchronize", {"synchronizationMode": mode})
    assert answer.status == 202, answer.response
    await org.world.share.drain()
    found: dict[str, Any] = org.get(f"{path}/shareSubscriptionSynchronizations/{answer.body['synchronizationId']}")
    return found


def details(org: Any, path: str, record: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = org.post(
        f"{path}/listSynchronizationDetails", {"synchronizationId": record["synchronizationId"]}
    ).body["value"]
    return found


async def test_synchronize_answers_with_three_fields_and_two_urls(fabrikam: Any, mapped: str) -> None:
    answer = fabrikam.post(f"{mapped}/Synchronize", {})
    run_id = answer.body["synchronizationId"]
    assert answer.body == {"status": "Queued", "synchronizationId": run_id, "synchronizationMode": "Incremental"}
    assert answer.header("x-ms-request-id") == run_id
    base = f"https://management.azure.com{fabrikam.acc}/{mapped}"
    version = "?api-version=2020-09-01"
    assert answer.header("Azure-AsyncOperation") == f"{base}/synchronizationOperationResults/{run_id}{version}"
    assert answer.header("Location") == f"{base}/shareSubscriptionSynchronizations/{run_id}{version}"


async def test_a_run_is_accepted_until_it_has_succeeded(world: Any, fabrikam: Any, mapped: str) -> None:
    run_id = fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"]
    status = f"{mapped}/synchronizationOperationResults/{run_id}"
    assert fabrikam.get(status) == {"startTime": None, "endTime": None, "status": "Accepted", "error": None}
    await world.share.drain()
    assert fabrikam.get(status) == {"startTime": None, "endTime": None, "status": "Succeeded", "error": None}
    assert fabrikam.get(f"{mapped}/shareSubscriptionSynchronizations/{run_id}") == {
        "endTime": "2030-01-01T12:02:00.4422Z",
        "startTime": "2030-01-01T12:02:00.4422Z",
        "durationMs": 0,
        "status": "Succeeded",
        "synchronizationId": run_id,
        "synchronizationMode": "Incremental",
    }


async def test_the_first_snapshot_copies_everything_and_counts_it(contoso: Any, fabrikam: Any, mapped: str) -> None:
    record = await snapshot(fabrikam, mapped)
    assert fabrikam.files("copy") == {"2024/a.csv": b"one", "2024/b.csv": b"three"}
    (detail,) = details(fabrikam, mapped, record)
    counts = {name: detail[name] for name in ("filesRead", "sizeRead", "filesWritten", "sizeWritten")}
    assert counts == {"filesRead": 2, "sizeRead": 8, "filesWritten": 2, "sizeWritten": 8}
    assert (detail["name"], detail["dataSetType"], detail["status"]) == ("raw", "AdlsGen2FileSystem", "Succeeded")
    (at_provider,) = contoso.post("shares/sales/listSynchronizations").body["value"]
    consumer = {"consumerName": "fabrikam app", "consumerEmail": "", "consumerTenantName": "fabrikam"}
    assert at_provider == {**consumer, **record}
    assert details(contoso, "shares/sales", record) == [detail]


async def test_an_incremental_snapshot_brings_only_what_changed_since(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    await snapshot(fabrikam, mapped)
    world.clock.advance(timedelta(seconds=1))
    contoso.write("data", "2024/b.csv", b"changed")
    contoso.write("data", "2025/c.csv", b"new")
    world.clock.advance(timedelta(seconds=1))
    (detail,) = details(fabrikam, mapped, await snapshot(fabrikam, mapped))
    assert (detail["filesRead"], detail["sizeRead"]) == (2, 10)
    assert fabrikam.files("copy") == {"2024/a.csv": b"one", "2024/b.csv": b"changed", "2025/c.csv": b"new"}


async def test_a_full_snapshot_copies_everything_again(world: Any, fabrikam: Any, mapped: str) -> None:
    await snapshot(fabrikam, mapped)
    world.clock.advance(timedelta(seconds=1))
    (detail,) = details(fabrikam, mapped, await snapshot(fabrikam, mapped, "FullSync"))
    assert detail["filesRead"] == 2


async def test_a_later_write_on_either_side_never_shows_on_the_other(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    await snapshot(fabrikam, mapped)
    contoso.write("data", "2024/a.csv", b"at the source")
    fabrikam.write("copy", "2024/b.csv", b"at the target")
    assert fabrikam.files("copy")["2024/a.csv"] == b"one"
    assert contoso.files("data")["2024/b.csv"] == b"three"


async def test_a_file_deleted_at_the_source_stays_at_the_target(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    await snapshot(fabrikam, mapped)
    entry = world.lake.file(contoso.store, "data", "2024/a.csv")
    world.store.db.execute("DELETE FROM paths WHERE id = ?", (entry.id,))
    world.clock.advance(timedelta(seconds=1))
    await snapshot(fabrikam, mapped, "FullSync")
    assert "2024/a.csv" in fabrikam.files("copy")


async def test_after_a_failed_run_the_next_incremental_one_brings_what_is_missing(
    world: Any, fabrikam: Any, mapped: str
) -> None:
    grants = world.resources.under(fabrikam.store.id, "Microsoft.Authorization/roleAssignments")
    world.resources.delete(grants[0].id)
    record = await snapshot(fabrikam, mapped)
    assert record["status"] == "Failed"
    fabrikam.grant_identity("ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    world.clock.advance(timedelta(seconds=1))
    assert (await snapshot(fabrikam, mapped))["status"] == "Succeeded"
    assert len(fabrikam.files("copy")) == 2


LAYOUTS = {
    "folder to file system": (
        ("AdlsGen2Folder", {"fileSystem": "data", "folderPath": "2024/"}),
        ("AdlsGen2FileSystem", {"fileSystem": "copy"}),
        {"a.csv", "b.csv"},
    ),
    "file system to folder": (
        ("AdlsGen2FileSystem", {"fileSystem": "data"}),
        ("AdlsGen2Folder", {"fileSystem": "copy", "folderPath": "in/sales"}),
        {"in/sales/2024/a.csv", "in/sales/2024/b.csv"},
    ),
    "blob folder to container": (
        ("BlobFolder", {"containerName": "data", "prefix": "2024"}),
        ("Container", {"containerName": "copy"}),
        {"a.csv", "b.csv"},
    ),
    "container to blob folder": (
        ("Container", {"containerName": "data"}),
        ("BlobFolder", {"containerName": "copy", "prefix": "in/"}),
        {"in/2024/a.csv", "in/2024/b.csv"},
    ),
    "file to blob": (
        ("AdlsGen2File", {"fileSystem": "data", "filePath": "2024/a.csv"}),
        ("Blob", {"containerName": "copy", "filePath": "renamed.csv"}),
        {"renamed.csv"},
    ),
}


def share_one(contoso: Any, fabrikam: Any, received: str, source: Any, target: Any, name: str = "one") -> Any:
    """Share a data set and map it; return the mapping's answer."""
    kind, members = source
    made = contoso.put(f"shares/sales/dataSets/{name}", {"kind": kind, "properties": contoso.at(**members)})
    assert made.status == 201, made.response
    kind, members = target
    properties = {**fabrikam.at(**members), "dataSetId": made.body["properties"]["dataSetId"]}
    return fabrikam.put(f"{received}/dataSetMappings/{name}", {"kind": kind, "properties": properties})


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_files_land_where_the_mapping_says(contoso: Any, fabrikam: Any, accept: Any, layout: str) -> None:
    source, target, expected = LAYOUTS[layout]
    contoso.write("data", "2024/a.csv", b"one")
    contoso.write("data", "2024/b.csv", b"two")
    received = accept()
    assert share_one(contoso, fabrikam, received, source, target).status == 201
    assert (await snapshot(fabrikam, received))["status"] == "Succeeded"
    assert set(fabrikam.files("copy")) == expected


async def test_a_missing_source_file_fails_the_run_as_captured_7_7(contoso: Any, fabrikam: Any, accept: Any) -> None:
    contoso.write("containername", "other.txt", b"")
    received = accept()
    source = ("Blob", {"containerName": "containername", "filePath": "apple"})
    share_one(contoso, fabrikam, received, source, ("Blob", {"containerName": "copy", "filePath": "apple"}))
    record = await snapshot(fabrikam, received)
    assert record["status"] == "Failed"
    polled = fabrikam.get(f"{received}/synchronizationOperationResults/{record['synchronizationId']}")
    assert polled == {
        "startTime": None,
        "endTime": None,
        "status": "Failed",
        "error": {
            "code": "10002",
            "message": "Failed because Blob is missing or cannot be located. Please check the blob name and path and retry later.",
            "target": "ErrorCode=UserErrorSourceBlobNotExist,'Type=Microsoft.DataTransfer.Common.Shared.HybridDeliveryException,"
            "Message=The required Blob is missing. ContainerName: https://contosostore.blob.core.windows.net/containername, path: apple.,"
            "Source=Microsoft.DataTransfer.ClientLibrary,'",
            "details": [],
        },
    }


async def test_one_failing_data_set_fails_the_run_and_the_others_are_copied(
    contoso: Any, fabrikam: Any, mapped: str
) -> None:
    source = ("Blob", {"containerName": "data", "filePath": "gone"})
    share_one(contoso, fabrikam, mapped, source, ("Blob", {"containerName": "copy", "filePath": "gone"}), "another")
    record = await snapshot(fabrikam, mapped)
    assert record["status"] == "Failed"
    assert {one["name"]: one["status"] for one in details(fabrikam, mapped, record)} == {
        "another": "Failed",
        "raw": "Succeeded",
    }
    assert set(fabrikam.files("copy")) == {"2024/a.csv", "2024/b.csv"}


async def test_without_its_role_at_snapshot_time_the_identity_is_named(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    grants = world.resources.under(contoso.store.id, "Microsoft.Authorization/roleAssignments")
    world.resources.delete(grants[0].id)
    record = await snapshot(fabrikam, mapped)
    assert record["message"] == f"Missing permissions for DataShareAccount on resource '{contoso.store.id[1:]}'"
    reasons = [one.allowed for one in world.log.of(record["synchronizationId"])]
    assert reasons[-1] is False


async def test_the_target_is_made_and_owned_by_the_consumers_identity(world: Any, fabrikam: Any, mapped: str) -> None:
    assert not world.lake.file_system_exists(fabrikam.store, "copy")
    await snapshot(fabrikam, mapped)
    row = world.store.db.execute("SELECT owner FROM paths WHERE name = 'a.csv' ORDER BY id DESC LIMIT 1").fetchone()
    assert row["owner"] == fabrikam.identity


async def test_a_second_run_waits_until_the_first_has_ended(world: Any, fabrikam: Any, mapped: str) -> None:
    first, second = (fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"] for _ in range(2))
    startable = [run.id for run in world.share._world.runs.startable(set(), 8)]
    assert startable == [first]
    await world.share.drain()
    listed = fabrikam.post(f"{mapped}/listSynchronizations").body["value"]
    assert [(one["synchronizationId"], one["status"]) for one in listed] == [
        (second, "Succeeded"),
        (first, "Succeeded"),
    ]


async def test_a_queued_run_can_be_cancelled_and_shows_three_fields_before(
    world: Any, fabrikam: Any, mapped: str
) -> None:
    run_id = fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"]
    (queued,) = fabrikam.post(f"{mapped}/listSynchronizations").body["value"]
    assert queued == {"status": "Queued", "synchronizationId": run_id, "synchronizationMode": "Incremental"}
    answer = fabrikam.post(f"{mapped}/cancelSynchronization", {"synchronizationId": run_id})
    assert (answer.status, answer.body["status"]) == (202, "Cancelled")
    await world.share.drain()
    polled = fabrikam.get(f"{mapped}/synchronizationOperationResults/{run_id}")
    assert polled["status"] == "Canceled"
    assert fabrikam.post(f"{mapped}/cancelSynchronization", {"synchronizationId": run_id}).status == 200


async def test_a_run_in_progress_stops_at_its_next_batch_when_cancelled(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BATCH", 1)
    run_id = fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"]
    draining = asyncio.create_task(world.share.drain())
    await until(lambda: world.lake.file(fabrikam.store, "copy", "2024/a.csv"))
    answer = fabrikam.post(f"{mapped}/cancelSynchronization", {"synchronizationId": run_id})
    assert answer.body["status"] == "InProgress"
    await draining
    (record,) = fabrikam.post(f"{mapped}/listSynchronizations").body["value"]
    assert record["status"] == "Cancelled"
    assert set(fabrikam.files("copy")) == {"2024/a.csv"}
    operation = answer.header("Azure-AsyncOperation").removeprefix("https://management.azure.com").partition("?")[0]
    assert fabrikam.get(operation)["status"] == "Succeeded"


async def test_after_a_kill_the_run_goes_on_with_the_next_file(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed process leaves is what was committed: the run is dropped between two batches and taken up by another engine."""
    monkeypatch.setattr(pace, "BATCH", 1)
    run_id = fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"]
    draining = asyncio.create_task(world.share.drain())
    await until(lambda: world.lake.file(fabrikam.store, "copy", "2024/a.csv"))
    for task in (draining, *world.share._tasks.values()):
        task.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    assert set(fabrikam.files("copy")) == {"2024/a.csv"}
    copied = world.lake.file(fabrikam.store, "copy", "2024/a.csv")
    again = type(world)(world.store, world.clock, world.ids)
    await again.share.drain()
    (detail,) = details(fabrikam, mapped, {"synchronizationId": run_id})
    assert (detail["status"], detail["filesWritten"], detail["sizeWritten"]) == ("Succeeded", 2, 8)
    assert set(fabrikam.files("copy")) == {"2024/a.csv", "2024/b.csv"}
    assert world.lake.file(fabrikam.store, "copy", "2024/a.csv") == copied


async def test_a_reopened_folder_takes_its_unfinished_run_up(tmp_path: Path) -> None:
    """The runs are in the database, not in the engine."""
    store = Store(tmp_path / "state")
    store.db.execute(
        "INSERT INTO data_share_runs (id, subscription_id, subscription_uid, share_uid, mode, status, queued_at, consumer)"
        " VALUES ('r', '/none', 1, 1, 'FullSync', 'Queued', '2030-01-01T00:00:00Z', '{}')"
    )
    store.close()
    from lakeport_local.datashare.runs import Runs

    again = Store(tmp_path / "state")
    assert [run.id for run in Runs(again).startable(set(), 8)] == ["r"]
    again.close()


async def test_a_target_that_cannot_be_written_fails_the_data_set_and_copies_nothing_by_half(
    contoso: Any, fabrikam: Any, mapped: str
) -> None:
    fabrikam.write("copy", "2024", b"a file where a directory must be")
    record = await snapshot(fabrikam, mapped)
    (detail,) = details(fabrikam, mapped, record)
    assert (detail["status"], detail["filesWritten"], detail["sizeRead"]) == ("Failed", 0, 0)
    assert set(fabrikam.files("copy")) == {"2024"}


async def test_the_history_forgets_what_ended_more_than_thirty_days_ago(world: Any, fabrikam: Any, mapped: str) -> None:
    await snapshot(fabrikam, mapped)
    world.clock.advance(timedelta(days=30, seconds=1))
    assert fabrikam.post(f"{mapped}/listSynchronizations").body == {"value": []}
    (detail,) = details(fabrikam, mapped, await snapshot(fabrikam, mapped))
    assert detail["filesRead"] == 0
    assert world.store.db.execute("SELECT count(*) AS n FROM data_share_runs").fetchone()["n"] == 2
    await world.share.run_due(world.clock.now())
    assert world.store.db.execute("SELECT count(*) AS n FROM data_share_runs").fetchone()["n"] == 1


async def test_the_engine_runs_what_is_queued_while_it_works(world: Any, fabrikam: Any, mapped: str) -> None:
    engine = asyncio.create_task(world.share.run())
    try:
        await asyncio.sleep(0)
        run_id = fabrikam.post(f"{mapped}/synchronize", {}).body["synchronizationId"]
        await until(lambda: fabrikam.get(f"{mapped}/synchronizationOperationResults/{run_id}")["status"] != "Accepted")
        assert len(fabrikam.files("copy")) == 2
    finally:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)


async def test_a_run_that_stumbles_over_a_bug_fails_alone_and_says_so(
    world: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(world.lake, "copy_batch", broken)
    record = await snapshot(fabrikam, mapped)
    assert record["status"] == "Failed"
    assert "a bug of ours" in caplog.text
    assert "bug" not in record["message"]
    monkeypatch.undo()
    assert (await snapshot(fabrikam, mapped))["status"] == "Succeeded"


async def test_a_disk_that_is_full_fails_the_data_set(
    world: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.lake, "copy_batch", full)
    record = await snapshot(fabrikam, mapped)
    assert (record["status"], record["message"]) == ("Failed", "The copy failed: No space left on device")


@pytest.mark.parametrize(("bypass", "status"), [("Logging, AzureServices", "Succeeded"), ("None", "Failed")])
async def test_a_firewall_must_let_trusted_services_in(
    world: Any, contoso: Any, fabrikam: Any, mapped: str, bypass: str, status: str
) -> None:
    rules = {"networkAcls": {"defaultAction": "Deny", "bypass": bypass}}
    world.resources.put(replace(contoso.store, properties=rules))
    assert (await snapshot(fabrikam, mapped))["status"] == status


async def test_a_rule_of_the_firewall_lets_this_share_account_in(
    world: Any, contoso: Any, fabrikam: Any, mapped: str
) -> None:
    account = world.resources.get(f"{fabrikam.group}/providers/Microsoft.DataShare/accounts/{fabrikam.account}")
    rule = {"resourceId": account.id, "tenantId": account.identity["tenantId"]}
    walled = {"networkAcls": {"defaultAction": "Deny", "bypass": "None", "resourceAccessRules": [rule]}}
    world.resources.put(replace(fabrikam.store, properties=walled))
    assert (await snapshot(fabrikam, mapped))["status"] == "Succeeded"
    world.resources.put(replace(contoso.store, properties=walled))
    assert (await snapshot(fabrikam, mapped))["status"] == "Failed", "the rule is for the consumer's account"


async def test_a_runs_decisions_are_remembered_once_and_not_for_every_batch(
    world: Any, fabrikam: Any, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "BATCH", 1)
    record = await snapshot(fabrikam, mapped)
    actions = [one.action.name.rpartition("/")[2] for one in world.log.of(record["synchronizationId"])]
    assert actions.count("read") == 1
