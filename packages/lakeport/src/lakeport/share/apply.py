"""Doing what a plan says, until nothing is left to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakeport.errors import Conflict, LakeportError, MissingRole, NotConverging, NotYet
from lakeport.share import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakeport.access.roles import Roles
    from lakeport.clock import Clock
    from lakeport.share.control import Control
    from lakeport.share.resources import Document
    from lakeport.share.steps import Plan, Step

SPREADING = timedelta(minutes=5)
"""How long a new role may take until the service sees it (data-share.md 4)."""
ROUNDS = 6
"""Looking and acting alternate; two rounds are the usual, a fresh account needs one more."""


@dataclass(frozen=True)
class Applied:
    """What an apply did.

    Attributes:
        steps: The steps done, in order.
        plan: The last plan: nothing left to do, with its notes and what is held.
    """

    steps: tuple[Step, ...]
    plan: Plan


@dataclass(frozen=True)
class Worker:
    """What steps are done with.

    Attributes:
        talk: Says what is going on, for people.
    """

    control: Control
    roles: Roles
    clock: Clock
    talk: Callable[[str], None]

    def do(self, step: Step) -> bool:
        """Do one step; it looks before it acts.

        Returns:
            Whether anything was sent: a step that somebody else has done in the meantime is no step.

        Raises:
            MissingRole: A role is still not effective after the time it may take to spread.
        """
        if step.grant is not None:
            granted = step.grant
            return self._spreading(lambda: self.roles.grant(granted.role, granted.principal_id, granted.store), step)
        if step.verb == "wait":
            self._wait_ready(step)
            return False
        there = self.control.get(step.kind, *step.names)
        if step.verb == "delete":
            return there is not None and self._delete(step)
        if there is not None and is_covered(step.body, there):
            return False
        self._spreading(lambda: self._put(step), step)
        return True

    def _put(self, step: Step) -> bool:
        self.control.put(step.kind, *step.names, body=step.body)
        if step.kind in {"account", "trigger"}:
            self._wait_ready(step)
        return True

    def _delete(self, step: Step) -> bool:
        self.control.delete(step.kind, *step.names)
        waiting.until(
            lambda: True if self.control.get(step.kind, *step.names) is None else None,
            self.clock,
            f"the deletion of {step.title}",
        )
        return True

    def _wait_ready(self, step: Step) -> None:
        def ready() -> bool | None:
            found = self.control.get(step.kind, *step.names)
            if found is None:
                raise LakeportError(f"{step.title} vanished while it was being created")
            state = str((found.get("properties") or {}).get("provisioningState", "Succeeded"))
            if state in {"Failed", "Canceled", "Deleting"}:
                raise LakeportError(f"{step.title} could not be created: it is {state}")
            return True if state == "Succeeded" else None

        waiting.until(ready, self.clock, f"the creation of {step.title}")

    def _spreading(self, act: Callable[[], bool], step: Step) -> bool:
        """Act, again and again while a role that exists is not seen everywhere yet."""
        last: list[LakeportError] = []

        def attempt() -> tuple[bool] | None:
            try:
                return (act(),)
            except (MissingRole, NotYet) as error:
                if not last:
                    self.talk(f"{step.title}: waiting until the role is seen everywhere ({error.code})")
                last[:] = [error]
                return None

        try:
            return waiting.until(
                attempt,
                self.clock,
                step.title,
                within=SPREADING,
                first=timedelta(milliseconds=250),
                longest=timedelta(seconds=20),
            )[0]
        except NotYet:
            raise (last or [NotYet(step.title)])[0] from None


def is_covered(wished: Document, there: Document) -> bool:
    """Tell if what is there says all that is wished, ignoring what only the service decides."""
    for key, value in wished.items():
        other = there.get(key)
        if isinstance(value, dict):
            if not isinstance(other, dict) or not is_covered(value, other):
                return False
        elif isinstance(value, str) and isinstance(other, str):
            if value.lower() != other.lower():
                return False
        elif value != other:
            return False
    return True


def reconcile(
    look: Callable[[], Plan],
    worker: Worker,
    told: Callable[[Step], None],
    before: Callable[[], None] = lambda: None,
) -> Applied:
    """Look, act, and look again until there is nothing to do.

    Args:
        look: Observes and plans.
        worker: Does the steps.
        told: Hears of every step that was done.
        before: Called once before the first step, when there is one; what it raises ends it.

    Raises:
        LakeportError: A plan is refused, before anything of it is sent; or a step fails. Running again continues.
    """
    done: list[Step] = []
    for number in range(ROUNDS):
        found = look()
        if found.refusals:
            raise found.refusals[0]
        if not found.steps:
            return Applied(tuple(done), found)
        if number == 0:
            before()
        for step in _each_once(found, done):
            if worker.do(step):
                done.append(step)
                told(step)
    left = "; ".join(step.sentence() for step in look().steps)
    raise NotConverging(f"{ROUNDS} rounds were not enough; left: {left}")


def _each_once(found: Plan, done: list[Step]) -> Iterator[Step]:
    """Yield the steps of a plan; one that was done in an earlier round and is planned again did not hold."""
    for step in found.steps:
        if step.verb == "create" and any(
            (step.kind, step.names, step.body) == (one.kind, one.names, one.body) for one in done
        ):
            raise Conflict(f"{step.title} was created and is not as wished: {step.why}")
        yield step
