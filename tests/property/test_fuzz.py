"""Whatever bytes arrive, at the listener or at a parser: an answer in the service's words, no traceback, no hang."""

from __future__ import annotations

import base64
import json
import os
import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_from_bytes

import pytest
from tests.azure import LocalAzure
from tests.property.lake import ACCOUNT, KEY, LakeInProcess, object_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.property.lake import Answer

ROUNDS = int(os.environ.get("LAKEPORT_ROUNDS", "250"))


DOCUMENTS: dict[str, tuple[str, str, str, bytes]] = {
    "key information": (
        "POST",
        "/",
        "restype=service&comp=userdelegationkey",
        b"<KeyInfo><Start>2030-01-01T11:00:00Z</Start><Expiry>2030-01-01T13:00:00Z</Expiry></KeyInfo>",
    ),
    "container policies": (
        "PUT",
        "/data",
        "restype=container&comp=acl",
        b"<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Start>2030-01-01</Start><Expiry>2030-01-02"
        b"</Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>",
    ),
    "block list": (
        "PUT",
        "/data/b",
        "comp=blocklist",
        b"<BlockList><Latest>QUFB</Latest><Committed>QQ==</Committed></BlockList>",
    ),
    "service properties": (
        "PUT",
        "/",
        "restype=service&comp=properties",
        b"<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>*</AllowedOrigins><AllowedMethods>GET</AllowedMethods>"
        b"<MaxAgeInSeconds>5</MaxAgeInSeconds><ExposedHeaders>*</ExposedHeaders><AllowedHeaders>*</AllowedHeaders>"
        b"</CorsRule></Cors></StorageServiceProperties>",
    ),
    "tags": ("PUT", "/data/f", "comp=tags", b"<Tags><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tags>"),
    "query": (
        "POST",
        "/data/f",
        "comp=query",
        b"<QueryRequest><QueryType>SQL</QueryType><Expression>SELECT * from BlobStorage</Expression></QueryRequest>",
    ),
    "batch": (
        "POST",
        "/data",
        "restype=container&comp=batch",
        b"--x\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nDELETE /data/none HTTP/1.1\r\n"
        b"Content-Length: 0\r\nAuthorization: Bearer x\r\n\r\n\r\n--x--\r\n",
    ),
    "structured body": (
        "PUT",
        "/data/s",
        "",
        b"\x01" + bytes([60, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0]) + b"\x01\x00" + bytes(45),
    ),
}
EXTRA = {
    "batch": {"content-type": "multipart/mixed; boundary=x"},
    "structured body": {
        "x-ms-blob-type": "BlockBlob",
        "x-ms-structured-body": "XSM/1.0; properties=crc64",
        "x-ms-structured-content-length": "3",
    },
}

