"""Graph over a small directory: contoso with an administrator, a plain app, ada and the guest grace; fabrikam with grace."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson
import pytest

from lakeport_local.access import Access, DecisionLog
from lakeport_local.core import FixedClock, Headers, MemorySink, RandomIds, Request, Response
from lakeport_local.entra import Directory, Tokens
from lakeport_local.entra.keys import SigningKey
from lakeport_local.graph import GraphService
from lakeport_local.state import Resource, Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTOSO = "11111111-1111-4111-8111-111111111111"
FABRIKAM = "22222222-2222-4222-8222-222222222222"
SUBSCRIPTION = "/subscriptions/33333333-3333-4333-8333-333333333333"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
IDS = {name: f"aaaaaaaa-0000-4000-8000-{number:012}" for number, name in enumerate(
    ["administrator", "plain", "consumer", "ada", "grace", "guest", "analysts", "node"], start=1
)}  # fmt: skip
_CLIENT_IDS = {name: value.replace("aaaaaaaa", "bbbbbbbb") for name, value in IDS.items()}


@dataclass
class World:
    """A Graph, its directory, and whoever asks."""

    service: GraphService
    directory: Directory
    tokens: Tokens
    resources: Resources
    clock: FixedClock
    ids: dict[str, str]
    client_ids: dict[str, str]

    def token(self, who: str = "administrator", audience: str = "https://graph.microsoft.com") -> str:
        tenant = FABRIKAM if who in ("consumer", "grace") else CONTOSO
        principal = self.directory.principal(tenant, self.ids[who])
        assert principal is not None
        return self.tokens.issue(principal, audience, lifetime=timedelta(hours=1), appidacr="1")

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        who: str | None = "administrator",
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **options: str,
    ) -> Response:
        bearer = token or (self.token(who) if who else "")
        sent = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **(headers or {})}
        query = "&".join(f"%24{name}={quote(value)}" for name, value in options.items())
        request = Request(
            method, "https", "graph.microsoft.com", 443, f"/v1.0/{path}", query, Headers(sent.items()), "127.0.0.1", None,
            "0f0f0f0f-0000-4000-8000-000000000001", self.clock.now(),
        )  # fmt: skip
        sink = self.service.open_body(request)
        assert isinstance(sink, MemorySink)
        sink.write(b"" if body is None else orjson.dumps(body))
        request.body = sink
        return self.service.handle(request)

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Return the JSON of an answer that must be a success."""
        response = self.send(method, path, body, **more)
        assert isinstance(response.body, bytes)
        assert response.status < 300, response.body
        return orjson.loads(response.body or b"null")

    def refused(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, str]:
        """Return the status and code of an answer that must be a refusal in Graph's envelope."""
        response = self.send(method, path, body, **more)
        assert isinstance(response.body, bytes)
        error = orjson.loads(response.body)["error"]
        assert error["innerError"]["request-id"]
        return response.status, error["code"]

    def assign(self, scope: str, role: str, object_id: str) -> None:
        name = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{object_id}"
        properties = {"roleDefinitionId": role, "principalId": object_id, "scope": scope}
        self.resources.put(Resource(name, "Microsoft.Authorization/roleAssignments", object_id, properties=properties))

    def subscribe(self, subscription: str, tenant_id: str = CONTOSO) -> None:
        self.resources.put(
            Resource(
                subscription,
                "Microsoft.Resources/subscriptions",
                subscription.rsplit("/", maxsplit=1)[-1],
                internal={"tenant_id": tenant_id},
            )
        )


@pytest.fixture(scope="session")
def signing_key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one signing key waits to be copied: making one takes a tenth of a second."""
    folder = tmp_path_factory.mktemp("signing")
    assert SigningKey(folder, FixedClock(datetime(2026, 1, 1, tzinfo=UTC))).id
    return folder


@pytest.fixture
def world(signing_key_folder: Path) -> Iterator[World]:
    store, clock, ids = Store(None), FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC)), RandomIds()
    shutil.copytree(signing_key_folder, store.folder, dirs_exist_ok=True)
    directory, resources = Directory(store, ids, clock), Resources(store)
    directory.add_tenant(id=CONTOSO, name="contoso", domain="contoso.onmicrosoft.com")
    directory.add_tenant(id=FABRIKAM, name="fabrikam", domain="fabrikam.onmicrosoft.com")
    for name, tenant in (("administrator", CONTOSO), ("plain", CONTOSO), ("consumer", FABRIKAM)):
        directory.add_app(tenant, name=name, client_id=_CLIENT_IDS[name], object_id=IDS[name])
    ada, grace = "ada@contoso.onmicrosoft.com", "grace@fabrikam.onmicrosoft.com"
    directory.add_user(CONTOSO, name=ada, object_id=IDS["ada"], password="a password")
    home = directory.add_user(FABRIKAM, name=grace, object_id=IDS["grace"], password="a password")
    directory.add_user(CONTOSO, name=grace, object_id=IDS["guest"], password=None, guest_of=home)
    directory.add_group(CONTOSO, name="analysts", object_id=IDS["analysts"], members=[IDS["ada"]])
    directory.add_managed_identity(
        CONTOSO,
        name="node",
        resource_id=f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node",
        object_id=IDS["node"],
        client_id=_CLIENT_IDS["node"],
    )
    tokens = Tokens(directory, store, ids, clock)
    access = Access(resources, DecisionLog())
    service = GraphService(
        store=store, directory=directory, tokens=tokens, resources=resources, access=access, ids=ids, clock=clock
    )
    made = World(service, directory, tokens, resources, clock, IDS, _CLIENT_IDS)
    made.subscribe(SUBSCRIPTION)
    made.assign(SUBSCRIPTION, OWNER, IDS["administrator"])
    yield made
    store.close()
