"""Every call of the control plane's table, tried with the other tenant's token, with no token, and without any role.

The calls are read off the table itself: a type or an operation that is added is tried here without anybody's doing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from lakeport_local.access import Principal
from lakeport_local.arm import ControlPlane, Operation, Provider, ResourceType
from lakeport_local.arm.address import Address, Level, parse_address
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response
from lakeport_local.entra import Tokens
from lakeport_local.gateway import Callers
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Store

OPEN_TO_ANYBODY = {
    "Microsoft.Resources/metadata": "the cloud's own description; needs no token either",
    "Microsoft.Resources/tenants": "shows the caller's own tenant",
    "Microsoft.Resources/subscriptions": "shows the subscriptions where the caller has a role",
    "Microsoft.Resources/subscriptions/resources": "shows what the caller may read",
    "Microsoft.Resources/subscriptions/resourceGroups/resources": "shows what the caller may read",
    "Microsoft.Resources/subscriptions/operationresults": "shows the caller's own operations",
    "Microsoft.Storage/locations/asyncoperations": "shows the caller's own operations",
    "Microsoft.DataShare/locations/operationResults": "shows the caller's own operations",
    "Microsoft.DataShare/listInvitations": "shows invitations to the caller",
    "Microsoft.DataShare/locations/consumerInvitations": "shows invitations to the caller",
    "Microsoft.DataShare/locations/rejectInvitation": "rejects invitations to the caller",
    "Microsoft.DataShare/locations/registerEmail": "registers the caller's own address",
    "Microsoft.DataShare/locations/activateEmail": "registers the caller's own address",
    "Microsoft.DataShare/operations": "the provider's own description",
    "Microsoft.Insights/eventcategories": "the names of the activity log's categories",
    "Microsoft.Authorization/roleDefinitions": "built-in roles, at the tenant's level",
}
"""What needs no role, and why; everything else must be refused with AuthorizationFailed."""

_METHODS = {"put": "PUT", "patch": "PATCH", "delete": "DELETE"}


def _entries(provider: Provider) -> list[ResourceType | Operation]:
    return [*provider.resource_types, *provider.operations]


@dataclass(frozen=True)
class Attempt:
    """One call of the table, on the subscription of contoso where it has one."""

    method: str
    path: str
    type: str
    version: str

    @property
    def is_in_subscription(self) -> bool:
        return self.path.startswith("/subscriptions/")


class World:
    """Two organisations in memory, and the table over them."""

    def __init__(self) -> None:
        self.store, self.clock, ids = Store(None), FixedClock(datetime(2026, 11, 22, tzinfo=UTC)), RandomIds()
        self.rooms = Rooms(self.store, self.clock, ids, Callers(bytes(32)))
        topology = load(None)
        provision(self.rooms.stores, topology.document, topology.certificates)
        plane = self.rooms.services["arm"]
        assert isinstance(plane, ControlPlane)
        self.plane = plane
        self.tokens = Tokens(self.rooms.stores.directory, self.store, ids, self.clock)
        self.contoso, self.fabrikam = (tenant for tenant in topology.document.tenants)
        self.subscription_id = self.contoso.subscriptions[0].id
        self.group = self.contoso.subscriptions[0].resource_groups[0].name
        directory = self.rooms.stores.directory
        directory.add_app(self.contoso.id, name="stranger", client_id=ids.guid(), object_id=ids.guid())

    def token(self, tenant_id: str, name: str) -> str:
        principal = self.rooms.stores.directory.find(tenant_id, name)
        assert isinstance(principal, Principal)
        return self.tokens.issue(principal, "https://management.azure.com/", lifetime=timedelta(hours=1), appidacr="1")

    def attempts(self) -> list[Attempt]:
        return [
            Attempt(method, address.id, address.type, (provider.versions or (provider.newest,))[-1])
            for provider in self.plane.entries.providers.values()
            for entry in _entries(provider)
            for level in self._levels(entry)
            for method, address in self._calls(entry, self._scope(level))
        ]

    @staticmethod
    def _levels(entry: ResourceType | Operation) -> list[Level]:
        """Return where an entry may be asked for; what has no scope of its own, only at the tenant's level."""
        if entry.name.startswith("Microsoft.Resources/") and not entry.levels:
            return ["tenant"]
        return sorted(entry.levels or ("tenant", "subscription", "group"))

    def _scope(self, level: Level) -> str:
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"
        below = f"{group}/providers/Microsoft.Storage/storageAccounts/sourcestorage"
        return {"tenant": "", "subscription": group.rsplit("/", 2)[0], "group": group, "resource": below}[level]

    def _calls(self, entry: ResourceType | Operation, scope: str) -> Iterator[tuple[str, Address]]:
        namespace, *types = entry.name.split("/")
        known = {"subscriptions": self.subscription_id, "resourcegroups": "nowhere"}
        names = tuple(known.get(one.lower(), "00000000-0000-4000-8000-000000000000") for one in types)
        instance = Address(scope, namespace, tuple(types), names)
        collection = Address(scope, namespace, tuple(types), names[:-1])
        if isinstance(entry, Operation):
            both = [(entry.method, one) for one in (instance, collection)]
            yield from (one for one in both if parse_address(one[1].id.split("/")[1:]) == one[1])
            return
        yield from (("GET", instance), ("HEAD", instance))
        yield from ((method, instance) for hook, method in _METHODS.items() if getattr(entry, hook) is not None)
        if entry.is_listed:
            yield "GET", collection

    async def send(self, attempt: Attempt, token: str | None) -> Response:
        fields = [("Content-Type", "application/json"), *([("Authorization", f"Bearer {token}")] if token else [])]
        query = f"api-version={attempt.version}"
        request = Request(
            attempt.method,
            "https",
            "management.azure.com",
            443,
            attempt.path,
            query,
            Headers(fields),
            "127.0.0.1",
            None,
            "00000000-0000-4000-8000-00000000feed",
            self.clock.now(),
        )
        sink = self.plane.open_body(request)
        assert not isinstance(sink, Response)
        sink.write(b"{}" if attempt.method in {"PUT", "PATCH", "POST"} else b"")
        sink.finish()
        request.body = sink
        answer = self.plane.handle(request)
        return await answer if isinstance(answer, Awaitable) else answer


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.store.close()


