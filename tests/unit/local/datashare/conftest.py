"""Two organisations: contoso shares, fabrikam receives; each with a share account, a store, and an app that may do everything."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lakeport_local.access import Access, DecisionLog, Principal
from lakeport_local.arm import ControlPlane
from lakeport_local.core import FixedClock, Headers, MemorySink, Request, Response, SequentialIds
from lakeport_local.datashare import DataShare
from lakeport_local.entra import Directory, Tokens
from lakeport_local.entra.keys import SigningKey
from lakeport_local.state import Resource, Resources, Store
from lakeport_local.storage import Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
VERSION = "2020-09-01"
BEGIN = datetime(2030, 1, 1, 12, 0, 0, 442200, tzinfo=UTC)


@dataclass
class Answer:
    """What a call got."""

    response: Response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def body(self) -> Any:
        assert isinstance(self.response.body, bytes)
        return orjson.loads(self.response.body)

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    def header(self, name: str) -> str:
        found = self.response.header(name)
        assert found is not None, name
        return found


@dataclass
class Organisation:
    """One tenant with what it needs to share or to receive."""

    world: World
    number: int
    name: str
    principal: Principal
    account: str = "sharing"
    prefix: str = ""

    @property
    def tenant_id(self) -> str:
        return self.principal.tenant_id

    @property
    def subscription_id(self) -> str:
        return f"{self.number}{self.number}{self.number}{self.number}0000-0000-4000-8000-000000000001"

    @property
    def group(self) -> str:
        return f"/subscriptions/{self.subscription_id}/resourceGroups/group"

    @property
    def acc(self) -> str:
        return f"{self.group}/providers/Microsoft.DataShare/accounts/{self.account}"

    @property
    def store_name(self) -> str:
        return f"{self.name}store"

    @property
    def store(self) -> Resource:
        found = self.world.resources.get(f"{self.group}/providers/Microsoft.Storage/storageAccounts/{self.store_name}")
        assert found is not None
        return found

    def at(self, **members: str) -> dict[str, str]:
        """Members of a data set or mapping in this organisation's store."""
        return {
            **members,
            "subscriptionId": self.subscription_id,
            "resourceGroup": "group",
            "storageAccountName": self.store_name,
        }

    def send(self, method: str, path: str, body: Any = None, *, version: str = VERSION, query: str = "") -> Answer:
        """Call the control plane; a path without a leading slash lies below the share account."""
        full = path if path.startswith("/") else f"{self.acc}/{path}".rstrip("/")
        return self.world.send(self.principal, method, full, body, version, query)

    def get(self, path: str, **more: str) -> Any:
        answer = self.send("GET", path, **more)
        assert answer.status == 200, answer.response
        return answer.body

    def put(self, path: str, body: Any, **more: str) -> Answer:
        return self.send("PUT", path, body, **more)

    def post(self, path: str, body: Any = None, **more: str) -> Answer:
        return self.send("POST", path, body, **more)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    @property
    def identity(self) -> str:
        return str(self.get("")["identity"]["principalId"])

    def grant_identity(self, role: str, scope: str = "") -> str:
        """Give the share account's identity a role on the store; return the assignment's id."""
        return self.world.grant(self.identity, role, scope or self.store.id)

    def write(self, file_system: str, path: str, data: bytes) -> None:
        self.world.write(self.store, file_system, path, data)

    def files(self, file_system: str) -> dict[str, bytes]:
        return self.world.files(self.store, file_system)


