"""Legal holds and immutability policies: set by azure-mgmt-storage, felt by the clients of both data APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from collections.abc import Callable

    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any

GROUP = "lakes"
HELD, KEPT = "BlobImmutableDueToLegalHold", "BlobImmutableDueToPolicy"


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(HttpResponseError) as error:
        act()
    response: Any = error.value.response
    assert (response.status_code, response.headers.get("x-ms-error-code", code)) == (409, code), error.value


@pytest.mark.parametrize("is_hns", [False, True], ids=["flat", "hierarchical"])
def test_a_legal_hold_keeps_what_is_there_and_takes_what_is_new(new_account: NewAccount, is_hns: bool) -> None:
    account = new_account(is_hns=is_hns)
    container, plane = account.container(), account.management.blob_containers
    name = container.container_name
    blob = container.upload_blob("d/f", b"1")
    held = plane.set_legal_hold(GROUP, account.name, name, {"tags": ["case1", "CASE2"]})
    assert (held.has_legal_hold, held.tags) == (True, ["case1", "case2"])
    for act in (
        blob.delete_blob,
        lambda: blob.upload_blob(b"2", overwrite=True),
        lambda: blob.set_blob_metadata({"a": "b"}),
        blob.set_http_headers,
        container.delete_container,
    ):
        refused(HELD, act)
    container.upload_blob("d/new", b"3")
    blob.set_standard_blob_tier("Cool")
    assert (blob.download_blob().readall(), blob.get_blob_properties().metadata) == (b"1", {})
    assert container.get_container_properties().has_legal_hold
    shown = plane.get(GROUP, account.name, name)
    assert shown.has_legal_hold
    assert [one.tag for one in shown.legal_hold.tags] == ["case1", "case2"]
    assert plane.clear_legal_hold(GROUP, account.name, name, {"tags": ["case1"]}).has_legal_hold
    refused(HELD, blob.delete_blob)
    assert not plane.clear_legal_hold(GROUP, account.name, name, {"tags": ["case2"]}).has_legal_hold
    blob.delete_blob()


def test_nothing_held_is_moved_or_removed_with_its_directory(new_account: NewAccount) -> None:
    account = new_account(is_hns=True)
    container = account.container()
    files = account.dfs().get_file_system_client(container.container_name)
    for path in ("d/e/f", "free"):
        files.get_file_client(path).upload_data(b"1", overwrite=True)
    account.management.blob_containers.set_legal_hold(GROUP, account.name, files.file_system_name, {"tags": ["case1"]})
    name, directory = files.file_system_name, files.get_directory_client("d")
    refused(HELD, directory.delete_directory)
    refused(HELD, lambda: directory.rename_directory(f"{name}/moved"))
    refused(HELD, lambda: files.get_file_client("free").rename_file(f"{name}/moved"))
    refused(HELD, lambda: files.get_file_client("d/e/f").append_data(b"2", 1))
    files.get_file_client("new").upload_data(b"written by three requests", overwrite=True)
    files.create_directory("empty").rename_directory(f"{name}/renamed")
    directory.set_access_control(permissions="rwxr-x--x")
    refused(HELD, lambda: files.get_file_client("new").upload_data(b"again", overwrite=True))
    assert files.get_file_client("new").download_file().readall() == b"written by three requests"


def test_a_policy_keeps_blobs_for_its_days_and_once_locked_is_only_extended(new_own_account: NewAccount) -> None:
    account = new_own_account()
    container, plane = account.container(), account.management.blob_containers
    here = (GROUP, account.name, container.container_name)
    blob = container.upload_blob("f", b"1")

    def policy(days: int, **more: bool) -> dict[str, Any]:
        return {"properties": {"immutabilityPeriodSinceCreationInDays": days, **more}}

    def as_is(etag: str) -> dict[str, Any]:
        return {"etag": etag, "match_condition": MatchConditions.IfNotModified}

    def made(days: int, **more: bool) -> Any:
        return plane.create_or_update_immutability_policy(*here, parameters=policy(days, **more))

    first = made(3)
    assert (first.immutability_period_since_creation_in_days, first.state) == (3, "Unlocked")
    refused(KEPT, blob.delete_blob)
    refused(KEPT, container.delete_container)
    with pytest.raises(HttpResponseError) as other:
        plane.lock_immutability_policy(*here, **as_is('"other"'))
    assert other.value.status_code == 412
    assert plane.delete_immutability_policy(*here, **as_is(first.etag)).immutability_period_since_creation_in_days == 0
    blob.set_blob_metadata({"a": "b"})
    log = container.get_blob_client("log")
    log.create_append_blob()
    log.append_block(b"0")
    second = made(2, allowProtectedAppendWrites=True)
    log.append_block(b"1")
    refused(KEPT, log.delete_blob)
    locked = plane.lock_immutability_policy(*here, **as_is(second.etag))
    assert locked.state == "Locked"
    for act in (lambda: made(9), lambda: plane.delete_immutability_policy(*here, **as_is(locked.etag))):
        refused("ContainerImmutabilityPolicyLocked", act)
    longer = plane.extend_immutability_policy(*here, **as_is(locked.etag), parameters=policy(4))
    assert plane.get_immutability_policy(*here).etag == longer.etag
    assert container.get_container_properties().has_immutability_policy
    shown = plane.get(*here)
    assert [one.update_property for one in shown.immutability_policy.update_history] == ["put", "lock", "extend"]
    account.azure.command("clock", "advance", "73h")
    refused(KEPT, blob.delete_blob)
    account.azure.command("clock", "advance", "25h")
    refused(KEPT, lambda: blob.upload_blob(b"2", overwrite=True))
    blob.delete_blob()
