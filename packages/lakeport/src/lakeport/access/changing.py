"""Changing the lists of a whole tree: a request at a time, noted in a journal, gone on with where it stopped."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from lakeport.access.journal import Change, Journal, Progress
from lakeport.errors import LakeportError, NotFound, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.access.lists import Lists, Mode

AT_MOST = 2000
"""Paths a request. Source: Data Lake Storage REST reference, "Path - Update", maxRecords."""


def change(
    lists: Lists,
    path: str,
    mode: Mode,
    acl: str,
    *,
    told: Callable[[Progress], None] | None = None,
    resume: bool = False,
    at_most: int = AT_MOST,
) -> Progress:
    """Change the lists of a path and of all below it.

    Args:
        lists: The file system.
        path: The directory.
        mode: What is done with the entries.
        acl: The entries.
        told: Hears after every request how far it came.
        resume: Go on where the same change was interrupted; what failed in it is tried again.
        at_most: How many paths a request changes.

    Returns:
        What was done in all, earlier runs included; `failed` are the paths that refused.

    Raises:
        NotFound: There is no such path, or nothing to go on with.
        LakeportError: The service stopped answering; the hint says how to go on.
    """
    journal = Journal(Change(account=lists.account, file_system=lists.file_system, path=path, mode=mode, acl=acl))
    progress = begun(journal, path, resume=resume)
    with resumable(journal):
        _retry(lists, mode, acl, progress, journal)
        while not progress.walked:
            progress.add(lists.change_below(path, mode, acl, token=progress.token, at_most=at_most))
            journal.write(progress)
            if told is not None:
                told(progress)
    if not progress.failed:
        journal.end()
    return progress


def begun(journal: Journal, path: str, *, resume: bool) -> Progress:
    """Return how far an interrupted change came, or that a new one begins.

    Raises:
        NotFound: There is nothing to go on with.
    """
    if resume:
        found = journal.read()
        if found is None:
            hint = "Next: the same command without --resume"
            raise NotFound(f"no interrupted change of /{path} with these entries is known here", hint=hint)
        return found
    journal.begin()
    return Progress()


def _retry(lists: Lists, mode: Mode, acl: str, progress: Progress, journal: Journal) -> None:
    """Try again what failed, path by path; one that is gone has no list to change."""
    again = sorted(progress.failed)
    for path in again:
        progress.failed.pop(path)
        try:
            _one(lists, path, mode, acl, progress)
        except NotFound:
            continue
        except Terminal as error:
            progress.failed[path] = error.message
    if again:
        journal.write(progress)


def _one(lists: Lists, path: str, mode: Mode, acl: str, progress: Progress) -> None:
    token = ""
    while True:
        batch = lists.change_below(path, mode, acl, token=token)
        token = batch.token
        progress.add(replace(batch, token=progress.token))  # where the whole tree goes on is not this one's matter
        if not token:
            return


@contextmanager
def resumable(journal: Journal) -> Iterator[None]:
    """Say of what is raised inside how to go on, where there is something to go on with."""
    try:
        yield
    except LakeportError as error:
        found = journal.read()
        if found is None or found == Progress():
            journal.end()  # nothing was changed: nothing to go on with
        else:
            error.hint = error.hint or "Next: the same command with --resume"
        raise
