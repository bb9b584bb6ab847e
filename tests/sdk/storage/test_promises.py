"""What the clients' own suites hold the real service to, each found wrong here once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (
    AccessPolicy,
    BlobClient,
    BlobType,
    ContainerClient,
    ContentSettings,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.filedatalake import DataLakeDirectoryClient, generate_directory_sas

if TYPE_CHECKING:
    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another

LEASE = "11111111-2222-4333-8444-555555555555"
HOUR = timedelta(hours=1)


def test_an_expiry_is_kept_listed_changed_and_taken_back(fs: FileSystemClient) -> None:
    file = fs.create_file("f", expires_on=int(HOUR.total_seconds() * 1000))
    told: Any = file.get_file_properties()
    assert told.expiry_time - told.creation_time == HOUR
    assert next(iter(fs.get_paths())).expiry_time is not None
    file.set_file_expiry("Absolute", expires_on=datetime(2075, 4, 4, tzinfo=UTC))
    changed = file.get_file_properties()
    assert (changed.expiry_time, changed.etag) == (datetime(2075, 4, 4, tzinfo=UTC), told.etag)
    file.set_file_expiry("NeverExpire")
    assert file.get_file_properties().expiry_time is None


@pytest.mark.parametrize(
    ("option", "code"), [("RelativeToNow", "MissingRequiredHeader"), ("Soon", "InvalidHeaderValue")]
)
def test_an_expiry_that_says_too_little_is_refused(fs: FileSystemClient, option: str, code: str) -> None:
    file = fs.create_file("f")
    with pytest.raises(HttpResponseError) as error:
        file.set_file_expiry(option)
    assert code in str(error.value)
    with pytest.raises(HttpResponseError):
        file.set_file_expiry("Absolute", expires_on=datetime(2020, 1, 1, tzinfo=UTC))


def test_a_file_may_be_made_leased_with_a_context(fs: FileSystemClient) -> None:
    file = fs.get_file_client("f")
    file.create_file(lease_id=LEASE, lease_duration=15, encryption_context="sealed")
    properties = file.get_file_properties()
    assert (properties.lease.state, properties.lease.duration) == ("leased", "fixed")
    assert properties.encryption_context == "sealed"
    assert next(iter(fs.get_paths())).encryption_context == "sealed"
    with pytest.raises(HttpResponseError) as error:
        file.append_data(b"x", 0, 1)
    assert "LeaseIdMissing" in str(error.value)


def test_appends_and_flushes_acquire_renew_and_release_a_lease(fs: FileSystemClient) -> None:
    file = fs.create_file("f")

    def state() -> str:
        return str(file.get_file_properties().lease.state)

    file.append_data(b"abc", 0, 3, lease_action="acquire", lease_duration=30, lease=LEASE)
    assert state() == "leased"
    with pytest.raises(HttpResponseError):
        file.flush_data(3)
    file.append_data(b"d", 3, 1, lease_action="release", lease=LEASE)
    assert state() == "leased"  # a release waits for the flush
    file.flush_data(4, lease_action="release", lease=LEASE)
    assert state() == "available"
    file.append_data(b"e", 4, 1, flush=True, lease_action="acquire-release", lease=LEASE)
    assert (state(), file.download_file().readall()) == ("available", b"abcde")


def test_who_names_a_blobs_lease_may_put_it_without_overwrite(container: ContainerClient) -> None:
    blob = container.upload_blob("b", b"first")
    lease = blob.acquire_lease()
    blob.upload_blob(b"second", lease=lease)
    assert blob.download_blob().readall() == b"second"
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(b"third")


def test_a_version_a_snapshot_or_a_condition_on_tags_never_means_the_blob_itself(container: ContainerClient) -> None:
    blob = container.upload_blob("b", b"kept")
    moment = "2024-01-01T00:00:00.0000000Z"
    for call in (lambda: blob.delete_blob(version_id=moment), lambda: blob.get_blob_properties(version_id=moment)):
        with pytest.raises(ResourceNotFoundError):
            call()
    with pytest.raises(HttpResponseError):
        container.get_blob_client("b", snapshot="1").delete_blob()
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(if_tags_match_condition="\"kind\"='old'")
    assert blob.download_blob().readall() == b"kept"


def test_a_signature_says_the_headers_of_the_answer(lakes: Lakes, container: ContainerClient) -> None:
    blob = container.upload_blob("b", b"text")
    signed = generate_blob_sas(
        "lake1",
        container.container_name,
        "b",
        account_key=lakes.key,
        permission="r",
        expiry=datetime.now(UTC) + HOUR,
        cache_control="no-cache",
        content_type="text/plain",
    )
    settings = (
        BlobClient.from_blob_url(blob.url, credential=signed, **lakes.azure.sdk)
        .download_blob()
        .properties.content_settings
    )
    assert (settings.cache_control, settings.content_type) == ("no-cache", "text/plain")


def test_a_containers_signature_serves_a_batch_within_what_it_permits(lakes: Lakes, container: ContainerClient) -> None:
    for name in ("a", "b"):
        container.upload_blob(name, b"x")

    def statuses(permission: str) -> list[int]:
        signed = generate_container_sas(
            "lake1",
            container.container_name,
            account_key=lakes.key,
            permission=permission,
            expiry=datetime.now(UTC) + HOUR,
        )
        client = ContainerClient.from_container_url(container.url, credential=signed, **lakes.azure.sdk)
        return [answer.status_code for answer in client.delete_blobs("a", "b", raise_on_any_failure=False)]

    assert statuses("rl") == [403, 403]
    assert statuses("rd") == [202, 202]


def test_a_delegated_signature_may_be_of_somebody_the_directory_does_not_know(
    lakes: Lakes, fs: FileSystemClient
) -> None:
    stranger, now = "5d56d308-df82-4266-ba63-ef1da3945873", datetime.now(UTC)
    fs._get_root_directory_client().set_access_control(permissions="--x--x--x")
    fs.create_directory("theirs", owner=stranger)
    fs.create_directory("not-theirs", permissions="0700")
    key = lakes.dfs(lakes.credential("owner")).get_user_delegation_key(now, now + HOUR)

    def client(name: str) -> DataLakeDirectoryClient:
        # The signature may outlive its key by the seconds that it took to make it.
        end = now + HOUR + timedelta(seconds=3)
        signed = generate_directory_sas(
            "lake1", fs.file_system_name, name, key, permission="racwdlmeop", expiry=end, agent_object_id=stranger
        )
        url = "https://lake1.dfs.core.windows.net"
        return DataLakeDirectoryClient(url, fs.file_system_name, name, signed, retry_total=0, **lakes.azure.sdk)

    client("theirs").set_access_control(permissions="0750")
    with pytest.raises(HttpResponseError) as error:
        client("not-theirs").set_access_control(permissions="0777")
    assert error.value.status_code == 403


def test_a_removal_of_whole_kinds_of_entries_is_understood(fs: FileSystemClient) -> None:
    directory = fs.create_directory("d")
    directory.set_access_control(acl=f"user::rwx,user:{LEASE}:r-x,group::r-x,mask::rwx,other::---")
    counters: Any = directory.remove_access_control_recursive(
        acl=f"mask,default:user,default:group,user:{LEASE}"
    ).counters
    assert (counters.directories_successful, counters.failure_count) == (1, 0)
    assert directory.get_access_control()["acl"] == "user::rwx,group::r-x,other::---"


def test_metadata_names_may_hold_what_the_service_sorts_in_its_own_way(container: ContainerClient) -> None:
    metadata = dict.fromkeys(("a0", "a9", "_", "_a", "a_", "__", "_a_", "b", "ab", "a_b"), "v")
    blob = container.upload_blob("b", b"x", metadata=metadata)
    assert blob.get_blob_properties().metadata == metadata


def test_a_listing_tells_of_copies_and_changes_of_tier(container: ContainerClient) -> None:
    source = container.upload_blob("source", b"x")
    copy = container.get_blob_client("target")
    copy.start_copy_from_url(source.url)
    copy.set_standard_blob_tier("Cool")
    found = {one.name: one for one in container.list_blobs(include=["copy"])}["target"]
    assert (found.copy.status, found.copy.source) == ("success", source.url)
    assert found.blob_tier_change_time is not None


def test_a_synchronous_copy_names_who_may_read_its_source(lakes: Lakes, container: ContainerClient) -> None:
    settings = ContentSettings(content_language="spanish")
    source, target = (
        container.upload_blob("source", b"bytes", content_settings=settings),
        container.get_blob_client("target"),
    )
    with pytest.raises(HttpResponseError) as error:
        target.start_copy_from_url(source.url, requires_sync=True)
    assert "CannotVerifyCopySource" in str(error.value)
    answer: Any = error.value.response
    assert answer.headers["x-ms-copy-source-status-code"] == "401"
    signed = generate_blob_sas(
        "lake1",
        container.container_name,
        "source",
        account_key=lakes.key,
        permission="r",
        expiry=datetime.now(UTC) + HOUR,
    )
    url = f"{source.url}?{signed}"
    with pytest.raises(HttpResponseError) as error:
        target.upload_blob_from_url(url, source_content_md5=bytearray(16))
    assert "Md5Mismatch" in str(error.value)
    wrong = {"x-ms-source-content-crc64": "AAAAAAAAAAA="}
    target_log = container.get_blob_client("log")
    target_log.create_append_blob()
    for act in (
        lambda: target.upload_blob_from_url(url, headers=wrong),
        lambda: target.stage_block_from_url("a", url, headers=wrong),
        lambda: target_log.append_block_from_url(url, headers=wrong),
    ):
        with pytest.raises(HttpResponseError) as error:
            act()
        assert ("Crc64Mismatch", error.value.status_code) == (error.value.error_code, 400)  # type: ignore[attr-defined]
    with pytest.raises(HttpResponseError) as error:
        target.stage_block_from_url("a", url, source_content_md5=bytearray(16), headers=wrong)
    assert "BothCrc64AndMd5HeaderPresent" in str(error.value)
    assert (target.exists(), target_log.get_blob_properties().size) == (False, 0)
    target.upload_blob_from_url(url, include_source_blob_properties=False)
    assert target.get_blob_properties().content_settings.content_language is None
    target.upload_blob_from_url(url, overwrite=True)
    assert target.get_blob_properties().content_settings.content_language == "spanish"
    assert target.download_blob().readall() == b"bytes"


def test_a_put_is_held_to_the_md5_that_it_names_for_the_blob(container: ContainerClient) -> None:
    wrong = ContentSettings(content_md5=bytearray(16))
    with pytest.raises(HttpResponseError) as error:
        container.upload_blob("b", b"bytes", content_settings=wrong)
    assert "Md5Mismatch" in str(error.value)
    assert not container.get_blob_client("b").exists()


def test_a_policy_that_says_nothing_comes_back_as_nothing(container: ContainerClient) -> None:
    container.set_container_access_policy(signed_identifiers={"empty": AccessPolicy()})
    assert container.get_container_access_policy()["signed_identifiers"][0].access_policy is None


def test_an_append_blob_grows_block_by_block_until_it_is_sealed(container: ContainerClient) -> None:
    blob = container.get_blob_client("log")
    blob.create_append_blob(metadata={"kind": "log"})
    first = blob.append_block(b"one\n")
    assert (first["blob_append_offset"], first["blob_committed_block_count"]) == ("0", 1)
    blob.append_block(b"two\n", appendpos_condition=4)
    with pytest.raises(HttpResponseError) as refused:
        blob.append_block(b"late", appendpos_condition=4)
    assert refused.value.status_code == 412
    with pytest.raises(HttpResponseError) as refused:
        blob.append_block(b"late", maxsize_condition=9)
    assert refused.value.status_code == 412
    blob.upload_blob(b"three\n", blob_type=BlobType.APPENDBLOB)
    blob.seal_append_blob()
    with pytest.raises(ResourceExistsError) as error:
        blob.append_block(b"four")
    assert "BlobIsSealed" in str(error.value)
    properties = blob.get_blob_properties()
    assert (properties.blob_type, properties.append_blob_committed_block_count) == (BlobType.APPENDBLOB, 3)
    assert blob.download_blob().readall() == b"one\ntwo\nthree\n"


def test_blocks_do_not_go_into_another_kind_of_blob(container: ContainerClient) -> None:
    blob = container.upload_blob("b", b"block")
    with pytest.raises(ResourceExistsError):
        blob.append_block(b"x")
    blob.create_append_blob()
    with pytest.raises(ResourceExistsError):
        blob.stage_block("MQ==", b"x")


def test_a_read_that_names_a_lease_needs_that_lease(container: ContainerClient) -> None:
    blob = container.get_blob_client("b")
    blob.upload_blob(b"x")
    with pytest.raises(HttpResponseError, match="LeaseNotPresentWithBlobOperation"):
        blob.get_blob_properties(lease=LEASE)
    lease = blob.acquire_lease(lease_id=LEASE)
    assert blob.download_blob().readall() == blob.download_blob(lease=lease).readall() == b"x"
    with pytest.raises(HttpResponseError, match="LeaseIdMismatchWithBlobOperation"):
        blob.download_blob(lease="22222222-2222-4333-8444-555555555555")


def test_blocks_of_one_blob_have_ids_of_one_length(container: ContainerClient) -> None:
    blob = container.get_blob_client("b")
    blob.stage_block("aaa", b"1")
    with pytest.raises(HttpResponseError, match="InvalidBlobOrBlock"):
        blob.stage_block("bb", b"2")
    blob.stage_block("bbb", b"2")
