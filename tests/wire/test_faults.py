"""Faults as a stranger's client meets them, over TLS and in the clear."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
import requests
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, LinearRetry
from tests.crash import KEY, TOPOLOGY
from tests.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

DATA = bytes(range(256)) * 4096  # 1 MiB: large enough to be sent by the system from its file
PATH = "/data/f"


class Stranger:
    """Reads and writes one blob with `requests`, signed as the storage library signs."""

    def __init__(self, azure: LocalAzure, url: str) -> None:
        from azure.storage.blob import generate_blob_sas

        self.session = requests.Session()
        self.session.trust_env = False
        self.session.proxies = {"https": azure.proxy}
        self.session.verify = azure.ca_bundle
        sas = generate_blob_sas("lake1", "data", "f", account_key=KEY, permission="rwc", expiry="2099-01-01T00:00:00Z")
        self.url = f"{url}{PATH}?{sas}"

    def get(self, timeout: float | tuple[float, float] = 20) -> requests.Response:
        return self.session.get(self.url, timeout=timeout)

    def put(self, data: bytes = DATA) -> requests.Response:
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2023-11-03", "Content-MD5": digest}
        return self.session.put(self.url, data, headers=headers, timeout=20)


@pytest.fixture
def azure(new_azure: NewAzure) -> LocalAzure:
    return new_azure(topology=TOPOLOGY, memory=False)


@pytest.fixture
def trouble(azure: LocalAzure) -> Trouble:
    return Trouble(azure)


@pytest.fixture
def strangers(azure: LocalAzure) -> Iterator[list[Stranger]]:
    found = [
        Stranger(azure, "https://lake1.blob.core.windows.net"),
        Stranger(azure, f"http://127.0.0.1:{azure.port}/lake1"),
    ]
    yield found
    for one in found:
        one.session.close()


def test_each_kind_of_fault_is_what_a_stranger_meets(strangers: list[Stranger], trouble: Trouble) -> None:
    for one in strangers:
        assert one.put().status_code == 201
        for kind, status, code in (
            ("429", 429, "TooManyRequests"),
            ("503", 503, "ServerBusy"),
            ("500", 500, "InternalError"),
        ):
            with trouble.of(kind, retry_after_s=3):
                answer = one.get()
            assert (answer.status_code, answer.headers["x-ms-error-code"]) == (status, code)
            assert answer.headers.get("Retry-After") == (None if kind == "500" else "3")
        with trouble.of("expired"):
            assert one.get().status_code == 401
        for kind in ("reset", "reset-answer", "timeout"):
            for method in ("GET", "HEAD"):
                with trouble.of(kind, delay_s=0), pytest.raises(requests.ConnectionError):
                    one.session.request(method, one.url, timeout=20)
        for kind in ("reset-body", "truncate"):
            for after in (0, 1000, -1):
                with trouble.of(kind, after_bytes=after), pytest.raises(requests.exceptions.RequestException):
                    one.get()
        with trouble.of("corrupt", after_bytes=70_000):
            got = one.get().content
        assert [at for at in range(len(DATA)) if got[at] != DATA[at]] == [70_000]
        with trouble.of("stall-body", after_bytes=100_000, delay_s=0.1):
            assert one.get().content == DATA
        with (
            trouble.of("stall-body", after_bytes=100_000, delay_s=3600),
            pytest.raises(requests.exceptions.RequestException),
        ):
            one.get(timeout=(20, 0.3))
        with trouble.of("slow", delay_s=3600), pytest.raises(requests.exceptions.ReadTimeout):
            one.get(timeout=(20, 0.3))
        with trouble.of("slow-body", bytes_per_second=5 << 20):
            answer = one.get()
            assert (answer.content == DATA, answer.elapsed.total_seconds() < 20) == (True, True)
        assert one.get().content == DATA, "nothing of it stays"


def test_a_struck_upload_leaves_nothing_and_a_lost_answer_leaves_all(
    strangers: list[Stranger], trouble: Trouble
) -> None:
    for one in strangers:
        assert one.put(b"old").status_code == 201
        for kind in ("503", "reset", "reset-request", "timeout"):
            with trouble.of(kind, method="PUT", delay_s=0):
                if kind == "503":
                    assert one.put().status_code == 503
                else:
                    with pytest.raises(requests.ConnectionError):
                        one.put()
            assert one.get().content == b"old", kind
        with trouble.of("corrupt-request", method="PUT"):
            refused = one.put()
        assert (refused.status_code, refused.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
        with trouble.of("reset-answer", method="PUT"), pytest.raises(requests.ConnectionError):
            one.put()
        assert one.get().content == DATA


def test_microsofts_client_goes_on_after_what_passes_and_tells_what_stays(azure: LocalAzure, trouble: Trouble) -> None:
    url = f"http://127.0.0.1:{azure.port}/lake1"
    with BlobServiceClient(url, credential=KEY, retry_policy=LinearRetry(0, 3, False, 0)) as client:
        blob = client.get_blob_client("data", "sdk")
        with trouble.of("503", operation="blob * blob", count=2, retry_after_s=0):
            blob.upload_blob(DATA, overwrite=True)
        with trouble.of("reset-body", method="GET", after_bytes=1000):
            assert blob.download_blob().readall() == DATA
        trouble.add("503", principal="key", count=0, retry_after_s=0)
        with pytest.raises(HttpResponseError) as refused:
            blob.get_blob_properties()
        assert refused.value.status_code == 503
        struck = trouble.struck()["503"]
        trouble.clear()
        assert struck > 1


def test_the_commands_set_list_and_clear_faults(azure: LocalAzure, trouble: Trouble) -> None:
    added = azure.command("fault", "add", "reset-body", "--probability", "0.5", "--seed", "3", "--count", "0", "--json")
    assert json.loads(added.stdout)["probability"] == 0.5
    assert "reset-body for * * *" in azure.command("fault", "list").stdout
    assert json.loads(azure.command("fault", "shorten-tokens", "30", "--json").stdout)["token_life_s"] == 30
    assert "cleared 1" in azure.command("fault", "clear").stdout
    assert trouble.ask("GET", "switches")["token_life_s"] is None
    described = azure.command("fault", "add", "--help").stdout
    assert "one byte of the answer's body is another" in described
