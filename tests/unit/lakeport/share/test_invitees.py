"""Nothing is sent to the wrong id."""

from __future__ import annotations

from typing import Literal

import pytest

from lakeport.errors import BadFile, NotFound, WrongIdKind
from lakeport.identity.directory import Entry
from lakeport.share.invitees import Known, choose
from lakeport.types import ClientId, ObjectId, TenantId

FABRIKAM, CONTOSO = (
    TenantId("f" * 8 + "-0000-4000-8000-000000000000"),
    TenantId("c" * 8 + "-0000-4000-8000-000000000000"),
)
CLIENT, OBJECT, OTHER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
KNOWN = [
    Known(("consumer",), FABRIKAM, ClientId(CLIENT), ObjectId(OBJECT)),
    Known(("provider",), CONTOSO, ClientId(OTHER), ObjectId("4" * 8 + "-0000-4000-8000-000000000000")),
]


@pytest.mark.parametrize("principal", ["consumer", "Consumer", CLIENT, OBJECT, OBJECT.upper()])
def test_name_client_id_and_object_id_lead_to_the_object_id(principal: str) -> None:
    found = choose(FABRIKAM, "fabrikam", principal, KNOWN)
    assert (found.object_id, found.note) == (OBJECT, "")


def test_a_client_id_where_an_object_id_is_needed_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(WrongIdKind, match=rf"is the client id of 'consumer'.*Its object id is {OBJECT}"):
        choose(FABRIKAM, "fabrikam", CLIENT, KNOWN, only_object_ids=True)


@pytest.mark.parametrize("principal", [OTHER, "4" * 8 + "-0000-4000-8000-000000000000"])
def test_an_id_of_another_tenant_is_refused(principal: str) -> None:
    with pytest.raises(WrongIdKind, match=r"is 'provider' of tenant cccc.*, not of 'fabrikam'"):
        choose(FABRIKAM, "fabrikam", principal, KNOWN)


def test_an_unknown_id_goes_through_and_says_that_it_could_not_be_checked() -> None:
    unknown = "9" * 8 + "-0000-4000-8000-000000000000"
    found = choose(FABRIKAM, "fabrikam", unknown, KNOWN)
    assert found.object_id == unknown
    assert found.note.startswith(f"could not check that {unknown} is an object id")


def test_an_unknown_name_names_the_known_ones() -> None:
    with pytest.raises(BadFile, match=r"no principal 'cosumer' of tenant 'fabrikam'.*known in that tenant: consumer"):
        choose(FABRIKAM, "fabrikam", "cosumer", KNOWN)


def test_a_profile_is_asked_who_it_is_only_when_its_tenant_is_meant() -> None:
    asked: list[str] = []

    def ask() -> ObjectId | None:
        asked.append("asked")
        return ObjectId(OBJECT)

    known = [Known(("mine",), FABRIKAM, ClientId(CLIENT), ask=ask)]
    assert choose(CONTOSO, "contoso", OTHER, known).note
    assert asked == []
    assert choose(FABRIKAM, "fabrikam", "mine", known).object_id == OBJECT


UNKNOWN = "9" * 8 + "-0000-4000-8000-000000000000"


@pytest.mark.parametrize("asked_by", ["object id", "client id"])
def test_what_nobody_here_knows_is_asked_of_the_directory(asked_by: Literal["object id", "client id"]) -> None:
    found = choose(FABRIKAM, "fabrikam", UNKNOWN, KNOWN, ask=lambda: Entry(asked_by, ObjectId(OBJECT), "new"))
    assert (found.object_id, found.shown, found.note) == (OBJECT, "new of fabrikam", "")


def test_an_application_s_object_id_is_refused_and_the_right_one_named() -> None:
    entry = Entry("application object id", ObjectId(OBJECT), "new")
    with pytest.raises(WrongIdKind, match=rf"is the application object id of 'new'.*Its object id is {OBJECT}"):
        choose(FABRIKAM, "fabrikam", UNKNOWN, KNOWN, ask=lambda: entry)


def test_what_the_directory_does_not_have_is_refused() -> None:
    with pytest.raises(NotFound, match=r"tenant 'fabrikam' has no principal '9999.*Known in that tenant: consumer"):
        choose(FABRIKAM, "fabrikam", UNKNOWN, KNOWN, ask=lambda: None)
