"""The corners of the dfs API: renames, appends, lists, deletions; with Microsoft's client."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from azure.core import MatchConditions
from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.filedatalake import (
    DataLakeServiceClient,
    generate_directory_sas,
    generate_file_sas,
    generate_file_system_sas,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another

LEASE, OTHER_LEASE = (f"{digit * 8}-2222-4333-8444-555555555555" for digit in "13")
CRC64_OF_AAA = "Cc/2Kr4DuKg="


def refused(act: Callable[[], object], code: str) -> None:
    with pytest.raises(HttpResponseError) as error:
        act()
    response: Any = error.value.response
    assert response.headers["x-ms-error-code"] == code, error.value


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


class Raw:
    """Requests that the client does not send, with a signature of the whole container."""

    def __init__(self, lakes: Lakes, fs: FileSystemClient) -> None:
        self._sas = generate_file_system_sas("lake1", fs.file_system_name, lakes.key, "racwdlmeop", soon())
        self._base = f"https://lake1.dfs.core.windows.net/{fs.file_system_name}"
        self._more = {"proxies": lakes.azure.sdk["proxies"], "verify": lakes.azure.ca_bundle, "timeout": 20}

    def __call__(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> requests.Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self._base}/{path}?{query}&{self._sas}"
        return requests.request(method, url, data=body, headers={"x-ms-version": "2023-11-03", **fields}, **self._more)


@pytest.fixture
def raw(lakes: Lakes, fs: FileSystemClient) -> Raw:
    return Raw(lakes, fs)


def code_of(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("x-ms-error-code", "")


# Renames


def test_the_signature_in_a_rename_source_is_judged_by_its_own_permissions(
    lakes: Lakes, fs: FileSystemClient, raw: Raw
) -> None:
    name = fs.file_system_name

    def moved(path: str, permission: str, to: str, signed: str | None = None) -> tuple[int, str]:
        fs.get_file_client(path).upload_data(b"1", overwrite=True)
        directory, _, file = (signed or path).rpartition("/")
        sas = generate_file_sas("lake1", name, directory, file, lakes.key, permission, soon())
        return code_of(raw("PUT", to, "mode=legacy", x_ms_rename_source=f"/{name}/{quote(path)}?{sas}"))

    assert moved("from/f", "racwdm", "to1") == (201, "")
    assert moved("from/ä b", "d", "to2") == (201, "")
    assert moved("from/f", "racw", "to3") == (403, "AuthorizationPermissionMismatch")
    assert moved("from/f", "racwdm", "to4", signed="from/g") == (403, "AuthenticationFailed")
    theirs = generate_directory_sas("lake1", name, "to5", lakes.key, permission="rl", expiry=soon())
    client = DataLakeServiceClient("https://lake1.dfs.core.windows.net", AzureSasCredential(theirs), **lakes.azure.sdk)
    refused(
        lambda: client.get_file_client(name, "to5/f").rename_file(f"{name}/to5/g"), "AuthorizationPermissionMismatch"
    )


def test_a_rename_replaces_files_and_empty_directories_and_enters_others(fs: FileSystemClient, raw: Raw) -> None:
    name = fs.file_system_name
    for mode in ("legacy", "posix"):
        for path in (f"{mode}/a/x", f"{mode}/b/y", f"{mode}/f"):
            fs.get_file_client(path).upload_data(path.encode(), overwrite=True)
        fs.create_directory(f"{mode}/empty")

        def moved(source: str, to: str, mode: str = mode) -> tuple[int, str]:
            source = f"/{name}/{mode}/{source}"
            return code_of(raw("PUT", f"{mode}/{to}", f"mode={mode}", x_ms_rename_source=source))

        assert moved("f", "b/y") == (201, "")
        assert moved("a", "empty") == (201, "")
        assert moved("empty", "b") == (201, "")
        assert moved("b/y", "b") == (409, "InvalidSourceOrDestinationResourceType")
        assert moved("b", "b/c") == (409, "InvalidRenameSourcePath")
        assert moved("none", "c") == (404, "SourcePathNotFound")
        assert moved("b/y", "no/such/c") == (404, "RenameDestinationParentPathNotFound")
        found = sorted(path.name for path in fs.get_paths(mode))
        assert found == [f"{mode}/{one}" for one in ("b", "b/empty", "b/empty/x", "b/y")]
        assert fs.get_file_client(f"{mode}/b/y").download_file().readall() == f"{mode}/f".encode()
    assert code_of(raw("PUT", "c", "mode=other", x_ms_rename_source=f"/{name}/legacy/b")) == (
        400,
        "InvalidQueryParameterValue",
    )
    for source in ("legacy/b", "", "?x"):
        assert raw("PUT", "c", x_ms_rename_source=source).status_code in {400, 404}


def test_a_tree_in_which_something_is_leased_is_not_deleted(fs: FileSystemClient) -> None:
    leased = fs.create_file("tree/deep/leased")
    fs.create_file("other/f")
    lease = leased.acquire_lease(lease_id=LEASE)
    for name in ("tree", "tree/deep"):
        refused(fs.get_directory_client(name).delete_directory, "LeaseIdMissing")
    fs.delete_directory("other")
    lease.release()
    fs.delete_directory("tree")
    assert not fs.get_directory_client("tree").exists()


def test_conditions_and_leases_of_both_ends_hold_for_a_rename(fs: FileSystemClient) -> None:
    name = fs.file_system_name
    source, target = fs.create_file("s"), fs.create_file("t")
    etag = source.get_file_properties()["etag"]
    source.acquire_lease(lease_id=LEASE)
    target.acquire_lease(lease_id=OTHER_LEASE)
    only_new = {"match_condition": MatchConditions.IfMissing}
    to: dict[str, Any] = {"source_lease": LEASE, "lease": OTHER_LEASE}
    for wrong, code in (
        ({"lease": OTHER_LEASE}, "LeaseIdMissing"),
        ({"source_lease": LEASE}, "LeaseIdMissing"),
        ({**to, "source_lease": OTHER_LEASE}, "LeaseIdMismatchWithBlobOperation"),
        ({**to, **only_new}, "PathAlreadyExists"),
        (
            {**to, "source_etag": '"0x1"', "source_match_condition": MatchConditions.IfNotModified},
            "SourceConditionNotMet",
        ),
        ({**to, "source_if_modified_since": datetime.now(UTC) + timedelta(days=1)}, "SourceConditionNotMet"),
        ({**to, "etag": '"0x1"', "match_condition": MatchConditions.IfNotModified}, "ConditionNotMet"),
    ):
        refused(lambda wrong=wrong: source.rename_file(f"{name}/t", **wrong), code)  # type: ignore[misc]
    moved = source.rename_file(f"{name}/t", **to)
    properties = moved.get_file_properties()
    assert (properties["etag"], properties.lease.state) == (etag, "available")


def test_a_rename_reaches_other_file_systems_and_either_spelling_of_paths(lakes: Lakes, fs: FileSystemClient) -> None:
    other = lakes.new_file_system()
    fs.get_file_client("d/f").upload_data(b"data", overwrite=True)
    fs.get_directory_client("d").rename_directory(f"{other}/e")
    assert lakes.dfs().get_file_client(other, "e/f").download_file().readall() == b"data"
    url, key = f"http://127.0.0.1:{lakes.azure.port}/lake1", {"account_name": "lake1", "account_key": lakes.key}
    plain = DataLakeServiceClient(url, credential=key, retry_total=0).get_file_system_client(other)
    assert plain.get_file_client("e/f").rename_file(f"{other}/g").download_file().readall() == b"data"


# Appends


def test_segments_in_any_order_become_a_file_when_they_are_flushed(fs: FileSystemClient) -> None:
    file = fs.create_file("f")
    for position, part in ((6, b"ghi"), (0, b"abc"), (3, b"xxx"), (3, b"def"), (20, b"later")):
        file.append_data(part, position, len(part))
    assert file.get_file_properties().size == 0
    refused(lambda: file.flush_data(8), "InvalidFlushPosition")
    refused(lambda: file.flush_data(12), "InvalidFlushPosition")
    assert file.flush_data(6, retain_uncommitted_data=True)["etag"]
    file.flush_data(9)
    assert file.download_file().readall() == b"abcdefghi"
    refused(lambda: file.flush_data(3), "InvalidFlushPosition")
    file.append_data(b"old", 2, 3)  # below what is there: taken, and dropped by the flush
    file.flush_data(9, close=True)
    file.append_data(b"jk", 9, 2, flush=True)
    assert file.download_file().readall() == b"abcdefghijk"
    refused(lambda: file.flush_data(25), "InvalidFlushPosition")


def test_checksums_of_appends_are_checked_and_echoed(fs: FileSystemClient, raw: Raw) -> None:
    fs.create_file("f")
    md5 = base64.b64encode(hashlib.md5(b"AAA", usedforsecurity=False).digest()).decode()

    def appended(**headers: str) -> requests.Response:
        return raw("PATCH", "f", "action=append&position=0", b"AAA", **headers)

    assert appended(Content_MD5=md5).headers["Content-MD5"] == md5
    assert appended(x_ms_content_crc64=CRC64_OF_AAA).headers["x-ms-content-crc64"] == CRC64_OF_AAA
    assert code_of(appended(Content_MD5=base64.b64encode(bytes(16)).decode())) == (400, "Md5Mismatch")
    assert code_of(appended(Content_MD5="AAAA")) == (400, "InvalidMd5")
    assert code_of(appended(x_ms_content_crc64="AAAAAAAAAAA=")) == (400, "Crc64Mismatch")
    assert code_of(appended(x_ms_content_crc64="nonsense!")) == (400, "Crc64Mismatch")
    assert code_of(appended(Content_MD5=md5, x_ms_content_crc64=CRC64_OF_AAA)) == (400, "BothCrc64AndMd5HeaderPresent")
    assert code_of(raw("PATCH", "f", "action=append&position=0", b"")) == (400, "InvalidHeaderValue")
    assert code_of(raw("PATCH", "f", "action=append", b"A")) == (400, "MissingRequiredQueryParameter")
    assert code_of(raw("PATCH", "f", "action=append&position=-1", b"A")) == (400, "OutOfRangeQueryParameterValue")
    assert code_of(raw("PATCH", "f", "action=flush&position=3", b"A")) == (400, "ContentLengthMustBeZero")
    assert code_of(raw("PATCH", "f", "action=flush&position=3&close=maybe")) == (400, "InvalidQueryParameterValue")
    kept = base64.b64encode(bytes(range(16))).decode()
    flushed = raw("PATCH", "f", "action=flush&position=3", x_ms_content_md5=kept)
    assert (flushed.status_code, raw("HEAD", "f").headers["Content-MD5"]) == (200, kept)


def test_properties_that_are_no_properties_are_refused(fs: FileSystemClient, raw: Raw) -> None:
    fs.create_file("f")

    def said(text: str) -> tuple[int, str]:
        return code_of(raw("PATCH", "f", "action=setProperties", x_ms_properties=text))

    assert said("a=QQ==, b=Qg==") == (200, "")
    assert raw("HEAD", "f").headers["x-ms-properties"] == "a=QQ==,b=Qg=="
    assert said("a=!!!")[0] == 400
    assert said("=QQ==") == (400, "InvalidPropertyName")
    assert said("a b=QQ==") == (400, "InvalidPropertyName")
    assert said("a=QQ==,A=QQ==") == (400, "InvalidPropertyName")
    assert raw("HEAD", "f").headers["x-ms-properties"] == "a=QQ==,b=Qg=="


# Lists


def names(count: int) -> str:
    return ",".join(f"user:{number:08d}-0000-4000-8000-000000000000:r-x" for number in range(count))


def test_a_list_holds_32_entries_of_access_and_32_of_default(fs: FileSystemClient) -> None:
    directory = fs.create_directory("d")
    base = "user::rwx,group::r-x,other::---,mask::r-x"
    full = f"{base},{names(28)}"
    default = ",".join(f"default:{entry}" for entry in full.split(","))
    directory.set_access_control(acl=f"{full},{default}")
    assert len(directory.get_access_control()["acl"].split(",")) == 64
    refused(lambda: directory.set_access_control(acl=f"{base},{names(29)}"), "InvalidHeaderValue")
    refused(
        lambda: directory.set_access_control(acl=f"user::rwx,group::r-x,other::---,{names(29)}"), "InvalidHeaderValue"
    )
    result = directory.update_access_control_recursive(acl="user:99999999-0000-4000-8000-000000000000:r-x")
    assert result.counters is not None
    assert result.counters.failure_count == 1


def test_permissions_umask_and_lists_at_creation_are_what_the_path_gets(fs: FileSystemClient, raw: Raw) -> None:
    def permissions(path: str, resource: str, **headers: str) -> str:
        answer = raw("PUT", path, f"resource={resource}", b"", **headers)
        if answer.status_code != 201:
            return answer.headers["x-ms-error-code"]
        return raw("HEAD", path, "action=getAccessControl").headers["x-ms-permissions"]

    assert permissions("a", "file") == "rw-r-----"
    assert permissions("b", "directory") == "rwxr-x---"
    assert permissions("c", "file", x_ms_permissions="0777", x_ms_umask="0022") == "rwxr-xr-x"
    assert permissions("d", "directory", x_ms_permissions="rwxrwxrwt", x_ms_umask="0000") == "rwxrwxrwt"
    assert permissions("e", "file", x_ms_umask="0777") == "---------"
    for bad in ({"x_ms_permissions": "rwx"}, {"x_ms_umask": "99"}, {"x_ms_acl": "user::rwx"}):
        assert permissions("f", "file", **bad) == "InvalidHeaderValue"
    text = "user::rwx,group::r-x,other::--x"
    assert permissions("g", "file", x_ms_acl=text) == "rwxr-x--x"
    assert permissions("h", "file", x_ms_acl=text, x_ms_umask="0000") == "InvalidHeaderValue"
    assert permissions("i", "file", x_ms_acl=f"{text},default:user::rwx") == "InvalidHeaderValue"
    owner = "11111111-0000-4000-8000-00000000abcd"
    assert permissions("j", "file", x_ms_owner=owner.upper(), x_ms_group=owner) == "rw-r-----"
    assert raw("HEAD", "j", "action=getAccessControl").headers["x-ms-owner"] == owner


def test_default_entries_are_inherited_with_the_mode_and_without_the_umask(fs: FileSystemClient) -> None:
    text = "user::rwx,group::rwx,other::rwx"
    directory = fs.create_directory("d")
    directory.set_access_control(acl=",".join([text, *(f"default:{entry}" for entry in text.split(","))]))
    file = directory.create_file("f", umask="0777")
    assert file.get_access_control()["acl"] == "user::rw-,group::rw-,other::rw-"
    below = directory.create_sub_directory("e", permissions="0750", umask="0777")
    assert below.get_access_control()["acl"].startswith("user::rwx,group::r-x,other::---,default:user::rwx")


def test_a_recursive_change_names_its_failures_and_goes_on_when_forced(lakes: Lakes, fs: FileSystemClient) -> None:
    nobody = lakes.who("nobody")["object_id"]
    for path in ("d/a", "d/b", "d/c/x", "d/e"):
        fs.create_file(path)
    for path in ("/", "d", "d/a", "d/b", "d/c", "d/e"):
        fs.get_directory_client(path).set_access_control(acl="user::rwx,group::rwx,other::r-x")
        if path != "d/b":
            fs.get_directory_client(path).set_access_control(owner=nobody)
    entry = f"user:{lakes.who('reader')['object_id']}:r-x"
    theirs = lakes.dfs(lakes.credential("nobody")).get_file_system_client(fs.file_system_name).get_directory_client("d")
    seen: list[Any] = []
    stopped = theirs.update_access_control_recursive(acl=entry, progress_hook=seen.append)
    assert (stopped.counters.directories_successful, stopped.counters.files_successful) == (1, 1)
    assert (stopped.counters.failure_count, stopped.continuation) == (1, None)
    assert [(one.name, one.is_directory) for one in seen[0].batch_failures] == [("d/b", False)]
    assert "not authorized" in seen[0].batch_failures[0].error_message
    seen.clear()
    forced = theirs.update_access_control_recursive(
        acl=entry, continue_on_failure=True, batch_size=2, progress_hook=seen.append
    )
    assert len(seen) == 3
    assert [one.name for page in seen for one in page.batch_failures] == ["d/b", "d/c/x"]
    counters = forced.counters
    assert (counters.directories_successful, counters.files_successful, counters.failure_count) == (2, 2, 2)
    refused(lambda: theirs.update_access_control_recursive(acl="nonsense"), "InvalidHeaderValue")


def test_an_owner_changes_mode_and_own_groups_and_gives_nothing_away(lakes: Lakes, fs: FileSystemClient) -> None:
    nobody, team, reader = (lakes.who(name)["object_id"] for name in ("nobody", "team", "reader"))
    fs.create_file("f").set_access_control(owner=nobody, group=reader)
    fs.get_directory_client("/").set_access_control(permissions="0711")
    theirs = lakes.dfs(lakes.credential("nobody")).get_file_system_client(fs.file_system_name).get_file_client("f")
    theirs.set_access_control(permissions="0600")
    theirs.set_access_control(group=team)
    for given in ({"group": reader}, {"owner": reader}, {"owner": reader, "permissions": "0777"}):
        refused(lambda given=given: theirs.set_access_control(**given), "AuthorizationPermissionMismatch")  # type: ignore[misc]
    found = theirs.get_access_control()
    assert (found["owner"], found["group"], found["permissions"]) == (nobody, team, "rw-------")


# Deletions


def test_a_deletion_in_pages_ends_and_a_bare_one_spares_what_a_directory_holds(
    lakes: Lakes, fs: FileSystemClient, raw: Raw
) -> None:
    for number in range(5):
        fs.create_file(f"d/e{number}/f")
    assert code_of(raw("DELETE", "d")) == (409, "DirectoryNotEmpty")
    assert code_of(raw("DELETE", "d", "recursive=perhaps")) == (400, "InvalidQueryParameterValue")
    theirs = lakes.dfs(lakes.credential("writer")).get_file_system_client(fs.file_system_name)
    theirs.get_directory_client("d").delete_directory()  # the client asks for pages here
    assert list(fs.get_paths()) == []
    assert code_of(raw("DELETE", "d", "recursive=true&paginated=true")) == (404, "PathNotFound")


# Endpoints


def test_the_challenge_is_the_same_for_both_apis(lakes: Lakes, fs: FileSystemClient) -> None:
    tenant = lakes.who("reader")["tenant_id"]
    wanted = (
        f"Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize"
        " resource_id=https://storage.azure.com"
    )
    more = {"proxies": lakes.azure.sdk["proxies"], "verify": lakes.azure.ca_bundle, "timeout": 20}
    for api in ("dfs", "blob"):
        url = f"https://lake1.{api}.core.windows.net/{fs.file_system_name}/f"
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eA=="}):
            answer = requests.get(url, headers={"x-ms-version": "2023-11-03", **headers}, **more)
            assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, wanted)


# Expiry


def test_a_file_expires_by_every_way_to_say_when(lakes: Lakes, fs: FileSystemClient) -> None:
    file = fs.create_file("f")
    created = file.get_file_properties()["creation_time"]

    def said(option: str, expires_on: Any = None) -> Any:
        file.set_file_expiry(option, expires_on=expires_on)
        return file.get_file_properties()["expiry_time"]

    hour_ms = 3_600_000
    assert said("RelativeToCreation", hour_ms) == created + timedelta(hours=1)
    assert abs(said("RelativeToNow", hour_ms) - soon()) < timedelta(minutes=5)
    assert said("Absolute", datetime(2075, 1, 1, tzinfo=UTC)) == datetime(2075, 1, 1, tzinfo=UTC)
    assert said("NeverExpire") is None
    directory = fs.create_directory("d")
    refused(
        lambda: fs.get_file_client("d").set_file_expiry("RelativeToNow", expires_on=1),
        "OperationNotSupportedOnDirectory",
    )
    assert directory.exists()
    refused(lambda: said("RelativeToNow", -5), "InvalidHeaderValue")
