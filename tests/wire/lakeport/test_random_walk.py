"""Whatever both sides and strangers have done, each side is brought in step in one run, and a second run changes nothing."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.sides import side, wire

from lakeport import read_receive_file, read_share_file
from lakeport.errors import Revoked
from lakeport.share import consumer, provider, revocation
from lakeport.share.apply import Worker

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.sides import Wire

    from lakeport.share import Session

EXAMPLES = int(os.environ.get("LAKEPORT_WALKS", "4"))
"""How many walks; more by hand: each step costs a third of a second of CPU."""
NAMES = count()
KINDS = (
    "file_system: share-data",
    "folder: share-data/gold",
    "folder: share-data/silver",
    "file: share-data/a.csv",
    "container: share-data",
    "blob_folder: share-data/gold",
    "blob: share-data/b.csv",
)
SHARE = """\
share: {name}
profile: local:provider
terms: {terms}
datasets: [{data_sets}]
schedule: {schedule}
invite: [{{tenant: fabrikam, principal: consumer}}]
"""
RECEIVE = """\
profile: local:consumer
accept: [{{from: contoso, share: {name}}}]
map: [{{to: "abfss://{name}@deststorage.dfs.core.windows.net/{{dataset}}{end}"}}]
schedule: {follow}
sync: {{mode: {mode}}}
"""
SCHEDULES = ("none", "{every: hour}", '{every: day, at: "02:00Z"}', '{every: hour, at: "00:30Z"}')
INSTANT = "2026-01-01T03:00:00Z"


class Walk(RuleBasedStateMachine):
    """Both sides of one share; the files say what should be, and strangers do what they like with the service."""

    heard: Wire

    @initialize()
    def begin(self) -> None:
        """Begin with files of a share that does not exist."""
        self.name = f"walk{next(NAMES)}"
        self.data_sets: dict[str, str] = {"d0": KINDS[0]}
        self.terms, self.schedule = "none", SCHEDULES[2]
        self.end, self.follow, self.mode = "", "follow", "incremental"
        self._read()

    def _read(self) -> None:
        entries = ", ".join(f"{{name: {name}, {kind}}}" for name, kind in self.data_sets.items())
        share = SHARE.format(name=self.name, terms=self.terms, data_sets=entries, schedule=self.schedule)
        receive = RECEIVE.format(name=self.name, end=self.end, follow=self.follow, mode=self.mode)
        Path("share.yaml").write_text(share)
        Path("receive.yaml").write_text(receive)
        self.giving: Session = side(read_share_file(Path("share.yaml")))
        self.taking: Session = side(read_receive_file(Path("receive.yaml")))

    # What both sides wish.

    @rule(name=st.sampled_from(["d0", "d1", "d2"]), kind=st.sampled_from(KINDS))
    def share_something(self, name: str, kind: str) -> None:
        """A data set is wished, or wished elsewhere."""
        self.data_sets[name] = kind
        self._read()

    @rule(schedule=st.sampled_from(SCHEDULES), terms=st.sampled_from(["none", "internal"]))
    def change_the_schedule(self, schedule: str, terms: str) -> None:
        """Another schedule and other terms are wished."""
        self.schedule, self.terms = schedule, terms
        self._read()

    @rule(end=st.sampled_from(["", "-moved"]), mode=st.sampled_from(["incremental", "full"]))
    def receive_elsewhere(self, end: str, mode: str) -> None:
        """Everything is to go to another place, in another mode."""
        self.end, self.mode = end, mode
        self._read()

    # What strangers do, as half-done scripts and portals leave things.

    def _there(self, kind: str, of: Session | None = None) -> list[dict[str, Any]]:
        control = (of or self.giving).control
        return control.all(kind, self.name) if control.get("share", self.name) else []

    def _taken(self) -> list[dict[str, Any]]:
        found = self.taking.control.all("subscription")
        return [one for one in found if one["properties"]["shareName"] == self.name]

    def _below(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(one["name"], below) for one in self._taken() for below in self.taking.control.all(kind, one["name"])]

    def _remove(self, session: Session, kind: str, *names: str) -> None:
        from lakeport.share.steps import Step

        Worker(session.control, session.roles, session.clock, session.talk).do(
            Step("delete", kind, names, "a stranger")
        )

    @rule(kind=st.sampled_from(["data set", "schedule", "invitation"]))
    def a_stranger_deletes_at_the_provider(self, kind: str) -> None:
        """Something of the share goes."""
        for one in self._there(kind)[:1]:
            self._remove(self.giving, kind, self.name, one["name"])

    @rule()
    def the_whole_share_goes(self) -> None:
        """The share is deleted, and with it its subscribers' source."""
        for step in revocation.share_removal(self.giving.control, self.name):
            self._remove(self.giving, step.kind, *step.names)

    @rule()
    def a_stranger_makes_another_schedule(self) -> None:
        """The schedule is replaced by one of another name and time."""
        for one in self._there("schedule"):
            self._remove(self.giving, "schedule", self.name, one["name"])
        if self.giving.control.get("share", self.name):
            body = {"recurrenceInterval": "Day", "synchronizationTime": INSTANT}
            body = {"kind": "ScheduleBased", "properties": body}  # type: ignore[dict-item]
            self.giving.control.put("schedule", self.name, "strangers", body=body)

    @rule(wished=st.sampled_from(["Revoked", "Active"]))
    def the_provider_changes_its_mind(self, wished: str) -> None:
        """The share is revoked or reinstated."""
        if self.giving.control.get("share", self.name) is None:
            return
        for change in revocation.changes(self.giving.control, self.name, None, wished):
            if change.is_needed:
                revocation.carry_out(self.giving.control, self.name, change, self.giving.clock)

    @rule()
    def a_script_accepts_and_stops(self) -> None:
        """What is offered is accepted under another name, and nothing is mapped."""
        for one in self.taking.control.invitations():
            inner = one["properties"]
            if inner["shareName"] == self.name:
                asked = {"invitationId": inner["invitationId"], "sourceShareLocation": inner["location"]}
                name = f"{self.name}-script{next(NAMES)}"
                self.taking.control.put("subscription", name, body={"properties": asked})

    @rule(kind=st.sampled_from(["mapping", "trigger"]))
    def a_stranger_deletes_at_the_consumer(self, kind: str) -> None:
        """A mapping or the trigger goes."""
        for subscription, one in self._below(kind)[:1]:
            self._remove(self.taking, kind, subscription, one["name"])

    @rule()
    def a_stranger_maps_elsewhere(self) -> None:
        """A mapping goes, and another of the same data set leads somewhere else."""
        for subscription, one in self._below("mapping")[:1]:
            status = self.taking.control.get("subscription", subscription) or {}
            if status["properties"]["shareSubscriptionStatus"] != "Active" or one["kind"] == "AdlsGen2File":
                continue
            offered = {each["properties"]["dataSetId"] for each in self.taking.control.source_data_sets(subscription)}
            if one["properties"]["dataSetId"] not in offered:
                continue
            self._remove(self.taking, "mapping", subscription, one["name"])
            keep = ("dataSetId", "subscriptionId", "resourceGroup", "storageAccountName")
            target = {key: one["properties"][key] for key in keep} | {"containerName": "elsewhere", "prefix": "x"}
            body = {"kind": "BlobFolder", "properties": target}
            self.taking.control.put("mapping", subscription, "strangers", body=body)

    @rule()
    def the_consumer_forgets_the_share(self) -> None:
        """The subscription goes; its invitation was used."""
        for one in self._taken()[:1]:
            for step in revocation.subscription_removal(self.taking.control, one["name"]):
                self._remove(self.taking, step.kind, *step.names)

    # What must hold.

    @invariant()
    def both_sides_apply(self) -> None:
        """Each side is brought in step in one run, and then neither has anything to do."""
        for session in (self.giving, self.taking):
            session.apply(lambda step: None)
        for session in (self.giving, self.taking):
            self.heard.reset()
            found = session.apply(lambda step: None)
            assert [step.sentence() for step in found.steps] == []
            assert self.heard.writes == []
            assert all(isinstance(error, Revoked) for error in found.plan.held)
        self._check_provider()
        self._check_consumer()

    def _check_provider(self) -> None:
        seen = provider.observe(self.giving.wished, self.giving.control, self.giving.roles)  # type: ignore[arg-type]
        kinds = {one.name: one.kind for one in seen.data_sets}
        assert set(self.data_sets) <= set(kinds)
        assert len(seen.schedules) == (self.schedule != "none")
        assert any(one.invitation_status in {"Pending", "Accepted"} for one in seen.invitations)

    def _check_consumer(self) -> None:
        seen = consumer.observe(self.taking.wished, self.taking.control, self.taking.roles)  # type: ignore[arg-type]
        active = [one for one in seen.received if one.subscription.share_subscription_status == "Active"]
        for one in active:
            mapped = sorted(mapping.data_set_id for mapping in one.mappings)
            assert mapped == sorted(source.data_set_id for source in one.offered), "each data set once"
            assert {mapping.data_set_mapping_status for mapping in one.mappings} <= {"Ok"}
            places = {
                mapping.properties.get("folderPath", mapping.properties.get("filePath")) for mapping in one.mappings
            }
            assert all(str(place).split("/")[0].endswith(self.end or ("0", "1", "2")) for place in places)
            assert [trigger.trigger_status for trigger in one.triggers] == ["Active"] * (self.schedule != "none")

    def teardown(self) -> None:
        """Both sides are removed, in the right order, from whatever state."""
        if not hasattr(self, "giving"):
            return
        for one in self._taken():
            for step in revocation.subscription_removal(self.taking.control, one["name"]):
                self._remove(self.taking, step.kind, *step.names)
        self.the_whole_share_goes()
        assert self._taken() == []
        assert self.giving.control.get("share", self.name) is None


@pytest.mark.timeout(600)
def test_both_sides_converge_in_one_run_after_any_walk(running: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    with wire(monkeypatch) as heard:
        machine = type("WalkHere", (Walk,), {"heard": heard})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=10,
                deadline=None,
                derandomize="LAKEPORT_WALKS" not in os.environ,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
