"""What access control lists must grant along a path, as data. Pure.

Source: storage.md 5.3 to 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakeport_local.access.acl import EXECUTE, READ, WRITE, Acl, Verdict, check, text_of
from lakeport_local.access.grants import Grant

if TYPE_CHECKING:
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
