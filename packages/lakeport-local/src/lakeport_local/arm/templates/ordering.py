"""The order in which things that need one another are made.

Pure: names in, names out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Circular(Exception):
    """Things need one another in a circle; `key` is one of them."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def ordered(needs: Mapping[str, frozenset[str]]) -> list[str]:
    """Return the keys so that each comes after all that it needs, otherwise as they were.

    Args:
        needs: What each key needs; needs that are no keys count as met.

    Raises:
        Circular: There is no such order.

    Example:
        >>> ordered({"a": frozenset({"b"}), "b": frozenset(), "c": frozenset({"a"})})
        ['b', 'a', 'c']
    """
    left = dict(needs)
    found: list[str] = []
    while left:
        ready = [key for key, needed in left.items() if not any(one in left for one in needed)]
        if not ready:
            raise Circular(next(iter(left)))
        found += ready
        for key in ready:
            del left[key]
    return found
