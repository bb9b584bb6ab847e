"""Access tiers, and the way back from the archive, which takes its time on the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import RehydratePriority, StandardBlobTier

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def test_an_archived_blob_is_read_again_when_it_is_back(new_own_account: NewAccount) -> None:
    account = new_own_account()
    container = account.container()
    blob = container.upload_blob("a", b"1", standard_blob_tier=StandardBlobTier.ARCHIVE)
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob()
    assert code(error.value) == "BlobArchived"
    assert blob.get_blob_properties().blob_tier == "Archive"
    blob.set_standard_blob_tier(StandardBlobTier.COOL, rehydrate_priority=RehydratePriority.HIGH)
    properties = blob.get_blob_properties()
    assert properties.archive_status == "rehydrate-pending-to-cool"
    assert properties.rehydrate_priority == "High"
    (listed,) = container.list_blobs()
    assert listed.archive_status == "rehydrate-pending-to-cool"
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob()
    assert code(error.value) == "BlobBeingRehydrated"
    with pytest.raises(HttpResponseError) as error:
        blob.set_standard_blob_tier(StandardBlobTier.HOT)
    assert code(error.value) == "BlobBeingRehydrated"
    account.azure.command("clock", "advance", "2h")
    assert blob.download_blob().readall() == b"1"
    properties = blob.get_blob_properties()
    assert properties.blob_tier == "Cool"
    assert properties.archive_status is None


def test_a_deletion_may_ask_when_the_tier_was_changed(new_account: NewAccount) -> None:
    blob = new_account().container().upload_blob("a", b"1")
    blob.set_standard_blob_tier(StandardBlobTier.COOL)
    now = datetime.now(UTC)
    for condition in (
        {"access_tier_if_modified_since": now + timedelta(hours=1)},
        {"access_tier_if_unmodified_since": now - timedelta(hours=1)},
    ):
        with pytest.raises(HttpResponseError) as error:
            blob.delete_blob(**condition)
        assert error.value.status_code == 412
    blob.delete_blob(access_tier_if_modified_since=now - timedelta(hours=1))


def test_what_was_deleted_is_purged_when_its_time_is_over_and_outlives_a_crash(new_own_account: NewAccount) -> None:
    account = new_own_account()
    account.keep_deleted(days=2)
    container = account.container()
    blob = container.upload_blob("a", b"1", tags={"kept": "1"})
    blob.create_snapshot()
    container.delete_blob("a", delete_snapshots="include")
    other = account.container("other")
    other.upload_blob("b", b"2")
    other.delete_container()
    account.azure.kill9()
    account.azure.start()
    assert len(list(container.list_blobs(include=["deleted", "snapshots"]))) == 2
    blob.undelete_blob()
    assert blob.get_blob_tags() == {"kept": "1"}
    blob.delete_blob(delete_snapshots="include")
    account.azure.command("clock", "advance", "49h")
    assert not list(container.list_blobs(include=["deleted", "snapshots"]))
    assert [one.name for one in account.blob().list_containers(include_deleted=True)] == ["box"]


def test_a_block_is_appended_from_another_blob_and_a_copy_stays_an_append_blob(new_account: NewAccount) -> None:
    account = new_account()
    container = account.container()
    source = container.upload_blob("source", b"0123456789")
    target = container.get_blob_client("target")
    target.create_append_blob()
    answer = target.append_block_from_url(
        f"{source.url}?{account.signature('box')}", source_offset=2, source_length=3, appendpos_condition=0
    )
    assert answer["blob_committed_block_count"] == 1
    with pytest.raises(HttpResponseError) as error:
        target.append_block_from_url(f"{source.url}?{account.signature('box')}", appendpos_condition=0)
    assert code(error.value) == "AppendPositionConditionNotMet"
    target.append_block(b"!")
    target.seal_append_blob()
    copy = container.get_blob_client("copy")
    copy.start_copy_from_url(target.url)
    properties = copy.get_blob_properties()
    assert properties.append_blob_committed_block_count == 2
    assert properties.is_append_blob_sealed
    assert copy.download_blob().readall() == b"234!"


def test_what_nobody_put_into_a_tier_is_in_the_accounts(new_account: NewAccount) -> None:
    account = new_account(accessTier="Cool")
    container = account.container()
    blob = container.upload_blob("a", b"1")
    for _ in range(2):  # what is told of it is remembered
        properties = blob.get_blob_properties()
        assert (properties.blob_tier, properties.blob_tier_inferred) == ("Cool", True)
    assert [(one.blob_tier, one.blob_tier_inferred) for one in container.list_blobs()] == [("Cool", True)]
    hot = new_account().container()
    hot.upload_blob("a", b"1")
    assert [one.blob_tier for one in hot.list_blobs()] == ["Hot"]


@pytest.mark.parametrize(("sku", "tiers"), [("Premium_LRS", ["P10", "P20"]), ("Standard_ZRS", [None, None])])
def test_only_page_blobs_of_a_premium_account_are_in_a_tier_of_their_size(
    new_account: NewAccount, sku: str, tiers: list[str | None]
) -> None:
    account = new_account(sku)
    container = account.container()
    for name, size in (("a", 512), ("b", 200 << 30)):
        container.get_blob_client(name).create_page_blob(size)
    assert [one.blob_tier for one in container.list_blobs()] == tiers
    assert [container.get_blob_client(name).get_blob_properties().blob_tier for name in "ab"] == tiers
    assert container.get_account_information()["sku_name"] == sku
