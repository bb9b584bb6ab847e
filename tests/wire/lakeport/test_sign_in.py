"""People: signing in by a code without waiting for it, and as the users of a running local Azure."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import pytest

from lakeport import identity, profiles, sign_in
from lakeport.errors import Misused, NotSignedIn, WrongSecret, WrongTenant
from lakeport.identity.caller import caller
from lakeport.profiles import local

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

    from lakeport.identity.sign_in import SignIn

ADA = "ada@contoso.onmicrosoft.com"


def by_code(**values: str) -> profiles.Profile:
    """A profile of the running local Azure that signs a person in, and in which nobody has."""
    found = profiles.resolve(arguments={"cloud": "local", "credential": "device_code", **values}, environment={})
    identity.credential(found).sign_out()
    return found


@pytest.fixture
def tenant(running: LocalAzure) -> str:
    return str(running.credentials("provider")["tenant_id"])


@pytest.fixture
def ada(running: LocalAzure) -> str:
    return str(running.credentials(ADA)["object_id"])


def test_a_sign_in_shows_its_code_at_once_and_ends_when_it_is_typed(running: LocalAzure, tenant: str, ada: str) -> None:
    ended = threading.Event()

    def show(begun: SignIn) -> None:
        assert (begun.done, repr(begun)) == (False, begun.message)
        assert begun.code in begun.message
        with pytest.raises(TimeoutError):
            begun.result(0)
        begun.on_done(lambda _: ended.set())
        local.approve(begun.code, ada)

    profile = by_code(tenant_id=tenant)
    begun = sign_in(profile, show=show)
    assert caller(begun.result(30), profile).object_id == ada
    assert ended.wait(60)
    assert repr(begun) == "signed in"
    assert caller(identity.credential(profile), profile).object_id == ada, "nobody is asked twice in a process"
    guest = profiles.resolve("local:contoso/grace@fabrikam.onmicrosoft.com").object_id
    other = sign_in(profile, show=lambda begun: local.approve(begun.code, str(guest)))
    assert caller(other.result(30), profile).object_id == guest, "whoever signs in last is meant"
    identity.credential(profile).sign_out()


async def test_a_sign_in_can_be_awaited(running: LocalAzure, tenant: str, ada: str) -> None:
    profile = by_code(tenant_id=tenant, storage_account="sourcestorage")
    credential = await sign_in(profile, show=lambda begun: local.approve(begun.code, ada))
    assert caller(credential, profile).object_id == ada


def test_a_sign_in_that_nobody_wants_any_more_is_cancelled(running: LocalAzure, tenant: str) -> None:
    begun = sign_in(by_code(tenant_id=tenant))
    assert begun.cancel()
    assert begun.done
    with pytest.raises(CancelledError):
        begun.result()
    assert repr(begun) == "cancelled"


def test_what_the_person_or_the_tenant_refuses_is_told(running: LocalAzure, tenant: str, ada: str) -> None:
    def decline(begun: SignIn) -> None:
        running.command("approve", begun.code, "--user", ADA, "--decline")

    with pytest.raises(NotSignedIn, match="declined"):
        sign_in(by_code(tenant_id=tenant), show=decline).result(30)
    confidential = by_code(tenant_id=tenant, client_id=str(running.credentials("provider")["client_id"]))
    with pytest.raises(WrongSecret, match="allow public client flows, or leave client_id out") as refused:
        sign_in(confidential, show=lambda begun: local.approve(begun.code, ada)).result(30)
    assert refused.value.code == "AADSTS7000218"
    with pytest.raises(WrongTenant, match="there is no tenant"):
        sign_in(by_code(tenant_id="nowhere.example"))
    with pytest.raises(Misused, match="does not sign in by a code"):
        sign_in(profiles.resolve("local:provider"))


def test_users_of_a_local_azure_are_profiles(running: LocalAzure, lakeport: Lakeport, ada: str) -> None:
    profile = profiles.resolve(f"local:{ADA}")
    assert (profile.credential, profile.object_id, profile.storage_account) == ("device_code", ada, "sourcestorage")
    assert caller(identity.credential(profile), profile).object_id == ada
    listed = lakeport("profile", "list").out.split()
    guest = "local:contoso/grace@fabrikam.onmicrosoft.com"
    assert {f"local:{ADA}", guest, "local:fabrikam/grace@fabrikam.onmicrosoft.com", "local:batch-node"} <= set(listed)
    abroad, home = profiles.resolve(guest), profiles.resolve("local:fabrikam/grace@fabrikam.onmicrosoft.com")
    assert {caller(identity.credential(one), one).object_id for one in (abroad, home)} == {
        abroad.object_id,
        home.object_id,
    }
    assert abroad.tenant_id != home.tenant_id
    assert lakeport("ls", f"local:{ADA}:share-data/").status in {0, 4}, "a user is let in or refused as anybody is"
