"""Which paths a pattern means, and what is listed to find them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lakeport.lake.globs import expression, is_pattern, unfolded, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = (
    "a.csv",
    "raw/2029/a.csv",
    "raw/2030/a.csv",
    "raw/2030/b.json",
    "raw/2030/01/deep.csv",
    "raw/[x]/odd.csv",
    "raw/new\nline.csv",
    ".hidden/a.csv",
)


@dataclass(frozen=True)
class Node:
    path: str
    is_directory: bool


class Tree:
    def __init__(self) -> None:
        folders = {file[:at] for file in FILES for at, char in enumerate(file) if char == "/"}
        self.nodes = {
            path: Node(path, is_directory)
            for names, is_directory in ((FILES, False), (folders, True))
            for path in names
        }
        self.listed: list[tuple[str, bool]] = []

    def below(self, under: str, *, recursive: bool) -> Iterator[Node]:
        self.listed.append((under, recursive))
        prefix = f"{under}/" if under else ""
        for path in sorted(self.nodes):
            rest = path.removeprefix(prefix)
            if path.startswith(prefix) and rest and (recursive or "/" not in rest):
                yield self.nodes[path]

    def found(self, pattern: str) -> list[str]:
        return [one.path for one in walk(pattern, self.below, self.nodes.get)]


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("*.csv", ["a.csv"]),
        ("raw/*/a.csv", ["raw/2029/a.csv", "raw/2030/a.csv"]),
        ("raw/2030/*", ["raw/2030/01", "raw/2030/a.csv", "raw/2030/b.json"]),
        ("raw/{2030,2029}/a.csv", ["raw/2030/a.csv", "raw/2029/a.csv"]),
        ("raw/20?[9]/*", ["raw/2029/a.csv"]),
        ("raw/20[!3]?/*", ["raw/2029/a.csv"]),
        (
            "raw/**/*.csv",
            ["raw/2029/a.csv", "raw/2030/01/deep.csv", "raw/2030/a.csv", "raw/[x]/odd.csv", "raw/new\nline.csv"],
        ),
        ("**/deep.csv", ["raw/2030/01/deep.csv"]),
        ("raw/2030/**", ["raw/2030/01", "raw/2030/01/deep.csv", "raw/2030/a.csv", "raw/2030/b.json"]),
        ("raw/[[]x]/*", ["raw/[x]/odd.csv"]),
        ("raw/{a.csv,**/a.csv}", ["raw/2029/a.csv", "raw/2030/a.csv"]),
        ("none/*", []),
        ("*/*/*.JSON", []),
        ("raw/2030/a.csv", ["raw/2030/a.csv"]),
    ],
)
def test_a_pattern_means_these_paths(pattern: str, paths: list[str]) -> None:
    assert Tree().found(pattern) == paths


def test_only_directories_that_can_hold_something_are_listed() -> None:
    tree = Tree()
    tree.found("raw/2030/*.csv")
    tree.found("raw/20*/01/deep.csv")
    assert tree.listed == [("raw/2030", False), ("raw", False)]


def test_braces_without_a_choice_are_letters_and_too_many_choices_are_refused() -> None:
    assert unfolded("a{b}c") == ["a{b}c"]
    assert unfolded("{a,b{c,d}}") == ["a", "bc", "bd"]
    with pytest.raises(ValueError, match="more than 1000"):
        unfolded("{a,b}" * 11)


def test_what_no_pattern_can_be_is_refused_or_taken_literally() -> None:
    assert expression("a[b").fullmatch("a[b")
    with pytest.raises(ValueError, match="range"):
        expression("[z-a]")
    assert not is_pattern("a]b}c")
