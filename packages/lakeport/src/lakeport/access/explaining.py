"""Why somebody may see a folder or may not, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.access import posix
from lakeport.access.files import above
from lakeport.access.people import Person
from lakeport.access.roles import DATA_ROLES
from lakeport.errors import NotFound

if TYPE_CHECKING:
    from lakeport.access.bringing import Access
    from lakeport.access.posix import Listed
    from lakeport.access.roles import Assignment

NEEDED = {"read": "rx", "write": "rwx"}


@dataclass(frozen=True)
class Gate:
    """One rule that was asked.

    Attributes:
        place: The folder or scope.
        rule: What it says.
        allows: What came of it.
    """

    place: str
    rule: str
    allows: bool


@dataclass(frozen=True)
class Answer:
    """Whether somebody may, and every rule that was asked on the way."""

    allowed: bool
    gates: tuple[Gate, ...]


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
    person = access.people.find(named)
    groups = {one.object_id: one for one in access.people.groups_of(person)}
    gates: list[Gate] = []
    for one in access.roles.at(access.wished.place.scope) or ():
        if one.principal_id not in {person.object_id, *groups}:
            continue
        allows = right in DATA_ROLES.get(one.role_id, ("", frozenset()))[1]
        gates.append(Gate(one.scope, _role(one, groups), allows))
        if allows:
            return Answer(allowed=True, gates=tuple(gates))
    for path in [*above(folder), folder]:
        verdict = posix.judge(
            _listed(access, path), NEEDED[right] if path == folder else "x", person.object_id, set(groups)
        )
        gates.append(Gate(f"/{path}", _spoken(verdict.rule, groups), verdict.allowed))
        if not verdict.allowed:
            return Answer(allowed=False, gates=tuple(gates))
    return Answer(allowed=True, gates=tuple(gates))


def _listed(access: Access, path: str) -> Listed:
    found = access.lists.of(path)
    if found is None:
        raise NotFound(f"there is no folder {path!r} in {access.wished.place.file_system}")
    return found


def _role(one: Assignment, groups: dict[str, Person]) -> str:
    name = DATA_ROLES[one.role_id][0] if one.role_id in DATA_ROLES else f"role {one.role_id}, which gives no data"
    return f"{name} by group {groups[one.principal_id].name!r}" if one.principal_id in groups else name


def _spoken(rule: str, groups: dict[str, Person]) -> str:
    for object_id, group in groups.items():
        rule = rule.replace(object_id, repr(group.name))
    return rule


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