@dataclass
class World:
    """The local Azure without sockets."""

    store: Store
    clock: FixedClock
    ids: SequentialIds
    resources: Resources = field(init=False)
    signed: dict[tuple[str, str, datetime], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.resources = Resources(self.store)
        self.directory = Directory(self.store, self.ids, self.clock)
        self.tokens = Tokens(self.directory, self.store, self.ids, self.clock)
        self.log = DecisionLog()
        self.access = Access(self.resources, self.log)
        self.lake = Lake(self.store, self.resources, self.ids, self.clock)
        self.share = DataShare(
            store=self.store,
            resources=self.resources,
            directory=self.directory,
            access=self.access,
            lake=self.lake,
            clock=self.clock,
            ids=self.ids,
        )
        self.plane = ControlPlane(
            store=self.store,
            resources=self.resources,
            directory=self.directory,
            tokens=self.tokens,
            access=self.access,
            clock=self.clock,
            ids=self.ids,
            providers=[self.share.provider()],
        )

    def send(
        self, who: Principal, method: str, path: str, body: Any, version: str = VERSION, query: str = ""
    ) -> Answer:
        key = (who.tenant_id, who.object_id, self.clock.now())
        if key not in self.signed:
            self.signed[key] = self.tokens.issue(
                who, "https://management.azure.com", lifetime=timedelta(hours=1), appidacr="1"
            )
        token = self.signed[key]
        full_query = f"api-version={version}" + (f"&{query}" if query else "")
        request = Request(
            method, "https", "management.azure.com", 443, path, full_query,
            Headers([("authorization", f"Bearer {token}"), ("content-type", "application/json")]),
            "127.0.0.1", None, self.ids.guid(), self.clock.now(),
        )  # fmt: skip
        sink = self.plane.open_body(request)
        assert isinstance(sink, MemorySink)
        if body is not None:
            sink.write(orjson.dumps(body))
        sink.finish()
        request.body = sink
        response = self.plane.handle(request)
        assert isinstance(response, Response)
        return Answer(response)

    def grant(self, principal_id: str, role: str, scope: str) -> str:
        name = self.ids.guid()
        made = self.resources.put(
            Resource(
                f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                "Microsoft.Authorization/roleAssignments",
                name,
                properties={"roleDefinitionId": role, "principalId": principal_id, "scope": scope},
            )
        )
        return made.id

    def write(self, account: Resource, file_system: str, path: str, data: bytes) -> None:
        """Put a file, as an upload of one piece does."""
        from lakeport_local.storage.content import Extent

        self.lake.ensure_file_system(account, file_system, owner="$superuser")
        sink = self.lake.contents.sink(limit_bytes=1 << 40)
        sink.write(data)
        sink.finish()
        with self.store.transaction():
            root = self.lake.file_systems.require(account.uid, file_system).root
            parent = self.lake.paths.make_parents(root, path, owner="me")
            chunk = self.lake.contents.keep(sink)
            content, size = self.lake.contents.make([Extent(chunk.id, 0, chunk.size_bytes)])
            name = path if parent.is_flat else path.rpartition("/")[2]
            self.lake.paths.replace_file(parent, name, owner="me", content=content, size_bytes=size)

    def files(self, account: Resource, file_system: str) -> dict[str, bytes]:
        found = {}
        for entry in self.lake.files(account, file_system):
            source = self.lake.read(entry)
            found[entry.path] = b"".join(iter(lambda one=source: one.read(1 << 20), b""))  # type: ignore[misc]
            source.close()
        return found

    def organisation(self, number: int, name: str) -> Organisation:
        tenant_id = f"{number}{number}{number}{number}{number}{number}{number}{number}-0000-4000-8000-000000000000"
        self.directory.add_tenant(id=tenant_id, name=name, domain=f"{name}.onmicrosoft.com")
        client_id, object_id = (
            f"{number}a000000-0000-4000-8000-000000000000",
            f"{number}b000000-0000-4000-8000-000000000000",
        )
        self.directory.add_app(tenant_id, name=f"{name} app", client_id=client_id, object_id=object_id)
        principal = self.directory.principal(tenant_id, object_id)
        assert principal is not None
        made = Organisation(self, number, name, principal)
        self.resources.put(
            Resource(
                f"/subscriptions/{made.subscription_id}",
                "Microsoft.Resources/subscriptions",
                made.subscription_id,
                internal={"tenant_id": tenant_id, "registered": ["Microsoft.DataShare"]},
            )
        )
        self.resources.put(Resource(made.group, "Microsoft.Resources/resourceGroups", "group", location="westeurope"))
        self.resources.put(
            Resource(
                f"{made.group}/providers/Microsoft.Storage/storageAccounts/{made.store_name}",
                "Microsoft.Storage/storageAccounts",
                made.store_name,
                internal={"keys": ["a2V5", "a2V5"], "tenant_id": tenant_id},
            )
        )
        self.grant(object_id, CONTRIBUTOR, made.group)
        return made

    def open_account(self, one: Organisation, location: str = "eastus") -> Answer:
        answer = one.put("", {"location": location, "identity": {"type": "SystemAssigned"}})
        assert answer.status == 201
        self.clock.advance(timedelta(minutes=1))
        return answer


@dataclass
class Pair:
    """A world with both sides, to be closed after use."""

    world: World
    contoso: Organisation
    fabrikam: Organisation

    def ready(self) -> None:
        """Share contoso's container `raw`, and map it to fabrikam's `copy`."""
        self.contoso.put("shares/sales", {"properties": {}})
        body = {"kind": "Container", "properties": self.contoso.at(containerName="raw")}
        data_set = self.contoso.put("shares/sales/dataSets/raw", body).body["properties"]["dataSetId"]
        invited = self.fabrikam.principal
        target = {"targetActiveDirectoryId": invited.tenant_id, "targetObjectId": invited.object_id}
        sent = self.contoso.put("shares/sales/invitations/one", {"properties": target}).body["properties"]
        accepted = {"properties": {"invitationId": sent["invitationId"], "sourceShareLocation": "eastus"}}
        assert self.fabrikam.put("shareSubscriptions/received", accepted).status == 201
        place = {**self.fabrikam.at(containerName="copy"), "dataSetId": data_set}
        mapping = {"kind": "Container", "properties": place}
        assert self.fabrikam.put("shareSubscriptions/received/dataSetMappings/raw", mapping).status == 201
        for one, name in ((self.contoso, "raw"), (self.fabrikam, "copy")):
            self.world.lake.ensure_file_system(one.store, name, owner="me")


@pytest.fixture(scope="session")
def signing_key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one signing key waits to be copied: making one takes a tenth of a second."""
    folder = tmp_path_factory.mktemp("signing")
    assert SigningKey(folder, FixedClock(datetime(2026, 1, 1, tzinfo=UTC))).id
    return folder


@pytest.fixture
def store(signing_key_folder: Path) -> Iterator[Store]:
    store = Store(None)
    shutil.copytree(signing_key_folder, store.folder, dirs_exist_ok=True)
    yield store
    store.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store, FixedClock(BEGIN), SequentialIds())


@pytest.fixture(scope="session")
def two_organisations(signing_key_folder: Path) -> Callable[[], Pair]:
    """Makes contoso with an account and a role, and fabrikam likewise, in a world of their own."""

    def make() -> Pair:
        store = Store(None)
        shutil.copytree(signing_key_folder, store.folder, dirs_exist_ok=True)
        world = World(store, FixedClock(BEGIN), SequentialIds())
        sides = []
        for number, name, role in ((1, "contoso", DATA_READER), (2, "fabrikam", DATA_CONTRIBUTOR)):
            side = world.organisation(number, name)
            world.open_account(side)
            side.grant_identity(role)
            sides.append(side)
        return Pair(world, *sides)

    return make


@pytest.fixture
def contoso(world: World) -> Organisation:
    """The provider: an account in eastus with a share `sales`, its identity allowed to read the store."""
    made = world.organisation(1, "contoso")
    world.open_account(made)
    made.grant_identity(DATA_READER)
    assert made.put("shares/sales", {"properties": {"shareKind": "CopyBased"}}).status == 201
    return made


@pytest.fixture
def fabrikam(world: World) -> Organisation:
    """The consumer: an account in westus2, its identity allowed to write the store."""
    made = world.organisation(2, "fabrikam")
    world.open_account(made, "westus2")
    made.grant_identity(DATA_CONTRIBUTOR)
    return made


@pytest.fixture
def invite(contoso: Organisation, fabrikam: Organisation) -> Callable[..., str]:
    """Invite fabrikam's app to a share; return the invitation's id."""

    def send(name: str = "invitation", share: str = "sales", **more: str) -> str:
        target = {"targetActiveDirectoryId": fabrikam.tenant_id, "targetObjectId": fabrikam.principal.object_id}
        answer = contoso.put(f"shares/{share}/invitations/{name}", {"properties": {**target, **more}})
        assert answer.status == 201, answer.response
        return str(answer.body["properties"]["invitationId"])

    return send


@pytest.fixture
def accept(fabrikam: Organisation, invite: Callable[..., str]) -> Callable[..., str]:
    """Have fabrikam accept a new invitation; return the subscription's path below the account."""

    def answer(name: str = "received", **more: str) -> str:
        invitation_id = invite(f"to-{name}", **more)
        body = {"properties": {"invitationId": invitation_id, "sourceShareLocation": "eastus"}}
        made = fabrikam.put(f"shareSubscriptions/{name}", body)
        assert made.status == 201, made.response
        return f"shareSubscriptions/{name}"

    return answer


@pytest.fixture
def mapped(contoso: Organisation, fabrikam: Organisation, accept: Callable[..., str]) -> str:
    """The whole file system `data` of contoso mapped to `copy` of fabrikam; return the subscription's path."""
    contoso.write("data", "2024/a.csv", b"one")
    contoso.write("data", "2024/b.csv", b"three")
    body = {"kind": "AdlsGen2FileSystem", "properties": contoso.at(fileSystem="data")}
    data_set = contoso.put("shares/sales/dataSets/raw", body)
    assert data_set.status == 201, data_set.response
    received = accept()
    target = {**fabrikam.at(fileSystem="copy"), "dataSetId": data_set.body["properties"]["dataSetId"]}
    mapping = fabrikam.put(f"{received}/dataSetMappings/raw", {"kind": "AdlsGen2FileSystem", "properties": target})
    assert mapping.status == 201, mapping.response
    return received
