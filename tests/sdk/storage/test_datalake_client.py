"""azure-storage-file-datalake, unmodified, against the lake."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.filedatalake import ContentSettings

if TYPE_CHECKING:
    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another

BIG = os.urandom(5 * 1024 * 1024 + 17)


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def test_a_file_system_is_made_listed_described_and_deleted(lakes: Lakes) -> None:
    service = lakes.dfs()
    name = lakes.new_file_system()
    client = service.get_file_system_client(name)
    assert name in [one.name for one in service.list_file_systems(name_starts_with="fs-")]
    client.set_file_system_metadata({"Owner": "ada"})
    properties = client.get_file_system_properties()
    assert properties.metadata == {"Owner": "ada"}
    with pytest.raises(ResourceExistsError):
        service.create_file_system(name)
    client.delete_file_system()
    assert not client.exists()
    with pytest.raises(ResourceNotFoundError):
        client.get_file_system_properties()
    with pytest.raises(ResourceExistsError) as error:
        service.create_file_system(name)
    assert code(error.value) == "ContainerBeingDeleted"


@pytest.mark.parametrize("data", [b"one", BIG], ids=["small", "large"])
def test_an_upload_reads_back(fs: FileSystemClient, data: bytes) -> None:
    file = fs.get_file_client("raw/2024/data.bin")
    file.upload_data(data, overwrite=True, metadata={"Kind": "test"}, chunk_size=1024 * 1024)
    assert file.download_file().readall() == data
    properties = file.get_file_properties()
    assert properties.size == len(data)
    assert properties.metadata == {"Kind": "test"}


def test_an_upload_without_overwrite_leaves_the_file_that_exists(fs: FileSystemClient) -> None:
    file = fs.get_file_client("f")
    file.upload_data(b"first", overwrite=True)
    with pytest.raises(HttpResponseError):
        file.upload_data(b"second")
    assert file.download_file().readall() == b"first"


def test_a_range_reads_what_it_names(fs: FileSystemClient) -> None:
    file = fs.get_file_client("f")
    file.upload_data(BIG, overwrite=True)
    assert file.download_file(offset=1000, length=77).readall() == BIG[1000:1077]
    assert file.download_file(offset=len(BIG) - 5).readall() == BIG[-5:]
    with pytest.raises(HttpResponseError) as error:
        file.download_file(offset=len(BIG)).readall()
    assert error.value.status_code == 416


def test_appends_out_of_order_become_visible_at_the_flush(fs: FileSystemClient) -> None:
    file = fs.create_file("f")
    file.append_data(b"world", 6)
    file.append_data(b"hello ", 0)
    assert file.get_file_properties().size == 0
    with pytest.raises(HttpResponseError) as error:
        file.flush_data(10)
    assert code(error.value) == "InvalidFlushPosition"
    file.flush_data(11, content_settings=ContentSettings(content_type="text/plain"))
    assert file.download_file().readall() == b"hello world"
    assert file.get_file_properties().content_settings.content_type == "text/plain"


def test_an_append_with_the_wrong_checksum_is_refused(fs: FileSystemClient) -> None:
    file = fs.create_file("f")
    file.append_data(b"abc", 0, validate_content=True)
    with pytest.raises(HttpResponseError) as error:
        file.append_data(b"abc", 3, headers={"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})
    assert code(error.value) == "Md5Mismatch"


def test_paths_are_listed_depth_first_in_pages(fs: FileSystemClient) -> None:
    for path in ("a/b/c", "a/x", "a-b/y", "a.txt", "\u00e4/\u6570 %+&.txt"):
        fs.get_file_client(path).upload_data(b"12", overwrite=True)
    pages = list(fs.get_paths(recursive=True, max_results=2).by_page())
    found = [(path.name, path.is_directory) for page in pages for path in page]
    assert found == [
        ("a", True),
        ("a/b", True),
        ("a/b/c", False),
        ("a/x", False),
        ("a-b", True),
        ("a-b/y", False),
        ("a.txt", False),
        ("\u00e4", True),
        ("\u00e4/\u6570 %+&.txt", False),
    ]
    assert [path.name for path in fs.get_paths("a", recursive=False)] == ["a/b", "a/x"]
    first = next(iter(fs.get_paths("a/x", recursive=True)), None)
    assert first is not None
    assert first.content_length == 2
    with pytest.raises(ResourceNotFoundError):
        list(fs.get_paths("nowhere"))


def test_a_rename_moves_a_tree_and_keeps_what_it_is(fs: FileSystemClient) -> None:
    fs.get_file_client("a/b/f").upload_data(b"data", overwrite=True, metadata={"k": "v"})
    before = fs.get_file_client("a/b/f").get_file_properties()
    fs.create_directory("z")
    fs.get_directory_client("a").rename_directory(f"{fs.file_system_name}/z/moved \u00fc")
    after = fs.get_file_client("z/moved \u00fc/b/f").get_file_properties()
    assert (after.etag, after.last_modified, after.metadata) == (before.etag, before.last_modified, before.metadata)
    assert not fs.get_directory_client("a").exists()
    with pytest.raises(ResourceNotFoundError):
        fs.get_file_client("z/nothing").rename_file(f"{fs.file_system_name}/other")
    with pytest.raises(ResourceNotFoundError) as error:
        fs.get_directory_client("z").rename_directory(f"{fs.file_system_name}/no/parent")
    assert code(error.value) == "RenameDestinationParentPathNotFound"


def test_a_directory_cannot_be_moved_below_itself_nor_onto_a_file(fs: FileSystemClient) -> None:
    fs.create_directory("d/e")
    fs.create_file("f")
    for target, wanted in (("d/e/x", "InvalidRenameSourcePath"), ("f", "InvalidSourceOrDestinationResourceType")):
        with pytest.raises(HttpResponseError) as error:
            fs.get_directory_client("d").rename_directory(f"{fs.file_system_name}/{target}")
        assert code(error.value) == wanted


def test_a_directory_is_deleted_with_what_is_below_it(fs: FileSystemClient) -> None:
    fs.get_file_client("d/e/f").upload_data(b"1", overwrite=True)
    fs.get_directory_client("d").delete_directory()
    assert list(fs.get_paths()) == []
    with pytest.raises(ResourceNotFoundError):
        fs.get_file_client("d/e/f").get_file_properties()


def test_files_and_directories_tell_what_they_are(fs: FileSystemClient) -> None:
    directory = fs.create_directory("d", metadata={"one": "1"})
    file = directory.create_file("f")
    assert directory.get_directory_properties().metadata == {"one": "1", "hdi_isfolder": "true"}
    assert fs.get_file_client("d/f").exists()
    with pytest.raises(HttpResponseError) as error:
        fs.create_directory("d/f/below")
    assert code(error.value) == "PathConflict"
    file.set_metadata({"two": "2"})
    file.set_http_headers(ContentSettings(content_type="text/csv", cache_control="no-store"))
    properties = file.get_file_properties()
    assert properties.metadata == {"two": "2"}
    assert (properties.content_settings.content_type, properties.content_settings.cache_control) == (
        "text/csv",
        "no-store",
    )


def test_conditions_hold_changes_back(fs: FileSystemClient) -> None:
    file = fs.get_file_client("f")
    file.upload_data(b"1", overwrite=True)
    etag = file.get_file_properties().etag
    file.upload_data(b"2", overwrite=True)
    with pytest.raises(ResourceModifiedError) as error:
        file.delete_file(etag=etag, match_condition=MatchConditions.IfNotModified)
    assert code(error.value) == "ConditionNotMet"
    with pytest.raises(ResourceExistsError) as exists:
        file.create_file(match_condition=MatchConditions.IfMissing)
    assert code(exists.value) == "PathAlreadyExists"
    with pytest.raises(HttpResponseError):
        file.upload_data(b"3", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert file.download_file().readall() == b"2"


def test_access_control_is_set_and_read_back(fs: FileSystemClient) -> None:
    directory = fs.create_directory("d")
    directory.set_access_control(acl="user::rwx,user:11111111-1111-1111-1111-111111111111:r-x,group::r-x,other::---")
    found = directory.get_access_control()
    assert found["permissions"] == "rwxr-x---+"
    assert found["acl"] == ("user::rwx,user:11111111-1111-1111-1111-111111111111:r-x,group::r-x,mask::r-x,other::---")
    assert found["owner"] == "$superuser"
    file = directory.create_file("f", permissions="0777", umask="0022")
    assert file.get_access_control()["permissions"] == "rwxr-xr-x"
    with pytest.raises(HttpResponseError):
        file.set_access_control(acl="user::rwx")


def test_access_control_is_changed_on_a_whole_tree(fs: FileSystemClient) -> None:
    for name in ("d/a/f", "d/b", "d/c"):
        fs.get_file_client(name).upload_data(b"1", overwrite=True)
    directory, who = fs.get_directory_client("d"), "11111111-1111-1111-1111-111111111111"
    done = directory.update_access_control_recursive(f"user:{who}:r-x,default:user:{who}:r-x", batch_size=2)
    counters: Any = done.counters
    assert (counters.directories_successful, counters.files_successful, counters.failure_count) == (2, 3, 0)
    assert f"user:{who}:r-x" in fs.get_file_client("d/a/f").get_access_control()["acl"]
    assert f"default:user:{who}:r-x" in fs.get_directory_client("d/a").get_access_control()["acl"]
    directory.remove_access_control_recursive(f"user:{who},default:user:{who}")
    assert who not in fs.get_file_client("d/a/f").get_access_control()["acl"]
    directory.set_access_control_recursive("user::rwx,group::---,other::---")
    assert fs.get_file_client("d/b").get_access_control()["permissions"] == "rwx------"
    with pytest.raises(HttpResponseError):
        directory.set_access_control_recursive("user::rwx")


def test_what_a_removal_does_not_name_keeps_its_mask(fs: FileSystemClient) -> None:
    directory, who = fs.create_directory("d"), "11111111-1111-1111-1111-111111111111"
    default = "default:user::rwx,default:group::rwx,default:mask::--x,default:other::---"
    directory.set_access_control(acl=f"user::rwx,user:{who}:r-x,group::r--,mask::rwx,other::---,{default}")
    directory.remove_access_control_recursive(f"user:{who}")
    assert directory.get_access_control()["acl"] == f"user::rwx,group::r--,mask::r--,other::---,{default}"


def test_a_lease_keeps_others_from_writing(fs: FileSystemClient) -> None:
    file = fs.get_file_client("f")
    file.upload_data(b"1", overwrite=True)
    lease = file.acquire_lease(15)
    with pytest.raises(HttpResponseError) as error:
        file.delete_file()
    assert code(error.value) == "LeaseIdMissing"
    assert file.get_file_properties().lease.state == "leased"
    file.delete_file(lease=lease)


def test_every_answer_names_its_request(fs: FileSystemClient) -> None:
    seen: dict[str, str] = {}
    fs.create_file("f", raw_response_hook=lambda response: seen.update(response.http_response.headers))
    assert {"x-ms-request-id", "x-ms-version", "Date", "Server", "ETag", "x-ms-client-request-id"} <= set(seen)
    with pytest.raises(ResourceNotFoundError) as error:
        fs.get_file_client("g").delete_file()
    response: Any = error.value.response
    assert f"RequestId:{response.headers['x-ms-request-id']}" in response.text()
