"""Listings read many rows at a time: the same paths in the same order as a walk, from anywhere on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakeport_local.storage.listed import Listing, PathReader, page_of
from lakeport_local.storage.walk import walk

if TYPE_CHECKING:
    from lakeport_local.storage.listed import Listed, Run
    from lakeport_local.storage.paths import Path

    World = Any  # conftest's; test modules do not import one another

NAMES = ["a", "a-b", 'qu"ote', "back\\slash", "ä", "\U0001f600", "zz"]
MANY = [f"n{number:03}" for number in range(300)]


@pytest.fixture
def root(world: World) -> Path:
    """A directory with more children than are read at first, some of them directories, some of these deep."""
    with world.store.transaction():
        found: Path = world.lake.paths.row(world.lake.file_systems.require(world.account.uid, "data").root)
        for name in [*NAMES, *MANY]:
            is_directory = name in NAMES or name.endswith("7")
            owner = "you" if name[-1] in "35" else "me"
            made = world.lake.paths.make(found, name, is_directory=is_directory, owner=owner)
            for below in NAMES if is_directory else ():
                inner = world.lake.paths.make(made, below, is_directory=below == "a", owner="me")
                if below == "a":
                    world.lake.paths.make(inner, "leaf", is_directory=False, owner="me")
    return found


def reading(world: World, most: int, *, recursive: bool) -> Listing[Listed]:
    return Listing(world.lake.paths, PathReader(world.lake.paths), is_recursive=recursive, most=most + 1)


def shown(page: list[Run[Listed]]) -> list[Any]:
    """Return what a page says of each path."""
    found = []
    for run in page:
        for row in run.rows:
            stands = row.own or run.standing
            assert stands is not None
            found.append((run.base + row.name, row.etag, row.directory > 0, stands.owner, stands.acl))
    return found


def listed(world: World, root: Path, most: int, *, recursive: bool, **how: Any) -> list[Any]:
    return shown(page_of(reading(world, most, recursive=recursive).runs(root, "", **how), most)[0])


def walked(world: World, root: Path, **how: Any) -> list[Any]:
    found = walk(world.lake.paths, root, "", **how)
    return [(full, path.etag, path.is_directory, path.owner, path.acl) for full, path in found]


@pytest.mark.parametrize("recursive", [True, False])
def test_a_listing_from_any_path_on_is_the_walk_from_there(world: World, root: Path, *, recursive: bool) -> None:
    how: dict[str, Any]
    everything = walked(world, root, recursive=recursive)
    assert len(everything) == (len(NAMES) + 300 + 37 * 8 if recursive else len(NAMES) + 300)
    assert listed(world, root, 5000, recursive=recursive) == everything
    for after in ("a", "a/a", "a/a/leaf", "a/nothing", "n127", "n127/zz", "n128", "nowhere", "zz/\U0001f600"):
        for inclusive in (True, False):
            how = {"recursive": recursive, "after": after, "inclusive": inclusive}
            assert listed(world, root, 5000, **how) == walked(world, root, **how), how
    for begins in ("a", "n1", "n12", "n127", "o", "\u00e4"):
        for after in ("", "n12", "n127", "n127/zz"):
            how = {"recursive": recursive, "after": after, "begins": begins}
            assert listed(world, root, 5000, **how) == walked(world, root, **how), how


def test_pages_of_any_size_join_without_a_gap(world: World, root: Path) -> None:
    everything = walked(world, root, recursive=True)
    for most in (1, 7, 129, 5000):
        found: list[Any] = []
        has_more, after = True, ""
        while has_more:
            page, has_more = page_of(reading(world, most, recursive=True).runs(root, "", after=after), most)
            found += shown(page)
            assert sum(len(run.rows) for run in page) == (most if has_more else len(everything) % most or most)
            after = found[-1][0]
        assert found == everything
