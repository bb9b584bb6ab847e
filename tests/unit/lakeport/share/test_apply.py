"""Steps look before they act, wait on the clock that they are handed, and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from lakeport import clouds
from lakeport.access.roles import READER, Roles, Store
from lakeport.clock import FixedClock
from lakeport.errors import Conflict, Forbidden, LakeportError, MissingRole, NotConverging, NotYet
from lakeport.profiles import Profile
from lakeport.share import apply, waiting
from lakeport.share.control import Control
from lakeport.share.steps import Grant, Plan, Step
from lakeport.types import SubscriptionId

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.share.resources import Document

NOBODY = cast("TokenCredential", None)
PROFILE = Profile("contoso", clouds.PUBLIC)
DATA_SET = Step(
    "create", "data set", ("sales", "raw"), "it is not there", body={"kind": "Container", "properties": {"a": "b"}}
)


class Service(Control):
    """A service in memory that refuses as often as it is told to."""

    def __init__(self, *refusals: LakeportError, there: dict[tuple[str, ...], Document] | None = None) -> None:
        super().__init__(PROFILE, NOBODY, SubscriptionId("s"), "g", "acc")
        self.there = dict(there or {})
        self.refusals = list(refusals)
        self.sent: list[str] = []

    def get(self, kind: str, *names: str) -> Document | None:
        return self.there.get((kind, *names))

    def put(self, kind: str, *names: str, body: Document) -> Document:
        self.sent.append(f"put {kind}")
        if self.refusals:
            raise self.refusals.pop(0)
        self.there[kind, *names] = body
        return body

    def delete(self, kind: str, *names: str) -> None:
        self.sent.append(f"delete {kind}")
        del self.there[kind, *names]


class Granting(Roles):
    """Roles that are too young as often as they are told to be."""

    def __init__(self, *refusals: LakeportError) -> None:
        super().__init__(PROFILE, NOBODY)
        self.refusals = list(refusals)

    def grant(self, role: object, principal_id: str, store: Store, *, principal_type: str = "ServicePrincipal") -> bool:
        if self.refusals:
            raise self.refusals.pop(0)
        return True


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, tzinfo=UTC))


def worker(
    service: Service, clock: FixedClock, *, roles: Roles | None = None, said: list[str] | None = None
) -> apply.Worker:
    return apply.Worker(service, roles or Granting(), clock, (said if said is not None else []).append)


def test_a_role_that_is_not_seen_yet_is_waited_for_and_told_once(clock: FixedClock) -> None:
    said: list[str] = []
    service = Service(*(MissingRole("no", code="5006") for _ in range(4)))
    assert worker(service, clock, said=said).do(DATA_SET)
    assert len(service.sent) == 5
    assert said == ["data set sales/raw: waiting until the role is seen everywhere (5006)"]
    assert clock.slept == sorted(clock.slept), "each wait is longer than the one before"


def test_a_role_that_never_spreads_ends_as_what_the_service_said(clock: FixedClock) -> None:
    service = Service(*(MissingRole("Missing permissions for DataShareAccount", code="5006") for _ in range(1000)))
    began = clock.now()
    with pytest.raises(MissingRole, match="Missing permissions"):
        worker(service, clock).do(DATA_SET)
    assert timedelta(minutes=4) < clock.now() - began <= apply.SPREADING


def test_another_refusal_is_not_tried_again(clock: FixedClock) -> None:
    service = Service(Forbidden("no", code="AuthorizationFailed"))
    with pytest.raises(Forbidden):
        worker(service, clock).do(DATA_SET)
    assert (service.sent, clock.slept) == (["put data set"], [])


def test_an_identity_that_is_too_young_for_a_role_is_waited_for(clock: FixedClock) -> None:
    step = Step("grant", "role", (), "it has none", grant=Grant(READER, "P", Store("s", "g", "lake")))
    assert worker(Service(), clock, roles=Granting(NotYet("young", code="PrincipalNotFound"))).do(step)
    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    ("step", "there"),
    [
        (
            DATA_SET,
            {("data set", "sales", "raw"): {"kind": "Container", "properties": {"A": 1, "a": "B", "dataSetId": "x"}}},
        ),
        (Step("delete", "data set", ("sales", "raw"), "it goes"), {}),
    ],
    ids=["created", "deleted"],
)
def test_what_somebody_else_has_done_meanwhile_is_not_done_again(
    step: Step, there: dict[tuple[str, ...], Document], clock: FixedClock
) -> None:
    service = Service(there=there)
    assert not worker(service, clock).do(step)
    assert service.sent == []


def test_an_account_is_waited_for_until_it_is_there(clock: FixedClock) -> None:
    service = Service(there={("account",): {"properties": {"provisioningState": "Creating"}}})

    class Ready(FixedClock):
        def sleep(self, duration: timedelta) -> None:
            super().sleep(duration)
            if len(self.slept) == 3:
                service.there["account",] = {"properties": {"provisioningState": "Succeeded"}}

    ticking = Ready(clock.now())
    assert not worker(service, ticking).do(Step("wait", "account", (), "it is being created"))
    assert len(ticking.slept) == 3


@pytest.mark.parametrize("state", ["Failed", "Deleting"])
def test_an_account_that_fails_is_an_error_at_once(state: str, clock: FixedClock) -> None:
    service = Service(there={("account",): {"properties": {"provisioningState": state}}})
    with pytest.raises(LakeportError, match=state):
        worker(service, clock).do(Step("wait", "account", (), "it is being created"))
    assert clock.slept == []


def test_a_wait_ends(clock: FixedClock) -> None:
    with pytest.raises(NotYet, match=r"the moon did not happen within 1 minutes.*run the same command again"):
        waiting.until(lambda: None, clock, "the moon", within=timedelta(minutes=1))


def test_looking_and_acting_alternate_until_nothing_is_left(clock: FixedClock) -> None:
    plans = [Plan((DATA_SET,)), Plan((Step("create", "share", ("s",), "x"),)), Plan(notes=("well",))]
    told: list[Step] = []
    applied = apply.reconcile(lambda: plans.pop(0), worker(Service(), clock), told.append)
    assert [step.kind for step in told] == ["data set", "share"] == [step.kind for step in applied.steps]
    assert applied.plan.notes == ("well",)


def test_what_is_refused_is_refused_before_anything_of_the_plan_is_sent(clock: FixedClock) -> None:
    service = Service()
    with pytest.raises(Forbidden):
        apply.reconcile(
            lambda: Plan((DATA_SET,), refusals=(Forbidden("no"),)), worker(service, clock), lambda step: None
        )
    assert service.sent == []


def test_what_does_not_hold_ends_with_an_error(clock: FixedClock) -> None:
    service = Service()

    def look() -> Plan:
        service.there.clear()
        return Plan((DATA_SET,))

    with pytest.raises(Conflict, match="was created and is not as wished"):
        apply.reconcile(look, worker(service, clock), lambda step: None)
    update = Step("update", "share", ("s",), "differs", body={"properties": {"x": 1}})

    def differs() -> Plan:
        service.there.clear()
        return Plan((update,))

    with pytest.raises(NotConverging, match="update share s: differs"):
        apply.reconcile(differs, worker(service, clock), lambda step: None)
