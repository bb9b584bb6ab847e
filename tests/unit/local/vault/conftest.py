"""A vault of contoso, its keeper, and whoever else asks; one signing key for all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lakeport_local.access import Access, DecisionLog
from lakeport_local.core import FixedClock, Headers, MemorySink, RandomIds, Request, Response
from lakeport_local.entra import Directory, Tokens
from lakeport_local.entra.keys import SigningKey
from lakeport_local.state import Resource, Resources, Store
from lakeport_local.vault import Chest, VaultService

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTOSO, FABRIKAM = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
GROUP = "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
_OBJECTS = {
    "keeper": "aaaaaaaa-0000-4000-8000-000000000001",
    "plain": "aaaaaaaa-0000-4000-8000-000000000002",
    "stranger": "aaaaaaaa-0000-4000-8000-000000000003",
}


@dataclass
class World:
    """Key Vault, its vault and whoever asks."""

    service: VaultService
    chest: Chest
    directory: Directory
    tokens: Tokens
    resources: Resources
    clock: FixedClock
    vault: Resource
    log: DecisionLog

    def token(self, who: str, audience: str = "https://vault.azure.net") -> str:
        principal = self.directory.principal(FABRIKAM if who == "stranger" else CONTOSO, _OBJECTS[who])
        assert principal is not None
        return self.tokens.issue(principal, audience, lifetime=timedelta(hours=1), appidacr="1")

    def change(self, **properties: Any) -> None:
        """Change the vault's properties."""
        self.vault = self.resources.put(replace(self.vault, properties={**self.vault.properties, **properties}))

    def assign(self, who: str, role: str, scope: str) -> None:
        name = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{who}"
        properties = {"roleDefinitionId": role, "principalId": _OBJECTS[who], "scope": scope}
        self.resources.put(Resource(name, "Microsoft.Authorization/roleAssignments", who, properties=properties))

    def object_id(self, who: str) -> str:
        return _OBJECTS[who]

    def send(
        self, method: str, path: str, body: object = None, *, who: str = "keeper", token: str | None = None,
        host: str = "contoso-vault.vault.azure.net", query: str = "api-version=7.6",
    ) -> Response:  # fmt: skip
        bearer = self.token(who) if token is None else token
        sent = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        request = Request(
            method, "https", host, 443, path, query, Headers(sent.items()), "203.0.113.7", None, "a request", self.clock.now()
        )  # fmt: skip
        sink = self.service.open_body(request)
        if isinstance(sink, Response):
            return sink
        assert isinstance(sink, MemorySink)
        sink.write(b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body))
        request.body = sink
        return self.service.handle(request)

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """Return the JSON of an answer that must be a success."""
        response = self.send(method, path, body, **more)
        assert isinstance(response.body, bytes)
        assert response.status < 300, response.body
        return orjson.loads(response.body or b"null")

    def refused(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, str, str, str]:
        """Return status, code, inner code and message of an answer that must be a refusal."""
        response = self.send(method, path, body, **more)
        assert isinstance(response.body, bytes)
        error = orjson.loads(response.body)["error"]
        return response.status, error["code"], error.get("innererror", {}).get("code", ""), error["message"]


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
    for tenant, name in ((CONTOSO, "contoso"), (FABRIKAM, "fabrikam")):
        directory.add_tenant(id=tenant, name=name, domain=f"{name}.onmicrosoft.com")
    for name, object_id in _OBJECTS.items():
        tenant = FABRIKAM if name == "stranger" else CONTOSO
        directory.add_app(tenant, name=name, client_id=object_id.replace("a", "b"), object_id=object_id)
    tokens, log = Tokens(directory, store, ids, clock), DecisionLog()
    vault = resources.put(
        Resource(
            f"{GROUP}/providers/Microsoft.KeyVault/vaults/contoso-vault",
            "Microsoft.KeyVault/vaults",
            "contoso-vault",
            location="westeurope",
            properties={"tenantId": CONTOSO, "enableRbacAuthorization": True, "softDeleteRetentionInDays": 7},
        )
    )
    chest = Chest(store, ids, clock)
    service = VaultService(
        chest, store=store, resources=resources, tokens=tokens, access=Access(resources, log), ids=ids
    )
    made = World(service, chest, directory, tokens, resources, clock, vault, log)
    made.assign("keeper", ADMINISTRATOR, GROUP)
    yield made
    store.close()
