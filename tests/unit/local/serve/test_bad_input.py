"""Bodies that make no sense, sent to every operation of every service and of the authority: refused by it, never a fault of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from lakeport_local.entra.authority import AUTHORIZE_PATHS, DEVICE_CODE_PATHS, TOKEN_PATHS

if TYPE_CHECKING:
    import pytest
    from tests.unit.local.serve.conftest import World

BODIES = {
    "half an object": b'{"properties": ',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"properties"',
    "no text at all": b"\xff\xfe\x00",
    "texts where objects belong": b'{"properties": "x", "sku": 7, "tags": [], "location": {}, "identity": "x", "requests": 1}',
    "objects where texts belong": b'{"location": {}, "displayName": {"a": 1}, "value": [], "attributes": 7, "keyId": {}, "appId": []}',
    "nested": b'{"properties": ' * 200 + b"{}" + b"}" * 200,
    "a large number": b'{"properties": {"count": 1e999}, "attributes": {"exp": -1e18}}',
    "lone surrogates": b'{"displayName": "\\ud800", "properties": {"a": "\\udfff"}}',
    "long": b'{"displayName": "' + b"x" * 200_000 + b'"}',
}
TYPES = ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=")


async def test_no_body_makes_a_service_stumble(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    tried = 0
    calls = [call for call in world.calls() if call.method in {"PUT", "PATCH", "POST"} and call.service != "admin"]
    tokens = {service: world.genuine(service) for service in {call.service for call in calls}}
    for call in calls:
        for number, (what, body) in enumerate(BODIES.items()):
            response = await world.send(call, tokens[call.service], body, TYPES[number % len(TYPES)])
            tried += 1
            assert response.status < 500 or response.status in {501, 503}, (call, what, response.body)
    with capsys.disabled():
        print(f"\nbad bodies: {tried} answers over {len(calls)} operations", end="")
    assert tried > 1000


async def test_the_authority_refuses_bodies_and_words_that_make_no_sense(world: World) -> None:
    base = next(world.calls())
    forms = [
        b"",
        b"grant_type",
        b"grant_type=%ff&client_id=%00",
        b"grant_type=client_credentials&client_id=a&" * 40,
        b"=" * 100,
    ]
    forms += [b"grant_type=%s&client_id=a&client_assertion=%s" % (grant, word) for grant in GRANTS for word in WORDS]
    forms += list(BODIES.values())
    for path in (*TOKEN_PATHS, *DEVICE_CODE_PATHS, *AUTHORIZE_PATHS, "/oauth2/deviceauth", "/nothing"):
        for tenant in (world.contoso.id, "nowhere\x00"):
            for form in forms:
                call = replace(
                    base,
                    service="entra",
                    method="POST",
                    host="login.microsoftonline.com",
                    path=f"/{tenant}{path}",
                    query="",
                )
                response = await world.send(call, None, form, "application/x-www-form-urlencoded")
                assert 400 <= response.status < 500, (call, form, response.body)
                if response.header(
                    "Content-Type",
                ).startswith("application/json"):  # type: ignore[union-attr]
                    assert isinstance(response.body, bytes)
                    assert orjson.loads(response.body)["error_description"].startswith("AADSTS")


GRANTS = (
    b"client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default",
    b"refresh_token&refresh_token=x",
    b"password&username=a&password=b",
)
WORDS = (b"x", b"a.b.c", b"e30.e30.e30", b"e30.W10.", b"." * 100, b"eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EifQ.")
