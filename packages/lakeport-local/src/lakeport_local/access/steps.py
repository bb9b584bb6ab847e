"""What access control lists must grant along a path, as data. Pure.

Source: storage.md 5.3 to 5.5.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from lakeport_local.access.acl import EXECUTE, READ, WRITE, Acl, Verdict, check, text_of
from lakeport_local.access.grants import Grant, Way

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.access.caller import Principal


@dataclass(frozen=True, slots=True)
class Step:
    """One path of a trail and what is asked of its list.

    Attributes:
        path: Full path, for the reasons; `/` for the root.
        acl: Its list.
        owner: Its owning user.
        group: Its owning group.
        wanted: Bits that must all be granted; 0 when only `owners` counts.
        owners: Nobody else may, whatever the list says: the owner for a change of the list, the owners of a sticky
            directory and of the child for its deletion; empty when anybody may.
    """

    path: str
    acl: Acl
    owner: str
    group: str
    wanted: int = 0
    owners: frozenset[str] = frozenset()

    def ask(self, principal: Principal) -> Verdict:
        """Return what this path says to a principal."""
        if self.owners:
            allowed = principal.object_id in self.owners
            return Verdict(allowed, f"only an owner may ({', '.join(sorted(self.owners))})")
        return check(
            self.acl,
            self.owner,
            self.group,
            object_id=principal.object_id,
            groups=principal.groups,
            wanted=self.wanted,
        )

    def grant(self, principal: Principal) -> Grant:
        """Return the smallest change of this path that lets a principal pass and takes nothing from them."""
        if self.owners:
            return Grant("ownership", "owner", self.path, principal.object_id)
        held = sum(bit for bit in (READ, WRITE, EXECUTE) if replace(self, wanted=bit).ask(principal).allowed)
        qualifier = "" if principal.object_id == self.owner else principal.object_id
        return Grant("entry", f"user:{qualifier}:{text_of(held | self.wanted)}", self.path)


_MOST_FOLLOWED = 1000
"""Steps looked at behind a refusal, for what else would have to be granted."""
_MOST_SAID = 50
"""Reasons kept, the last ones, and grants in one way: a tree may have as many steps as directories."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What the lists along a path say together.

    Attributes:
        allowed: All of them grant.
        reasons: What each said, up to the first that refuses.
        way: For a refusal, what all of them would have to grant; None when that is too much to say.
    """

    allowed: bool
    reasons: tuple[str, ...]
    way: Way | None = None


def follow(steps: Iterable[Step], principal: Principal) -> Followed:
    """Ask the lists along a path, as far as the first that refuses."""
    reasons: deque[str] = deque(maxlen=_MOST_SAID)
    seen: deque[Step] = deque(maxlen=_MOST_FOLLOWED)
    rest = iter(steps)
    for step in rest:
        seen.append(step)
        verdict = step.ask(principal)
        reasons.append(f"{step.path}: {verdict.rule}")
        if not verdict.allowed:
            break
    else:
        return Followed(True, tuple(reasons))
    known = [*seen, *islice(rest, _MOST_FOLLOWED)]
    way = None if next(rest, None) is not None else _way_past(known, principal)
    return Followed(False, tuple(reasons), way)


def _way_past(steps: list[Step], principal: Principal) -> Way | None:
    """Return what all refusing steps need: whoever becomes an owner for one is judged as the owner by the others."""
    owned = {step.path for step in steps if step.owners and not step.ask(principal).allowed}
    later = (
        replace(step, owner=principal.object_id) if step.path in owned and not step.owners else step for step in steps
    )
    way = tuple(dict.fromkeys(step.grant(principal) for step in later if not step.ask(principal).allowed))
    return way if len(way) <= _MOST_SAID else None
