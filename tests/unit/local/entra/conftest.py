"""A small directory: contoso with an app, a user, groups and an identity; fabrikam with an app; one signing key for all."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lakeport_local.core import FixedClock, RandomIds
from lakeport_local.entra import Directory, Tokens
from lakeport_local.entra.keys import SigningKey
from lakeport_local.state import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakeport_local.entra import App, Tenant


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
    directory.add_secret(app, "a secret of contoso")
    return app
