"""The token endpoint with a secret: what it gives, and every refusal with its number."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
import pytest

from lakeport_local.entra import ARM, GRAPH, KEY_VAULT, STORAGE, storage_audiences
from lakeport_local.state import Resource, Resources

if TYPE_CHECKING:
    from tests.unit.local.entra.conftest import World

    from lakeport_local.core import Response
    from lakeport_local.entra import Tenant
    from lakeport_local.state import Store

SECRET = "a secret of contoso"
TRACE = "0f0f0f0f-0000-4000-8000-000000000001"
CORRELATION = "c0c0c0c0-0000-4000-8000-000000000001"


def body(response: Response) -> dict[str, Any]:
    assert isinstance(response.body, bytes)
    return dict(orjson.loads(response.body))


def number(response: Response) -> int:
    document = body(response)
    (only,) = document["error_codes"]
    assert document["error_description"].startswith(f"AADSTS{only}: ")
    assert response.status == (401 if document["error"] == "invalid_client" else 400)
    assert response.header("Cache-Control") == "no-store, no-cache"
    return int(only)


def test_a_right_secret_gives_a_token_with_numbers(world: World) -> None:
    response = world.post(world.form())
    document = body(response)
    assert response.status == 200
    assert set(document) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert isinstance(document["expires_in"], int)
    assert 3599 <= document["expires_in"] < 5400
    assert (response.header("Cache-Control"), response.header("Pragma")) == ("no-store, no-cache", "no-cache")
    principal = world.tokens.verify(document["access_token"], audiences=STORAGE.audiences)
    assert principal.object_id == world.app.object_id


def test_the_older_endpoint_takes_resource_and_answers_with_texts(world: World) -> None:
    form = world.form(scope=None, resource="https://management.core.windows.net/")
    document = body(world.post(form, f"/{world.app.tenant_id}/oauth2/token"))
    assert all(isinstance(value, str) for value in document.values())
    assert document["resource"] == "https://management.core.windows.net/"
    assert int(document["expires_on"]) - int(world.clock.now().timestamp()) == int(document["expires_in"])
    assert world.tokens.verify(document["access_token"], audiences=ARM.audiences).object_id == world.app.object_id


@pytest.mark.parametrize(
    ("scope", "audiences"),
    [
        ("https://storage.azure.com/.default", STORAGE.audiences),
        ("https://storage.azure.com//.default", STORAGE.audiences),
        ("e406a681-f3d4-42a8-90b6-c2b029497af1/.default", STORAGE.audiences),
        ("https://sourcestorage.blob.core.windows.net/.default", storage_audiences("sourcestorage")),
        ("https://management.azure.com/.default", ARM.audiences),
        ("https://management.core.windows.net//.default", ARM.audiences),
        ("https://vault.azure.net/.default", KEY_VAULT.audiences),
        ("https://graph.microsoft.com/.default", GRAPH.audiences),
    ],
)
def test_the_audience_is_the_scope_without_its_suffix(
    world: World, store: Store, scope: str, audiences: frozenset[str]
) -> None:
    Resources(store).put(
        Resource("/x/storageAccounts/sourcestorage", "Microsoft.Storage/storageAccounts", "sourcestorage")
    )
    token = body(world.post(world.form(scope=scope)))["access_token"]
    assert world.tokens.verify(token, audiences=audiences).object_id == world.app.object_id
    others = {STORAGE, ARM, KEY_VAULT, GRAPH} - {
        api for api in (STORAGE, ARM, KEY_VAULT, GRAPH) if api.audiences <= audiences
    }
    for other in others:
        with pytest.raises(Exception, match="audience"):
            world.tokens.verify(token, audiences=other.audiences)


def test_key_vault_refuses_the_audience_with_a_slash_that_entra_gives(world: World) -> None:
    token = body(world.post(world.form(scope="https://vault.azure.net//.default")))["access_token"]
    with pytest.raises(Exception, match="audience"):
        world.tokens.verify(token, audiences=KEY_VAULT.audiences)


@pytest.mark.parametrize("path", ["{id}", "contoso.onmicrosoft.com", "CONTOSO.ONMICROSOFT.COM"])
def test_a_tenant_is_named_by_id_or_domain(world: World, path: str) -> None:
    tenant = path.format(id=world.app.tenant_id.upper())
    assert world.post(world.form(), f"/{tenant}/oauth2/v2.0/token").status == 200


def test_basic_authentication_is_taken(world: World) -> None:
    credential = base64.b64encode(f"{world.app.client_id}:a+secret%20of contoso".encode()).decode()
    form = world.form(client_id=None, client_secret=None)
    assert world.post(form, headers={"authorization": f"Basic {credential}"}).status == 200
    other = form | {"client_id": TRACE}
    assert number(world.post(other, headers={"authorization": f"Basic {credential}"})) == 9002313
    assert number(world.post(form, headers={"authorization": "Basic !!"})) == 9002313
    assert number(world.post(form, headers={"authorization": "Basic bm9jb2xvbg=="})) == 9002313


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_secret": "wrong"}, 7000215),
        ({"client_secret": ""}, 7000218),
        ({"client_secret": None}, 7000218),
        ({"client_id": "dddddddd-0000-4000-8000-000000000001"}, 700016),
        ({"client_id": "' OR 1=1 --"}, 700016),
        ({"client_id": None}, 900144),
        ({"grant_type": None}, 900144),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer"}, 70003),
        ({"grant_type": "password"}, 900144),
        ({"grant_type": "CLIENT_CREDENTIALS"}, 70003),
        ({"scope": None}, 900144),
        ({"scope": "https://storage.azure.com/user_impersonation"}, 1002012),
        ({"scope": "/.default"}, 1002012),
        ({"scope": "https://storage.azure.com/.default https://vault.azure.net/.default"}, 70011),
        ({"scope": "https://unknown.example/.default"}, 500011),
        ({"scope": "https://noaccount.blob.core.example.net/.default"}, 500011),
        ({"scope": "https://myvault.vault.azure.net/.default"}, 500011),
        ({"client_assertion": "x.y.z", "client_assertion_type": "other"}, 9002313),
        ({"client_assertion": "x.y.z", "client_assertion_type": None}, 900144),
    ],
    ids=str,
)  # fmt: skip
def test_a_refusal_has_its_number(world: World, changes: dict[str, str | None], expected: int) -> None:
    assert number(world.post(world.form(**changes))) == expected


def test_an_app_of_another_tenant_is_not_found(world: World, fabrikam: Tenant) -> None:
    assert number(world.post(world.form(), f"/{fabrikam.id}/oauth2/v2.0/token")) == 700016


def test_an_expired_secret_and_a_disabled_app_have_their_own_numbers(world: World) -> None:
    world.directory.add_secret(world.app, "old", key_id=TRACE, ends_at=world.clock.now() + timedelta(hours=1))
    world.clock.advance(timedelta(hours=1))
    assert number(world.post(world.form(client_secret="old"))) == 7000222
    world.directory.add_app(
        world.app.tenant_id, name="off", client_id=world.app.client_id, object_id=world.app.object_id, is_enabled=False
    )
    assert number(world.post(world.form())) == 7000112


@pytest.mark.parametrize(
    ("tenant", "expected"),
    [
        ("99999999-0000-4000-8000-000000000001", 90002),
        ("contoso", 90002),
        ("common", 9001023),
        ("consumers", 9001023),
        ("organizations", 50059),
        ("%2e%2e", 90002),
    ],
)
def test_a_path_without_a_tenant_of_ours_is_refused(world: World, tenant: str, expected: int) -> None:
    assert number(world.post(world.form(), f"/{tenant}/oauth2/v2.0/token")) == expected


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        (b"", "application/x-www-form-urlencoded", 900144),
        (b'{"grant_type":"client_credentials"}', "application/json", 900144),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded", 9002313),
        (b"grant_type=%ff", "application/x-www-form-urlencoded; charset=utf-8", 9002313),
        (b"&".join(b"a%d=1" % n for n in range(200)), "application/x-www-form-urlencoded", 9002313),
        (b"grant_type=client_credentials&client_id=\x00&client_secret=x&scope=x/.default", "text/plain", 900144),
    ],
)
def test_a_body_that_is_no_form_is_refused(world: World, data: bytes, content_type: str, expected: int) -> None:
    path = f"/{world.app.tenant_id}/oauth2/v2.0/token"
    assert number(world.send("POST", path, data, {"content-type": content_type})) == expected


def test_a_huge_body_is_refused_before_it_is_read(world: World) -> None:
    response = world.send("POST", f"/{world.app.tenant_id}/oauth2/v2.0/token", b"", {"content-length": "1000000000"})
    assert response.status == 413


def test_another_method_and_another_path_are_refused(world: World) -> None:
    path = f"/{world.app.tenant_id}/oauth2/v2.0/token"
    assert number(world.send("GET", path)) == 900561
    assert world.send("POST", f"/{world.app.tenant_id}/discovery/v2.0/keys").status == 405
    assert [
        world.send("GET", path).status for path in ("/", "", "/x", "//", f"/{world.app.tenant_id}/oauth2/v3/token")
    ] == [404] * 5


def test_a_refusal_carries_its_ids_and_the_time(world: World) -> None:
    document = body(world.post(world.form(client_secret="wrong"), headers={"client-request-id": CORRELATION}))
    assert document == {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the"
        f" client secret value, not the client secret ID, for a secret added to app '{world.app.client_id}'.\r\n"
        f"Trace ID: {TRACE}\r\nCorrelation ID: {CORRELATION}\r\nTimestamp: 2026-11-22 12:00:00Z",
        "error_codes": [7000215],
        "timestamp": "2026-11-22 12:00:00Z",
        "trace_id": TRACE,
        "correlation_id": CORRELATION,
        "error_uri": "https://login.microsoftonline.com/error?code=7000215",
    }
    assert SECRET not in str(document)


@pytest.mark.parametrize(
    ("asked", "sent", "echoed"),
    [("true", CORRELATION, CORRELATION), ("false", CORRELATION, None), ("true", "x\r\nset-cookie: y", None)],
)
def test_the_client_request_id_is_echoed_when_asked(world: World, asked: str, sent: str, echoed: str | None) -> None:
    headers = {"client-request-id": sent, "return-client-request-id": asked}
    assert world.post(world.form(), headers=headers).header("client-request-id") == echoed


def test_discovery_names_the_tenant_by_id_and_keeps_both_versions_apart(world: World) -> None:
    v2 = body(world.send("GET", "/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"))
    v1 = body(world.send("GET", f"/{world.app.tenant_id}/.well-known/openid-configuration"))
    base = f"https://login.microsoftonline.com/{world.app.tenant_id}"
    assert (v2["token_endpoint"], v1["token_endpoint"]) == (f"{base}/oauth2/v2.0/token", f"{base}/oauth2/token")
    assert (v2["issuer"], v1["issuer"]) == (f"{base}/v2.0", f"https://sts.windows.net/{world.app.tenant_id}/")
    assert v2["jwks_uri"] == f"{base}/discovery/v2.0/keys"
    many = body(world.send("GET", "/organizations/v2.0/.well-known/openid-configuration"))
    assert many["issuer"] == "https://login.microsoftonline.com/{tenantid}/v2.0"
    assert many["token_endpoint"] == "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"


def test_discovery_of_an_unknown_tenant_is_invalid_tenant(world: World) -> None:
    response = world.send("GET", "/nobody.example/v2.0/.well-known/openid-configuration")
    assert (response.status, body(response)["error"], number(response)) == (400, "invalid_tenant", 90002)


def test_instance_discovery_knows_its_aliases_and_no_other_host(world: World) -> None:
    def asked(url: str) -> Response:
        query = urlencode({"api-version": "1.1", "authorization_endpoint": url})
        return world.send("GET", "/common/discovery/instance", query=query)

    document = body(asked("https://login.windows.net/common/oauth2/authorize"))
    assert "login.microsoftonline.com" in document["metadata"][0]["aliases"]
    assert document["tenant_discovery_endpoint"].endswith("/common/.well-known/openid-configuration")
    v2 = body(asked("https://westeurope.login.microsoft.com/t/oauth2/v2.0/authorize"))
    assert v2["tenant_discovery_endpoint"].endswith("/t/v2.0/.well-known/openid-configuration")
    for url in ("https://evil.example/common/oauth2/authorize", "http://login.windows.net/x", "https://[", ""):
        assert body(asked(url))["error"] in {"invalid_instance", "invalid_request"}


def test_the_keys_document_verifies_a_token_and_holds_nothing_private(world: World) -> None:
    (key,) = body(world.send("GET", "/common/discovery/v2.0/keys"))["keys"]
    assert set(key) == {"kty", "use", "kid", "x5t", "n", "e", "x5c", "issuer"}
    assert body(world.send("GET", f"/{world.app.tenant_id}/discovery/keys"))["keys"][0]["n"] == key["n"]
