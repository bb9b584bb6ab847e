"""What somebody tries who has some right, to reach what lies beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson
import pytest
from azure.storage.blob import generate_account_sas
from azure.storage.filedatalake import generate_directory_sas, generate_file_sas, generate_file_system_sas
from tests.property.delegation import delegated_sas
from tests.property.lake import ACCOUNT, AT, KEY, LakeInProcess, object_id

if TYPE_CHECKING:
    from lakeport_local.access import Principal

END = AT + timedelta(hours=1)
ALL = "racwdlmeop"


@pytest.fixture
def filled(lake: LakeInProcess) -> LakeInProcess:
    for account in ("lake1", "lake2"):
        for name in ("data", "other"):
            assert lake.ask("PUT", f"/{name}", "resource=filesystem", account=account).status == 201
            for path in ("a/b/f", "a/b/c/g", "a/private/h", "secret"):
                assert lake.ask("PUT", f"/{name}/{path}", "resource=file", account=account).status == 201
    return lake


def listed(answer_body: bytes) -> list[str]:
    return [one["name"] for one in orjson.loads(answer_body)["paths"]]


def reader(lake: LakeInProcess, number: int = 1) -> Principal:
    """Somebody who may go down to `a`, and read `a`, but nothing below it."""
    found = lake.add_app(number)
    for path in ("", "a"):
        acl = f"user::rwx,user:{found.object_id}:r-x,group::r-x,other::---"
        assert lake.ask("PATCH", f"/data/{path}", "action=setAccessControl", headers={"x-ms-acl": acl}).status == 200
    return found


@pytest.mark.parametrize(("api", "listing", "begin"), [
    ("dfs", "resource=filesystem&recursive=true&directory=a", "beginFrom"),
    ("blob", "restype=container&comp=list&prefix=a/", "startFrom"),
])  # fmt: skip
def test_a_listing_that_begins_inside_a_directory_asks_for_that_directory(
    filled: LakeInProcess, api: str, listing: str, begin: str
) -> None:
    token = filled.token(reader(filled))
    opened = listing.replace("recursive=true", "recursive=false") + ("&delimiter=/" if api == "blob" else "")
    assert filled.ask("GET", "/data", opened, token=token, api=api).status == 200
    for inside in ("private/h", "b/c/g", "b"):
        where = quote(inside if api == "dfs" else f"a/{inside}")
        answer = filled.ask("GET", "/data", f"{listing}&{begin}={where}", token=token, api=api)
        assert answer.code == "AuthorizationPermissionMismatch", (inside, answer.body)


def test_a_signature_of_one_blob_does_nothing_to_what_a_directory_of_its_name_holds(filled: LakeInProcess) -> None:
    sas = generate_file_sas("lake1", "data", "a", "b", KEY, ALL, END)
    attempts = [
        ("DELETE", "/data/a/b", "recursive=true", {}),
        (
            "PATCH",
            "/data/a/b",
            "action=setAccessControlRecursive&mode=set",
            {"x-ms-acl": "user::rwx,group::rwx,other::rwx"},
        ),
        ("GET", "/data", "resource=filesystem&recursive=true&directory=a/b", {}),
        ("PUT", "/data/a/b", "mode=legacy", {"x-ms-rename-source": "/data/a/b/f"}),
        ("PUT", "/data/a/b", "mode=legacy", {"x-ms-rename-source": f"/data/a/private?{sas}"}),
    ]
    for method, path, query, headers in attempts:
        answer = filled.ask(method, path, query, headers=headers, sas=sas)
        assert answer.status == 403, (method, query, answer)
    moved = filled.ask("PUT", "/data/elsewhere", "mode=legacy", headers={"x-ms-rename-source": f"/data/a/b?{sas}"})
    assert moved.status == 403
    assert "a/b/c/g" in listed(filled.ask("GET", "/data", "resource=filesystem&recursive=true").body)
    assert filled.ask("HEAD", "/data/a/b", "action=getAccessControl", sas=sas).status == 200


def test_a_directory_signature_ends_at_its_directory_whatever_the_request_looks_like(filled: LakeInProcess) -> None:
    sas = generate_directory_sas("lake1", "data", "a/b", KEY, permission=ALL, expiry=END)
    assert filled.ask("GET", "/data/a/b/f", sas=sas).status == 200
    paths = ("/data/secret", "/data/a", "/data/a/private/h", "/data//secret", "/data/a/b/../private/h", "/data/a/b/%2e%2e/f",
             "/data/a%2Fb%2F..%2Fprivate%2Fh", "/data/A/b/f", "/DATA/a/b/f", "/other/a/b/f", "/data/a/b\\..\\f", "/data/", "/data",
             "/data/a/bb", "/data/%61/private/h", "/", "/data/a/b%00/f")  # fmt: skip
    for path in paths:
        for method, api in (("GET", "dfs"), ("GET", "blob"), ("DELETE", "dfs"), ("DELETE", "blob"), ("PUT", "dfs")):
            answer = filled.ask(
                method, path, "resource=file" if method == "PUT" else "recursive=true", sas=sas, api=api
            )
            assert answer.status in {400, 403, 404}, (method, api, path, answer)
    assert filled.ask("GET", "/data/a/b/f", sas=sas, account="lake2").code == "AuthenticationFailed"
    filled.add_account("flat", isHnsEnabled=False)
    assert filled.ask("PUT", "/data", "restype=container", account="flat", api="blob").status == 201
    flat = generate_directory_sas("flat", "data", "a/b", KEY, permission=ALL, expiry=END)
    for path in (
        "/data/a/b/f",
        "/data/a/b/../../f",
        "/data/a/b",
        "/data/a/bb",
        "/data/a",
        "/data/secret",
        "/data/A/b/f",
    ):
        answer = filled.ask("PUT", path, headers={"x-ms-blob-type": "BlockBlob"}, sas=flat, account="flat", api="blob")
        assert answer.status == (201 if path in {"/data/a/b/f", "/data/a/b"} else 400 if ".." in path else 403), path
    outside = [
        {"x-ms-rename-source": "/data/secret"},
        {"x-ms-rename-source": "/data/a/b/../private/h"},
        {"x-ms-rename-source": "/data/a%2Fb%2F..%2Fprivate%2Fh"},
        {"x-ms-rename-source": "/other/a/b/f"},
        {"x-ms-rename-source": "/lake1/data/secret"},
        {"x-ms-rename-source": "/lake2/data/a/b/f"},
    ]
    for headers in outside:
        answer = filled.ask("PUT", "/data/a/b/stolen", "mode=legacy", headers=headers, sas=sas)
        assert answer.status in {400, 403, 404}, (headers, answer)
    to = filled.ask("PUT", "/data/a/out", "mode=legacy", headers={"x-ms-rename-source": "/data/a/b/f"}, sas=sas)
    assert to.status == 403
    for text in ("a/b/../", "a/", "a/b", "a/bb/", ""):
        answer = filled.ask("GET", "/data", f"restype=container&comp=list&prefix={quote(text)}", sas=sas, api="blob")
        assert answer.status in {400, 403}, (text, answer)
    assert len(listed(filled.ask("GET", "/data", "resource=filesystem&recursive=true").body)) == 8


def test_a_copy_needs_a_right_on_its_source_of_its_own(filled: LakeInProcess) -> None:
    sas = generate_directory_sas("lake1", "data", "a/b", KEY, permission=ALL, expiry=END)
    sources = (
        "https://lake1.blob.core.windows.net/data/secret",
        "https://lake1.blob.core.windows.net/other/a/b/f",
        "https://lake2.blob.core.windows.net/data/a/b/f",
        f"https://lake2.blob.core.windows.net/data/a/b/f?{sas}",
        f"https://lake1.blob.core.windows.net/data/secret?{sas}",
        "https://lake1.blob.core.windows.net/data/a/b/../../secret",
        "file:///etc/passwd",
        "https://127.0.0.1/data/secret",
        "https://example.com/",
    )
    for source in sources:
        for more in ({}, {"x-ms-requires-sync": "true"}, {"x-ms-blob-type": "BlockBlob"}):
            headers = {"x-ms-copy-source": source, **more}
            answer = filled.ask("PUT", "/data/a/b/stolen", headers=headers, sas=sas, api="blob")
            assert answer.status in {400, 401, 403, 404}, (source, answer)
        answer = filled.ask(
            "PUT", "/data/a/b/s", "comp=block&blockid=QQ==", headers={"x-ms-copy-source": source}, sas=sas, api="blob"
        )
        assert answer.status in {400, 401, 403, 404}, (source, answer)


def test_what_was_deleted_comes_back_only_to_who_may_reach_where_it_was(filled: LakeInProcess) -> None:
    sas = generate_directory_sas("lake1", "data", "a/b", KEY, permission=ALL, expiry=END)
    for source in ("secret", "/secret", "a/private/h", "a%2Fprivate%2Fh?deletionid=1"):
        headers = {"x-ms-undelete-source": source}
        answer = filled.ask("PUT", "/data/a/b/back", "comp=undelete", headers=headers, sas=sas, api="blob")
        assert answer.code == "AuthenticationFailed", (source, answer)


def test_each_part_of_a_batch_brings_its_own_credential(filled: LakeInProcess) -> None:
    sas = generate_file_system_sas("lake1", "data", KEY, ALL, END)
    theirs = generate_file_system_sas("lake1", "other", KEY, "r", END)
    lines = [
        "DELETE /data/secret HTTP/1.1",
        f"DELETE /other/secret?{sas} HTTP/1.1",
        f"DELETE /other/secret?{theirs} HTTP/1.1",
        f"DELETE /data?restype=container&{sas} HTTP/1.1",
        f"PUT /data/new?{sas} HTTP/1.1",
        f"GET /data/secret?{sas} HTTP/1.1",
        f"DELETE //lake2.blob.core.windows.net/data/secret?{sas} HTTP/1.1",
        f"DELETE https://lake2.blob.core.windows.net/data/secret?{sas} HTTP/1.1",
    ]
    for line in lines:
        part = f"--x\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n{line}\r\nContent-Length: 0\r\n\r\n\r\n--x--\r\n"
        answer = filled.ask(
            "POST",
            "/data",
            "restype=container&comp=batch",
            body=part.encode(),
            headers={"content-type": "multipart/mixed; boundary=x"},
            sas=sas,
            api="blob",
        )
        assert answer.status == 400 or b"HTTP/1.1 40" in answer.body, (line, answer)
        assert b"HTTP/1.1 20" not in answer.body, (line, answer)
    for account, name in (("lake1", "data"), ("lake1", "other"), ("lake2", "data")):
        assert filled.ask("HEAD", f"/{name}/secret", account=account).status == 200


def test_an_account_signature_stays_at_its_types_and_shows_no_unsigned_headers(filled: LakeInProcess) -> None:
    sas = generate_account_sas("lake1", KEY, "o", permission="rwdlacup", expiry=END)
    for method, path, query, api in (
        ("GET", "/data", "restype=container&comp=list", "blob"),
        ("GET", "/data", "resource=filesystem&recursive=true", "dfs"),
        ("GET", "/", "comp=list", "blob"),
        ("GET", "/", "resource=account", "dfs"),
        ("DELETE", "/data", "restype=container", "blob"),
        ("DELETE", "/data", "resource=filesystem", "dfs"),
        ("PUT", "/new", "restype=container", "blob"),
        ("PUT", "/data", "restype=container&comp=acl", "blob"),
        ("GET", "/", "restype=service&comp=properties", "blob"),
        ("POST", "/", "restype=service&comp=userdelegationkey", "blob"),
    ):
        answer = filled.ask(method, path, query, sas=sas, api=api)
        assert answer.status == 403, (method, path, query, answer)
    for text in ("rscd=attachment", "RSCD=attachment"):
        answer = filled.ask("GET", "/data/secret", text, sas=sas, api="blob")
        assert answer.status == 403 or "content-disposition" not in answer.headers
    service = generate_file_sas("lake1", "data", "", "secret", KEY, "r", END, content_type="text/plain")
    assert filled.ask("GET", "/data/secret", sas=service, api="blob").headers["content-type"] == "text/plain"
    assert filled.ask("GET", "/data/secret", "RSCT=text/html", sas=service, api="blob").status == 403


def test_keys_that_are_gone_and_clocks_that_moved_open_nothing(filled: LakeInProcess) -> None:
    sas = generate_file_system_sas("lake1", "data", KEY, "r", END)
    token = filled.token(filled.add_app(8), hours=1)
    filled.give_role("Storage Blob Data Reader", object_id(8), ACCOUNT)

    def statuses() -> list[int]:
        asked = ({"sas": sas}, {"token": token}, {"key": KEY})
        return [filled.ask("GET", "/data/secret", **one).status for one in asked]  # type: ignore[arg-type]

    assert statuses() == [200, 200, 200]
    filled.clock.advance(timedelta(minutes=60) - timedelta(microseconds=1))
    assert statuses() == [200, 200, 200]
    filled.clock.advance(timedelta(microseconds=1))
    assert statuses() == [403, 401, 200]
    early = generate_file_system_sas("lake1", "data", KEY, "r", END + timedelta(days=2), start=END + timedelta(hours=1))
    assert filled.ask("GET", "/data/secret", sas=early).status == 403
    account = filled.resources.get(ACCOUNT)
    assert account is not None
    filled.resources.put(replace(account, internal={**account.internal, "keys": ["QQ==", "Qg=="]}))
    assert statuses()[2] == 403


def test_nobody_reads_the_blobs_of_a_public_container_and_nothing_else(filled: LakeInProcess) -> None:
    filled.add_account("lake1", allowBlobPublicAccess=True)
    for name in ("blob", "container"):
        headers = {"x-ms-blob-public-access": name}
        path = f"/open-{name}"
        assert filled.ask("PUT", path, "restype=container", headers=headers, api="blob").status == 201
        assert (
            filled.ask("PUT", f"{path}/d/f", headers={"x-ms-blob-type": "BlockBlob"}, body=b"1", api="blob").status
            == 201
        )
        assert filled.ask("GET", f"{path}/d/f", api="blob", key=None).body == b"1"
        listing = filled.ask("GET", path, "restype=container&comp=list", api="blob", key=None)
        assert (listing.status == 200) is (name == "container")
        for text in ("rscd=attachment", "rsct=text/html&sr=b", "rsct=text/html&sv=2020-10-02"):
            answer = filled.ask("GET", f"{path}/d/f", text, api="blob", key=None)
            assert answer.headers.get("content-type") == "application/octet-stream"
            assert "content-disposition" not in answer.headers
        for method, where, query, api in (
            ("GET", f"{path}/d/f", "", "dfs"),
            ("GET", path, "resource=filesystem&recursive=true", "dfs"),
            ("HEAD", f"{path}/d/f", "action=getAccessControl", "dfs"),
            ("GET", path, "restype=container&comp=acl", "blob"),
            ("PUT", f"{path}/d/g", "", "blob"),
            ("DELETE", f"{path}/d/f", "", "blob"),
            ("PUT", f"{path}/d/f", "comp=metadata", "blob"),
            ("POST", path, "restype=container&comp=batch", "blob"),
            ("GET", "/data/secret", "", "blob"),
            ("GET", "/", "comp=list", "blob"),
            ("GET", f"{path}/../data/secret", "", "blob"),
            ("GET", f"{path}%2F..%2Fdata/secret", "", "blob"),
        ):
            answer = filled.ask(method, where, query, api=api, key=None)
            assert answer.status in {400, 401, 404}, (method, where, query, answer)
    filled.add_account("lake1", allowBlobPublicAccess=False)
    assert filled.ask("GET", "/open-container/d/f", api="blob", key=None).status in {401, 409}


def test_who_acts_for_a_subject_has_the_subjects_way_and_no_other(filled: LakeInProcess) -> None:
    signer, subject = filled.add_app(20), filled.add_app(21)
    filled.give_role("Storage Blob Data Owner", signer.object_id, ACCOUNT)
    owner = {"x-ms-owner": subject.object_id}
    assert filled.ask("PATCH", "/data/a/private/h", "action=setAccessControl", headers=owner).status == 200
    sas = delegated_sas(filled, signer, ALL, suoid=subject.object_id)
    mode = {"x-ms-permissions": "0777"}
    answer = filled.ask("PATCH", "/data/a/private/h", "action=setAccessControl", headers=mode, sas=sas)
    assert answer.code == "AuthorizationPermissionMismatch"
    for bad in ("$superuser", "x", "*"):
        assert filled.ask("GET", "/data/secret", sas=delegated_sas(filled, signer, ALL, suoid=bad)).status == 403
        assert (
            filled.ask("PUT", "/data/n", "resource=file", sas=delegated_sas(filled, signer, ALL, saoid=bad)).status
            == 403
        )
