"""What a call must pass: token, api-version, tenant, type, method, role, registration, parents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.local.arm.conftest import Cloud, Tenant

THINGS_VERSION = "2020-01-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def gadget(tenant: Tenant, name: str = "g") -> str:
    return f"{tenant.group}/providers/Test.Things/gadgets/{name}"


def test_no_token_is_refused_with_a_challenge_that_names_the_tenant(cloud: Cloud, contoso: Tenant) -> None:
    answer = cloud.send(None, "GET", contoso.group)
    assert (answer.status, answer.code) == (401, "AuthenticationFailed")
    assert f'authorization_uri="https://login.windows.net/{contoso.id}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "Bearer \x7f", "bearer x"])
def test_what_is_no_token_is_refused(cloud: Cloud, contoso: Tenant, header: str) -> None:
    answer = cloud.send(header, "GET", contoso.group)
    assert answer.status == 401
    assert answer.code in {"AuthenticationFailed", "InvalidAuthenticationToken"}
    assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri=")


def test_an_expired_token_is_refused_as_expired(cloud: Cloud, contoso: Tenant) -> None:
    header = f"Bearer {cloud.token(contoso.owner, lifetime=timedelta(minutes=5))}"
    assert cloud.send(header, "GET", contoso.group).status == 200
    cloud.clock.advance(timedelta(minutes=6))
    answer = cloud.send(header, "GET", contoso.group)
    assert (answer.status, answer.code) == (401, "ExpiredAuthenticationToken")


@pytest.mark.parametrize(
    "audience", ["https://storage.azure.com/", "https://graph.microsoft.com", "https://vault.azure.net"]
)
def test_a_token_for_another_service_is_refused(cloud: Cloud, contoso: Tenant, audience: str) -> None:
    answer = cloud.send(f"Bearer {cloud.token(contoso.owner, audience=audience)}", "GET", contoso.group)
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationTokenAudience")


@pytest.mark.parametrize(
    "audience",
    [
        "https://management.azure.com",
        "https://management.core.windows.net/",
        "https://management.core.windows.net",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    ],
)
def test_every_audience_of_arm_is_taken(cloud: Cloud, contoso: Tenant, audience: str) -> None:
    assert cloud.send(f"Bearer {cloud.token(contoso.owner, audience=audience)}", "GET", contoso.group).status == 200


def test_another_tenants_token_is_refused_naming_both_tenants(cloud: Cloud, contoso: Tenant, fabrikam: Tenant) -> None:
    answer = cloud.send(fabrikam.owner, "GET", contoso.group)
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationTokenTenant")
    assert f"sts.windows.net/{fabrikam.id}/" in answer.message
    assert f"login.windows.net/{contoso.id}" in answer.message
    assert f'authorization_uri="https://login.windows.net/{contoso.id}"' in answer.headers["www-authenticate"]


def test_a_principal_that_left_is_refused(cloud: Cloud, contoso: Tenant) -> None:
    header = f"Bearer {cloud.token(contoso.owner)}"
    cloud.directory.remove(contoso.id, contoso.owner.object_id)
    assert cloud.send(header, "GET", contoso.group).status == 401


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (None, "MissingApiVersionParameter"),
        ("soon", "InvalidApiVersionParameter"),
        ("2024-13-01", "InvalidApiVersionParameter"),
        ("2024-11-01-sometime", "InvalidApiVersionParameter"),
        ("2019-01-01", "NoRegisteredProviderFound"),
    ],
)
def test_an_api_version_that_will_not_do_is_refused(
    cloud: Cloud, contoso: Tenant, version: str | None, code: str
) -> None:
    answer = cloud.send(contoso.owner, "GET", gadget(contoso), version=version)
    assert (answer.status, answer.code) == (400, code)


def test_a_preview_version_is_taken_in_any_case(cloud: Cloud, contoso: Tenant) -> None:
    assert cloud.send(contoso.owner, "PUT", gadget(contoso), {}, version="2021-01-01-PREVIEW").status == 201


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/subscriptions/no-such/resourceGroups/g", 404, "SubscriptionNotFound"),
        ("GET", "{group}x", 404, "ResourceGroupNotFound"),
        ("PUT", "{scope}/resourceGroups/no/providers/Test.Things/gadgets/g", 404, "ResourceGroupNotFound"),
        ("GET", "{group}/providers/Test.Things/gadgets/no", 404, "ResourceNotFound"),
        ("PUT", "{group}/providers/Test.Things/gadgets/no/parts/p", 404, "ResourceNotFound"),
        ("GET", "{group}/providers/Test.Things/gadgets/no/parts", 404, "ResourceNotFound"),
        ("GET", "{group}/providers/Test.Things/spoons/s", 404, "InvalidResourceType"),
        ("GET", "{group}/providers/No.Such/gadgets/g", 404, "InvalidResourceType"),
        ("PUT", "{scope}/providers/Test.Things/gadgets/g", 404, "InvalidResourceType"),
        ("GET", "/providers/Test.Things/gadgets", 404, "InvalidResourceType"),
        ("PUT", "{group}/providers/Test.Things/gadgets/g/providers/Test.Things/gadgets/h", 404, "InvalidResourceType"),
        ("POST", "{group}/providers/Test.Things/gadgets/g", 405, "HttpMethodNotSupported"),
        ("PATCH", "{group}/providers/Test.Things/gadgets/g", 405, "HttpMethodNotSupported"),
        ("PUT", "{group}/providers/Test.Things/gadgets", 405, "HttpMethodNotSupported"),
        ("PUT", "{group}/providers/Test.Things/relics/r", 405, "HttpMethodNotSupported"),
        ("DELETE", "{group}/providers/Test.Things/fixtures/f", 405, "HttpMethodNotSupported"),
        ("GET", "{group}/providers/Test.Things/fixtures", 405, "HttpMethodNotSupported"),
        ("GET", "{group}/providers/Test.Things/gadgets/g/turn", 405, "HttpMethodNotSupported"),
        ("BREW", "{group}/providers/Test.Things/gadgets/g", 405, "HttpMethodNotSupported"),
        ("GET", "/", 404, "NotFound"),
        ("GET", "{group}/providers/Test.Things/gadgets/a%2Fparts%2Fb", 404, "NotFound"),
        ("GET", "{group}/providers/Test.Things/gadgets/a%00b", 404, "NotFound"),
        ("GET", "{group}/providers/Test.Things/gadgets/%20", 404, "NotFound"),
        ("GET", "{group}/providers/Test.Things/gadgets/" + "a" * 600, 404, "NotFound"),
    ],
)
def test_what_is_not_there_is_refused_by_name(
    cloud: Cloud, contoso: Tenant, method: str, path: str, status: int, code: str
) -> None:
    path = path.replace("{scope}", contoso.scope).replace("{group}", contoso.group)
    answer = cloud.send(contoso.owner, method, path, {} if method == "PUT" else None, version=THINGS_VERSION)
    assert (answer.status, answer.code) == (status, code)


def test_a_caller_without_the_role_is_refused_naming_caller_action_and_scope(cloud: Cloud, contoso: Tenant) -> None:
    reader = cloud.add_app(contoso.id, "reader")
    cloud.assign(reader, READER, contoso.group)
    assert cloud.send(reader, "GET", contoso.group).status == 200
    answer = cloud.send(reader, "PUT", gadget(contoso), {}, version=THINGS_VERSION)
    assert (answer.status, answer.code) == (403, "AuthorizationFailed")
    for part in (reader.client_id, reader.object_id, "'Test.Things/gadgets/write'", f"'{gadget(contoso)}'"):
        assert part in answer.message


def test_a_role_does_not_reach_a_group_whose_name_begins_alike(cloud: Cloud, contoso: Tenant) -> None:
    reader = cloud.add_app(contoso.id, "reader")
    cloud.assign(reader, READER, contoso.group)
    cloud.send(contoso.owner, "PUT", f"{contoso.group}-two", {"location": "westeurope"})
    assert cloud.send(reader, "GET", f"{contoso.group}-two").code == "AuthorizationFailed"


def test_rbac_comes_before_existence(cloud: Cloud, contoso: Tenant) -> None:
    stranger = cloud.add_app(contoso.id, "stranger")
    assert cloud.send(stranger, "GET", f"{contoso.scope}/resourceGroups/no-such").code == "AuthorizationFailed"


def test_an_unregistered_provider_is_refused_until_registered(cloud: Cloud, contoso: Tenant) -> None:
    kept = cloud.resources.get(contoso.scope)
    assert kept is not None
    cloud.resources.put(replace(kept, internal={**kept.internal, "registered": []}))
    answer = cloud.send(contoso.owner, "PUT", gadget(contoso), {}, version=THINGS_VERSION)
    assert (answer.status, answer.code) == (409, "MissingSubscriptionRegistration")
    assert "'Test.Things'" in answer.message
    registering = f"{contoso.scope}/providers/Test.Things/register"
    assert cloud.send(contoso.owner, "POST", registering).body["registrationState"] == "Registered"
    assert cloud.send(contoso.owner, "PUT", gadget(contoso), {}, version=THINGS_VERSION).status == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "InvalidRequestContent"),
        (b"{", 400, "InvalidRequestContent"),
        (b"[]", 400, "InvalidRequestContent"),
        (b'"text"', 400, "InvalidRequestContent"),
        (b'{"properties": 1}', 400, "InvalidRequestContent"),
        (b'{"properties": {"a": "\xff"}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"a": "\\ud800"}}', 400, "InvalidRequestContent"),
        (b'{"properties": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", 400, "InvalidRequestContent"),
        (b'{"properties": ' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}", 400, "InvalidRequestContent"),
        (b'{"properties": {"a": NaN}}', 400, "InvalidRequestContent"),
        (b'{"properties": "' + b"a" * (4 << 20) + b'"}', 413, "RequestEntityTooLarge"),
    ],
    ids=["empty", "cut", "array", "text", "number", "no-utf8", "surrogate", "deepest", "deep", "nan", "huge"],
)
def test_a_bad_body_is_refused_and_nothing_is_kept(
    cloud: Cloud, contoso: Tenant, body: bytes, status: int, code: str
) -> None:
    answer = cloud.send(contoso.owner, "PUT", gadget(contoso), body, version=THINGS_VERSION)
    assert (answer.status, answer.code) == (status, code)
    assert cloud.resources.get(gadget(contoso)) is None


def test_a_number_beyond_any_integer_is_no_failure(cloud: Cloud, contoso: Tenant) -> None:
    answer = cloud.send(
        contoso.owner,
        "PUT",
        gadget(contoso),
        b'{"properties": {"a": 1e999, "b": 9' + b"9" * 40 + b"}}",
        version=THINGS_VERSION,
    )
    assert answer.status in {201, 400}


def test_a_body_of_another_media_type_is_refused(cloud: Cloud, contoso: Tenant) -> None:
    answer = cloud.send(
        contoso.owner,
        "PUT",
        gadget(contoso),
        b"a=b",
        version=THINGS_VERSION,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status, answer.code) == (415, "UnsupportedMediaType")
