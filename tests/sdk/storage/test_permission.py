"""Who may do what: tokens, roles, access control lists, network rules, signatures; with the real clients."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.credentials import AccessToken, AzureSasCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import (
    AccessPolicy,
    BlobSasPermissions,
    ContainerSasPermissions,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)
from azure.storage.filedatalake import generate_directory_sas

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.storage.blob import ContainerClient
    from azure.storage.filedatalake import FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


def refused(act: Callable[[], object], wanted: str = "AuthorizationPermissionMismatch") -> None:
    with pytest.raises(HttpResponseError) as error:
        act()
    assert code(error.value) == wanted


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


class Holder:
    """Hands out one token, whoever asks for whatever."""

    def __init__(self, token: AccessToken) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return self._token


# Roles


def test_a_reader_reads_and_lists_and_changes_nothing(lakes: Lakes, fs: FileSystemClient) -> None:
    fs.get_file_client("d/f").upload_data(b"data", overwrite=True)
    client = lakes.dfs(lakes.credential("reader")).get_file_system_client(fs.file_system_name)
    file = client.get_file_client("d/f")
    assert file.download_file().readall() == b"data"
    assert [path.name for path in client.get_paths()] == ["d", "d/f"]
    refused(lambda: file.upload_data(b"x", overwrite=True))
    refused(file.delete_file)
    refused(lambda: client.create_directory("e"))
    refused(lambda: file.rename_file(f"{fs.file_system_name}/g"))
    refused(lambda: file.set_access_control(permissions="0777"))
    refused(lambda: file.set_metadata({"a": "1"}))
    refused(client.delete_file_system)


def test_a_contributor_owns_what_it_makes(lakes: Lakes, fs: FileSystemClient) -> None:
    client = lakes.dfs(lakes.credential("writer")).get_file_system_client(fs.file_system_name)
    file = client.get_file_client("d/f")
    file.upload_data(b"data", overwrite=True)
    assert file.get_access_control()["owner"] == lakes.who("writer")["object_id"]
    file.rename_file(f"{fs.file_system_name}/d/g").set_access_control(permissions="0700")
    refused(lambda: client.get_file_client("d/g").set_access_control(owner=lakes.who("reader")["object_id"]))
    client.get_directory_client("d").delete_directory()


def test_a_data_owner_may_give_things_to_others(lakes: Lakes, fs: FileSystemClient) -> None:
    client = lakes.dfs(lakes.credential("owner")).get_file_system_client(fs.file_system_name)
    file = client.create_file("f")
    file.set_access_control(owner=lakes.who("reader")["object_id"], group=lakes.who("writer")["object_id"])
    found = file.get_access_control()
    assert (found["owner"], found["group"]) == (lakes.who("reader")["object_id"], lakes.who("writer")["object_id"])


def test_who_has_no_role_is_refused_whether_a_path_exists_or_not(lakes: Lakes, fs: FileSystemClient) -> None:
    fs.create_file("f")
    client = lakes.dfs(lakes.credential("nobody")).get_file_system_client(fs.file_system_name)
    for name in ("f", "missing"):
        refused(lambda name=name: client.get_file_client(name).download_file())  # type: ignore[misc]
        refused(lambda name=name: client.get_file_client(name).delete_file())  # type: ignore[misc]
    refused(lambda: list(client.get_paths()))
    refused(lambda: list(lakes.dfs(lakes.credential("nobody")).list_file_systems()))


def test_a_principal_of_another_tenant_is_not_believed(lakes: Lakes, fs: FileSystemClient) -> None:
    token = lakes.credential("outsider").get_token("https://storage.azure.com/.default")
    clients = (
        lakes.dfs(Holder(token)).get_file_system_client(fs.file_system_name),
        lakes.blob(Holder(token)).get_container_client(fs.file_system_name),
    )
    for act in (clients[0].get_paths().next, clients[1].get_container_properties):
        with pytest.raises(ClientAuthenticationError) as error:
            act()
        assert code(error.value) == "InvalidAuthenticationInfo"
        assert error.value.status_code == 401


def test_nobody_is_challenged_with_the_accounts_tenant(lakes: Lakes, fs: FileSystemClient) -> None:
    client = lakes.dfs(None).get_file_system_client(fs.file_system_name)
    with pytest.raises(ClientAuthenticationError) as error:
        client.get_file_client("f").get_file_properties()
    response: Any = error.value.response
    tenant = lakes.who("reader")["tenant_id"]
    assert response.headers["WWW-Authenticate"] == (
        f"Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize"
        " resource_id=https://storage.azure.com"
    )


def test_a_wrong_key_is_refused(lakes: Lakes, fs: FileSystemClient) -> None:
    client = lakes.dfs("QUJD").get_file_system_client(fs.file_system_name)
    with pytest.raises(ClientAuthenticationError) as error:
        client.get_file_client("f").get_file_properties()
    assert code(error.value) == "AuthenticationFailed"


def test_addresses_without_a_rule_do_not_pass_the_wall(lakes: Lakes) -> None:
    for client in (lakes.dfs(account="walled"), lakes.dfs(lakes.credential("owner"), account="walled")):
        refused(lambda client=client: list(client.list_file_systems()), "AuthorizationFailure")  # type: ignore[misc]


def test_a_large_body_that_may_not_be_written_is_refused_before_it_is_sent(lakes: Lakes, fs: FileSystemClient) -> None:
    token = lakes.credential("reader").get_token("https://storage.azure.com/.default").token
    connection = http.client.HTTPConnection("127.0.0.1", lakes.azure.port)
    connection.putrequest("PUT", f"/lake1/{fs.file_system_name}/big")
    fields = {"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03", "x-ms-blob-type": "BlockBlob"}
    for name, value in {**fields, "Content-Length": str(1 << 30)}.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.headers["x-ms-error-code"]) == (403, "AuthorizationPermissionMismatch")
    connection.close()


# Access control lists


def test_an_entry_opens_a_file_only_with_execute_on_the_way(lakes: Lakes, fs: FileSystemClient) -> None:
    nobody = lakes.who("nobody")["object_id"]
    fs.get_file_client("a/b/f").upload_data(b"data", overwrite=True)
    fs.get_file_client("a/b/f").set_access_control(acl=f"user::rw-,user:{nobody}:r--,group::---,other::---")
    file = lakes.dfs(lakes.credential("nobody")).get_file_system_client(fs.file_system_name).get_file_client("a/b/f")
    refused(lambda: file.download_file().readall())
    for path in ("/", "a", "a/b"):
        directory = fs.get_directory_client(path)
        directory.set_access_control(acl=f"user::rwx,user:{nobody}:--x,group::r-x,other::---")
    assert file.download_file().readall() == b"data"
    refused(lambda: file.upload_data(b"x", overwrite=True))
    refused(file.delete_file)
    refused(lambda: list(fs_as(lakes, fs, "nobody").get_paths("a/b")))


def fs_as(lakes: Lakes, fs: FileSystemClient, name: str) -> FileSystemClient:
    client: FileSystemClient = lakes.dfs(lakes.credential(name)).get_file_system_client(fs.file_system_name)
    return client


def test_a_group_entry_lets_its_members_create_list_and_delete(lakes: Lakes, fs: FileSystemClient) -> None:
    team = lakes.who("team")["object_id"]
    for path in ("/", "d"):
        fs.create_directory("d")
        fs.get_directory_client(path).set_access_control(acl=f"user::rwx,group::---,group:{team}:rwx,other::---")
    client = fs_as(lakes, fs, "nobody")
    client.get_file_client("d/f").upload_data(b"1", overwrite=True)
    assert client.get_file_client("d/f").get_access_control()["owner"] == lakes.who("nobody")["object_id"]
    assert [path.name for path in client.get_paths("d")] == ["d/f"]
    client.get_file_client("d/f").delete_file()
    fs.get_directory_client("d").set_access_control(permissions="1770")
    fs.create_file("d/not-mine")
    refused(client.get_file_client("d/not-mine").delete_file)


def test_children_inherit_the_default_entries(lakes: Lakes, fs: FileSystemClient) -> None:
    nobody = lakes.who("nobody")["object_id"]
    directory = fs.create_directory("d")
    entries = f"user::rwx,user:{nobody}:r-x,group::r-x,mask::r-x,other::---"
    defaults = ",".join(f"default:{entry}" for entry in entries.split(","))
    directory.set_access_control(acl=f"{entries},{defaults}")
    below = directory.create_sub_directory("e")
    assert below.get_access_control()["acl"] == f"{entries},{defaults}"
    assert below.create_file("f").get_access_control()["acl"] == entries.replace("mask::r-x", "mask::r--").replace(
        "user::rwx", "user::rw-"
    )


def test_a_refusal_is_explained_with_path_rule_and_smallest_grant(lakes: Lakes, fs: FileSystemClient) -> None:
    fs.create_file("d/f")
    with pytest.raises(HttpResponseError) as error:
        fs_as(lakes, fs, "nobody").get_file_client("d/f").download_file()
    response: Any = error.value.response
    explained = lakes.azure.command("explain", response.headers["x-ms-request-id"]).stdout
    assert "other:: grants ---, --x is needed" in explained
    nobody = lakes.who("nobody")["object_id"]
    assert f"user:{nobody}:--x on / and user:{nobody}:--x on /d and user:{nobody}:r-- on /d/f or role" in explained
    assert "Storage Blob Data Reader" in explained


def explained(lakes: Lakes, act: Callable[[], object]) -> list[dict[str, Any]]:
    with pytest.raises(HttpResponseError) as error:
        act()
    response: Any = error.value.response
    lines = lakes.azure.command("explain", response.headers["x-ms-request-id"], "--json").stdout.splitlines()
    return [one for one in map(json.loads, lines) if one.get("allowed") is False]


def test_who_is_not_believed_is_told_why_and_what_to_change(lakes: Lakes, fs: FileSystemClient) -> None:
    name = fs.file_system_name
    past = datetime.now(UTC) - timedelta(hours=1)
    expired = generate_directory_sas("lake1", name, "a", lakes.key, permission="r", expiry=past)
    elsewhere = generate_directory_sas("lake1", name, "a", lakes.key, permission="r", expiry=soon(), ip="203.0.113.7")
    forged = generate_directory_sas("lake1", name, "a", "QUJD", permission="r", expiry=soon())
    told = {
        AzureSasCredential(expired): ("not valid in the specified time frame", "se is yet to come"),
        AzureSasCredential(elsewhere): ("this source IP", "sip covers 127.0.0.1"),
        AzureSasCredential(forged): ("Signature did not match", "a key now in force"),
        "QUJD": ("MAC signature", "a key now in force of lake1"),
        None: ("", "a bearer token"),
    }
    for credential, (reason, change) in told.items():
        file = lakes.dfs(credential).get_file_system_client(name).get_file_client("a/f")
        (refusal,) = explained(lakes, file.get_file_properties)
        assert reason in refusal["reasons"][0]
        assert change in refusal["smallest_grant"]


def test_every_half_of_a_rename_that_may_not_be_is_explained(lakes: Lakes, fs: FileSystemClient) -> None:
    fs.create_file("from/f")
    fs.create_directory("to")
    nobody = lakes.who("nobody")["object_id"]
    fs.get_directory_client("/").set_access_control(acl=f"user::rwx,user:{nobody}:--x,group::---,other::---")
    renamed = fs_as(lakes, fs, "nobody").get_file_client("from/f")
    refusals = explained(lakes, lambda: renamed.rename_file(f"{fs.file_system_name}/to/f"))
    assert [one["grants"][0] for one in refusals] == [
        [{"kind": "entry", "what": f"user:{nobody}:-wx", "where": f"/{path}", "whom": ""}] for path in ("from", "to")
    ]


# Signatures


def test_a_container_signature_permits_its_letters_and_no_more(lakes: Lakes, container: ContainerClient) -> None:
    container.upload_blob("d/f", b"data")
    sas = generate_container_sas(
        "lake1",
        container.container_name,
        lakes.key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=soon(),
    )
    client = lakes.blob(AzureSasCredential(sas)).get_container_client(container.container_name)
    assert client.download_blob("d/f").readall() == b"data"
    assert [one.name for one in client.list_blobs()] == ["d", "d/f"]
    refused(lambda: client.upload_blob("new", b"1"))
    refused(lambda: client.delete_blob("d/f"))
    other = lakes.blob(AzureSasCredential(sas)).get_container_client(lakes.new_file_system())
    refused(lambda: list(other.list_blobs()), "AuthenticationFailed")


def test_a_blob_signature_to_create_does_not_overwrite(lakes: Lakes, container: ContainerClient) -> None:
    name = container.container_name
    sas = generate_blob_sas(
        "lake1", name, "new", account_key=lakes.key, permission=BlobSasPermissions(create=True), expiry=soon()
    )
    blob = lakes.blob(AzureSasCredential(sas)).get_blob_client(name, "new")
    blob.upload_blob(b"1")
    refused(lambda: blob.upload_blob(b"2", overwrite=True))
    refused(blob.download_blob)


def test_an_expired_an_altered_and_a_foreign_signature_are_refused(lakes: Lakes, container: ContainerClient) -> None:
    name = container.container_name
    past = datetime.now(UTC) - timedelta(minutes=1)
    read = ContainerSasPermissions(read=True)
    expired = generate_container_sas("lake1", name, lakes.key, permission=read, expiry=past)
    good = generate_container_sas("lake1", name, lakes.key, permission=read, expiry=soon())
    bad = [expired, good.replace("sp=r", "sp=rw"), good.replace("sig=", "sig=A"), good + "&sp=rw"]
    for sas in bad:
        client = lakes.blob(AzureSasCredential(sas)).get_container_client(name)
        refused(lambda client=client: client.download_blob("f"), "AuthenticationFailed")  # type: ignore[misc]


def test_an_account_signature_reaches_the_types_it_names(lakes: Lakes, container: ContainerClient) -> None:
    container.upload_blob("f", b"1")
    sas = generate_account_sas("lake1", lakes.key, resource_types="o", permission="rl", expiry=soon())
    client = lakes.blob(AzureSasCredential(sas))
    assert client.get_blob_client(container.container_name, "f").download_blob().readall() == b"1"
    listing = client.get_container_client(container.container_name)
    refused(lambda: list(listing.list_blobs()), "AuthorizationResourceTypeMismatch")
    refused(lambda: list(client.list_containers()), "AuthorizationResourceTypeMismatch")


def test_a_directory_signature_ends_at_its_directory(lakes: Lakes, fs: FileSystemClient) -> None:
    for path in ("a/b/f", "a/bc/f"):
        fs.get_file_client(path).upload_data(b"data", overwrite=True)
    sas = generate_directory_sas("lake1", fs.file_system_name, "a/b", lakes.key, permission="rlw", expiry=soon())
    client = lakes.dfs(AzureSasCredential(sas)).get_file_system_client(fs.file_system_name)
    assert client.get_file_client("a/b/f").download_file().readall() == b"data"
    assert [path.name for path in client.get_paths("a/b")] == ["a/b/f"]
    refused(lambda: client.get_file_client("a/bc/f").download_file(), "AuthenticationFailed")
    refused(lambda: list(client.get_paths("a")), "AuthenticationFailed")
    refused(lambda: list(client.get_paths("a/bc")), "AuthenticationFailed")


def test_a_directory_signature_is_no_lever_on_anything_outside(lakes: Lakes, fs: FileSystemClient) -> None:
    name = fs.file_system_name
    for path in ("a/b/f", "secret"):
        fs.get_file_client(path).upload_data(b"data", overwrite=True)
    sas = generate_directory_sas("lake1", name, "a/b", lakes.key, permission="racwdlmeop", expiry=soon())
    attempts = [
        ("dfs", "PUT", "/a/b/stolen", "mode=legacy", {"x-ms-rename-source": f"/{name}/secret"}),
        ("blob", "PUT", "/a/b/stolen", "", {"x-ms-copy-source": f"https://lake1.blob.core.windows.net/{name}/secret"}),
        ("dfs", "PATCH", "", "restype=container&prefix=a/b/&action=setAccessControl", {"x-ms-permissions": "0777"}),
        ("dfs", "HEAD", "/secret", "restype=container&prefix=a/b/", {}),
        ("dfs", "HEAD", "/secret", "resource=filesystem&directory=a/b", {}),
        ("blob", "GET", "/secret", "restype=container&prefix=a/b/", {}),
        ("blob", "DELETE", "/secret", "restype=container&comp=list&prefix=a/b/", {}),
        ("blob", "GET", "", "restype=container&comp=list&prefix=a/b", {}),
        ("blob", "GET", "", "restype=container&comp=list&prefix=a/b/../../", {}),
        ("blob", "GET", "/a/b/../../secret", "", {}),
        ("blob", "GET", "/a%2Fb%2F..%2F..%2Fsecret", "", {}),
        ("blob", "GET", "/secret", "", {}),
        ("dfs", "DELETE", "", "resource=filesystem", {}),
    ]
    session = requests.Session()
    session.proxies, session.verify = lakes.azure.sdk["proxies"], lakes.azure.ca_bundle
    for api, method, path, query, headers in attempts:
        url = f"https://lake1.{api}.core.windows.net/{name}{path}?{query}&{sas}"
        prepared = session.prepare_request(requests.Request(method, url, headers=headers))
        prepared.url = url
        answer = session.send(prepared, proxies=session.proxies, verify=session.verify)
        assert answer.status_code in {400, 403}, (method, path, query, answer.status_code, answer.text)
    session.close()
    client = lakes.dfs(AzureSasCredential(sas)).get_file_system_client(name)
    client.get_file_client("a/b/f").rename_file(f"{name}/a/b/g")
    assert [path.name for path in fs.get_paths()] == ["a", "a/b", "a/b/g", "secret"]


def test_a_user_delegation_signature_never_permits_more_than_its_signer_may(
    lakes: Lakes, container: ContainerClient
) -> None:
    name = container.container_name
    container.upload_blob("f", b"1")
    service = lakes.blob(lakes.credential("reader"))
    now = datetime.now(UTC)
    key = service.get_user_delegation_key(now - timedelta(minutes=1), now + timedelta(hours=2))
    sas = generate_blob_sas(
        "lake1", name, "f", user_delegation_key=key, permission=BlobSasPermissions(read=True, write=True), expiry=soon()
    )
    blob = lakes.blob(AzureSasCredential(sas)).get_blob_client(name, "f")
    assert blob.download_blob().readall() == b"1"
    refused(lambda: blob.upload_blob(b"2", overwrite=True))
    refused(lambda: lakes.blob().get_user_delegation_key(datetime.now(UTC), soon()), "AuthenticationFailed")


def test_a_stored_access_policy_supplies_what_the_signature_leaves_out(
    lakes: Lakes, container: ContainerClient
) -> None:
    name = container.container_name
    container.upload_blob("f", b"1")
    policy = AccessPolicy(permission=ContainerSasPermissions(read=True), expiry=soon())
    container.set_container_access_policy(signed_identifiers={"readers": policy})
    sas = generate_container_sas("lake1", name, lakes.key, policy_id="readers")
    client = lakes.blob(AzureSasCredential(sas)).get_container_client(name)
    assert client.download_blob("f").readall() == b"1"
    refused(lambda: client.delete_blob("f"))
    container.set_container_access_policy(signed_identifiers={})
    refused(lambda: client.download_blob("f"), "AuthenticationFailed")


# Endpoints


def test_an_account_that_does_not_exist_is_not_found(lakes: Lakes) -> None:
    with pytest.raises(ResourceNotFoundError):
        list(lakes.dfs(account="nosuchlake").list_file_systems())


def test_one_plain_endpoint_serves_both_apis_by_path(lakes: Lakes, container: ContainerClient) -> None:
    from azure.storage.blob import BlobServiceClient
    from azure.storage.filedatalake import DataLakeServiceClient

    url = f"http://127.0.0.1:{lakes.azure.port}/lake1"
    key = {"account_name": "lake1", "account_key": lakes.key}
    fs = DataLakeServiceClient(url, credential=key, retry_total=0).get_file_system_client(container.container_name)
    fs.get_file_client("d/f").upload_data(b"data", overwrite=True)
    fs.get_file_client("d/f").rename_file(f"{container.container_name}/d/g")
    assert fs.get_file_client("d/g").download_file().readall() == b"data"
    blobs = BlobServiceClient(url, credential=key, retry_total=0).get_container_client(container.container_name)
    assert [one.name for one in blobs.list_blobs()] == ["d", "d/g"]
    fs.get_directory_client("d").delete_directory()
    assert list(fs.get_paths()) == []


@pytest.mark.parametrize("path", ["/lake1/../../etc", "/lake1/c/%2e%2e/x", "/lake1/c/%00", "/lake1/c/%ff", "/lake1/%%"])
def test_paths_that_lead_nowhere_are_refused_without_a_trace(lakes: Lakes, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", lakes.azure.port)
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status in {400, 401, 404, 409}
    assert b"Traceback" not in response.read()
    connection.close()
