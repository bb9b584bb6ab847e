"""The directory: upserts, lookups without case, groups in groups, guests, removal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport_local.core import RandomIds
from lakeport_local.entra import Directory

if TYPE_CHECKING:
    from lakeport_local.core import FixedClock
    from lakeport_local.entra import App, Tenant
    from lakeport_local.state import Store

ADA = "ADA00000-0000-4000-8000-000000000001"
EVE = "eee00000-0000-4000-8000-000000000001"
INNER = "99900000-0000-4000-8000-000000000001"
OUTER = "99900000-0000-4000-8000-000000000002"


def test_a_tenant_is_found_by_id_domain_and_name_without_case(directory: Directory, contoso: Tenant) -> None:
    assert [directory.tenant(key) for key in (contoso.id.upper(), "Contoso.OnMicrosoft.com", "CONTOSO")] == [
        contoso
    ] * 3
    assert directory.tenant("nobody") is None


def test_adding_again_changes_and_does_not_double(directory: Directory, contoso: Tenant) -> None:
    for name in ("first", "second"):
        directory.add_app(contoso.id, name=name, client_id=ADA, object_id=EVE)
    found = directory.principal(contoso.id, EVE)
    assert found is not None
    assert (found.name, found.client_id, found.kind) == ("second", ADA.lower(), "Application")
    assert directory.find(contoso.id, "first") is None


def test_an_app_whose_object_id_changes_has_one_service_principal(directory: Directory, app: App) -> None:
    directory.add_app(app.tenant_id, name=app.name, client_id=app.client_id, object_id=EVE)
    assert directory.principal(app.tenant_id, app.object_id) is None
    found = directory.find(app.tenant_id, app.client_id)
    assert found is not None
    assert found.object_id == EVE


def test_a_principal_is_found_by_any_of_its_names(directory: Directory, contoso: Tenant, app: App) -> None:
    directory.add_user(contoso.id, name="ada@contoso.onmicrosoft.com", object_id=ADA, password="pw")
    assert {directory.find(contoso.id, key) for key in (app.name.upper(), app.client_id, app.object_id.upper())} == {
        directory.principal(contoso.id, app.object_id)
    }
    ada = directory.find(contoso.id, "Ada@Contoso.onmicrosoft.com")
    assert ada is not None
    assert (ada.kind, ada.object_id, ada.mail) == ("User", ADA.lower(), "ada@contoso.onmicrosoft.com")
    assert directory.find(contoso.id, "") is None


def test_a_principal_of_one_tenant_is_unknown_in_the_other(directory: Directory, app: App, fabrikam: Tenant) -> None:
    assert directory.principal(fabrikam.id, app.object_id) is None
    assert directory.app(fabrikam.id, app.client_id) is None
    assert directory.find(fabrikam.id, app.name) is None


def test_groups_reach_through_groups_even_in_a_circle(directory: Directory, contoso: Tenant) -> None:
    directory.add_user(contoso.id, name="ada@contoso.onmicrosoft.com", object_id=ADA, password=None)
    directory.add_group(contoso.id, name="inner", object_id=INNER, members=[ADA, OUTER])
    directory.add_group(contoso.id, name="outer", object_id=OUTER, members=[INNER])
    ada = directory.principal(contoso.id, ADA)
    assert ada is not None
    assert ada.groups == {INNER, OUTER}
    directory.add_group(contoso.id, name="inner", object_id=INNER, members=[])
    assert directory.principal(contoso.id, ADA) == directory.find(contoso.id, ADA)
    after = directory.principal(contoso.id, ADA)
    assert after is not None
    assert after.groups == frozenset()


def test_a_guest_has_an_own_object_and_remembers_home(directory: Directory, contoso: Tenant, fabrikam: Tenant) -> None:
    home = directory.add_user(fabrikam.id, name="eve@fabrikam.onmicrosoft.com", object_id=EVE, password="pw")
    guest = directory.add_user(contoso.id, name=home.mail, object_id=ADA, password=None, guest_of=home)
    assert guest.name == "eve_fabrikam.onmicrosoft.com#EXT#@contoso.onmicrosoft.com"
    assert (guest.home_tenant_id, guest.home_object_id, guest.is_guest) == (fabrikam.id, EVE, True)
    assert directory.user(contoso.id, "EVE@fabrikam.onmicrosoft.com") == guest
    assert not directory.password_is(guest, "pw")
    assert directory.password_is(home, "pw")
    assert not directory.password_is(home, "PW")


def test_a_secret_is_kept_as_a_hash_and_is_right_wrong_or_expired(
    directory: Directory, store: Store, app: App, clock: FixedClock
) -> None:
    directory.add_secret(app, "short-lived", key_id=EVE, ends_at=clock.now() + timedelta(days=1))
    assert directory.secret_state(app.client_id, "short-lived") == "right"
    clock.advance(timedelta(days=1))
    assert directory.secret_state(app.client_id, "short-lived") == "expired"
    assert directory.secret_state(app.client_id, "a secret of contoso") == "right"
    assert directory.secret_state(app.client_id, "A secret of contoso") == "wrong"
    assert directory.secret_state(ADA, "a secret of contoso") == "wrong"
    assert b"short-lived" not in b"".join(
        bytes(row["hash"]) + row["salt"] for row in store.db.execute("SELECT * FROM secrets")
    )


def test_an_apps_registration_and_credentials_go_with_its_principal(directory: Directory, app: App) -> None:
    directory.remove(app.tenant_id, app.object_id)
    assert directory.app(app.tenant_id, app.client_id) is None
    assert directory.secret_state(app.client_id, "a secret of contoso") == "wrong"


def test_a_multi_tenant_app_has_a_principal_in_each_tenant(directory: Directory, app: App, fabrikam: Tenant) -> None:
    there = directory.add_service_principal(app.client_id, fabrikam.id, object_id=EVE)
    assert directory.app(fabrikam.id, app.client_id) == there
    assert (there.object_id, there.home_tenant_id, there.tenant_id) == (EVE, app.tenant_id, fabrikam.id)
    directory.remove(fabrikam.id, EVE)
    assert directory.app(app.tenant_id, app.client_id) == app


def test_what_was_added_is_there_for_the_next_process(
    directory: Directory, store: Store, app: App, clock: FixedClock
) -> None:
    assert Directory(store, RandomIds(), clock).app(app.tenant_id, app.client_id) == app


def test_a_managed_identity_is_found_by_object_id_alone(directory: Directory, contoso: Tenant) -> None:
    identity = directory.add_managed_identity(
        contoso.id, name="share-account", resource_id="/subscriptions/S/x", object_id=EVE, client_id=ADA
    )
    assert directory.managed_identity(EVE.upper()) == identity
    found = directory.principal(contoso.id, EVE)
    assert found is not None
    assert (found.kind, found.client_id) == ("ManagedIdentity", ADA.lower())
    assert directory.managed_identity(ADA) is None
