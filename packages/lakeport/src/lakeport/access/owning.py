"""Changing owners, owning groups and permissions: of one path, or of a whole tree, which the service cannot do by itself.

A tree is gone through a page of its list at a time, the paths of a page at once; a journal notes each page, so that an
interrupted change does at most one page again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.access import modes
from lakeport.access.changing import begun, resumable
from lakeport.access.journal import Change, Journal, Progress
from lakeport.access.lists import Batch
from lakeport.errors import NotFound, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakeport.access.lists import Lists, Shown

AT_ONCE = 16


@dataclass(frozen=True)
class Owning:
    """A change of who a path belongs to, and of its permissions.

    Attributes:
        owner: The new owner's object id, or empty.
        group: The new owning group's, or empty.
        mode: The new permissions, as `modes.applied` takes them, or empty.
        before: The path as it was.
    """

    path: str
    owner: str
    group: str
    mode: str
    before: Shown
    is_recursive: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether it is so already."""
        return not self.is_recursive and not self.of(self.before)

    @property
    def text(self) -> str:
        """The change in one word, by which a resume knows it again."""
        given = (("owner", self.owner), ("group", self.group), ("permissions", self.mode))
        return " ".join(f"{name}={value}" for name, value in given if value)

    def of(self, one: Shown) -> dict[str, str]:
        """Return what has to be asked of a path to make it so; nothing when it is so."""
        wished = {"owner": self.owner, "group": self.group}
        wished = {name: value for name, value in wished.items() if value and value != getattr(one, name)}
        if self.mode:
            permissions = modes.applied(self.mode, one.permissions, is_directory=one.is_directory)
            if int(permissions, 8) != modes.bits_of(one.permissions):
                wished["permissions"] = permissions
        return wished


def own(
    lists: Lists,
    change: Owning,
    *,
    told: Callable[[Progress], None] | None = None,
    resume: bool = False,
    at_most: int,
) -> Progress | None:
    """Make the change, of the path or of it and everything below.

    Args:
        lists: The file system.
        change: What.
        told: Hears after every page of a tree how far it came.
        resume: Go on where the same change was interrupted; what failed in it is tried again.
        at_most: Paths a page.

    Returns:
        Of a tree, what was done in all; `failed` are the paths that refused. Else `None`.

    Raises:
        NotFound: There is no such path, or nothing to go on with.
        LakeportError: The service stopped answering; the hint says how to go on.

    Wire: of a tree, a list of `at_most` paths a page and a PATCH for each path that is not so yet; safe to repeat.
    """
    if not change.is_recursive:
        if wished := change.of(change.before):
            lists.own(change.path, wished)
        return None
    said = Change(account=lists.account, file_system=lists.file_system, path=change.path, mode="own", acl=change.text)
    journal = Journal(said)
    progress = begun(journal, change.path, resume=resume)
    with resumable(journal), ThreadPoolExecutor(AT_ONCE) as pool:
        _again(lists, change, progress, pool, journal)
        while not progress.walked:
            is_first = not progress.token
            page, token = lists.page(change.path, token=progress.token, at_most=at_most)
            progress.add(_page(lists, change, [change.before, *page] if is_first else page, token, pool))
            journal.write(progress)
            if told is not None:
                told(progress)
    if not progress.failed:
        journal.end()
    return progress


def _page(lists: Lists, change: Owning, page: Iterable[Shown], token: str, pool: ThreadPoolExecutor) -> Batch:
    def one(found: Shown) -> tuple[Shown, str]:
        try:
            if wished := change.of(found):
                lists.own(found.path, wished)
        except NotFound:
            return found, ""  # gone meanwhile: it has no owner to change
        except Terminal as error:
            return found, error.message
        return found, ""

    done = list(pool.map(one, page))
    directories = sum(found.is_directory for found, said in done if not said)
    failed = tuple((found.path, said) for found, said in done if said)
    return Batch(directories, len(done) - len(failed) - directories, failed, token)


def _again(lists: Lists, change: Owning, progress: Progress, pool: ThreadPoolExecutor, journal: Journal) -> None:
    """Try again what failed in an earlier run."""
    paths = sorted(progress.failed)
    if not paths:
        return
    progress.failed.clear()
    found = [one for one in pool.map(lists.shown, paths) if one is not None]
    batch = _page(lists, change, found, progress.token, pool)
    walked = progress.walked
    progress.add(batch)
    progress.walked = walked
    journal.write(progress)
