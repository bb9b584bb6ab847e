"""The way down to a path: the first directory or file that refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.doctor.findings import Finding
from lakeport.errors import Forbidden, LakeportError, NotFound
from lakeport.lake import FileSystem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport.doctor.findings import Case


def path(case: Case) -> Iterator[Finding]:
    """Go down to the path, and read what is there."""
    if not case.file_system:
        yield Finding("path", "note", "no file system is named", "Give a URL: abfss://FILESYSTEM@ACCOUNT.../PATH")
        return
    files = FileSystem(case.profile, case.account, case.file_system)
    parts = [part for part in case.path.split("/") if part]
    for depth in range(1, len(parts) + 1):
        here = "/".join(parts[:depth])
        try:
            files.access(here)
        except LakeportError as error:
            yield stopped(case, here, "/".join(parts[: depth - 1]), error)
            return
    yield from _read(case, files, "/".join(parts))


def _read(case: Case, files: FileSystem, where: str) -> Iterator[Finding]:
    shown = f"{case.file_system}/{where}".rstrip("/")
    try:
        if where and not files.entry(where).is_directory:
            next(files.chunks(where), b"")
            yield Finding("path", "fine", f"{shown} can be read")
            return
        next(files.entries(where), None)
    except LakeportError as error:
        needs = "r-x" if not where or isinstance(error, Forbidden) else "r--"
        yield _refused(case, where, needs, error)
        return
    yield Finding("path", "fine", f"{shown} can be listed")


def stopped(case: Case, here: str, above: str, error: LakeportError) -> Finding:
    """Say why a path cannot be reached: it is not there, or the directory above lets nobody through."""
    if isinstance(error, NotFound):
        return Finding("path", "problem", f"there is no {case.file_system}/{here}", "Check the path", error.code)
    return _refused(case, above, "--x", error)


def _refused(case: Case, where: str, needs: str, error: LakeportError) -> Finding:
    shown = f"{case.file_system}/{where}".rstrip("/")
    if not isinstance(error, Forbidden):
        return Finding("path", "problem", f"{shown}: {error.message}", error.hint, error.code)
    said = f"{shown} refuses: its list does not give {case.who} {needs}, and no role does"
    hint = (
        f"Next: az storage fs access set --acl 'user:OBJECT_ID:{needs}' --path '{where or '/'}' "
        f"--file-system {case.file_system} --account-name {case.account} --auth-mode login"
    )
    return Finding("path", "problem", said, hint, error.code, may_pass=True)
