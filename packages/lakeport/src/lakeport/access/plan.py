"""What to change so that consumers see what they should: decided over what was observed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakeport.access.files import CAN, PASSING, ROLES, Wished, above
from lakeport.access.posix import Ace, Listed
from lakeport.access.roles import CONTRIBUTOR, READER, Assignment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakeport.access.files import Consumer
    from lakeport.access.people import Person

PAST = {"create": "created", "add": "added", "remove": "removed", "give": "gave", "take": "took"}


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        verb: `create`, `add`, `remove`, `give` or `take`.
        kind: `group`, `member`, `folder`, `role`, `list` (a folder and all below) or `passage` (one folder above).
        group: The group's name.
        target: The member's name or the folder.
        right: `read` or `write`, for what is given.
        who: The member's object id.
    """

    verb: str
    kind: str
    group: str
    target: str = ""
    right: str = ""
    who: str = ""
    why: str = ""

    def sentence(self, *, done: bool = False) -> str:
        """Return the change in one line, as it will be or as it was done."""
        verb = PAST[self.verb] if done else self.verb
        place = f"/{self.target}"
        what = {
            "group": f"{verb} group {self.group!r}",
            "member": f"{verb} {self.target} {'to' if self.verb == 'add' else 'from'} group {self.group!r}",
            "folder": f"{verb} folder {place}",
            "role": f"{verb} role {ROLES[self.right].name if self.right else ''} on the file system, group {self.group!r}",
            "list": f"{verb} {self.right or 'all'} on {place} and everything below, group {self.group!r}",
            "passage": f"{verb} passage through {place}, group {self.group!r}",
        }[self.kind]
        return f"{what}: {self.why}"


@dataclass(frozen=True)
class Observed:
    """What is.

    Attributes:
        groups: By consumer; a consumer without group has none.
        members: By consumer.
        wanted: The members that the file wants, by consumer, found in the directory.
        lists: By folder; `None` for a folder that is not there.
        held: The folders on which a consumer's group has an entry, by consumer, wished or not.
        assignments: The roles of a consumer's group at the file system or above; `None`: they may not be read.
    """

    groups: Mapping[str, Person] = field(default_factory=dict)
    members: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    wanted: Mapping[str, tuple[Person, ...]] = field(default_factory=dict)
    lists: Mapping[str, Listed | None] = field(default_factory=dict)
    held: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    assignments: Mapping[str, list[Assignment] | None] = field(default_factory=dict)


def plan(wished: Wished, seen: Observed) -> list[Change]:
    """Decide what to change, in an order that leaves nobody with more than was wished at any point."""
    found: list[Change] = []
    for consumer in wished.consumers:
        found += _group(wished, consumer, seen)
        found += _roles(wished, consumer, seen)
        found += _leftovers(wished, consumer, seen)
        found += _lists(wished, consumer, seen)
        found += _drifted(wished, consumer, seen)
    return found


def _group(wished: Wished, consumer: Consumer, seen: Observed) -> Iterator[Change]:
    name = wished.group_name(consumer.name)
    if consumer.name not in seen.groups:
        yield Change("create", "group", name, why="there is none")
    if consumer.members is None:
        return
    there = {one.object_id for one in seen.members.get(consumer.name, ())}
    wanted = seen.wanted.get(consumer.name, ())
    for one in wanted:
        if one.object_id not in there:
            yield Change("add", "member", name, one.name, who=one.object_id, why="the file names it")
    for one in seen.members.get(consumer.name, ()):
        if one.object_id not in {each.object_id for each in wanted}:
            yield Change("remove", "member", name, one.name, who=one.object_id, why="the file does not name it")


def _roles(wished: Wished, consumer: Consumer, seen: Observed) -> Iterator[Change]:
    """The whole file system is given by a role: a role needs no passage, and holds for what is made later."""
    name, right = wished.group_name(consumer.name), consumer.folders.get("")
    assignments = seen.assignments.get(consumer.name)
    here = {one.role_id for one in assignments or () if one.scope.lower() == wished.place.scope.lower()}
    for each, role in (("read", READER), ("write", CONTRIBUTOR)):
        if each == right and role.id not in here:
            yield Change("give", "role", name, right=each, why=f"the file gives {each} on everything")
        elif each != right and role.id in here:
            yield Change("take", "role", name, right=each, why="the file does not give it")


