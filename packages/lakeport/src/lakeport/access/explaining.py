"""Why somebody may see a folder or may not, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lakeport.access import posix
from lakeport.access.deciding import Facts, decide
from lakeport.access.files import above
from lakeport.access.operations import BLOBS, Demand, Operation
from lakeport.access.people import Person
from lakeport.access.roles import DATA_ROLES
from lakeport.errors import Forbidden, LakeportError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lakeport.access.bringing import Access
    from lakeport.access.deciding import Answer
    from lakeport.access.people import People
    from lakeport.access.posix import Listed
    from lakeport.access.roles import Holding

NEEDED = {"read": "rx", "write": "rwx"}
RIGHTS: dict[str, tuple[Demand, ...]] = {
    "read": (Demand(f"{BLOBS}/read", (("item", "rx"),)),),
    "write": tuple(Demand(f"{BLOBS}/{one}", (("item", "rwx"),)) for one in ("read", "write")),
}
"""What a consumer's right on a folder is."""


@dataclass(frozen=True)
class Reader:
    """Somebody who may.

    Attributes:
        by: The rule.
        through: The group by which, or empty.
        blocked: The folder above that does not let it pass, or empty.
    """

    who: Person
    right: str
    by: str
    through: str = ""
    blocked: str = ""


def explain(access: Access, named: str, folder: str, right: str) -> Answer:
    """Tell whether somebody may read or write a folder, and by which rules.

    Roles are asked first, as the service does: one that allows ends it. Rules of network, deny assignments and the
    account's keys are not asked.

    Args:
        access: The file system.
        named: Who: an object id, client id, sign-in name, address or display name.
        folder: The folder, without slashes around it.
        right: `read` or `write`.

    Raises:
        NotFound: There is nobody of that name, or no such folder.
    """
    facts = facts_of(
        access.people.find(named),
        folder,
        access.people,
        lambda ids: access.roles.holdings(access.wished.place.scope, ids),
        lambda path: _listed(access, path),
    )
    return decide(facts, Operation(right, right, RIGHTS[right]))


def facts_of(
    person: Person,
    path: str,
    people: People,
    holdings: Callable[[Collection[str]], list[Holding] | None],
    listed: Callable[[str], Listed],
    *,
    below: Callable[[], list[str]] = list,
) -> Facts:
    """Return what is known of somebody and a path; what may not be looked at is noted.

    Args:
        person: Who.
        path: Where.
        people: The directory.
        holdings: Gives the roles of ids that reach the path, or `None`.
        listed: Gives the list of a path.
        below: Gives the directories below the path.
    """
    unseen = []
    try:
        groups = {one.object_id: one for one in people.groups_of(person)}
    except Forbidden:
        groups = {}
        unseen.append("the groups they are in")
    try:
        held = holdings({person.object_id, *groups})
        why = ""
    except LakeportError as error:
        held, why = None, f" ({error.message})"
    if held is None:
        unseen.append(f"the roles they have{why}")
    return Facts(person, path, groups, tuple(held or ()), cache(listed), below, tuple(unseen))


def _listed(access: Access, path: str) -> Listed:
    found = access.lists.of(path)
    if found is None:
        raise NotFound(f"there is no folder {path!r} in {access.wished.place.file_system}")
    return found


def audit(access: Access, folder: str) -> list[Reader]:
    """Return everybody who may read or write a folder, and by which rule; members of groups one by one.

    Raises:
        NotFound: There is no such folder.
    """
    listed = _listed(access, folder)
    passages = [_listed(access, path) for path in above(folder)]
    assignments = [one for one in access.roles.at(access.wished.place.scope) or () if one.role_id in DATA_ROLES]
    entries = [one for one in listed.entries if not one.is_default and one.kind in {"user", "group"}]
    ids = [one.who or (listed.owner if one.kind == "user" else listed.group) for one in entries]
    known = access.people.names(
        [*{one.principal_id for one in assignments}, *{one for one in ids if one.count("-") == 4}]
    )
    found: list[Reader] = []
    for role in assignments:
        name, rights = DATA_ROLES[role.role_id]
        by = f"{name} at {role.scope}"
        if rights:
            found += _each(access, role.principal_id, known, right=max(rights), by=by)
    for entry, who in zip(entries, ids, strict=True):
        groups = {who} if entry.kind == "group" else set()
        as_whom = who if entry.kind == "user" else "a member of it"
        right = next(
            (each for each in ("write", "read") if posix.judge(listed, NEEDED[each], as_whom, groups).allowed), ""
        )
        blocked = next((f"/{one.path}" for one in passages if not posix.judge(one, "x", as_whom, groups).allowed), "")
        if right:
            found += _each(access, who, known, right=right, by=str(entry), blocked=blocked)
    everybody = listed.entry("other", "")
    if everybody is not None and "r" in everybody.can:
        found.append(Reader(Person("", "everybody of the tenant"), "read", str(everybody)))
    return found


def _each(
    access: Access, who: str, known: dict[str, Person], *, right: str, by: str, blocked: str = ""
) -> list[Reader]:
    person = known.get(who) or Person(who, who)
    if person.kind != "group":
        return [Reader(person, right, by, blocked=blocked)]
    members = access.people.members(person.object_id, nested=True)
    return [Reader(one, right, by, person.name, blocked) for one in members] or [Reader(person, right, by, "", blocked)]
