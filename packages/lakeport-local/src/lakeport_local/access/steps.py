"""What access control lists must grant along a path, as data. Pure.

Source: storage.md 5.3 to 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport_local.access.acl import Acl, Verdict, check, text_of

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

    def grant(self, principal: Principal) -> str:
        """Return the smallest change of this path's list that lets a principal pass; empty when there is none."""
        return "" if self.owners else f"{text_of(self.wanted)} for {principal.object_id} on {self.path}"
