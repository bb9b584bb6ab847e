"""A signed-in side: what observing, planning and applying are done with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lakeport import identity
from lakeport.access.roles import Roles
from lakeport.clock import Clock, SystemClock
from lakeport.errors import Refused
from lakeport.share import apply, consumer, preflight, provider
from lakeport.share.control import Control
from lakeport.share.desired import Consumer, Provider
from lakeport.share.manifests import Publisher
from lakeport.share.schedules import parse_instant
from lakeport.share.snapshots import Snapshot, Taker

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from azure.core.credentials import TokenCredential

    from lakeport.share.glance import Glance
    from lakeport.share.preflight import Check
    from lakeport.share.steps import Plan, Step


def _silent(_said: str) -> None:
    return


@dataclass(frozen=True)
class Session:
    """One side of sharing, signed in.

    Attributes:
        wished: What this side should be.
        grant: Missing roles are given.
        talk: Hears what is going on, for people.
        peer: Another side; its clients are used when it is of the same account and caller.
    """

    wished: Provider | Consumer
    grant: bool = False
    clock: Clock = SystemClock()  # noqa: RUF009  (it has no state)
    talk: Callable[[str], None] = _silent
    peer: Session | None = None

    @property
    def _lender(self) -> Session | None:
        other = self.peer.wished if self.peer is not None else None
        is_alike = other is not None and (other.profile, other.place) == (self.wished.profile, self.wished.place)
        return self.peer if is_alike else None

    @cached_property
    def credential(self) -> TokenCredential:
        """The credential of the side's profile."""
        if self._lender is not None:
            return self._lender.credential
        return identity.credential(self.wished.profile)

    @cached_property
    def control(self) -> Control:
        """The side's data share account."""
        if self._lender is not None:
            return self._lender.control
        place = self.wished.place
        return Control(self.wished.profile, self.credential, place.subscription_id, place.resource_group, place.account)

    @cached_property
    def roles(self) -> Roles:
        """Role assignments as the side's caller sees them."""
        if self._lender is not None:
            return self._lender.roles
        return Roles(self.wished.profile, self.credential)

    def plan(self, glance: Glance | None = None) -> Plan:
        """Look, and decide what to change.

        Args:
            glance: What is asked once for several sides of the same account.
        """
        if isinstance(self.wished, Provider):
            looking = (glance, glance) if glance is not None else (self.control, self.roles)
            seen = provider.observe(self.wished, *looking, with_subscribers=glance is None)
            return provider.plan(self.wished, seen, self.clock.now(), grant=self.grant)
        found = consumer.observe(self.wished, self.control, self.roles)
        return consumer.plan(self.wished, found, grant=self.grant)

    def apply(self, told: Callable[[Step], None]) -> apply.Applied:
        """Bring this side in step; safe to run again from any half-done state.

        Args:
            told: Hears of every step that was done.

        Returns:
            What was done.

        Raises:
            LakeportError: A plan is refused, or a step fails. Running again continues.
        """
        if isinstance(self.wished, Provider) and self.publisher.is_needed():
            self.publisher.publish(self.clock.now())  # before the data set that carries it: a snapshot must find it
        worker = apply.Worker(self.control, self.roles, self.clock, self.talk)
        return apply.reconcile(self.plan, worker, told, self._check)

    def checks(self) -> list[Check]:
        """Return whether everything is there that this side needs; see `preflight`."""
        return preflight.Preflight(self.wished, self.credential, self.roles, wants_grant=self.grant).checks()

    def _check(self) -> None:
        """Refuse before the first change what the service would refuse halfway."""
        for one in self.checks():
            if one.is_in_the_way:
                raise Refused(one.said, hint=f"Next: {one.fix}" if one.fix else "")

    def taker(self, within: timedelta | None = None) -> Taker:
        """Return what takes snapshots on this side, waiting at most so long for the end of each.

        Args:
            within: How long it waits; absent: for the service's usual.
        """
        return Taker(self.control, self.clock, self.talk, within)

    def last_snapshot(self, name: str) -> Snapshot | None:
        """Return the newest snapshot of a received share that succeeded, with its details.

        Args:
            name: The received share's.
        """
        taker = self.taker()
        ended = [one for one in taker.runs(name) if one.status == "Succeeded"]
        if not ended:
            return None
        run = max(ended, key=lambda one: parse_instant(one.start_time))
        return Snapshot(name, run, taker.details(name, run.synchronization_id))

    @cached_property
    def publisher(self) -> Publisher:
        """What publishes the manifest of a providing side.

        Raises:
            TypeError: This side receives.
        """
        if not isinstance(self.wished, Provider):
            raise TypeError("a providing side is meant")
        return Publisher(self.wished.profile, self.credential, self.wished)
