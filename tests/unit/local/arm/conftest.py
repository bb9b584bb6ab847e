"""Two tenants with a subscription each, and a control plane over all providers and a small one of the tests' own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

from lakeport_local.access import Access, DecisionLog, Principal
from lakeport_local.arm import Call, ControlPlane, Operation, Outcome, Provider, ResourceType
from lakeport_local.arm.providers import PROVIDERS, resource_group, subscription
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response, iso_instant
from lakeport_local.entra import Directory, Tokens
from lakeport_local.entra.keys import SigningKey
from lakeport_local.state import Resource, Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

ARM = "https://management.azure.com"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@dataclass
class Tenant:
    """A tenant with a subscription, a group and an owner of the subscription."""

    id: str
    subscription_id: str
    owner: Principal
    scope: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        self.scope = f"/subscriptions/{self.subscription_id}"
        self.group = f"{self.scope}/resourceGroups/lake"


@dataclass
class Answer:
    """A response, read."""

    status: int
    headers: dict[str, str]
    body: Any
    text: bytes = b""

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Cloud:
    """A control plane without a socket."""

    plane: ControlPlane
    store: Store
    directory: Directory
    resources: Resources
    tokens: Tokens
    clock: FixedClock
    ids: RandomIds = field(default_factory=RandomIds)

    def add_tenant(self, name: str, number: int) -> Tenant:
        ids = [f"{number}0000000-0000-4000-8000-00000000000{part}" for part in range(5)]
        self.directory.add_tenant(id=ids[0], name=name, domain=f"{name}.onmicrosoft.com")
        made = Tenant(ids[0], ids[1], self.add_app(ids[0], "owner"))
        self.resources.put(subscription(ids[1], tenant_id=ids[0], name=f"{name}-main"))
        self.resources.put(resource_group(ids[1], "lake", location="northeurope"))
        self.assign(made.owner, OWNER, made.scope)
        return made

    def add_app(self, tenant_id: str, name: str) -> Principal:
        app = self.directory.add_app(tenant_id, name=name, client_id=self.ids.guid(), object_id=self.ids.guid())
        found = self.directory.principal(tenant_id, app.object_id)
        assert found is not None
        return found

    def assign(self, principal: Principal, role: str, scope: str) -> Resource:
        name = self.ids.guid()
        return self.resources.put(
            Resource(
                f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                "Microsoft.Authorization/roleAssignments",
                name,
                properties={"roleDefinitionId": role, "principalId": principal.object_id, "scope": scope},
            )
        )

    def token(
        self, principal: Principal, *, audience: str = f"{ARM}/", lifetime: timedelta = timedelta(hours=1)
    ) -> str:
        return self.tokens.issue(principal, audience, lifetime=lifetime, appidacr="1")

    def send(
        self,
        caller: Principal | str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str | None = "2024-11-01",
        headers: dict[str, str] | None = None,
        host: str = "management.azure.com",
    ) -> Answer:
        """Send a request; `caller` is whose token goes with it, or the whole Authorization value."""
        url = urlsplit(path)
        query = "&".join(part for part in (url.query, f"api-version={version}" if version else "") if part)
        fields = {"Content-Type": "application/json"} if body is not None else {}
        if caller is not None:
            fields["Authorization"] = caller if isinstance(caller, str) else f"Bearer {self.token(caller)}"
        fields |= headers or {}
        raw_path = quote(url.path, safe="/%()'")
        request = Request(
            method,
            "https",
            host,
            443,
            raw_path,
            query,
            Headers(fields.items()),
            "127.0.0.1",
            None,
            self.ids.guid(),
            self.clock.now(),
        )
        sink = self.plane.open_body(request)
        assert not isinstance(sink, Response)
        sink.write(body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode())
        sink.finish()
        request.body = sink
        answer = self.plane.handle(request)
        assert isinstance(answer, Response)
        assert isinstance(answer.body, bytes)
        read = json.loads(answer.body) if answer.body else None
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers}, read, answer.body)

    def follow(self, caller: Principal, url: str) -> Answer:
        """GET an absolute URL that an answer gave."""
        parts = urlsplit(url)
        return self.send(caller, "GET", f"{parts.path}?{parts.query}", version=None)


def _put_gadget(call: Call, existing: Resource | None) -> Outcome:
    properties = call.properties()
    if existing is not None:
        return Outcome(replace(existing, properties=properties, system_data=call.stamp(existing)))
    made = Resource(call.address.id, call.type_name, call.name, location="westeurope", properties=properties)
    return Outcome(replace(made, system_data=call.stamp()), 201)


def _start(call: Call) -> Response:
    path = f"/subscriptions/{call.address.subscription_id}/providers/Test.Things/locations/x/operationResults"
    return call.plane.long_running.start(call, path, lasts=timedelta(seconds=5), document={"turned": call.owner.name})


def _poll(call: Call) -> Response:
    return call.plane.long_running.poll(call)


def _put_slow(call: Call, existing: Resource | None) -> Outcome:
    ready_at = call.after(timedelta(seconds=30))
    return Outcome(Resource(call.address.id, call.type_name, call.name, internal={"ready_at": ready_at}), 201)


def _render_slow(call: Call, resource: Resource) -> dict[str, Any]:
    state = "Creating" if iso_instant(call.now) < resource.internal["ready_at"] else "Succeeded"
    return {"id": resource.id, "name": resource.name, "properties": {"provisioningState": state, "says": "ready"}}


THINGS = Provider(
    "Test.Things",
    resource_types=(
        ResourceType("Test.Things/gadgets", put=_put_gadget, page_size=3),
        ResourceType("Test.Things/gadgets/parts", put=_put_gadget),
        ResourceType("Test.Things/relics"),
        ResourceType("Test.Things/slow", put=_put_slow, render=_render_slow),
        ResourceType("Test.Things/fixtures", put=_put_gadget, delete=None, is_listed=False),
    ),
    operations=(
        Operation("POST", "Test.Things/gadgets/turn", _start, action="Test.Things/gadgets/turn/action"),
        Operation("GET", "Test.Things/locations/operationResults", _poll),
    ),
    versions=("2020-01-01", "2021-01-01-preview"),
    headers=(("Server", "Things"),),
)


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    """One key for all tests of a worker: making and loading one takes a tenth of a second."""
    return SigningKey(tmp_path_factory.mktemp("signing"), FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def cloud(signing_key: SigningKey) -> Iterator[Cloud]:
    store, clock, ids = Store(None), FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC)), RandomIds()
    resources, directory = Resources(store), Directory(store, ids, clock)
    tokens = Tokens(directory, store, ids, clock)
    tokens.key = signing_key
    plane = ControlPlane(
        store=store,
        resources=resources,
        directory=directory,
        tokens=tokens,
        access=Access(resources, DecisionLog(), clock),
        clock=clock,
        ids=ids,
        providers=(*PROVIDERS, THINGS),
    )
    yield Cloud(plane, store, directory, resources, tokens, clock)
    store.close()


@pytest.fixture
def contoso(cloud: Cloud) -> Tenant:
    return cloud.add_tenant("contoso", 1)


@pytest.fixture
def fabrikam(cloud: Cloud) -> Tenant:
    return cloud.add_tenant("fabrikam", 2)
