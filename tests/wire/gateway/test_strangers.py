"""Unmodified HTTP clients reach real host names through the gateway."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
import requests

if TYPE_CHECKING:
    from tests.wire.gateway.conftest import World

LAKE = "https://lake.dfs.core.windows.net/fs/a%20b?resource=filesystem"


def _session(world: World, user: str | None = None) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"https": world.proxy(user), "http": world.proxy(user)}
    session.verify = world.bundle
    return session


async def _get(session: requests.Session, url: str) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        answer = session.get(url)
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://login.microsoftonline.com/t/oauth2/v2.0/token", "entra"),
        ("https://westeurope.login.microsoft.com/t/oauth2/v2.0/token", "entra"),
        ("https://management.azure.com/subscriptions", "arm"),
        ("https://lake.blob.core.windows.net/fs", "storage"),
        ("https://lake.dfs.core.windows.net/fs", "storage"),
        ("http://169.254.169.254/metadata/identity/oauth2/token", "imds"),
        ("http://lake.blob.core.windows.net/fs", "storage"),
    ],
)
async def test_requests_reaches_the_service_of_a_real_host_name(world: World, url: str, service: str) -> None:
    with _session(world) as session:
        seen = await _get(session, url)
    assert seen["service"] == service
    assert f"{seen['scheme']}://{seen['host']}{seen['path']}" == url
    assert seen["explicit"] is False


async def test_path_and_query_arrive_as_sent(world: World) -> None:
    with _session(world) as session:
        seen = await _get(session, LAKE)
    assert (seen["path"], seen["query"], seen["port"]) == ("/fs/a%20b", "resource=filesystem", 443)


@pytest.mark.parametrize("url", [LAKE, "http://169.254.169.254/metadata/identity"])
async def test_a_proxy_credential_names_the_caller_and_goes_no_further(world: World, url: str) -> None:
    with _session(world, "the-object-id") as session:
        seen = await _get(session, url)
    assert seen["caller"] == "the-object-id"
    assert not [name for name in seen["names"] if name.startswith("proxy")]


async def test_a_wrong_proxy_credential_is_refused_with_407(world: World) -> None:
    with _session(world, "somebody") as session:
        session.proxies = {"http": f"http://somebody:wrong@127.0.0.1:{world.port}"}
        answer = await asyncio.to_thread(session.get, "http://169.254.169.254/metadata")
    assert answer.status_code == 407
    assert answer.headers["Proxy-Authenticate"].startswith("Basic")


async def test_a_foreign_host_is_refused_at_once_and_the_reason_is_shown(world: World) -> None:
    with _session(world) as session, pytest.raises(requests.exceptions.ProxyError) as refused:
        await asyncio.to_thread(session.get, "https://example.com/")
    assert "403" in str(refused.value)
    assert "example.com" in str(refused.value)
    assert "--pass-through" in str(refused.value)


async def test_a_foreign_host_over_plain_http_is_refused(world: World) -> None:
    with _session(world) as session:
        answer = await asyncio.to_thread(session.get, "http://example.com/")
    assert answer.status_code == 403
    assert "example.com" in answer.text


async def test_explicit_endpoints_are_found_by_path_over_tls_and_plain(world: World) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = world.bundle
        for origin in (
            f"https://127.0.0.1:{world.port}",
            f"https://localhost:{world.port}",
            f"http://127.0.0.1:{world.port}",
        ):
            assert (await _get(session, f"{origin}/_lakeport/status"))["service"] == "admin"
            assert (await _get(session, f"{origin}/subscriptions"))["service"] == "arm"
            assert (await _get(session, f"{origin}/common/discovery/instance"))["service"] == "entra"
            seen = await _get(session, f"{origin}/account/fs/path")
            assert (seen["service"], seen["explicit"], seen["port"]) == ("storage", True, world.port)


async def test_aiohttp_reaches_through_the_proxy(world: World) -> None:
    connector = aiohttp.TCPConnector(ssl=world.trust())
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get(LAKE, proxy=world.proxy("someone")) as answer,
    ):
        seen = await answer.json()
    assert (seen["host"], seen["caller"]) == ("lake.dfs.core.windows.net", "someone")


async def test_httpx_reaches_through_the_proxy_and_uploads(world: World) -> None:
    body = bytes(range(256)) * 8192
    async with httpx.AsyncClient(proxy=world.proxy("someone"), verify=world.trust(), trust_env=False) as client:
        answer = await client.put("https://lake.blob.core.windows.net/hash", content=body)
        again = await client.get(LAKE)
    assert answer.json() == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    assert again.json()["caller"] == "someone"


async def test_a_child_process_needs_only_the_environment(world: World) -> None:
    program = (
        "import json, urllib.request as u;"
        f"print(json.dumps([json.load(u.urlopen(url))['service'] for url in ({LAKE!r}, 'http://169.254.169.254/m')]))"
    )
    environment = {"https_proxy": world.proxy("x"), "http_proxy": world.proxy("x"), "SSL_CERT_FILE": world.bundle}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["storage", "imds"]
