"""How a host of storage is reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakeport import clouds
from lakeport.errors import BadProfile
from lakeport.profiles import Profile
from lakeport.storage.opening import opener
from lakeport.storage.reaching import way


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies of this test alone."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_host_is_reached_through_the_environment_s_proxy_but_not_where_it_says_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.corp:3128")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.corp")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/corp.pem")
    lake = way(clouds.PUBLIC, clouds.PUBLIC.blob_url("lake"))
    assert (lake.proxy, lake.authority, lake.ca_bundle) == (
        "http://proxy.corp:3128",
        "lake.blob.core.windows.net",
        "/etc/corp.pem",
    )
    assert way(clouds.PUBLIC, "https://lake.corp/").proxy == ""


def test_the_local_azure_s_proxy_is_for_host_names_and_an_endpoint_goes_straight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    local = clouds.local("http://127.0.0.1:10443", "/ca.pem")
    assert way(local, local.blob_url("lake")).proxy == "http://127.0.0.1:10443"
    explicit = replace(local, endpoint="http://127.0.0.1:10443/lake")
    found = way(explicit, explicit.account_url("lake"))
    assert (found.scheme, found.authority, found.base, found.proxy) == ("http", "127.0.0.1:10443", "/lake", "")
    assert way(explicit, "https://[::1]:8443/lake").authority == "[::1]:8443"


@pytest.mark.parametrize("text", ["127.0.0.1:10000/lake", "ftp://host/lake", "https:///lake", "https://host/?sig=x"])
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(BadProfile, match="is no address"):
        clouds.endpoint(text)


def test_no_token_is_sent_over_plain_http() -> None:
    cloud = replace(clouds.PUBLIC, endpoint="http://127.0.0.1:10000/lake")
    with pytest.raises(BadProfile, match="would see the token"):
        opener(Profile("here", cloud), "lake")