def _lists(wished: Wished, consumer: Consumer, seen: Observed) -> Iterator[Change]:
    name = wished.group_name(consumer.name)
    who = seen.groups[consumer.name].object_id if consumer.name in seen.groups else ""
    folders = {folder: consumer.folders[folder] for folder in sorted(consumer.folders, key=_depth) if folder}
    for folder, right in folders.items():
        listed = seen.lists.get(folder)
        if listed is None:
            yield Change("create", "folder", name, folder, why="a consumer's folder must be there to have a list")
        if listed is None or not who or not has(listed, who, CAN[right]):
            yield Change("give", "list", name, folder, right, why=f"the file gives {right}")
    passages = dict.fromkeys(one for folder in folders for one in above(folder))
    for one in passages:
        if one in folders:
            continue
        listed = seen.lists.get(one)
        entry = listed.entry("group", who) if listed is not None and who else None
        if entry is None or "x" not in entry.can:
            yield Change("give", "passage", name, one, why="the way to a consumer's folder leads through it")


def _drifted(wished: Wished, consumer: Consumer, seen: Observed) -> Iterator[Change]:
    """Folders below a given one that do not have what it gives: moved in, or given something else before."""
    name = wished.group_name(consumer.name)
    if consumer.name not in seen.groups:
        return
    who = seen.groups[consumer.name].object_id
    mended: list[str] = []
    for path in sorted(seen.lists, key=_depth):
        listed = seen.lists[path]
        giving = [one for one in above(path) if one and one in consumer.folders]
        if (
            listed is None
            or not giving
            or path in consumer.folders
            or any(path.startswith(f"{one}/") for one in mended)
        ):
            continue
        nearest = giving[-1]
        outer = seen.lists.get(nearest)
        right = consumer.folders[nearest]
        if outer is not None and has(outer, who, CAN[right]) and not has(listed, who, CAN[right]):
            mended.append(path)
            yield Change("give", "list", name, path, right, why=f"it differs from /{nearest}, which it is in")


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def has(listed: Listed, who: str, can: str) -> bool:
    """Tell if a folder gives a group exactly this, now and to what is made later.

    The entry for now is written last, after everything below: so that it is there means that the rest is.
    """
    return all(
        (entry := listed.entry("group", who, is_default=is_default)) is not None and entry.can == can
        for is_default in (False, True)
    )


def _leftovers(wished: Wished, consumer: Consumer, seen: Observed) -> Iterator[Change]:
    """What the group has and the file no longer gives goes, the deepest first."""
    name = wished.group_name(consumer.name)
    folders = {folder for folder in consumer.folders if folder}
    passages = {one for folder in folders for one in above(folder)}
    for one in sorted(seen.held.get(consumer.name, ()), key=lambda folder: (-folder.count("/"), folder)):
        is_inside = any(one.startswith(f"{folder}/") for folder in folders)
        if one in folders or is_inside:
            continue
        who = seen.groups[consumer.name].object_id
        listed = seen.lists.get(one)
        entry = listed.entry("group", who) if listed is not None else None
        later = listed.entry("group", who, is_default=True) if listed is not None else None
        if one in passages:
            if later is not None or (entry is not None and entry.can != PASSING):
                yield Change("take", "list", name, one, why="the file does not give it")
                yield Change("give", "passage", name, one, why="the way to a consumer's folder leads through it")
        elif later is not None or (entry is not None and entry.can != PASSING):
            yield Change("take", "list", name, one, why="the file does not give it")
        else:
            yield Change("take", "passage", name, one, why="no folder of the file is behind it")


def entries(who: str, right: str, *, is_default: bool) -> Ace:
    """Return the entry that gives a group a right."""
    return Ace("group", who.lower(), CAN[right], is_default)
