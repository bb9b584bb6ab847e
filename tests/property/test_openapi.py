"""The control plane against its own description, by schemathesis: no failure, and every refusal in ARM's envelope."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakeport_local.arm import ControlPlane
from lakeport_local.arm.openapi import describe
from lakeport_local.arm.providers import role_assignment
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response
from lakeport_local.entra import Tokens
from lakeport_local.gateway import Callers
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GUID = "00000000-0000-4000-8000-00000000f00d"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
EXAMPLES = 250


class World:
    """The built-in organisations in memory, and somebody who owns the first one's subscription."""

    def __init__(self) -> None:
        self.store, clock, ids = Store(None), FixedClock(AT), RandomIds()
        rooms = Rooms(self.store, clock, ids, Callers(bytes(32)))
        topology = load(None)
        provision(rooms.stores, topology.document, topology.certificates)
        plane = rooms.services["arm"]
        assert isinstance(plane, ControlPlane)
        self.plane, contoso = plane, topology.document.tenants[0]
        self.subscription = contoso.subscriptions[0]
        owner = rooms.stores.directory.find(contoso.id, "provider")
        assert owner is not None
        scope = f"/subscriptions/{self.subscription.id}"
        grant = role_assignment(
            scope,
            name=GUID,
            role_id=OWNER,
            principal_id=owner.object_id,
            principal_type="ServicePrincipal",
            tenant_id=contoso.id,
            at=AT,
        )
        plane.resources.put(grant)
        tokens = Tokens(rooms.stores.directory, self.store, ids, clock)
        self.token = tokens.issue(owner, "https://management.azure.com/", lifetime=timedelta(days=1), appidacr="1")

    def document(self) -> dict[str, Any]:
        """Return the description, names of what is there among those to be tried."""
        found = describe(self.plane.entries.providers.values(), version="0")
        there: dict[str, list[str]] = {
            "subscriptionId": [self.subscription.id],
            "resourceGroupName": [self.subscription.resource_groups[0].name] * 3,
            "storageAccountName": ["sourcestorage"],
            "blobServiceName": ["default"],
            "accountName": ["source-data-share"],
            "scopeNamespace": ["Microsoft.Storage"],
            "scopeType": ["storageAccounts"],
            "scopeName": ["sourcestorage"],
            "eventtypeName": ["management"],
        }
        for calls in found["paths"].values():
            for call in calls.values():
                for parameter in call["parameters"]:
                    if parameter["name"] in there:
                        parameter["schema"] = {"type": "string", "enum": [*set(there[parameter["name"]]), "none"]}
        return found

    def send(self, case: Case[Any]) -> Any:
        asked = case.as_transport_kwargs(base_url="https://management.azure.com")
        url = urlsplit(str(asked["url"]))
        query = "&".join(f"{name}={value}" for name, value in (asked.get("params") or {}).items())
        fields = [("Authorization", f"Bearer {self.token}")]
        body = b""
        if "json" in asked:
            body = json.dumps(asked["json"]).encode()
            fields.append(("Content-Type", "application/json"))
        request = Request(
            case.method,
            "https",
            "management.azure.com",
            443,
            url.path,
            query,
            Headers(fields),
            "127.0.0.1",
            None,
            GUID,
            AT,
        )
        sink = self.plane.open_body(request)
        assert not isinstance(sink, Response)
        sink.write(body)
        sink.finish()
        request.body = sink
        return self.plane.handle(request)


class _Undone(Exception):
    """Ends a transaction so that nothing of it stays."""


@contextmanager
def undone(world: World) -> Iterator[None]:
    with suppress(_Undone), world.store.transaction():
        yield
        raise _Undone


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def operations(world: World) -> list[Any]:
    found: Any = schemathesis.openapi.from_dict(world.document())
    return [one.ok() for one in found.get_all_operations()]


def test_every_call_of_the_table_is_described(world: World, operations: list[Any]) -> None:
    described = {(one.method.upper(), one.definition.raw["summary"]) for one in operations}
    providers = world.plane.entries.providers.values()
    missing = {
        (one.method, one.name)
        for provider in providers
        for one in provider.operations
        if (one.method, one.name) not in described
    }
    assert missing == set()
    assert {kind.name for provider in providers for kind in provider.resource_types} <= {name for _, name in described}


@pytest.mark.timeout(360)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)
@given(data=st.data())
def test_whatever_fits_the_description_is_answered_in_arms_words(
    world: World, operations: list[Any], data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(operations), label="operation")
    case = data.draw(operation.as_strategy(), label="case")
    with undone(world):
        answer = world.send(case)
        if not isinstance(answer, Response):  # takes time: for other tests
            answer.close()
            return
        assert isinstance(answer.body, bytes)
        assert 200 <= answer.status < 500, (case.method, case.formatted_path, answer.body)
        if answer.status >= 400 and case.method != "HEAD":
            error = json.loads(answer.body)["error"]
            assert error["code"]
            assert error["message"]
