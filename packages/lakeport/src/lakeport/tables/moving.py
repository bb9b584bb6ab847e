"""Directories under other names, and gone: what it takes to let a set of files appear at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.errors import NotFound
from lakeport.tables.sinks import there

if TYPE_CHECKING:
    from lakeport.tables.places import Place


def is_at_once(place: Place) -> bool:
    """Tell if directories of a place get other names at once; in a flat account there are none."""
    if place.lake is None:
        return True
    return bool(place.path) and bool(place.writable.account.is_hierarchical(place.inside))


def rename(place: Place, source: str, target: str) -> None:
    """Give a directory another name.

    Args:
        place: In whose file system.
        source: As that names it.
        target: Its new name.

    Raises:
        Conflict: Something is there.
    """
    if place.lake is not None:
        place.lake.rename(_inner(source), _inner(target))
        return
    if Path(target).exists():
        raise there(place.titled(target))
    Path(source).rename(target)


def remove(place: Place, path: str, *, is_directory: bool) -> None:
    """Delete a file, or a directory with everything below it; what is not there is deleted."""
    if place.lake is None:
        if is_directory:
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink(missing_ok=True)
        return
    try:
        place.lake.delete(_inner(path), is_directory=is_directory)
    except NotFound:
        return


def _inner(path: str) -> str:
    return path.partition("/")[2]
