"""Whom an entry of a list is for, as people write it: `ada@contoso.com`, `group:analysts`, `user:ID`, `other::`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport.access import posix
from lakeport.access.people import Person
from lakeport.access.posix import KINDS, Ace
from lakeport.errors import BadProfile, Forbidden, Misused, NotFound, NotSignedIn, WrongIdKind
from lakeport.types import is_guid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport.access.people import People

BASICS = ("user", "group", "other")
UNKNOWN = "unknown"
"""The kind of somebody of whom the directory says nothing."""


def whom(named: str, people: People) -> tuple[str, Person]:
    """Return the kind of entry that names somebody, and who that is.

    Args:
        named: A name or id; with `user:` or `group:` before it an id counts that the directory does not know or tell;
            `user::`, `group::`, `other::` and `mask::` are the owner, the owning group, everybody else and the mask.
        people: The directory.

    Raises:
        NotFound: There is nobody of that name.
        Ambiguous: There are several.
        WrongIdKind: It is an id that no list knows, or a group is called a user.
        Forbidden: The directory may not be asked.
    """
    kind, colon, rest = named.partition(":")
    if not colon or kind not in KINDS:
        return _asked(named, people)
    if rest in {"", ":"}:
        return kind, Person("", f"{kind}::")
    if kind not in {"user", "group"}:
        raise Misused(f"{kind} is nobody in particular", hint=f"Write {kind}::")
    person = _known(rest, people) if is_guid(rest) else people.find(rest)
    is_group = person.kind == "group"
    if person.kind != UNKNOWN and is_group is not (kind == "group"):
        found = "group" if is_group else "user"
        raise WrongIdKind(f"{rest!r} is a {found}, not a {kind}", hint=f"Write {found}:{rest}")
    return kind, person


def _known(object_id: str, people: People) -> Person:
    """Say who an id is, where the directory tells: lists keep entries of those who are gone or of whom it says nothing."""
    try:
        return people.find(object_id)
    except (NotFound, Forbidden, NotSignedIn, BadProfile):
        return Person(object_id.lower(), object_id, UNKNOWN)


def _asked(named: str, people: People) -> tuple[str, Person]:
    try:
        person = people.find(named)
    except (Forbidden, BadProfile) as error:
        error.hint = "Write user:OBJECT_ID or group:OBJECT_ID"
        raise
    return ("group" if person.kind == "group" else "user"), person


def entries(text: str, people: People) -> tuple[Ace, ...]:
    """Return the entries that a list says, in which people may go by their names.

    Args:
        text: Such as `user::rwx,group:analysts:r-x,default:user:ada@contoso.com:read`.
        people: The directory; asked for names and ids only.

    Raises:
        Misused: It is no list.
        LakeportError: As `whom` says.
    """
    found = [_entry(part.strip(), people) for part in text.split(",") if part.strip()]
    keys = [one.key for one in found]
    twice = next((one for one in found if keys.count(one.key) > 1), None)
    if twice is not None:
        raise Misused(f"the list has two entries {str(twice).rpartition(':')[0]}", hint="Leave one of them out")
    if not found:
        raise Misused("the list is empty", hint="Write such as user::rwx,group::r-x,other::---")
    return tuple(found)


def _entry(part: str, people: People) -> Ace:
    rest = part.removeprefix("default:")
    named, colon, said = rest.rpartition(":")
    kind = named.partition(":")[0]
    if not colon or kind not in KINDS or ":" not in named:
        hint = "Write KIND:WHO:RIGHTS, such as user:ada@contoso.com:r-x or other::---"
        raise Misused(f"{part!r} is no entry of a list", hint=hint)
    found, person = whom(named, people)
    return Ace(found, person.object_id, posix.bits(said), part.startswith("default:"))


def complete(found: Iterable[Ace]) -> tuple[Ace, ...]:
    """Return a list that replaces another: it must say what owner, owning group and everybody else may.

    Raises:
        Misused: It does not.
    """
    given = tuple(found)
    keys = {one.key for one in given}
    missing = [kind for kind in BASICS if (kind, "", False) not in keys]
    if missing:
        said = ", ".join(f"{kind}::" for kind in missing)
        raise Misused(f"a list that replaces another must say {said}", hint="Next: lakeport acl grant adds one entry")
    if any(one.is_default for one in given):
        own = {one.key: one for one in given}
        for kind in BASICS:
            if (kind, "", True) not in keys:
                given = (*given, replace(own[kind, "", False], is_default=True))
    return given


def spoken(one: Ace, names: dict[str, Person]) -> str:
    """Return an entry with the name of whom it is for, where that is known."""
    known = names.get(one.who)
    return str(replace(one, who=known.name)) if known and one.who else str(one)
