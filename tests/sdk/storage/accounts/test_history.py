"""Snapshots, versions and what was deleted and comes back, as Microsoft's clients use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def listed(container: ContainerClient, *include: str) -> list[tuple[str, bool, bool]]:
    """Return name, whether it is a snapshot, whether it is deleted."""
    found: list[Any] = list(container.list_blobs(include=list(include)))
    return [(one.name, bool(one.snapshot), bool(one.deleted)) for one in found]


@pytest.mark.parametrize("is_hns", [False, True], ids=["flat", "hierarchical"])
def test_a_snapshot_stays_what_the_blob_was(new_account: NewAccount, is_hns: bool) -> None:
    container = new_account(is_hns=is_hns).container()
    blob = container.upload_blob("a/b", b"before", metadata={"colour": "blue"})
    taken = blob.create_snapshot()["snapshot"]
    marked = blob.create_snapshot(metadata={"colour": "green"})["snapshot"]
    blob.upload_blob(b"afterwards", overwrite=True)
    past = container.get_blob_client("a/b", snapshot=taken)
    assert past.download_blob().readall() == b"before"
    assert past.get_blob_properties().metadata == {"colour": "blue"}
    assert container.get_blob_client("a/b", snapshot=marked).get_blob_properties().metadata == {"colour": "green"}
    assert blob.download_blob().readall() == b"afterwards"
    names: list[Any] = [one for one in container.list_blobs(include=["snapshots"]) if one.name == "a/b"]
    assert [one.snapshot for one in names] == [taken, marked, None]
    with pytest.raises(HttpResponseError) as error:
        past.upload_blob(b"x", overwrite=True)
    assert code(error.value) == "InvalidQueryParameterValue"


def test_a_blob_with_snapshots_goes_only_with_them(new_account: NewAccount) -> None:
    container = new_account().container()
    blob = container.upload_blob("a", b"1")
    first, second = (blob.create_snapshot()["snapshot"] for _ in range(2))
    with pytest.raises(ResourceExistsError) as error:
        blob.delete_blob()
    assert code(error.value) == "SnapshotsPresent"
    container.get_blob_client("a", snapshot=first).delete_blob()
    with pytest.raises(ResourceNotFoundError):
        container.get_blob_client("a", snapshot=first).get_blob_properties()
    blob.delete_blob(delete_snapshots="only")
    assert listed(container, "snapshots") == [("a", False, False)]
    blob.create_snapshot()
    blob.delete_blob(delete_snapshots="include")
    assert listed(container, "snapshots") == []
    with pytest.raises(ResourceNotFoundError):
        container.get_blob_client("a", snapshot=second).download_blob()


def test_a_deleted_blob_comes_back_with_its_snapshots(new_account: NewAccount) -> None:
    account = new_account()
    account.keep_deleted(days=5)
    container = account.container()
    blob = container.upload_blob("a", b"1")
    blob.create_snapshot()
    blob.delete_blob(delete_snapshots="include")
    assert listed(container, "snapshots") == []
    assert listed(container, "snapshots", "deleted") == [("a", True, True), ("a", False, True)]
    (gone,) = [one for one in container.list_blobs(include=["deleted"]) if not one.snapshot]
    assert gone.remaining_retention_days == 5
    blob.undelete_blob()
    assert listed(container, "snapshots", "deleted") == [("a", True, False), ("a", False, False)]
    assert blob.download_blob().readall() == b"1"


def test_what_was_overwritten_stays_as_a_deleted_snapshot(new_account: NewAccount) -> None:
    account = new_account()
    account.keep_deleted()
    container = account.container()
    blob = container.upload_blob("a", b"1")
    blob.upload_blob(b"2", overwrite=True)
    assert listed(container, "snapshots", "deleted") == [("a", True, True), ("a", False, False)]
    blob.undelete_blob()
    (snapshot,) = [one.snapshot for one in container.list_blobs(include=["snapshots"]) if one.snapshot]
    assert container.get_blob_client("a", snapshot=snapshot).download_blob().readall() == b"1"


def test_versions_are_kept_of_every_change_and_can_be_read_and_deleted(new_account: NewAccount) -> None:
    account = new_account()
    account.set_blob_service({"isVersioningEnabled": True})
    container = account.container()
    blob = container.get_blob_client("a")
    ids = [blob.upload_blob(text, overwrite=True)["version_id"] for text in (b"1", b"2", b"3")]
    marked = blob.set_blob_metadata({"colour": "blue"})["version_id"]
    versions: list[Any] = list(container.list_blobs(include=["versions"]))
    assert [one.version_id for one in versions] == [*ids, marked]
    assert [bool(one.is_current_version) for one in versions] == [False, False, False, True]
    assert blob.download_blob(version_id=ids[1]).readall() == b"2"
    assert not blob.get_blob_properties(version_id=ids[2]).metadata
    blob.delete_blob(version_id=ids[0])
    with pytest.raises(ResourceNotFoundError):
        blob.download_blob(version_id=ids[0])
    with pytest.raises(HttpResponseError) as error:
        blob.delete_blob(version_id=marked)
    assert error.value.status_code == 403
    blob.delete_blob()
    assert not blob.exists()
    assert blob.download_blob(version_id=marked).readall() == b"3"


def test_deleted_files_and_directories_of_a_lake_come_back_by_their_deletion(new_account: NewAccount) -> None:
    account = new_account(is_hns=True)
    account.keep_deleted()
    lake = account.dfs().create_file_system("box")
    for text in (b"first", b"second"):
        file = lake.create_file("file.txt")
        file.upload_data(text, overwrite=True)
        file.delete_file()
    lake.create_directory("dir").create_file("child").upload_data(b"child", overwrite=True)
    lake.get_directory_client("dir").delete_directory()
    deleted: list[Any] = list(lake.list_deleted_paths())
    assert sorted(one.name for one in deleted) == ["dir", "file.txt", "file.txt"]
    assert {one.remaining_retention_days for one in deleted} == {7}
    files = [one.deletion_id for one in deleted if one.name == "file.txt"]
    restored = lake._undelete_path("file.txt", files[0])
    assert restored.download_file().readall() == b"first"
    with pytest.raises(HttpResponseError) as error:
        lake._undelete_path("file.txt", files[1])
    assert error.value.status_code == 409
    (directory,) = [one.deletion_id for one in deleted if one.name == "dir"]
    lake._undelete_path("dir", directory)
    assert lake.get_file_client("dir/child").download_file().readall() == b"child"
    assert [one.name for one in lake.list_deleted_paths(path_prefix="file")] == ["file.txt"]


def test_a_deleted_container_comes_back_with_all_that_it_held(new_account: NewAccount) -> None:
    account = new_account(is_hns=True)
    account.keep_deleted()
    service = account.blob()
    container = account.container("box")
    container.upload_blob("a/b", b"1")
    container.delete_container()
    assert not container.exists()
    (gone,) = [one for one in service.list_containers(include_deleted=True) if one.deleted]
    assert gone.name == "box"
    back = service.undelete_container(gone.name, gone.version)
    assert back.download_blob("a/b").readall() == b"1"
    with pytest.raises(ResourceNotFoundError):
        service.undelete_container(gone.name, gone.version)
    lakes = account.dfs()
    lakes.delete_file_system("box")
    (deleted,) = [one for one in lakes.list_file_systems(include_deleted=True) if one.deleted]
    assert lakes.undelete_file_system("box", deleted.deleted_version).exists()
