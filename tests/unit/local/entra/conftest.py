"""A small directory: contoso with an app, a user, groups and an identity; fabrikam with an app; one signing key for all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from lakeport_local.core import FixedClock, Headers, MemorySink, RandomIds, Request, Response
from lakeport_local.entra import Directory, EntraService, People, Tokens
from lakeport_local.entra.keys import SigningKey
from lakeport_local.state import Resources, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakeport_local.entra import App, Tenant


SECRET = "a secret of contoso"
TRACE = "0f0f0f0f-0000-4000-8000-000000000001"


@dataclass
class World:
    """Entra with contoso's app, and the requests that clients send."""

    service: EntraService
    tokens: Tokens
    directory: Directory
    app: App
    clock: FixedClock

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        query: str = "",
        *,
        caller: str | None = None,
    ) -> Response:
        sent = {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))} | (headers or {})
        request = Request(
            method, "https", "login.microsoftonline.com", 443, path, query, Headers(sent.items()), "127.0.0.1", caller, TRACE,
            self.clock.now(),
        )  # fmt: skip
        sink = self.service.open_body(request)
        if isinstance(sink, Response):
            return sink
        assert isinstance(sink, MemorySink)
        sink.write(body)
        request.body = sink
        return self.service.handle(request)

    def post(self, form: dict[str, str], path: str = "", headers: dict[str, str] | None = None) -> Response:
        path = path or f"/{self.app.tenant_id}/oauth2/v2.0/token"
        return self.send("POST", path, urlencode(form).encode(), headers)

    def form(self, **changes: str | None) -> dict[str, str]:
        fields = {
            "grant_type": "client_credentials",
            "client_id": self.app.client_id,
            "client_secret": SECRET,
            "scope": "https://storage.azure.com/.default",
        }
        return {name: value for name, value in (fields | changes).items() if value is not None}


@pytest.fixture(scope="session")
def signing_key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one signing key waits to be copied: making one takes a tenth of a second."""
    folder = tmp_path_factory.mktemp("signing")
    assert SigningKey(folder, FixedClock(datetime(2026, 1, 1, tzinfo=UTC))).id
    return folder


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture
def store(signing_key_folder: Path) -> Iterator[Store]:
    store = Store(None)
    shutil.copytree(signing_key_folder, store.folder, dirs_exist_ok=True)
    yield store
    store.close()


@pytest.fixture
def directory(store: Store, clock: FixedClock) -> Directory:
    return Directory(store, RandomIds(), clock)


@pytest.fixture
def tokens(directory: Directory, store: Store, clock: FixedClock) -> Tokens:
    return Tokens(directory, store, RandomIds(), clock)


@pytest.fixture
def contoso(directory: Directory) -> Tenant:
    return directory.add_tenant(
        id="11111111-1111-4111-8111-111111111111", name="contoso", domain="contoso.onmicrosoft.com"
    )


@pytest.fixture
def fabrikam(directory: Directory) -> Tenant:
    return directory.add_tenant(
        id="22222222-2222-4222-8222-222222222222", name="fabrikam", domain="fabrikam.onmicrosoft.com"
    )


@pytest.fixture
def app(directory: Directory, contoso: Tenant) -> App:
    app = directory.add_app(
        contoso.id,
        name="provider",
        client_id="aaaaaaaa-0000-4000-8000-000000000001",
        object_id="aaaaaaaa-0000-4000-8000-000000000002",
    )
    directory.add_secret(app, SECRET)
    return app


@pytest.fixture
def world(directory: Directory, tokens: Tokens, store: Store, app: App, clock: FixedClock) -> World:
    people = People(directory, store, RandomIds(), clock)
    service = EntraService(directory, tokens, Resources(store), clock, people)
    return World(service, tokens, directory, app, clock)
