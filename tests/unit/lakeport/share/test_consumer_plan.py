"""What the receiving side decides to do."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from lakeport import clouds
from lakeport.access import roles
from lakeport.access.roles import Assignment, Store
from lakeport.errors import Conflict, Revoked, Unproven
from lakeport.profiles import Profile
from lakeport.share import consumer
from lakeport.share.consumer import Observed, Received
from lakeport.share.desired import Accept, Consumer, Destination, Place
from lakeport.share.resources import (
    Account,
    ConsumerInvitation,
    Mapping,
    Setting,
    SourceDataSet,
    Subscription,
    Trigger,
)
from lakeport.types import SubscriptionId, TenantId

STORE = Store("S", "G", "deststorage")
TENANT = TenantId("1" * 8 + "-0000-4000-8000-000000000000")
MAKER = "22222222-0000-4000-8000-000000000000"
WISHED = Consumer(
    Profile("fabrikam", clouds.PUBLIC),
    Place(SubscriptionId("S"), "G", "acc"),
    (Accept("contoso", "sales*", TENANT, ("contoso",)),),
    (Destination(STORE, "{file_system}", "in/{path}"),),
    where="receive.yaml",
)
TIME = "2020-01-01T02:00:00.1234567Z"
SOURCE = SourceDataSet(
    data_set_name="raw",
    data_set_id="D1",
    data_set_path="share-data/gold",
    data_set_type="AdlsGen2Folder",
    created_by=MAKER,
)
TARGET = {
    "dataSetId": "D1",
    "subscriptionId": "S",
    "resourceGroup": "G",
    "storageAccountName": "deststorage",
    "fileSystem": "share-data",
    "folderPath": "in/gold",
}
SUBSCRIPTION = Subscription(
    name="sales",
    invitation_id="I1",
    share_name="sales",
    share_subscription_status="Active",
    provider_tenant_name="Contoso",
)
RECEIVED = Received(
    SUBSCRIPTION,
    (SOURCE,),
    (Mapping(name="raw", kind="AdlsGen2Folder", data_set_id="d1", properties=TARGET),),
    (
        Trigger(
            name="t",
            recurrence_interval="Day",
            synchronization_time=TIME,
            synchronization_mode="Incremental",
            trigger_status="Active",
            provisioning_state="Succeeded",
        ),
    ),
    (Setting(kind="ScheduleBased", recurrence_interval="Day", synchronization_time=TIME),),
)
IN_STEP = Observed(
    Account(name="acc", provisioning_state="Succeeded", principal_id="P"),
    received=(RECEIVED,),
    assignments={STORE: [Assignment(roles.CONTRIBUTOR.id, STORE.scope)]},
    origins={MAKER: TENANT},
)
INVITATION = ConsumerInvitation(
    name="i", invitation_id="I2", share_name="sales-eu", location="westus2", provider_tenant_name="contoso"
)


def steps(seen: Observed, wished: Consumer = WISHED) -> list[str]:
    return [
        f"{step.verb} {step.kind} {'/'.join(step.names)}" for step in consumer.plan(wished, seen, grant=False).steps
    ]


def received(**change: object) -> Observed:
    return replace(IN_STEP, received=(replace(RECEIVED, **change),))  # type: ignore[arg-type]


def test_what_is_in_step_needs_no_step() -> None:
    assert steps(IN_STEP) == []


def test_a_wanted_invitation_is_accepted_where_it_says_and_named_after_the_share() -> None:
    plan = consumer.plan(WISHED, replace(IN_STEP, invitations=(INVITATION,)), grant=False)
    (step,) = plan.steps
    assert (step.kind, step.names) == ("subscription", ("sales-eu",))
    assert step.body == {"properties": {"invitationId": "I2", "sourceShareLocation": "westus2"}}
    assert plan.follows


@pytest.mark.parametrize(
    ("invitation", "why"),
    [
        (("provider_tenant_name", "evil"), "no accept rule names it"),
        (("share_name", "hr"), "no accept rule names it"),
        (("share_name", "sales"), "already received"),
    ],
)
def test_an_unwanted_invitation_is_left_open_and_told(invitation: tuple[str, str], why: str) -> None:
    values = {name: getattr(INVITATION, name) for name in INVITATION.__struct_fields__} | dict([invitation])
    plan = consumer.plan(WISHED, replace(IN_STEP, invitations=(ConsumerInvitation(**values),)), grant=False)
    assert plan.steps == ()
    assert why in plan.notes[0]


def test_a_name_that_is_taken_gets_the_invitation_s_first_letters() -> None:
    seen = replace(IN_STEP, invitations=(INVITATION,), others=("SALES-EU",))
    assert steps(seen) == ["create subscription sales-eu-I2"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mappings": (), "triggers": ()}, ["create mapping sales/raw", "create trigger sales/follow"]),
        ({"triggers": ()}, ["create trigger sales/follow"]),
        (
            {"mappings": (Mapping(name="m", kind="AdlsGen2FileSystem", data_set_id="D1", properties={}),)},
            ["delete mapping sales/m", "create mapping sales/raw"],
        ),
        ({"offered": ()}, ["delete mapping sales/raw"]),
        ({"schedules": ()}, ["delete trigger sales/t"]),
        (
            {"schedules": (Setting(recurrence_interval="Hour", synchronization_time=TIME),)},
            ["delete trigger sales/t", "create trigger sales/follow"],
        ),
        ({"schedules": (), "triggers": ()}, []),
    ],
    ids=[
        "accepted only",
        "no trigger",
        "another place",
        "data set gone",
        "schedule gone",
        "schedule changed",
        "no schedule",
    ],
)
def test_every_half_done_state_is_completed(change: dict[str, object], expected: list[str]) -> None:
    assert steps(received(**change)) == expected


@pytest.mark.parametrize(
    ("status", "state", "expected"),
    [
        ("SourceSynchronizationSettingDeleted", "Succeeded", ["delete trigger sales/t", "create trigger sales/follow"]),
        ("Inactive", "Creating", ["wait trigger sales/t"]),
    ],
)
def test_a_trigger_that_does_not_run_is_made_anew_or_waited_for(status: str, state: str, expected: list[str]) -> None:
    trigger = Trigger(
        name="t",
        recurrence_interval="Day",
        synchronization_time=TIME,
        trigger_status=status,
        provisioning_state=state,
    )
    assert steps(received(triggers=(trigger,))) == expected


def test_a_schedule_is_copied_letter_by_letter() -> None:
    plan = consumer.plan(WISHED, received(triggers=()), grant=False)
    assert plan.steps[0].body["properties"]["synchronizationTime"] == TIME


@pytest.mark.parametrize("status", ["Revoked", "Revoking", "SourceDeleted"])
def test_a_share_that_was_taken_back_is_held_and_the_others_go_on(status: str) -> None:
    revoked = Subscription(
        name="old", share_name="sales-old", share_subscription_status=status, provider_tenant_name="contoso"
    )
    seen = replace(IN_STEP, received=(Received(revoked), replace(RECEIVED, triggers=())))
    plan = consumer.plan(WISHED, seen, grant=False)
    assert [type(error) for error in plan.held] == [Revoked]
    assert [step.kind for step in plan.steps] == ["trigger"]


@pytest.mark.parametrize(
    ("kind", "path", "template", "expected"),
    [
        ("AdlsGen2FileSystem", "raw", ("{file_system}", ""), ("AdlsGen2FileSystem", {"fileSystem": "raw"})),
        ("Container", "raw", ("all", "x/{share}"), ("AdlsGen2Folder", {"fileSystem": "all", "folderPath": "x/sales"})),
        ("AdlsGen2Folder", "raw/a/b", ("{file_system}", "{folder}"), ("AdlsGen2Folder", {"folderPath": "a/b"})),
        ("AdlsGen2File", "raw/a/b.csv", ("landing", "{folder}/"), ("AdlsGen2File", {"filePath": "a/b.csv"})),
        ("Blob", "raw/b.csv", ("landing", "{dataset}.csv"), ("AdlsGen2File", {"filePath": "one.csv"})),
    ],
)
def test_a_rule_puts_every_kind_where_it_says(
    kind: str, path: str, template: tuple[str, str], expected: tuple[str, dict[str, str]]
) -> None:
    source = SourceDataSet(data_set_name="one", data_set_id="D", data_set_path=path, data_set_type=kind)
    body = Destination(STORE, *template).body("sales", source)
    assert body["kind"] == expected[0]
    assert expected[1].items() <= body["properties"].items()


def test_a_kind_that_goes_into_no_folder_is_held_by_name() -> None:
    source = msgspec.structs.replace(SOURCE, data_set_path="x", data_set_type="SqlDBTable")
    plan = consumer.plan(WISHED, received(offered=(source,), mappings=()), grant=False)
    assert isinstance(plan.held[0], Conflict)
    assert "SqlDBTable" in str(plan.held[0])


@pytest.mark.parametrize(
    ("rule", "origins", "says"),
    [
        (WISHED.accept[0], {MAKER: TENANT}, ""),
        (WISHED.accept[0], {MAKER: None}, f"write creator: {MAKER}"),
        (WISHED.accept[0], {MAKER: TenantId("9")}, "made in tenant 9, not in"),
        (replace(WISHED.accept[0], creators=(MAKER.upper(),)), {MAKER: None}, ""),
        (replace(WISHED.accept[0], invitation="I1"), {MAKER: None}, ""),
        (Accept("*"), {MAKER: None}, ""),
    ],
    ids=["placed", "nobody can place it", "somebody else's", "named maker", "named invitation", "anybody"],
)
def test_nothing_is_mapped_before_its_maker_is_placed_in_the_tenant_of_the_rule(
    rule: Accept, origins: dict[str, TenantId | None], says: str
) -> None:
    unmapped = replace(received(mappings=(), triggers=()), origins=origins)
    found = consumer.plan(replace(WISHED, accept=(rule,)), unmapped, grant=False)
    assert [step.kind for step in found.steps] == ([] if says else ["mapping", "trigger"])
    assert [(type(error), says in str(error)) for error in found.held] == ([(Unproven, True)] if says else [])


def test_a_tenant_that_took_the_name_of_another_brings_nothing_once_all_is_mapped_either() -> None:
    assert steps(replace(IN_STEP, origins={})) == []
    more = msgspec.structs.replace(SOURCE, data_set_id="D2", data_set_name="more")
    seen = replace(received(offered=(SOURCE, more)), origins={MAKER: TenantId("9")})
    assert steps(seen) == []
