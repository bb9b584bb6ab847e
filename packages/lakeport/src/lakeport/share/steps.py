"""What a plan is made of: steps with a reason, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakeport.access.roles import Role, Store
    from lakeport.errors import LakeportError
    from lakeport.share.resources import Document

PAST = {"create": "created", "update": "updated", "delete": "deleted", "grant": "granted", "wait": "waited for"}


@dataclass(frozen=True)
class Grant:
    """A role for a share account's identity on a store."""

    role: Role
    principal_id: str
    store: Store


@dataclass(frozen=True)
class Step:
    """One change.

    Attributes:
        verb: `create`, `update`, `delete`, `grant` or `wait`.
        kind: What is changed, as `control.KINDS` names it; `role` for a grant.
        names: The names below the account.
        why: The reason, one clause.
        undo: The command that takes it back, or empty.
        body: What is sent.
    """

    verb: str
    kind: str
    names: tuple[str, ...]
    why: str
    undo: str = ""
    body: Document = field(default_factory=dict)
    grant: Grant | None = None

    @property
    def title(self) -> str:
        """What it changes, as people say it."""
        if self.grant is not None:
            return f"{self.grant.role.name} on storage account {self.grant.store.name}"
        return f"{self.kind} {'/'.join(self.names)}" if self.names else f"the {self.kind}"

    def sentence(self, *, done: bool = False) -> str:
        """Return the step in one line, as it will be or as it was done.

        Args:
            done: Say it as something that was done.
        """
        return f"{PAST[self.verb] if done else self.verb} {self.title}: {self.why}"


@dataclass(frozen=True)
class Plan:
    """What to do, in order.

    Attributes:
        steps: The changes.
        notes: What is worth saying and needs no change.
        refusals: What must be settled before anything is sent.
        held: What cannot be brought in step by us; the rest goes on.
        follows: More can be planned only after these steps, and what that is.
    """

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[LakeportError, ...] = ()
    held: tuple[LakeportError, ...] = ()
    follows: str = ""
