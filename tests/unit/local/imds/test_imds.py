"""Managed identity: only its own machine gets a token, and only in the ways the real endpoints allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt
import orjson
import pytest

from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response
from lakeport_local.entra import STORAGE, Directory, ManagedIdentity, Tokens
from lakeport_local.gateway import Callers
from lakeport_local.imds import ImdsService
from lakeport_local.state import Resource, Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

TENANT = "11111111-1111-4111-8111-111111111111"
GROUP = "/subscriptions/5b5b5b5b-0000-4000-8000-000000000001/resourceGroups/lake"
NODE = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/batch-node"
APP = "aaaaaaaa-0000-4000-8000-000000000002"
TOKEN_PATH = "/metadata/identity/oauth2/token"
QUERY = {"api-version": "2018-02-01", "resource": "https://storage.azure.com"}


@dataclass
class World:
    service: ImdsService
    tokens: Tokens
    directory: Directory
    identity: ManagedIdentity
    callers: Callers
    resources: Resources

    def get(
        self,
        query: dict[str, str] | None = None,
        headers: list[tuple[str, str]] | None = None,
        *,
        path: str = TOKEN_PATH,
        caller: str | None = "identity",
        explicit: bool = False,
        method: str = "GET",
    ) -> Response:
        request = Request(
            method=method,
            scheme="http",
            host="127.0.0.1" if explicit else "169.254.169.254",
            port=80,
            raw_path=path,
            raw_query=urlencode(QUERY if query is None else query),
            headers=Headers([("Metadata", "true")] if headers is None else headers),
            client="127.0.0.1",
            caller=self.identity.object_id if caller == "identity" else caller,
            id="0f0f0f0f-0000-4000-8000-000000000001",
            at=datetime(2026, 11, 22, tzinfo=UTC),
            explicit=explicit,
        )
        assert not isinstance(self.service.open_body(request), Response)
        return self.service.handle(request)

    def app_service(self, query: dict[str, str] | None = None, header: str | None = None, **more: Any) -> Response:
        right = f"{self.identity.object_id}:{self.callers.token(self.identity.object_id)}"
        query = {"api-version": "2019-08-01", "resource": "https://storage.azure.com"} | (query or {})
        headers = [("X-IDENTITY-HEADER", right if header is None else header)]
        return self.get(query, headers, path="/msi/token", caller=None, **({"explicit": True} | more))


@pytest.fixture
def world() -> Iterator[World]:
    store, clock, ids = Store(None), FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC)), RandomIds()
    directory, resources, callers = Directory(store, ids, clock), Resources(store), Callers(b"0123456789abcdef")
    directory.add_tenant(id=TENANT, name="contoso", domain="contoso.onmicrosoft.com")
    directory.add_app(TENANT, name="provider", client_id=APP, object_id=APP)
    identity = directory.add_managed_identity(
        TENANT,
        name="batch-node",
        resource_id=NODE,
        object_id="1de00000-0000-4000-8000-000000000001",
        client_id="1de00000-0000-4000-8000-000000000002",
    )
    tokens = Tokens(directory, store, ids, clock)
    yield World(
        ImdsService(directory, tokens, resources, clock, callers), tokens, directory, identity, callers, resources
    )
    store.close()


def body(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return orjson.loads(response.body)


def test_a_machines_identity_gets_a_token_for_a_day_in_texts(world: World) -> None:
    document = body(world.get())
    now = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
    token = document.pop("access_token")
    assert document == {
        "client_id": world.identity.client_id,
        "expires_in": "86399",
        "expires_on": str(now + 86_399),
        "ext_expires_in": "86399",
        "not_before": str(now - 300),
        "resource": "https://storage.azure.com",
        "token_type": "Bearer",
    }
    assert world.tokens.verify(token, audiences=STORAGE.audiences).object_id == world.identity.object_id
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["xms_mirid"], claims["aud"], claims["idtyp"]) == (NODE, "https://storage.azure.com", "app")


@pytest.mark.parametrize("path", [TOKEN_PATH, TOKEN_PATH + "/", "/Metadata/Identity/OAuth2/Token"])
def test_the_path_may_end_in_a_slash(world: World, path: str) -> None:
    assert world.get(path=path).status == 200


@pytest.mark.parametrize("selector", ["client_id", "object_id", "msi_res_id", "mi_res_id", "resource_id"])
def test_a_selector_must_name_the_machines_own_identity(world: World, selector: str) -> None:
    own = getattr(world.identity, selector if selector in ("client_id", "object_id") else "resource_id")
    assert world.get(QUERY | {selector: own.upper()}).status == 200
    refused = world.get(QUERY | {selector: APP})
    assert (refused.status, body(refused)["error_description"]) == (400, "Identity not found")


@pytest.mark.parametrize("caller", [None, APP, "nobody", ""])
def test_whoever_has_no_identity_is_told_so_at_once_with_400(world: World, caller: str | None) -> None:
    refused = world.get(caller=caller)
    assert (refused.status, body(refused)) == (
        400,
        {"error": "invalid_request", "error_description": "Identity not found"},
    )


@pytest.mark.parametrize(
    ("query", "headers", "status", "error"),
    [
        (QUERY, [], 400, "invalid_request"),
        (QUERY, [("Metadata", "True")], 400, "invalid_request"),
        (QUERY, [("Metadata", "false")], 400, "invalid_request"),
        (QUERY, [("Metadata", "true"), ("Metadata", "false")], 400, "invalid_request"),
        (QUERY, [("Metadata", "true"), ("X-Forwarded-For", "10.0.0.1")], 400, "invalid_request"),
        (QUERY, [("Metadata", "true"), ("Origin", "https://evil.example")], 403, "forbidden"),
        (QUERY, [("Metadata", "true"), ("Sec-Fetch-Mode", "cors")], 403, "forbidden"),
        ({"resource": "https://storage.azure.com"}, None, 400, "invalid_request"),
        (QUERY | {"api-version": "2017-01-01"}, None, 400, "invalid_request"),
        (QUERY | {"api-version": "tomorrow"}, None, 400, "invalid_request"),
        ({"api-version": "2018-02-01"}, None, 400, "invalid_request"),
        (QUERY | {"resource": "https://unknown.example"}, None, 400, "invalid_resource"),
        (QUERY | {"client_id": "a", "object_id": "b"}, None, 400, "invalid_request"),
    ],
    ids=str,
)
def test_a_request_that_breaks_a_rule_is_refused_in_json(
    world: World, query: dict[str, str], headers: list[tuple[str, str]] | None, status: int, error: str
) -> None:
    refused = world.get(query, headers)
    assert (refused.status, body(refused)["error"]) == (status, error)


def test_only_get_is_answered(world: World) -> None:
    assert world.get(method="POST").status == 405


def test_instance_metadata_tells_where_the_identity_lives(world: World) -> None:
    world.resources.put(Resource(GROUP, "Microsoft.Resources/resourceGroups", "lake", location="northeurope"))
    version = {"api-version": "2021-02-01"}
    compute = body(world.get(version, path="/metadata/instance/compute"))
    assert (compute["location"], compute["resourceGroupName"]) == ("northeurope", "lake")
    assert compute["subscriptionId"] == "5b5b5b5b-0000-4000-8000-000000000001"
    assert body(world.get(version, path="/metadata/instance"))["compute"] == compute
    text = world.get(version | {"format": "text"}, path="/metadata/instance/compute/location")
    assert text.body == b"northeurope"
    assert world.get(version, path="/metadata/instance/compute/nothing").status == 404
    assert world.get(version, path="/metadata/instance", caller=None).status == 400
    assert world.get({}, path="/metadata/instance").status == 400


def test_app_service_gives_a_token_to_who_holds_the_header(world: World) -> None:
    document = body(world.app_service())
    assert set(document) == {"access_token", "client_id", "expires_on", "not_before", "resource", "token_type"}
    assert all(isinstance(value, str) for value in document.values())
    principal = world.tokens.verify(document["access_token"], audiences=STORAGE.audiences)
    assert principal.object_id == world.identity.object_id
    assert world.app_service({"mi_res_id": NODE}).status == 200
    assert world.app_service({"principal_id": world.identity.object_id}).status == 200


@pytest.mark.parametrize("header", ["", ":", "nobody", f"{APP}:wrong", "1de00000-0000-4000-8000-000000000001:", "é:é"])
def test_app_service_refuses_a_wrong_header_with_401(world: World, header: str) -> None:
    refused = world.app_service(header=header)
    assert refused.status == 401
    assert set(body(refused)) == {"statusCode", "message"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"api-version": "2018-02-01"}, 400),
        ({"resource": ""}, 400),
        ({"resource": "https://unknown.example"}, 400),
        ({"client_id": APP}, 400),
    ],
    ids=str,
)
def test_app_service_refuses_in_its_own_shape(world: World, query: dict[str, str], status: int) -> None:
    refused = world.app_service(query)
    assert (refused.status, body(refused)["statusCode"]) == (status, status)


def test_an_app_cannot_pass_for_an_identity(world: World) -> None:
    assert world.app_service(header=f"{APP}:{world.callers.token(APP)}").status == 400


def test_app_services_endpoint_is_not_on_the_metadata_address(world: World) -> None:
    assert world.app_service(explicit=False).status == 400


def test_a_removed_identity_gets_nothing(world: World) -> None:
    world.directory.remove(TENANT, world.identity.object_id)
    assert world.get().status == 400
    assert world.app_service().status == 400


def test_the_older_version_is_opened_with_its_own_header(world: World) -> None:
    secret = f"{world.identity.object_id}:{world.callers.token(world.identity.object_id)}"
    older = {"api-version": "2017-09-01", "resource": "https://storage.azure.com", "clientid": world.identity.client_id}
    more: dict[str, Any] = {"path": "/msi/token", "caller": None, "explicit": True}
    assert body(world.get(older, [("secret", secret)], **more))["client_id"] == world.identity.client_id
    assert world.get(older, [("X-IDENTITY-HEADER", secret)], **more).status == 401
    assert world.get(older, [("secret", secret[:-1])], **more).status == 401
    assert world.get(older | {"clientid": "another"}, [("secret", secret)], **more).status == 400


def test_a_machine_that_asks_too_often_is_told_so(world: World) -> None:
    world.service.throttle.per_second = 2
    assert [world.get().status for _ in range(3)] == [200, 200, 429]
    assert body(world.get())["error"] == "too_many_requests"
    world.service.throttle.per_second = None
    assert world.get().status == 200


def machine(world: World, *, has_own: bool, assigned: int) -> list[str]:
    """Make the caller a machine; return the object ids of the identities that are assigned to it."""
    directory, caller = world.directory, world.identity.object_id
    ids = [f"2de00000-0000-4000-8000-00000000000{number}" for number in range(assigned)]
    for number, one in enumerate(ids):
        directory.add_managed_identity(
            TENANT, name=f"n{number}", resource_id=f"{NODE}{number}", object_id=one, client_id=f"c{number}"
        )
    directory.machines.put(TENANT, caller, own=caller if has_own else "", assigned=ids)
    return ids


def chosen(world: World, **query: str) -> str:
    answer = body(world.get({"api-version": "2018-02-01", "resource": "https://storage.azure.com"} | query))
    return str(answer.get("client_id", answer.get("error_description")))


def test_a_machine_is_its_own_identity_unless_another_is_named(world: World) -> None:
    first, second = machine(world, has_own=True, assigned=2)
    assert chosen(world) == world.identity.client_id
    assert chosen(world, object_id=first) == "c0"
    assert chosen(world, msi_res_id=f"{NODE}1".upper()) == "c1"
    assert chosen(world, client_id=second) == "Identity not found"


def test_a_machine_without_its_own_is_the_only_one_it_has(world: World) -> None:
    machine(world, has_own=False, assigned=1)
    assert chosen(world) == "c0"
    assert chosen(world, object_id=world.identity.object_id) == "Identity not found"


def test_a_machine_with_several_must_be_told_which(world: World) -> None:
    machine(world, has_own=False, assigned=2)
    assert chosen(world).startswith("Multiple user assigned identities exist")
    assert chosen(world, client_id="c1") == "c1"
