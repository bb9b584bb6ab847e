"""Every operation of the lake, tried with another organisation's token: refused each time, and nothing changed.

The operations come from the lake's own tables, so a new one is tried by itself.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.identity import ClientSecretCredential

from lakeport_local.storage.blob import OPERATIONS as BLOB
from lakeport_local.storage.dfs import OPERATIONS as DFS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure

OPERATIONS = [(api, *key) for api, table in (("dfs", DFS), ("blob", BLOB)) for key in table]
_HEADERS = {
    "rename": {"x-ms-rename-source": "/share-data/of-contoso.txt"},
    "copy": {"x-ms-copy-source": "https://sourcestorage.blob.core.windows.net/share-data/of-contoso.txt"},
    "block-copy": {"x-ms-copy-source": "https://sourcestorage.blob.core.windows.net/share-data/of-contoso.txt"},
    "put": {"x-ms-blob-type": "BlockBlob"},
    "lease": {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"},
}


def query(api: str, level: str, word: str) -> dict[str, str]:
    """Spell what tells an operation apart, beside its method."""
    if api == "dfs":
        name = "action" if level == "path" and word not in {"file", "directory", "rename"} else "resource"
        scope = {"resource": "filesystem", "recursive": "true"} if level == "file_system" else {}
        return {**({name: word} if word and word != "rename" else {}), **scope, "position": "0", "mode": "set"}
    where = {"account": "service", "container": "container"}.get(level)
    is_info = word == "properties" and level == "account"
    scope = {"restype": "account" if is_info else where} if where else {}
    return {**scope, **({"comp": "block" if word == "block-copy" else word} if word not in {"", "put", "copy"} else {})}


class Lake:
    """Contoso's lake, asked with whosever token."""

    def __init__(self, azure: LocalAzure) -> None:
        self.client = httpx.Client(proxy=azure.proxy, verify=ssl.create_default_context(cafile=azure.ca_bundle))
        self.tokens = {
            name: ClientSecretCredential(who["tenant_id"], who["client_id"], who["client_secret"], **azure.sdk)
            .get_token("https://storage.azure.com/.default")
            .token
            for name in ("provider", "consumer")
            for who in (azure.credentials(name),)
        }

    def ask(
        self, who: str, method: str, url: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        signed = {"Authorization": f"Bearer {self.tokens[who]}", "x-ms-version": "2023-11-03", **(headers or {})}
        return self.client.request(method, url, headers=signed, **more)  # Any: httpx's own keywords

    def listed(self) -> bytes:
        url = "https://sourcestorage.dfs.core.windows.net/share-data?resource=filesystem&recursive=true"
        return self.ask("provider", "GET", url).content


@pytest.fixture(scope="module")
def lake(azure: LocalAzure) -> Iterator[Lake]:
    lake = Lake(azure)
    url = "https://sourcestorage.blob.core.windows.net/share-data/of-contoso.txt"
    assert lake.ask("provider", "PUT", url, content=b"ours", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201
    yield lake
    lake.client.close()


@pytest.mark.parametrize(("api", "level", "method", "word"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_another_organisations_token_opens_nothing(lake: Lake, api: str, level: str, method: str, word: str) -> None:
    before = lake.listed()
    path = {"account": "", "file_system": "share-data", "container": "share-data", "path": "share-data/of-contoso.txt"}
    url = f"https://sourcestorage.{api}.core.windows.net/{path[level]}"
    headers = _HEADERS.get(word, {})
    body = b"theirs" if word in {"put", "append", "block"} else b""
    answer = lake.ask("consumer", method, url, params=query(api, level, word), headers=headers, content=body)
    assert (answer.status_code, answer.headers.get("x-ms-error-code")) == (401, "InvalidAuthenticationInfo")
    assert "authorization_uri=https://login.microsoftonline.com/" in answer.headers["WWW-Authenticate"]
    assert lake.listed() == before
