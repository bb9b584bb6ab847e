"""Who may do what at one path of a lake: its list read and changed, for it alone or for everything below."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.access import modes, posix
from lakeport.access.accounts import account_id
from lakeport.access.changing import AT_MOST, change
from lakeport.access.deciding import decide
from lakeport.access.explaining import facts_of
from lakeport.access.files import above
from lakeport.access.lists import Lists
from lakeport.access.operations import TREE, fitting
from lakeport.access.owning import Owning, own
from lakeport.access.people import People
from lakeport.access.posix import Ace
from lakeport.access.roles import Roles
from lakeport.access.whom import complete, entries, whom
from lakeport.errors import Forbidden, Misused, NotFound
from lakeport.types import is_guid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from lakeport.access.deciding import Answer
    from lakeport.access.journal import Progress
    from lakeport.access.lists import Mode
    from lakeport.access.operations import Operation
    from lakeport.access.people import Person
    from lakeport.access.posix import Listed
    from lakeport.access.roles import Holding
    from lakeport.profiles import Profile


SUPERUSER = "$superuser"
"""The owner of what was made with an account's key. Source: storage.md 5.3."""


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
        return People(self.profile)

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

    def own(self, *, owner: str = "", group: str = "", mode: str = "", recursive: bool = False) -> Owning:
        """Plan to give the path, or it and everything below, to somebody, or other permissions.

        Args:
            owner: The new owner, as `whom` takes it, or `$superuser`.
            group: The new owning group.
            mode: Permissions as `chmod` takes them, such as `750`, `1777`, `rwxr-x---`, `g+w,o-rwx` or `+t`.
            recursive: Everything below, too; the sticky bit at directories only.

        Raises:
            NotFound: There is nobody of that name, or no such path.
            Misused: It is no such change.
        """
        if mode and not modes.is_mode(mode):
            raise Misused(f"{mode!r} is no permissions", hint=modes.FORMS)
        found = self.lists.shown(self.path)
        if found is None:
            raise NotFound(f"there is no {self.file_system}/{self.path} in {self.account}")
        new = [self._owner(one) if one else "" for one in (owner, group)]
        return Owning(self.path, new[0], new[1], mode, found, recursive and found.is_directory)

    def _owner(self, named: str) -> str:
        kind, _, id_ = named.rpartition(":")
        if named == SUPERUSER or (kind in {"user", "group"} and is_guid(id_)):  # an owning group may be anybody
            return id_.lower()
        _, person = whom(named, self.people)
        if not person.object_id:
            raise Misused(f"{person.name} is nobody in particular", hint="Name a principal")
        return person.object_id

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
        listed = self.get()
        if default and not recursive and not self._is_a_directory():
            raise Misused(f"/{self.path} is a file, in which nothing is made", hint="Leave --default out")
        if recursive:
            return [*passing, Edit(self.path, "modify", more, listed.entries, is_recursive=True)]
        return [*passing, _given(listed, more)]

    def _passages(self, kind: str, person: Person) -> list[Edit]:
        if not person.object_id:
            raise Misused(f"{person.name} passes everywhere by entries of its own", hint="Leave --passage out")
        found = []
        for path in above(self.path):
            listed = self.get(path)
            has = listed.entry(kind, person.object_id)
            if has is None or "x" not in has.can:
                can = posix.together(has.can if has else "---", "--x")
                found.append(_given(listed, (Ace(kind, person.object_id, can),)))
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

    def explain(self, who: str, *operations: str) -> dict[str, Answer]:
        """Tell what somebody may do at the path, and why, as the service would decide.

        Roles are asked first, then the lists from the root down. Network rules, deny assignments and the account's keys
        are not asked.

        Args:
            who: As `whom` takes it; of a group, what a member may.
            operations: Names of `operations.OPERATIONS`, and `delete-tree`; absent: all that the path can be asked.

        Returns:
            An answer for each operation, by its name; `remedy` makes changes of what one lacks.

        Raises:
            NotFound: There is nobody of that name, or no such path.
            Misused: There is no such operation, or none for such a path.

        Wire: a HEAD for the path and each directory above, three requests of Graph and two of the control plane.
        """
        _, person = whom(who, self.people)
        if not person.object_id:
            raise Misused(f"{person.name} is nobody in particular", hint="Name a principal")
        asked = self._operations(operations)
        facts = facts_of(person, self.path, self.people, self._holdings, self.get, below=self._directories)
        return {one.name: decide(facts, one) for one in asked}

    def _operations(self, named: Iterable[str]) -> list[Operation]:
        is_directory = self._is_a_directory()
        here = fitting(is_directory=is_directory, path=self.path)
        known = {one.name: one for one in (*here, *([TREE] if is_directory and self.path else []))}
        for one in named:
            if one not in known:
                what = "directory" if is_directory else "file"
                raise Misused(f"a {what} cannot be asked for {one!r}", hint=f"Ask for {', '.join(known)}")
        return [known[one] for one in named] or here

    def _is_a_directory(self) -> bool:
        try:
            return not self.path or self.lists.is_directory(self.path)
        except Forbidden as error:
            error.hint = error.hint or "Ask as somebody who may read the path"
            raise

    def _holdings(self, ids: Collection[str]) -> list[Holding] | None:
        account = account_id(self.profile, self.account)
        scope = f"{account}/blobServices/default/containers/{self.file_system}"
        return Roles(self.profile, identity.credential(self.profile)).holdings(scope, ids)

    def _directories(self) -> list[str]:
        return self.lists.folders(self.path, recursive=True)

    def remedy(self, answer: Answer) -> list[Edit]:
        """Plan to put in the entries that a refused answer lacks; owners and roles are not changed."""
        return [_given(self.get(one.path), (one.entry,)) for one in answer.lacks if one.entry is not None]

    def do(
        self,
        edits: Iterable[Edit | Owning],
        *,
        told: Callable[[Progress], None] | None = None,
        resume: bool = False,
        at_most: int = AT_MOST,
    ) -> Progress | None:
        """Make planned changes.

        Args:
            edits: What `set`, `grant`, `revoke` and `own` returned.
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
            if isinstance(one, Owning):
                progress = own(self.lists, one, told=told, resume=resume, at_most=at_most) or progress
            elif one.is_recursive:
                progress = change(self.lists, one.path, one.mode, one.text, told=told, resume=resume, at_most=at_most)
            elif not one.is_nothing:
                self.lists.replace(one.path, one.acl)
        return progress


def _given(listed: Listed, more: tuple[Ace, ...]) -> Edit:
    return Edit(listed.path, "set", posix.given(listed.entries, more), listed.entries)
