"""Whatever a client sends to the control plane is answered or refused: no input becomes a failure."""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakeport_local.arm import ControlPlane, Operation, ResourceType
from lakeport_local.arm.providers import role_assignment
from lakeport_local.core import FixedClock, Headers, RandomIds, Request, Response, iso_instant
from lakeport_local.entra import Tokens
from lakeport_local.gateway import Callers
from lakeport_local.serve.provision import provision
from lakeport_local.serve.rooms import Rooms
from lakeport_local.serve.topology import load
from lakeport_local.state import Resource, Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from lakeport_local.access import Principal

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GUID = "00000000-0000-4000-8000-00000000f00d"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


class World:
    """Contoso and fabrikam in memory, and somebody who may do everything in contoso's subscription."""

    def __init__(self) -> None:
        self.store, self.clock, ids = Store(None), FixedClock(AT), RandomIds()
        rooms = Rooms(self.store, self.clock, ids, Callers(bytes(32)))
        topology = load(None)
        provision(rooms.stores, topology.document, topology.certificates)
        plane = rooms.services["arm"]
        assert isinstance(plane, ControlPlane)
        self.plane = plane
        contoso = topology.document.tenants[0]
        self.subscription_id = contoso.subscriptions[0].id
        self.scope = f"/subscriptions/{self.subscription_id}"
        self.group = f"{self.scope}/resourceGroups/{contoso.subscriptions[0].resource_groups[0].name}"
        owner = rooms.stores.directory.find(contoso.id, "provider")
        assert owner is not None
        tokens = Tokens(rooms.stores.directory, self.store, ids, self.clock)
        self.token = tokens.issue(owner, "https://management.azure.com/", lifetime=timedelta(days=1), appidacr="1")
        self.tenant_id, self.owner_id = contoso.id, owner.object_id
        self.bodies = self._bodies()
        self.plane.resources.put(self._grant(owner, OWNER, self.scope))
        for identity in self.plane.resources.under(self.group, "Microsoft.DataShare/accounts"):
            principal = rooms.stores.directory.principal(contoso.id, (identity.identity or {})["principalId"])
            assert principal is not None
            self.plane.resources.put(self._grant(principal, DATA_READER, self.scope))
        self._make_parents()

    def _grant(self, principal: Principal, role: str, scope: str) -> Resource:
        return role_assignment(
            scope,
            name=RandomIds().guid(),
            role_id=role,
            principal_id=principal.object_id,
            principal_type="ServicePrincipal",
            tenant_id=principal.tenant_id,
            at=AT,
        )

    def _make_parents(self) -> None:
        """Make a share and its subscription, so that what lies below them is reached."""
        account = f"{self.group}/providers/Microsoft.DataShare/accounts/source-data-share"
        self._make(f"{account}/shares/xx", "accounts/shares")
        self._make(f"{account}/shares/xx/dataSets/xx", "accounts/shares/datasets")
        invitation = self._make(f"{account}/shares/xx/invitations/xx", "accounts/shares/invitations")
        accepting = self.bodies["microsoft.datashare/accounts/sharesubscriptions"]["properties"]
        accepting["invitationId"] = invitation["properties"]["invitationId"]
        self._make(f"{account}/shareSubscriptions/yy", "accounts/sharesubscriptions")

    def _make(self, path: str, name: str) -> Any:
        body = json.dumps(self.bodies[f"microsoft.datashare/{name}"]).encode()
        answer = self.send("PUT", path, "api-version=2020-09-01", body, "application/json")
        assert isinstance(answer, Response)
        assert isinstance(answer.body, bytes)
        assert answer.status == 201, answer
        return json.loads(answer.body)

    def _bodies(self) -> dict[str, Any]:
        """Return a body for each stored type that makes one, to be bent."""
        tenant = {"targetActiveDirectoryId": self.tenant_id, "targetObjectId": self.owner_id}
        data_set = {
            "resourceGroup": self.group.rsplit("/", 1)[-1],
            "storageAccountName": "sourcestorage",
            "subscriptionId": self.subscription_id,
            "fileSystem": "share-data",
        }
        every = {"recurrenceInterval": "Day", "synchronizationTime": iso_instant(AT)}
        identity = {"type": "SystemAssigned"}
        tracked = {"location": "westeurope", "tags": {"a": "b"}}
        rules = {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7", "action": "Allow"}]}
        role = {"roleDefinitionId": f"{self.scope}/{READER}", "principalId": GUID, "principalType": "User"}
        nested = {
            "mode": "Incremental",
            "template": {"resources": [], "outputs": {"o": {"type": "string", "value": "x"}}},
        }
        module = {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": "2022-09-01",
            "name": "m",
            "properties": nested,
        }
        template = {"parameters": {"p": {"type": "string", "defaultValue": "[newGuid()]"}}, "resources": [module]}
        custom = {"roleName": "r", "assignableScopes": [self.scope], "permissions": [{"actions": ["*/read"]}]}
        return {
            "microsoft.resources/subscriptions/resourcegroups": tracked,
            "microsoft.storage/storageaccounts": {
                **tracked,
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "properties": {"isHnsEnabled": True, "networkAcls": rules, "minimumTlsVersion": "TLS1_2"},
            },
            "microsoft.managedidentity/userassignedidentities": tracked,
            "microsoft.authorization/roleassignments": {"properties": role},
            "microsoft.authorization/locks": {"properties": {"level": "CanNotDelete"}},
            "microsoft.resources/deployments": {**tracked, "properties": {"mode": "Incremental", "template": template}},
            "microsoft.authorization/roledefinitions": {"properties": custom},
            "microsoft.datashare/accounts": {**tracked, "identity": identity},
            "microsoft.datashare/accounts/shares": {"properties": {"shareKind": "CopyBased", "terms": "t"}},
            "microsoft.datashare/accounts/shares/datasets": {"kind": "AdlsGen2FileSystem", "properties": data_set},
            "microsoft.datashare/accounts/shares/invitations": {"properties": tenant},
            "microsoft.datashare/accounts/shares/synchronizationsettings": {
                "kind": "ScheduleBased",
                "properties": every,
            },
            "microsoft.datashare/accounts/sharesubscriptions": {
                "properties": {"invitationId": GUID, "sourceShareLocation": "westeurope"}
            },
            "microsoft.datashare/accounts/sharesubscriptions/datasetmappings": {
                "kind": "AdlsGen2FileSystem",
                "properties": {**data_set, "dataSetId": GUID},
            },
            "microsoft.datashare/accounts/sharesubscriptions/triggers": {"kind": "ScheduleBased", "properties": every},
            "": {"properties": {}, "name": "x", "keyName": "key1", "synchronizationId": GUID, "invitationId": GUID},
        }

    def send(
        self, method: str, path: str, query: str, body: bytes, content_type: str
    ) -> Response | Awaitable[Response]:
        fields = [("Authorization", f"Bearer {self.token}"), ("Content-Type", content_type)]
        request = Request(
            method, "https", "management.azure.com", 443, path, query, Headers(fields), "127.0.0.1", None, GUID, AT
        )
        sink = self.plane.open_body(request)
        assert not isinstance(sink, Response)
        sink.write(body)
        sink.finish()
        request.body = sink
        return self.plane.handle(request)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.store.close()


class _Undone(Exception):
    """Ends a transaction so that nothing of it stays: every example finds the same world."""


@contextmanager
def undone(world: World) -> Iterator[None]:
    """Run the block and take back what it changed."""
    with suppress(_Undone), world.store.transaction():
        yield
        raise _Undone


def judged(answer: Response | Awaitable[Response]) -> None:
    """An answer that a client can read; one that takes time is for other tests."""
    if isinstance(answer, Response):
        assert 200 <= answer.status < 500
        assert isinstance(answer.body, bytes)
        if answer.body:
            document = json.loads(answer.body)
            assert answer.status < 400 or document["error"]["code"]


TEXT = st.text(max_size=12)
ODD = st.sampled_from(
    [
        "",
        " ",
        "..",
        ".",
        "%",
        "%2F",
        "%00",
        "x" * 300,
        "ü",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "'",
        "$",
        "*",
        "null",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
QUERIES = st.sampled_from(
    [
        "",
        "api-version=2020-09-01",
        "api-version=2020-09-01&$filter=atScope()",
        "api-version=2020-09-01&$filter=%27%28%2a",
        "api-version=2020-09-01&$skipToken=%00",
        "api-version=2020-09-01&$orderby=a&$top=-1&$expand=%ff",
        "api-version=2020-09-01&deleteGatewayLinks=x&synchronizationId=1",
    ]
)
_WORDS = (
    "subscriptions resourceGroups providers Microsoft.DataShare Microsoft.Storage Microsoft.Authorization accounts "
    "shares roleAssignments register metadata endpoints tenants locations"
)
SEGMENTS = st.sampled_from(tuple(_WORDS.split()))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST", "OPTIONS", "X"]),
    segments=st.lists(SEGMENTS | ODD | TEXT, max_size=12),
    is_below=st.booleans(),
    query=QUERIES,
    body=st.binary(max_size=40),
)
def test_any_path_is_answered(
    world: World, method: str, segments: list[str], is_below: bool, query: str, body: bytes
) -> None:
    path = (world.group if is_below else "") + "/" + "/".join(quote(part, safe="") for part in segments)
    with undone(world):
        judged(world.send(method, path, query, body, "application/json"))


@st.composite
def bent(draw: st.DrawFn, document: Any) -> Any:
    """Draw a document that is nearly this one: members replaced, left out, or added."""
    if isinstance(document, dict):
        members = {name: draw(bent(value)) for name, value in document.items() if draw(st.integers(0, 9)) != 0}
        return {**members, **draw(st.dictionaries(TEXT, JSON, max_size=1))} if draw(st.integers(0, 5)) == 0 else members
    return draw(JSON) if draw(st.integers(0, 5)) == 0 else document


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_body_is_answered(world: World, data: st.DataObject) -> None:
    entries: list[ResourceType | Operation] = []
    for provider in world.plane.entries.providers.values():
        entries += [*provider.resource_types, *provider.operations]
    entry = data.draw(st.sampled_from(entries), label="entry")
    methods = [entry.method] if isinstance(entry, Operation) else ["PUT", "PUT", "PATCH", "GET", "DELETE"]
    method = data.draw(st.sampled_from(methods), label="method")
    body = json.dumps(data.draw(bent(world.bodies.get(entry.name.lower(), world.bodies[""])), label="body")).encode()
    path = data.draw(paths(world, entry), label="path")
    with undone(world):
        judged(world.send(method, path, "api-version=2020-09-01", body, "application/json"))


@st.composite
def paths(draw: st.DrawFn, world: World, entry: ResourceType | Operation) -> str:
    """Draw a path to a type: most often below what exists, sometimes beside it or nowhere."""
    known = {
        "subscriptions": [world.subscription_id],
        "resourcegroups": [world.group.rsplit("/", 1)[-1], "fresh"],
        "storageaccounts": ["sourcestorage", "freshlake"],
        "accounts": ["source-data-share"],
        "sharesubscriptions": ["yy"],
        "roleassignments": [GUID],
        "roledefinitions": [GUID, READER],
    }
    namespace, *types = entry.name.split("/")
    is_odd = draw(st.integers(0, 9)) == 0
    names = [draw(ODD if is_odd else st.sampled_from(known.get(one.lower(), ["xx"]))) for one in types]
    if isinstance(entry, Operation) != (draw(st.integers(0, 4)) == 0):
        names.pop()
    parts = [quote(part, safe="") for pair in zip(types, [*names, ""], strict=False) for part in pair if part]
    scope = draw(st.sampled_from([world.group] * 6 + [world.scope, ""]))
    return "/".join(["", *parts] if namespace == "Microsoft.Resources" else [scope, "providers", namespace, *parts])
