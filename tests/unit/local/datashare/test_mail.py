"""Invitations by mail: for who signs in by that address, and for the guest who proved that it is theirs."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest

TENANT = "/providers/Microsoft.DataShare"
ADDRESS = "ada@fabrikam.onmicrosoft.com"


@pytest.fixture
def guest(world: Any, contoso: Any, fabrikam: Any) -> Any:
    """Ada of fabrikam as a guest in contoso."""
    ada = world.directory.add_user(
        fabrikam.tenant_id, name=ADDRESS, object_id="2e000000-0000-4000-8000-000000000000", password="x"
    )
    made = world.directory.add_user(
        contoso.tenant_id, name=ADDRESS, object_id="1e000000-0000-4000-8000-000000000000", password=None, guest_of=ada
    )
    return world.directory.principal(made.tenant_id, made.object_id)


@pytest.fixture
def invited(contoso: Any) -> str:
    """An invitation to Ada's address."""
    answer = contoso.put("shares/sales/invitations/mail", {"properties": {"targetEmail": ADDRESS.title()}})
    assert answer.status == 201
    return str(answer.body["properties"]["invitationId"])


def mails(world: Any) -> list[Any]:
    return [message_from_bytes(one.read_bytes()) for one in sorted((world.store.folder / "mail").iterdir())]


def code_of(mail: Any) -> str:
    found = re.search(r"\b\d{8}\b", mail.get_payload())
    assert found is not None
    return found[0]


def activate(world: Any, guest: Any, code: str) -> Any:
    return world.send(guest, "POST", f"{TENANT}/locations/eastus/activateEmail", {"activationCode": code})


def seen(world: Any, who: Any) -> list[str]:
    listed = world.send(who, "GET", f"{TENANT}/listInvitations", None).body["value"]
    return [str(one["properties"]["invitationId"]) for one in listed]


def test_a_guest_sees_an_invitation_once_the_address_is_registered(world: Any, guest: Any, invited: str) -> None:
    assert seen(world, guest) == []
    answer = world.send(guest, "POST", f"{TENANT}/locations/East US/registerEmail".replace(" ", "%20"), None)
    assert answer.status == 200
    assert answer.body == {
        "activationCode": None,
        "activationExpirationDate": answer.body["activationExpirationDate"],
        "email": ADDRESS,
        "registrationStatus": "ActivationPending",
        "tenantId": guest.tenant_id,
    }
    assert seen(world, guest) == []
    first, second = mails(world)
    assert (first["To"], second["To"]) == (ADDRESS.title(), ADDRESS)
    assert invited in first.get_payload()
    done = activate(world, guest, code_of(second))
    assert (done.status, done.body["registrationStatus"]) == (200, "Activated")
    assert seen(world, guest) == [invited]
    world.clock.advance(timedelta(days=366))
    assert seen(world, guest) == []


def test_guessing_a_code_ends_after_a_few_tries(world: Any, guest: Any, invited: str) -> None:
    world.send(guest, "POST", f"{TENANT}/locations/eastus/registerEmail", None)
    right = code_of(mails(world)[-1])
    states = [activate(world, guest, "wrong").body["registrationStatus"] for _ in range(5)]
    assert states == ["ActivationPending"] * 4 + ["ActivationAttemptsExhausted"]
    assert activate(world, guest, right).body["registrationStatus"] == "ActivationAttemptsExhausted"
    assert seen(world, guest) == []
    world.send(guest, "POST", f"{TENANT}/locations/eastus/registerEmail", None)
    assert activate(world, guest, code_of(mails(world)[-1])).body["registrationStatus"] == "Activated"


def test_only_guests_register_and_nobody_activates_what_was_not_registered(
    world: Any, guest: Any, fabrikam: Any
) -> None:
    assert fabrikam.post(f"{TENANT}/locations/eastus/registerEmail").status == 400
    assert activate(world, guest, "12345678").status == 404
    assert world.send(guest, "POST", f"{TENANT}/locations/eastus/activateEmail", {}).status == 400


def test_a_registration_holds_for_who_made_it_only(world: Any, contoso: Any, guest: Any, invited: str) -> None:
    world.send(guest, "POST", f"{TENANT}/locations/eastus/registerEmail", None)
    assert activate(world, contoso.principal, code_of(mails(world)[-1])).status == 404
