"""What the providing side decides to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lakeport import clouds
from lakeport.access import roles
from lakeport.access.roles import Assignment, Store
from lakeport.errors import MissingRole, NotFound
from lakeport.profiles import Profile
from lakeport.share import provider
from lakeport.share.desired import Invitee, Place, Provider, WishedDataSet
from lakeport.share.provider import Observed
from lakeport.share.resources import Account, DataSet, Invitation, Setting, Share, Subscriber
from lakeport.share.schedules import Schedule
from lakeport.types import ObjectId, SubscriptionId, TenantId

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
SENT = "2026-11-01T00:00:00Z"
STORE = Store("S", "G", "lake")
PROPERTIES = {"subscriptionId": "S", "resourceGroup": "G", "storageAccountName": "lake", "fileSystem": "raw"}
WISHED = Provider(
    Profile("contoso", clouds.PUBLIC),
    Place(SubscriptionId("S"), "G", "acc"),
    "sales",
    (WishedDataSet("raw", "AdlsGen2FileSystem", PROPERTIES, STORE),),
    (Invitee("fabrikam-consumer", "consumer of fabrikam", TenantId("T2"), ObjectId("O2")),),
    schedule=Schedule("day", 7200),
    where="share.yaml",
)
READY = Account(name="acc", provisioning_state="Succeeded", principal_id="P")
GRANTED = {STORE: [Assignment(roles.READER.id, "/subscriptions/S")]}
IN_STEP = Observed(
    READY,
    Share(name="sales"),
    (DataSet(name="RAW", kind="AdlsGen2FileSystem", properties={**PROPERTIES, "dataSetId": "D"}),),
    (Setting(name="other-name", recurrence_interval="Day", synchronization_time="2020-01-01T02:00:00Z"),),
    (
        Invitation(
            name="x", invitation_status="Accepted", target_active_directory_id="t2", target_object_id="o2", sent_at=SENT
        ),
    ),
    (Subscriber(name="sales", shared_at=SENT, share_subscription_status="Active"),),
    assignments=GRANTED,
)


def steps(seen: Observed, wished: Provider = WISHED, *, grant: bool = False) -> list[str]:
    plan = provider.plan(wished, seen, NOW, grant=grant)
    assert not plan.refusals, plan.refusals
    return [f"{step.verb} {step.kind} {'/'.join(step.names)}" for step in plan.steps]


def test_from_nothing_but_an_account_everything_is_made_in_order() -> None:
    assert steps(Observed(READY, assignments=GRANTED)) == [
        "create share sales",
        "create data set sales/raw",
        "create schedule sales/schedule",
        "create invitation sales/fabrikam-consumer",
    ]


def test_what_is_in_step_needs_no_step() -> None:
    assert steps(IN_STEP) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"schedules": ()}, ["create schedule sales/schedule"]),
        (
            {
                "schedules": (
                    Setting(name="s", recurrence_interval="Hour", synchronization_time="2020-01-01T02:00:00Z"),
                )
            },
            ["delete schedule sales/s", "create schedule sales/schedule"],
        ),
        ({"invitations": ()}, ["create invitation sales/fabrikam-consumer"]),
        ({"data_sets": ()}, ["create data set sales/raw"]),
        (
            {
                "data_sets": (
                    DataSet(name="raw", kind="AdlsGen2FileSystem", properties={**PROPERTIES, "fileSystem": "old"}),
                )
            },
            ["delete data set sales/raw", "create data set sales/raw"],
        ),
    ],
    ids=["no schedule", "another schedule", "nobody invited", "no data set", "another place"],
)
def test_drift_is_mended_by_the_fewest_steps(change: dict[str, object], expected: list[str]) -> None:
    assert steps(replace(IN_STEP, **change)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("state", ["Rejected", "Withdrawn"])
def test_an_invitation_that_is_no_longer_open_is_followed_by_another_one(state: str) -> None:
    old = Invitation(
        name="fabrikam-consumer", invitation_status=state, target_active_directory_id="T2", target_object_id="O2"
    )
    assert steps(replace(IN_STEP, invitations=(old,))) == ["create invitation sales/fabrikam-consumer-2"]


def test_an_account_that_is_being_created_is_waited_for() -> None:
    creating = Account(name="acc", provisioning_state="Creating", principal_id="P")
    assert steps(replace(IN_STEP, account=creating)) == ["wait account "]


def test_an_account_that_lies_elsewhere_than_the_file_says_is_refused() -> None:
    there = Account(name="acc", location="westeurope", provisioning_state="Succeeded", principal_id="P")
    for written, refused in (("West Europe", False), ("northeurope", True), ("", False)):
        plan = provider.account_steps("acc", written, there)
        assert [error.hint.partition(":")[0] for error in plan.refusals] == ["An account cannot move"] * refused
        assert plan.steps == ()


def test_a_missing_account_is_made_only_where_the_file_says() -> None:
    refused = provider.plan(WISHED, Observed(), NOW, grant=False).refusals
    assert isinstance(refused[0], NotFound)
    assert "az datashare account create" in str(refused[0])
    made = provider.plan(replace(WISHED, location="westeurope"), Observed(), NOW, grant=True)
    assert [step.kind for step in made.steps] == ["account"], "its identity must exist before anything else is decided"
    assert "create data set sales/raw" in made.follows


def test_a_missing_role_is_named_with_the_command_that_gives_it() -> None:
    refused = provider.plan(WISHED, replace(IN_STEP, assignments={STORE: []}), NOW, grant=False).refusals
    assert isinstance(refused[0], MissingRole)
    assert "--grant" in refused[0].hint
    assert f"--scope {STORE.scope}" in refused[0].hint
    assert steps(replace(IN_STEP, assignments={STORE: []}), grant=True) == ["grant role "]


@pytest.mark.parametrize(
    ("assignments", "has"),
    [
        (None, None),
        ([], False),
        ([Assignment(roles.CONTRIBUTOR.id, STORE.scope)], True),
        ([Assignment(roles.READER.id, "/subscriptions/S/resourceGroups/g")], True),
        ([Assignment(roles.READER.id, "/subscriptions/S/resourceGroups/Gx")], False),
        ([Assignment("b24988ac-6180-42a0-ab88-20f7382dd24c", "/subscriptions/S")], False),
        ([Assignment("0c57bee5-0000-4000-8000-000000000000", "/")], None),
    ],
    ids=["may not look", "none", "more", "above", "a sibling", "Contributor has no data rights", "a custom role"],
)
def test_a_role_counts_at_its_scope_and_below(assignments: list[Assignment] | None, has: bool | None) -> None:
    assert roles.has(roles.READER, STORE, assignments) is has


def test_a_grant_has_the_same_name_each_time() -> None:
    first = roles.assignment_name(roles.READER, "P", STORE)
    assert first == roles.assignment_name(roles.READER, "p", Store("s", "g", "LAKE"))
    assert first != roles.assignment_name(roles.CONTRIBUTOR, "P", STORE)


def test_a_file_without_a_schedule_leaves_the_schedule_alone() -> None:
    assert steps(IN_STEP, replace(WISHED, schedule=None)) == []
    assert steps(IN_STEP, replace(WISHED, schedule="none")) == ["delete schedule sales/other-name"]


def test_a_data_set_that_the_file_does_not_know_is_left_and_told() -> None:
    more = (*IN_STEP.data_sets, DataSet(name="old", kind="Container"))
    plan = provider.plan(WISHED, replace(IN_STEP, data_sets=more), NOW, grant=False)
    assert (plan.steps, plan.notes) == ((), ("data set old is shared and not in the file; it is left as it is",))