HEADERS: dict[str, tuple[str, str, str]] = {
    "x-ms-acl": (
        "PATCH",
        "action=setAccessControl",
        "user::rwx,user:a:r-x,group::r--,mask::rwx,other::---,default:user::rwx",
    ),
    "x-ms-permissions": ("PATCH", "action=setAccessControl", "rwxr-x--t+"),
    "x-ms-owner": ("PATCH", "action=setAccessControl", object_id(1)),
    "x-ms-properties": ("PATCH", "action=setProperties", "a=QUFB, b=QQ==,c="),
    "x-ms-umask": ("PUT", "resource=file", "0027"),
    "x-ms-rename-source": ("PUT", "mode=legacy", "/data/f?sv=2026-10-06&sr=c&sig=a&se=2030-01-01&sp=r"),
    "x-ms-lease-duration": ("POST", "", "15"),
    "x-ms-lease-id": ("DELETE", "", object_id(5)),
    "x-ms-expiry-time": ("PUT", "resource=file", "Tue, 01 Jan 2030 00:00:00 GMT"),
    "x-ms-content-md5": ("PATCH", "action=flush&position=0", base64.b64encode(bytes(16)).decode()),
    "content-md5": ("PATCH", "action=append&position=0", base64.b64encode(bytes(16)).decode()),
    "x-ms-content-crc64": ("PATCH", "action=append&position=0", base64.b64encode(bytes(8)).decode()),
    "range": ("GET", "", "bytes=0-3,5-"),
    "x-ms-range": ("GET", "", "bytes=-5"),
    "if-match": ("GET", "", '"0x8D", W/"a", *'),
    "if-modified-since": ("GET", "", "Tue, 01 Jan 2030 00:00:00 GMT"),
    "x-ms-source-if-unmodified-since": ("PUT", "", "Tuesday, 01-Jan-30 00:00:00 GMT"),
    "x-ms-client-request-id": ("GET", "", "abc"),
    "x-ms-version": ("GET", "", "2020-10-02"),
    "x-ms-date": ("GET", "", "Tue, 01 Jan 2030 00:00:00 GMT"),
    "authorization": ("GET", "", "SharedKey lake1:QUFB"),
    "content-length": ("PATCH", "action=append&position=0", "3"),
    "x-ms-copy-source": ("PUT", "", "https://lake1.blob.core.windows.net/data/f?sv=1&sig=b"),
    "x-ms-tags": ("PUT", "", "a=b&c=d"),
    "x-ms-encryption-context": ("PUT", "resource=file", "a"),
}
PARAMETERS: dict[str, tuple[str, str, str]] = {
    "continuation": ("GET", "resource=filesystem&recursive=true", "eHh4"),
    "directory": ("GET", "resource=filesystem&recursive=true", "a/b"),
    "beginFrom": ("GET", "resource=filesystem&recursive=true", "a"),
    "maxResults": ("GET", "resource=filesystem&recursive=true", "10"),
    "recursive": ("GET", "resource=filesystem", "true"),
    "position": ("PATCH", "action=flush", "0"),
    "fsAction": ("HEAD", "action=checkAccess", "rwx"),
    "maxRecords": ("PATCH", "action=setAccessControlRecursive&mode=modify", "5"),
    "timeout": ("GET", "", "30"),
    "marker": ("GET", "restype=container&comp=list", "eHg="),
    "prefix": ("GET", "restype=container&comp=list", "a/"),
    "include": ("GET", "restype=container&comp=list", "metadata,snapshots"),
    "blockid": ("PUT", "comp=block", "QUFB"),
    "se": ("GET", "sv=2026-10-06&sr=c&sp=r&sig=QUFB", "2030-01-01T00:00:00Z"),
    "sv": ("GET", "sr=c&sp=r&se=2031-01-01&sig=QUFB", "2026-10-06"),
    "sdd": ("GET", "sv=2026-10-06&sr=d&sp=r&se=2031-01-01&sig=QUFB", "1"),
    "sig": ("GET", "sv=2026-10-06&sr=c&sp=r&se=2031-01-01", "QUFB"),
    "sip": ("GET", "sv=2026-10-06&sr=c&sp=r&se=2031-01-01&sig=QUFB", "1.2.3.4-1.2.3.5"),
    "skt": ("GET", "sv=2026-10-06&sr=c&sp=r&se=2031-01-01&sig=QUFB&skoid=a&sktid=b&ske=2031-01-01", "2030-01-01"),
    "srh": ("GET", "sv=2026-10-06&sr=c&sp=r&se=2031-01-01&sig=QUFB&skoid=a", "x-ms-a,b"),
}
NASTY = (b"\x00", b"\r\n", b"\xff\xfe", b"%00", b"%", b"..", b"/", b"\xed\xa0\x80", b"9" * 40, b"-1", b"1e400", b"\xf0\x9f\x8d\x8e",
         b"&lt;", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>", b"<a>" * 300, b"]]>", b"<![CDATA[", b",", b"=", b":",
         b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00", b"nan", b"\xd9\xa3", b"{" * 500, b"\x7f" * 9,
         b"a" * 9000, b"[")  # fmt: skip


def mutated(chance: random.Random, good: bytes) -> bytes:
    """A good text with something wrong in it, or nothing good at all."""
    if chance.random() < 0.15:
        return chance.randbytes(chance.randrange(200))
    data = bytearray(good)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        what = chance.random()
        if what < 0.3 and data:
            del data[at : at + chance.randrange(1, 12)]
        elif what < 0.6:
            data[at:at] = chance.choice(NASTY)
        elif what < 0.8 and data:
            data[at % len(data)] = chance.randrange(256)
        else:
            data[at:at] = data[at // 2 : at]
    return bytes(data)


def field_text(data: bytes) -> str:
    """Bytes as a header's value can hold them once the connection has read it."""
    return data.decode("latin-1").replace("\r", "").replace("\n", "").replace("\x00", "").strip()


@pytest.fixture
def opened(lake: LakeInProcess) -> LakeInProcess:
    lake.add_app(1)
    lake.give_role("Storage Blob Data Owner", object_id(1), ACCOUNT)
    lake.ask("PUT", "/data", "resource=filesystem")
    lake.ask("PUT", "/data/f", "resource=file")
    return lake


def judged(answer: Answer) -> None:
    """Expect the service's words; a failure inside would have left `ask` as an exception."""
    assert 200 <= answer.status < 500 or answer.status == 501, answer
    assert b"Traceback" not in answer.body


def test_no_document_is_a_failure(opened: LakeInProcess) -> None:
    chance, principal = (
        random.Random(1),
        opened.directory.principal("11111111-1111-4111-8111-111111111111", object_id(1)),
    )
    assert principal is not None
    token = opened.token(principal)
    for name, (method, path, query, good) in DOCUMENTS.items():
        for number in range(ROUNDS):
            body = good if not number else mutated(chance, good)
            more = EXTRA.get(name, {})
            judged(opened.ask(method, path, query, body=body, headers=more, token=token, api="blob"))


def test_no_header_is_a_failure(opened: LakeInProcess) -> None:
    chance = random.Random(2)
    for name, (method, query, good) in HEADERS.items():
        for number in range(ROUNDS):
            value = good if not number else field_text(mutated(chance, good.encode()))
            more = {"x-ms-lease-action": "acquire"} if name == "x-ms-lease-duration" else {}
            more |= {"x-ms-expiry-option": "Absolute"} if name == "x-ms-expiry-time" else {}
            api = chance.choice(["dfs", "blob"])
            key = None if name == "authorization" else KEY
            headers = {**more, name: value}
            body = b"123" if "append" in query else b""
            judged(opened.ask(method, "/data/f", query, body=body, headers=headers, api=api, key=key))


def test_no_parameter_is_a_failure(opened: LakeInProcess) -> None:
    chance = random.Random(3)
    for name, (method, query, good) in PARAMETERS.items():
        for number in range(ROUNDS):
            value = quote(good) if not number else quote_from_bytes(mutated(chance, good.encode()))
            if chance.random() < 0.1:
                value = mutated(chance, good.encode()).decode("latin-1").replace("\n", "").replace("&", "")
            path = "/data" if "resource=" in query or "restype=" in query else "/data/f"
            signed = "sig=" in query or name == "sig"
            text = f"{query}&{name}={value}"
            api = chance.choice(["dfs", "blob"])
            judged(opened.ask(method, path, "" if signed else text, sas=text if signed else None, api=api))


def test_no_path_is_a_failure_or_leaves_its_file_system(opened: LakeInProcess) -> None:
    chance = random.Random(4)
    opened.ask("PUT", "/other", "resource=filesystem")
    opened.ask("PUT", "/other/kept", "resource=file")
    for _ in range(ROUNDS * 4):
        raw = mutated(chance, b"/data/a/b%20c/..%2f/other/kept")
        path = "/" + "".join(chr(one) for one in raw if 32 < one < 127 and one not in b"?#")
        method = chance.choice(["PUT", "GET", "HEAD", "DELETE", "PATCH"])
        judged(opened.ask(method, path, chance.choice(["", "resource=file", "recursive=true"])))
        if path.lstrip("/").startswith("other"):
            continue
        assert opened.ask("HEAD", "/other/kept").status == 200, (method, path)


# The listener


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    running = LocalAzure(tmp_path_factory.mktemp("fuzzed"))
    yield running
    running.stop()


OPENINGS = (
    b"GET /sourcestorage/share-data?restype=container&comp=list HTTP/1.1\r\nHost: 127.0.0.1\r\nx-ms-version: 2023-11-03\r\n\r\n",
    b"CONNECT login.microsoftonline.com:443 HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\n\r\n",
    b"GET http://169.254.169.254/metadata/identity/oauth2/token?resource=a HTTP/1.1\r\nMetadata: true\r\n\r\n",
    b"PUT /sourcestorage/share-data/f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: login.microsoftonline.com\r\nContent-Length: 9\r\n\r\na=b&c=%zz",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(range(150)),
    b"\x16\x03\x01\xff\xff" + b"\x01" * 40,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n",
    b"\x12\x01\x00\x2f\x00\x00\x01\x00" + bytes(39),
)


def resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def exchange(port: int, data: bytes) -> bytes:
    """Send bytes, then nothing more; return what came back until the server closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        got = bytearray()
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65_536):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # closed in our face: as good an answer as any
        return bytes(got)


def alive(port: int) -> bool:
    said = exchange(port, OPENINGS[0])
    return said.startswith(b"HTTP/1.1 40") and b"x-ms-request-id" in said.lower()


def everything_in(folder: Path, but: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if but not in path.parents and path != but}


@pytest.mark.timeout(600)
def test_no_bytes_at_the_listener_are_a_failure(listening: LocalAzure) -> None:
    chance, pid = random.Random(5), int(json.loads((listening.state / "lock").read_text())["pid"])
    around = listening.state.parent
    before = everything_in(around, listening.state)
    assert alive(listening.port)
    for good in OPENINGS:
        exchange(listening.port, good)
    base_kib = resident_kib(pid)
    for number in range(ROUNDS * 2):
        said = exchange(listening.port, mutated(chance, chance.choice(OPENINGS)))
        assert b"Traceback" not in said
        assert b" 500 " not in said[:20], said[:300]
        if number % 50 == 0:
            assert alive(listening.port)
    assert alive(listening.port)
    assert resident_kib(pid) - base_kib < 64 * 1024
    assert everything_in(around, listening.state) == before
    assert "Traceback" not in listening.log()


def test_a_connection_that_says_nothing_more_does_not_hold_up_others(listening: LocalAzure) -> None:
    silent = [socket.create_connection(("127.0.0.1", listening.port)) for _ in range(50)]
    for number, connection in enumerate(silent):
        connection.sendall(OPENINGS[number % len(OPENINGS)][: number + 1])
    assert alive(listening.port)
    for connection in silent:
        connection.close()
    assert alive(listening.port)
