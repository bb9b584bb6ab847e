"""Bringing about who may see what: look, plan, do, and look again until nothing is left to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.access.files import PASSING, ROLES, above
from lakeport.access.lists import AT_ONCE, Lists
from lakeport.access.people import People
from lakeport.access.plan import Change, Observed, entries, plan
from lakeport.access.posix import Ace
from lakeport.access.roles import Roles
from lakeport.errors import NotConverging, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakeport.access.files import Wished
    from lakeport.access.people import Person
    from lakeport.access.posix import Listed

ROUNDS = 4


@dataclass(frozen=True)
class Access:
    """One file system's consumers, signed in."""

    wished: Wished

    @cached_property
    def people(self) -> People:
        """The directory."""
        return People(self.wished.profile, identity.credential(self.wished.profile))

    @cached_property
    def lists(self) -> Lists:
        """The lake."""
        place, profile = self.wished.place, self.wished.profile
        return Lists(profile, identity.credential(profile), place.name, place.file_system)

    @cached_property
    def roles(self) -> Roles:
        """The control plane."""
        return Roles(self.wished.profile, identity.credential(self.wished.profile))

    def plan(self) -> list[Change]:
        """Look, and decide what to change."""
        return plan(self.wished, self.observe())

    def observe(self) -> Observed:
        """Look at groups, members, roles and lists; sends reads only.

        Raises:
            NotFound: A member that the file names is not in the directory, or there is no such file system.
        """
        named = {one.name: self.people.group(self.wished.group_name(one.name)) for one in self.wished.consumers}
        groups = {name: group for name, group in named.items() if group is not None}
        wanted = {
            one.name: tuple(self.people.find(member) for member in one.members)
            for one in self.wished.consumers
            if one.members is not None
        }
        members = {
            name: tuple(self.people.members(group.object_id)) for name, group in groups.items() if name in wanted
        }
        assignments = {name: self.roles.of(group.object_id, self.wished.place.scope) for name, group in groups.items()}
        lists = self._lists({group.object_id for group in groups.values()})
        held = {
            name: tuple(path for path, listed in lists.items() if listed is not None and _mentions(listed, [group]))
            for name, group in groups.items()
        }
        return Observed(groups, members, wanted, lists, held, assignments)

    def _lists(self, groups: set[str]) -> dict[str, Listed | None]:
        """Read the lists of the wished folders, of those above them, and wherever a group has an entry."""
        folders = {folder for one in self.wished.consumers for folder in one.folders}
        first = list(dict.fromkeys(["", *(path for folder in sorted(folders) for path in [*above(folder), folder])]))
        found: dict[str, Listed | None] = {}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = first
            while waiting:
                listed = dict(zip(waiting, pool.map(self.lists.of, waiting), strict=True))
                found |= listed
                entered = [path for path, one in listed.items() if one and any(_knows(one, who) for who in groups)]
                below = [child for children in pool.map(self.lists.folders, entered) for child in children]
                waiting = [path for path in below if path not in found]
        if found[""] is None:
            raise NotFound(f"there is no file system {self.wished.place.file_system!r} in {self.wished.place.name}")
        return found

    def apply(self, told: Callable[[Change], None]) -> list[Change]:
        """Bring everything in step; safe to run again from any half-done state.

        Args:
            told: Hears of every change that was done.

        Raises:
            LakeportError: A change is refused. Running again continues.
        """
        done: list[Change] = []
        for _ in range(ROUNDS):
            changes = self.plan()
            if not changes:
                return done
            groups: dict[str, Person] = {}
            for change in changes:
                self._do(change, groups)
                done.append(change)
                told(change)
        left = "; ".join(change.sentence() for change in self.plan())
        if left:
            raise NotConverging(f"{ROUNDS} rounds were not enough; left: {left}")
        return done

    def _do(self, change: Change, groups: dict[str, Person]) -> None:
        if (change.verb, change.kind) == ("create", "group"):
            place = f"{self.wished.place.file_system} in {self.wished.place.name}"
            groups[change.group] = self.people.make_group(
                change.group, f"Who may see folders of {place}; kept by lakeport"
            )
            return
        if change.kind == "folder":
            self.lists.make(change.target)
            return
        if change.group not in groups:
            found = self.people.group(change.group)
            if found is None:
                raise NotFound(f"the group {change.group!r} vanished", hint="Next: run the same command again")
            groups[change.group] = found
        self._for(change, groups[change.group].object_id)

    def _for(self, change: Change, who: str) -> None:
        place, path = self.wished.place, change.target
        if change.kind == "member":
            act = self.people.add if change.verb == "add" else self.people.remove
            act(who, change.who)
        elif change.kind == "role" and change.verb == "give":
            self.roles.grant(ROLES[change.right], who, place, principal_type="Group")
        elif change.kind == "role":
            self.roles.take(ROLES[change.right], who, place)
        elif change.kind == "passage":
            if change.verb == "give":
                self.lists.put(path, [Ace("group", who, PASSING)])
            else:
                self.lists.take_here(path, who)
        elif change.verb == "take":
            self.lists.take(path, who)
        else:
            self._give(path, who, change.right)

    def _give(self, path: str, who: str, right: str) -> None:
        """What is made later first, then what is there, then the folder itself: its own entry says that all is done."""
        later, now = entries(who, right, is_default=True), entries(who, right, is_default=False)
        self.lists.put(path, [later])
        self.lists.put_below(path, [now, later])
        self.lists.put(path, [now])


def _knows(listed: Listed, who: str) -> bool:
    return any(listed.entry("group", who, is_default=is_default) is not None for is_default in (False, True))


def _mentions(listed: Listed, groups: Iterable[Person]) -> bool:
    return any(_knows(listed, one.object_id) for one in groups)
