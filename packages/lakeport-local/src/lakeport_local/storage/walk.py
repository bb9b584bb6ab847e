"""Walks over what is below a directory, path by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakeport_local.storage.paths import Path, Paths


def walk(
    paths: Paths,
    directory: Path,
    prefix: str,
    *,
    recursive: bool,
    after: str = "",
    inclusive: bool = False,
    begins: str = "",
) -> Iterator[tuple[str, Path]]:
    """Yield what is below a directory with its full path: each directory, then what is below it, then its siblings.

    That is the order of paths in which `/` comes before every other character. The walk reads in batches, so that it
    may go on in a later transaction.

    Args:
        paths: Where.
        directory: Where to begin.
        prefix: Full path of `directory`.
        recursive: Descend.
        after: Full path, below `prefix`, behind which to begin; it need not exist any more.
        inclusive: Begin with `after` itself.
        begins: Only the children whose names begin so, and what is below them.
    """
    if directory.is_flat:
        yield from _walk_flat(paths, directory, after=after, inclusive=inclusive, begins=begins)
        return
    start, _, rest = after.removeprefix(prefix).lstrip("/").partition("/")
    first = paths.child(directory.id, start) if start and start.startswith(begins) else None
    if first is not None:
        full = f"{prefix}/{start}" if prefix else start
        if inclusive and not rest:
            yield full, first
        if recursive and first.is_directory:
            yield from walk(paths, first, full, recursive=True, after=after if rest else "", inclusive=inclusive)
    from_start = begins > start
    while batch := paths.children(directory.id, after=max(start, begins), or_equal=from_start):
        for path in batch:
            if not path.name.startswith(begins):
                return
            full = f"{prefix}/{path.name}" if prefix else path.name
            yield full, path
            if recursive and path.is_directory:
                yield from walk(paths, path, full, recursive=True)
        start, from_start = batch[-1].name, False


def _walk_flat(paths: Paths, root: Path, *, after: str, inclusive: bool, begins: str) -> Iterator[tuple[str, Path]]:
    if begins > after:
        after, inclusive = begins, True
    while batch := paths.children(root.id, after=after, or_equal=inclusive):
        for path in batch:
            if not path.name.startswith(begins):
                return
            yield path.name, path
        after, inclusive = batch[-1].name, False
