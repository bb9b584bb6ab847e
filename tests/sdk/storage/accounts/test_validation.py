"""Bodies whose checksums travel with them, in both directions."""

from __future__ import annotations

import base64
import io
import os
from typing import TYPE_CHECKING, Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    Account = Any  # conftest's; test modules do not import one another
    NewAccount = Any

BIG = os.urandom(5 * 1024 * 1024 + 3)


def code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found))


@pytest.mark.parametrize("is_hns", [False, True], ids=["flat", "hierarchical"])
def test_a_client_that_validates_by_crc64_sends_and_receives_every_byte(new_account: NewAccount, is_hns: bool) -> None:
    with new_account(is_hns=is_hns).blob() as service:
        container = service.create_container("box")
        for data in (b"a", BIG):
            blob = container.get_blob_client(f"{len(data)}")
            blob.upload_blob(io.BytesIO(data), length=len(data), overwrite=True, validate_content="crc64")
            assert blob.download_blob(validate_content="crc64").readall() == data
        part = container.get_blob_client(f"{len(BIG)}").download_blob(
            offset=1_000_000, length=4_500_000, validate_content="crc64"
        )
        assert part.readall() == BIG[1_000_000:5_500_000]
        blob = container.get_blob_client("blocks")
        blob.stage_block("MQ==", io.BytesIO(BIG), length=len(BIG), validate_content="crc64")
        blob.commit_block_list(["MQ=="], validate_content="crc64")
        assert blob.download_blob().readall() == BIG
        log = container.get_blob_client("log")
        log.create_append_blob()
        log.append_block(io.BytesIO(BIG[:1000]), length=1000, validate_content="crc64")
        assert log.download_blob(validate_content="crc64").readall() == BIG[:1000]


def test_a_lake_takes_validated_appends(new_account: NewAccount) -> None:
    file = new_account(is_hns=True).dfs().create_file_system("box").create_file("a")
    file.append_data(io.BytesIO(BIG), 0, length=len(BIG), validate_content="crc64")
    file.flush_data(len(BIG))
    assert file.download_file(validate_content="crc64").readall() == BIG


def _message(data: bytes, *, checksum: bytes | None = None, number: int = 1, version: int = 1) -> bytes:
    from awscrt.checksums import crc64nvme

    summed = int(crc64nvme(data)).to_bytes(8, "little")
    size = 13 + 10 + len(data) + 8 + 8
    head = bytes([version]) + size.to_bytes(8, "little") + b"\x01\x00" + b"\x01\x00"
    return head + number.to_bytes(2, "little") + len(data).to_bytes(8, "little") + data + (checksum or summed) + summed


def test_a_message_that_is_not_what_it_says_is_refused_and_leaves_nothing(new_account: NewAccount) -> None:
    account = new_account()
    container = account.container()
    target = container.get_blob_client("a")

    def put(body: bytes, length: int, kind: str = "XSM/1.0; properties=crc64") -> tuple[int, str]:
        token = account.writing("box")
        headers = {
            "x-ms-blob-type": "BlockBlob",
            "x-ms-version": "2026-02-06",
            "x-ms-structured-body": kind,
            "x-ms-structured-content-length": str(length),
        }
        options = {"proxies": account.azure.sdk["proxies"], "verify": account.azure.ca_bundle, "timeout": 20}
        answer = requests.put(f"{target.url}?{token}", data=body, headers=headers, **options)
        return answer.status_code, answer.headers.get("x-ms-error-code", "")

    good = _message(b"hello")
    assert put(good, 5) == (201, "")
    target.delete_blob()
    assert put(_message(b"hello", checksum=bytes(8)), 5) == (400, "Crc64Mismatch")
    for wrong in (good[:-1], good + b"x", _message(b"hello", number=2), _message(b"hello", version=2), b"", good[:20]):
        assert put(wrong, 5) == (400, "InvalidInput")
    assert put(good, 4) == (400, "InvalidInput")
    assert put(good, 5, "XSM/2.0") == (400, "UnsupportedHeader")
    assert not target.exists()


def test_a_range_tells_its_checksum_when_it_is_asked_for(new_account: NewAccount) -> None:
    container = new_account().container()
    blob = container.upload_blob("a", BIG)
    seen: list[Any] = []
    options = {"raw_response_hook": seen.append, "max_concurrency": 1}
    blob.download_blob(offset=0, length=5, headers={"x-ms-range-get-content-crc64": "true"}, **options).readall()
    assert len(base64.b64decode(seen[-1].http_response.headers["x-ms-content-crc64"])) == 8
    with pytest.raises(HttpResponseError) as error:
        blob.download_blob(offset=0, length=4 * 1024 * 1024 + 1, headers={"x-ms-range-get-content-md5": "true"})
    assert code(error.value) == "OutOfRangeInput"