def code(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return str(json.loads(response.body)["error"]["code"]) if response.body and response.status >= 400 else ""


async def test_the_table_is_not_empty(world: World) -> None:
    attempts = world.attempts()
    assert len(attempts) > 100
    assert {one.type.split("/")[0] for one in attempts} >= {
        "Microsoft.Authorization",
        "Microsoft.DataShare",
        "Microsoft.ManagedIdentity",
        "Microsoft.Resources",
        "Microsoft.Storage",
    }


async def test_every_call_on_a_subscription_is_refused_with_the_other_tenants_token(world: World) -> None:
    token = world.token(world.fabrikam.id, "consumer")
    for attempt in world.attempts():
        if attempt.is_in_subscription:
            response = await world.send(attempt, token)
            assert (attempt, response.status, code(response)) == (attempt, 401, "InvalidAuthenticationTokenTenant")
            challenge = response.header("WWW-Authenticate") or ""
            assert world.contoso.id in challenge


async def test_no_call_at_the_tenants_level_shows_the_other_tenant(world: World) -> None:
    token = world.token(world.fabrikam.id, "consumer")
    secrets = (world.contoso.id, world.subscription_id, "sourcestorage", "source-data-share", "contoso")
    for attempt in world.attempts():
        if not attempt.is_in_subscription:
            response = await world.send(attempt, token)
            assert isinstance(response.body, bytes)
            assert [attempt for secret in secrets if secret in response.body.decode()] == []


async def test_every_call_without_a_token_is_refused(world: World) -> None:
    for attempt in world.attempts():
        if attempt.type != "Microsoft.Resources/metadata":
            response = await world.send(attempt, None)
            assert (attempt, response.status, code(response)) == (attempt, 401, "AuthenticationFailed")


async def test_every_call_without_a_role_is_refused_unless_it_is_open_to_anybody(world: World) -> None:
    token = world.token(world.contoso.id, "stranger")
    seen = set()
    for attempt in world.attempts():
        response = await world.send(attempt, token)
        if (response.status, code(response)) != (403, "AuthorizationFailed"):
            seen.add(attempt.type)
    assert seen == set(OPEN_TO_ANYBODY)


async def test_every_call_passes_the_gate_with_the_right_token(world: World) -> None:
    """The counterpart: the refusals above are not for want of a path."""
    token = world.token(world.contoso.id, "provider")
    for attempt in world.attempts():
        response = await world.send(attempt, token)
        assert response.status not in {401, 405}, attempt
        assert code(response) not in {"InvalidResourceType", "NoRegisteredProviderFound"}, attempt
