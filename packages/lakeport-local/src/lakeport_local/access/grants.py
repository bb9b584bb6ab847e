"""What would have let a refused request pass: changes, each as small as it can be, and ways made of them. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

GrantKind: TypeAlias = Literal["role", "entry", "ownership", "letters", "address", "policy", "setting"]

_TEXTS: dict[GrantKind, str] = {
    "role": "role '{what}' at {where}",
    "entry": "{what} on {where}",
    "ownership": "{whom} as the owner of {where}",
    "letters": "a signature that permits one of {what!r}",
    "address": "an ipRule for {what} in networkAcls of {where}",
    "policy": "an access policy of {where} with {what}",
    "setting": "{what}",
}
_MOST_WAYS = 8


@dataclass(frozen=True, slots=True)
class Grant:
    """One change.

    Attributes:
        kind: What is changed.
        what: The role's name, the list's entry (`user:ID:r-x`), the letters of which one is enough, the address, or
            the change in words.
        where: The scope, path or resource.
        whom: Object id of who gets it, where that is not said by `what`.
    """

    kind: GrantKind
    what: str
    where: str = ""
    whom: str = ""

    @property
    def text(self) -> str:
        """The change in words."""
        return _TEXTS[self.kind].format(what=self.what, where=self.where, whom=self.whom)

    def as_dict(self) -> dict[str, str]:
        """Return the change as a JSON object."""
        return asdict(self)


Way: TypeAlias = tuple[Grant, ...]
"""Changes that let a request pass when all of them are made."""


def in_words(ways: Iterable[Way]) -> str:
    """Return ways as one sentence; empty when there is none.

    Example:
        >>> in_words([(Grant("entry", "user:1:r--", "/a"), Grant("entry", "user:1:--x", "/")), (Grant("setting", "x"),)])
        'user:1:r-- on /a and user:1:--x on / or x'
    """
    return " or ".join(" and ".join(grant.text for grant in way) for way in ways)


def together(parts: Iterable[Iterable[Way]]) -> tuple[Way, ...]:
    """Return the ways that lead past several checks, from the ways past each; none when one of them has none."""
    combined = (tuple(dict.fromkeys(grant for way in one for grant in way)) for one in product(*parts))
    return tuple(islice(combined, _MOST_WAYS))
