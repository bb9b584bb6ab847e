"""Hosts, paths and addresses."""

from __future__ import annotations

import pytest

from lakeport_local.core import BodySink, MemorySink, Request, Response
from lakeport_local.gateway import HOSTS, Routes
from lakeport_local.gateway.addresses import BadAddress, parse_address, parse_target
from lakeport_local.gateway.certificates import is_permitted
from lakeport_local.gateway.relay import is_public

TENANT = "11111111-1111-4111-8111-111111111111"


class Nothing:
    def open_body(self, request: Request) -> BodySink | Response:
        return MemorySink()

    def handle(self, request: Request) -> Response:
        return Response(200)


@pytest.fixture
def routes() -> Routes:
    return Routes({name: Nothing() for name in ("entra", "arm", "storage", "imds", "admin")})


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("login.microsoftonline.com", "entra"),
        ("eastus2.login.microsoft.com", "entra"),
        ("sts.windows.net", "entra"),
        ("management.core.windows.net", "arm"),
        ("graph.microsoft.com", "graph"),
        ("a.dfs.core.windows.net", "storage"),
        ("a-secondary.blob.core.windows.net", "storage"),
        ("v.vault.azure.net", "vault"),
        ("169.254.169.254", "imds"),
    ],
)
def test_a_host_of_azure_has_its_service(routes: Routes, host: str, name: str) -> None:
    route = routes.find(host, "/")
    assert route is not None
    assert (route.name, route.is_explicit) == (name, False)
    assert (route.service is None) == (name in {"graph", "vault"})


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "dfs.core.windows.net",
        "evil-login.microsoftonline.com",
        "xlogin.microsoft.com",
        "login.microsoftonline.com.example.com",
        "a.queue.core.windows.net",
        "10.0.0.1",
    ],
)
def test_any_other_host_has_none(routes: Routes, host: str) -> None:
    assert routes.find(host, "/") is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/_lakeport/clock", "admin"),
        ("/_lakeportish/clock", "storage"),
        ("/metadata/identity/oauth2/token", "imds"),
        ("/msi/token", "imds"),
        ("/metadata/endpoints", "arm"),
        ("/subscriptions/x", "arm"),
        ("/Subscriptions/x", "arm"),
        ("/subscriptionsx/fs", "storage"),
        ("/common/discovery/instance", "entra"),
        (f"/{TENANT}/oauth2/v2.0/token", "entra"),
        (f"/{TENANT}/v2.0/.well-known/openid-configuration", "entra"),
        ("/contoso.onmicrosoft.com/oauth2/v2.0/token", "entra"),
        ("/account/oauth2/v2.0/token", "storage"),
        ("/account/fs/path", "storage"),
        (f"/{TENANT}/path", "storage"),
        ("/", "storage"),
    ],
)
def test_an_explicit_endpoint_finds_its_service_by_path(routes: Routes, path: str, name: str) -> None:
    route = routes.find("127.0.0.1", path)
    assert route is not None
    assert (route.name, route.is_explicit) == (name, True)


def test_every_host_behind_tls_is_one_the_authority_signs_for() -> None:
    names = [pattern.replace("*", "any") for pattern, _ in HOSTS if pattern != "169.254.169.254"]
    assert [name for name in names if not is_permitted(name)] == []


@pytest.mark.parametrize(
    ("text", "scheme", "address"),
    [
        ("h:443", None, "h:443"),
        ("H.Example.", "https", "h.example:443"),
        ("h", "http", "h:80"),
        ("[::1]:99", "http", "[::1]:99"),
        ("[::1]", "https", "[::1]:443"),
    ],
)
def test_an_address_is_read(text: str, scheme: str | None, address: str) -> None:
    assert str(parse_address(text, scheme)) == address


@pytest.mark.parametrize(
    "text", ["", "h", ":1", "h:", "h:0", "h:65536", "h:1:2", "a b:1", "u@h:1", "h/x:1", "h:1\r\n", "[h]:1", ".:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(text, None)


@pytest.mark.parametrize("text", ["*", "h:443", "ftp://h/", "http://", "http://u@h/", "/a#b", "http://h/#b", "x"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_target(text)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "fe80::1%eth0",
        "fd00::1", "::ffff:10.0.0.1", "2002:7f00:0001::", "224.0.0.1", "255.255.255.255", "::", "64:ff9b::7f00:1",
    ],
)  # fmt: skip
def test_no_private_address_is_public(address: str) -> None:
    assert not is_public(address)


def test_a_public_address_is_public() -> None:
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:220:1::1")
