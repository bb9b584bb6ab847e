"""Lists as people write them: read, completed, or refused with what is wrong; nobody is asked for ids."""

from __future__ import annotations

from typing import cast

import pytest

from lakeport.access import posix
from lakeport.access.people import People, Person
from lakeport.access.whom import complete, entries, spoken, whom
from lakeport.errors import Forbidden, Misused

USER = "11111111-1111-4111-8111-111111111111"


class Silent:
    """A directory that may not be read."""

    def find(self, named: str) -> Person:
        """Refuse."""
        raise Forbidden(f"the directory may not be read: {named}")


NOBODY = cast("People", Silent())


def test_ids_with_their_kind_need_no_directory() -> None:
    assert [str(one) for one in entries(f"user::rwx, default:user:{USER.upper()}:read,other::0", NOBODY)] == [
        "user::rwx",
        f"default:user:{USER}:r-x",
        "other::---",
    ]
    assert whom("mask::", NOBODY)[0] == "mask"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the list is empty"),
        ("rwx", "is no entry of a list"),
        ("user:rwx", "is no entry of a list"),
        ("owner::rwx", "is no entry of a list"),
        ("user::rwz", "says no rights"),
        ("user::rwx,user::r-x", "two entries user:"),
        ("other:somebody:r-x", "other is nobody in particular"),
    ],
    ids=["empty", "rights only", "no name", "unknown kind", "wrong letter", "twice", "named other"],
)
def test_what_is_no_list_is_refused(text: str, said: str) -> None:
    with pytest.raises(Misused, match=said):
        entries(text, NOBODY)


def test_a_name_that_nobody_can_look_up_is_refused_with_the_way_round() -> None:
    with pytest.raises(Forbidden, match=r"Write user:OBJECT_ID or group:OBJECT_ID"):
        whom(USER, NOBODY)


def test_a_default_list_gets_its_basics_from_the_list() -> None:
    wished = complete(posix.parse("user::rwx,group::r-x,other::---,default:user:u:r-x"))
    assert posix.text(one for one in wished if one.is_default) == (
        "default:user:u:r-x,default:user::rwx,default:group::r-x,default:other::---"
    )
    assert spoken(wished[3], {"u": Person("u", "ada")}) == "default:user:ada:r-x"
