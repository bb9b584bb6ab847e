"""Tags of blobs: set, read, found, and asked for by conditions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


@pytest.mark.parametrize("is_hns", [False, True], ids=["flat", "hierarchical"])
def test_tags_come_with_an_upload_or_later_and_are_no_change_of_the_blob(new_account: NewAccount, is_hns: bool) -> None:
    container = new_account(is_hns=is_hns).container()
    blob = container.upload_blob("a/b", b"1", tags={"colour": "light blue", "size": "1"})
    etag = blob.get_blob_properties().etag
    assert blob.get_blob_tags() == {"colour": "light blue", "size": "1"}
    blob.set_blob_tags({"project": "x/y:z"})
    assert blob.get_blob_tags() == {"project": "x/y:z"}
    properties = blob.get_blob_properties()
    assert properties.etag == etag
    assert properties.tag_count == 1
    (listed,) = [one for one in container.list_blobs(include=["tags"]) if one.name == "a/b"]
    assert listed.tags == {"project": "x/y:z"}
    blob.upload_blob(b"2", overwrite=True)
    assert blob.get_blob_tags() == {}


def test_blobs_are_found_by_their_tags_in_a_container_or_everywhere(new_account: NewAccount) -> None:
    account = new_account()
    first, second = account.container("first"), account.container("second")
    for number in range(5):
        first.upload_blob(f"dir/{number}", b"", tags={"number": str(number), "kind": "its"})
    second.upload_blob("other", b"", tags={"number": "3"})
    service = account.blob()

    def found(where: str, client: Any = service, **options: Any) -> list[str]:
        return [f"{one.container_name}/{one.name}" for one in client.find_blobs_by_tags(where, **options)]

    assert found("\"number\"='3'") == ["first/dir/3", "second/other"]
    assert found("number >= '2' AND number < '4' AND @container = 'first'") == ["first/dir/2", "first/dir/3"]
    assert found("kind = 'its'", results_per_page=2) == [f"first/dir/{number}" for number in range(5)]
    assert found("number='3'", second) == ["second/other"]
    for wrong in ("number", "number = 3", "number='1' OR number='2'", "number <> '1'", "((("):
        with pytest.raises(HttpResponseError) as error:
            found(wrong)
        assert code(error.value) == "InvalidQueryParameterValue"


def test_a_condition_on_tags_decides(new_account: NewAccount) -> None:
    blob = new_account().container().upload_blob("a", b"1", tags={"state": "raw", "day": "2026-01-02"})
    holding = (
        "state = 'raw'",
        "state <> 'done' AND day > '2026'",
        "state = 'x' OR day >= '2026-01-02'",
        "missing <> '1'",
    )
    for condition in holding:
        assert blob.download_blob(if_tags_match_condition=condition).readall() == b"1"
    for condition in ("state = 'done'", "NOT (state = 'raw' OR day = '1')", "missing = ''"):
        with pytest.raises(HttpResponseError) as error:
            blob.set_blob_metadata({"a": "1"}, if_tags_match_condition=condition)
        assert error.value.status_code == 412
    with pytest.raises(HttpResponseError) as error:
        blob.get_blob_properties(if_tags_match_condition="state ==")
    assert error.value.status_code == 400


def test_tags_that_no_blob_may_have_are_refused(new_account: NewAccount) -> None:
    container = new_account().container()
    blob = container.upload_blob("a", b"1", tags={"kept": "1"})
    too_many = {f"tag{number}": "1" for number in range(11)}
    for wrong in (too_many, {"a" * 129: "1"}, {"a": "1" * 257}, {"a": "é"}, {"a!": "1"}, {"": "1"}):
        with pytest.raises(HttpResponseError) as error:
            blob.set_blob_tags(wrong)
        assert (error.value.status_code, code(error.value)) == (400, "InvalidTags")
    assert blob.get_blob_tags() == {"kept": "1"}


def test_tags_need_their_own_letters(new_account: NewAccount) -> None:
    account = new_account()
    container = account.container()
    container.upload_blob("a", b"1", tags={"kept": "1"})

    def signed(**letters: bool) -> ContainerClient:
        token = generate_container_sas(
            account.name,
            "box",
            account.key,
            permission=ContainerSasPermissions(**letters),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        found: ContainerClient = account.blob(token).get_container_client("box")
        return found

    assert signed(tag=True).get_blob_client("a").get_blob_tags() == {"kept": "1"}
    assert [one.name for one in signed(filter_by_tags=True).find_blobs_by_tags("kept='1'")] == ["a"]
    with pytest.raises(HttpResponseError) as error:
        signed(read=True, write=True).get_blob_client("a").get_blob_tags()
    assert error.value.status_code == 403
    with pytest.raises(HttpResponseError) as error:
        signed(write=True, create=True).upload_blob("b", b"", tags={"a": "1"})
    assert error.value.status_code == 403
    with pytest.raises(HttpResponseError):
        list(signed(read=True, list=True).find_blobs_by_tags("kept='1'"))
