"""Who may do what at one path of a lake: its list read and changed, for it alone or for everything below."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.access import posix
from lakeport.access.changing import AT_MOST, change
from lakeport.access.files import above
from lakeport.access.lists import Lists
from lakeport.access.people import People
from lakeport.access.posix import Ace
from lakeport.access.whom import complete, entries, whom
from lakeport.errors import Misused, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakeport.access.journal import Progress
    from lakeport.access.lists import Mode
    from lakeport.access.people import Person
    from lakeport.access.posix import Listed
    from lakeport.profiles import Profile


@dataclass(frozen=True)
class Edit:
    """A change of lists: of one path's, or of a tree's.

    Attributes:
        mode: What is done with `acl`; a single path's list is always `set`.
        acl: The entries that are sent.
        before: The list of the path as it was.
    """

    path: str
    mode: Mode
    acl: tuple[Ace, ...]
    before: tuple[Ace, ...]
    is_recursive: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether the list is so already."""
        return not self.is_recursive and set(self.acl) == set(self.before)

    @property
    def text(self) -> str:
        """The entries as the service is told them."""
        if self.mode != "remove":
            return posix.text(self.acl)
        return ",".join(str(one).rpartition(":")[0] for one in self.acl)


@dataclass(frozen=True)
class Permissions:
    """The permissions of one path, as one caller sees and changes them.

    Example:
        >>> from lakeport import profile
        >>> there = Permissions(profile("contoso"), "contosolake", "raw", "2030")  # doctest: +SKIP
        >>> there.do(there.grant("ada@contoso.com", "r-x", recursive=True, default=True))  # doctest: +SKIP
    """

    profile: Profile
    account: str
    file_system: str
    path: str = ""

    @cached_property
    def people(self) -> People:
        """The directory of the profile's tenant."""
        return People(self.profile, identity.credential(self.profile))

    @cached_property
    def lists(self) -> Lists:
        """The lists of the file system."""
        opens = identity.storage_credential(self.profile, self.account)
        return Lists(self.profile, opens, self.account, self.file_system)

    def get(self, path: str | None = None) -> Listed:
        """Return the list of the path, or of another one of the file system.

        Raises:
            NotFound: There is no such path.
        """
        where = self.path if path is None else path
        found = self.lists.of(where)
        if found is None:
            raise NotFound(f"there is no {self.file_system}/{where} in {self.account}")
        return found

    def names(self, found: Iterable[Listed]) -> dict[str, Person]:
        """Return who is behind the ids in lists, by id; empty when the directory may not be asked."""
        ids = {id_ for one in found for id_ in (one.owner, one.group, *(ace.who for ace in one.entries))}
        known = sorted(one for one in ids if one.count("-") == 4)
        return self.people.names(known) if known else {}

    def set(self, acl: str, *, recursive: bool = False) -> list[Edit]:
        """Plan to make a list the path's own, or that of everything below, too.

        Args:
            acl: The list; people may go by their names.
            recursive: Everything below, too.

        Raises:
            Misused: It is no complete list.
        """
        wished = complete(entries(acl, self.people))
        return [Edit(self.path, "set", wished, self.get().entries, recursive)]

    def grant(
        self, who: str, can: str, *, recursive: bool = False, default: bool = False, passage: bool = False
    ) -> list[Edit]:
        """Plan to let somebody do something; their entry becomes these rights, the other entries stay.

        Args:
            who: As `whom` takes it.
            can: As `posix.bits` takes it, such as `r-x` or `read`.
            recursive: At everything below, too.
            default: At what is made in the directory later, too.
            passage: Let them pass through the directories above, where they cannot.

        Raises:
            NotFound: There is nobody of that name, or no such path.
            Misused: A list gives no such right.
        """
        kind, person = whom(who, self.people)
        own = Ace(kind, person.object_id, posix.bits(can))
        more = (own, Ace(own.kind, own.who, own.can, is_default=True)) if default else (own,)
        passing = self._passages(kind, person) if passage else []
        return [*passing, self._given(self.get(), more, recursive=recursive)]

    def _given(self, listed: Listed, more: tuple[Ace, ...], *, recursive: bool = False) -> Edit:
        if recursive:
            return Edit(listed.path, "modify", more, listed.entries, is_recursive=True)
        if any(one.kind == "mask" for one in more):
            kept = [one for one in listed.entries if one.key not in {each.key for each in more}]
            return Edit(listed.path, "set", (*kept, *more), listed.entries)
        after = posix.masked(listed.entries, posix.changed(listed.entries, more), more)
        return Edit(listed.path, "set", after, listed.entries)

    def _passages(self, kind: str, person: Person) -> list[Edit]:
        if not person.object_id:
            raise Misused(f"{person.name} passes everywhere by entries of its own", hint="Leave --passage out")
        found = []
        for path in above(self.path):
            listed = self.get(path)
            has = listed.entry(kind, person.object_id)
            if has is None or "x" not in has.can:
                can = posix.together(has.can if has else "---", "--x")
                found.append(self._given(listed, (Ace(kind, person.object_id, can),)))
        return found

    def revoke(self, who: str, *, recursive: bool = False) -> list[Edit]:
        """Plan to take somebody's entries off the path, default ones too.

        Args:
            who: As `whom` takes it.
            recursive: Off everything below, too.

        Raises:
            NotFound: There is nobody of that name, or no such path.
            Misused: It is an entry that every list has.
        """
        kind, person = whom(who, self.people)
        if not person.object_id:
            raise Misused(
                f"every list says what {person.name} may", hint=f"Next: lakeport acl grant {person.name} none"
            )
        listed = self.get()
        theirs = tuple(Ace(kind, person.object_id, "---", is_default) for is_default in (False, True))
        if recursive:
            return [Edit(self.path, "remove", theirs, listed.entries, is_recursive=True)]
        kept = [one for one in listed.entries if one.key[:2] != (kind, person.object_id)]
        return [Edit(self.path, "set", posix.masked(listed.entries, kept, ()), listed.entries)]

    def do(
        self,
        edits: Iterable[Edit],
        *,
        told: Callable[[Progress], None] | None = None,
        resume: bool = False,
        at_most: int = AT_MOST,
    ) -> Progress | None:
        """Make planned changes.

        Args:
            edits: What `set`, `grant` and `revoke` returned.
            told: Hears after every request of a recursive change how far it came.
            resume: Go on where the same recursive change was interrupted.
            at_most: How many paths a request of a recursive change takes.

        Returns:
            How far a recursive change came; its `failed` are the paths that refused. `None` when there was none.

        Raises:
            LakeportError: The service refuses, or stopped answering.
        """
        progress = None
        for one in edits:
            if one.is_recursive:
                progress = change(self.lists, one.path, one.mode, one.text, told=told, resume=resume, at_most=at_most)
            elif not one.is_nothing:
                self.lists.replace(one.path, one.acl)
        return progress
