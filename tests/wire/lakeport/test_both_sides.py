"""Applying both sides: once, again, and after every interruption."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakeport import read_receive_file, read_share_file
from lakeport.share import Consumer, Session, resources
from lakeport.share.control import Control
from lakeport.share.invite_book import InviteBook
from lakeport.share.roles import CONTRIBUTOR, assignment_name

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

    from lakeport.share import Provider, Step
    from lakeport.share.resources import Document


class Killed(BaseException):
    """The process ends here."""


class Counting(Control):
    """Counts what is sent to change something; dies when so many such requests have been answered."""

    left: int = 1_000_000
    writes: int = 0

    def _one(self, group: str, method: str, *names: str, body: tuple[str, Document] | None = None) -> Document:
        answer = super()._one(group, method, *names, body=body)
        if not method.startswith("get"):
            self.writes += 1
            if self.writes == self.left:
                raise Killed
        return answer


def session(wished: Provider | Consumer, *, dies_after: int = 1_000_000) -> tuple[Session, Counting]:
    found = Session(wished, grant=True)
    place = wished.place
    control = Counting(wished.profile, found.credential, place.subscription_id, place.resource_group, place.account)
    control.left = dies_after
    found.__dict__["control"] = control
    return found, control


def applied(wished: Provider | Consumer) -> list[str]:
    found, _ = session(wished)
    done: list[Step] = []
    found.apply(done.append)
    return [f"{step.verb} {step.kind}" for step in done]


def assert_in_step(wished: Provider | Consumer) -> None:
    found, control = session(wished)
    assert found.apply(lambda step: None).steps == ()
    assert control.writes == 0


@pytest.fixture
def book(running: LocalAzure) -> InviteBook:
    from lakeport import profiles

    return InviteBook(profiles.resolve("local:provider"))


def test_applying_twice_sends_nothing_the_second_time(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("twice")
    for side in ("share", "receive"):
        first = lakeport(side, "apply", "--grant")
        assert (first.status, first.out.splitlines()[-1]) == (0, "in step"), first.err
        assert "undo: lakeport" in first.err
        again = lakeport(side, "apply")
        assert (again.status, again.out) == (0, "already in step\n"), again.err
    assert_in_step(read_share_file(Path("share.yaml")))
    assert_in_step(read_receive_file(Path("receive.yaml")))


def test_a_dry_run_prints_the_steps_and_sends_nothing(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("dry")
    planned = lakeport("share", "apply", "--grant", "--dry-run", "--json")
    assert (planned.status, planned.rows[-1]["status"]) == (0, "planned")
    assert lakeport("share", "plan", "--grant", "--json").rows == planned.rows
    assert [row["kind"] for row in planned.rows[-7:-1]][-5:] == [
        "share",
        "data set",
        "data set",
        "schedule",
        "invitation",
    ]


@pytest.mark.timeout(120)
def test_a_provider_killed_between_any_two_steps_is_completed_by_the_next_run(
    running: LocalAzure, sides: Sides, book: InviteBook
) -> None:
    for requests in range(1, 100):
        sides(f"provider{requests}")
        wished = read_share_file(Path("share.yaml"), book=book)
        try:
            found, _ = session(wished, dies_after=requests)
            found.apply(lambda step: None)
        except Killed:
            applied(wished)
            assert_in_step(wished)
        else:
            assert requests > 4
            return


@pytest.mark.timeout(120)
def test_a_consumer_killed_between_any_two_steps_is_completed_by_the_next_run(
    running: LocalAzure, sides: Sides, book: InviteBook
) -> None:
    for requests in range(1, 100):
        sides(f"consumer{requests}")
        applied(read_share_file(Path("share.yaml"), book=book))
        wished = read_receive_file(Path("receive.yaml"))
        try:
            found, _ = session(wished, dies_after=requests)
            found.apply(lambda step: None)
        except Killed:
            applied(wished)
            assert_in_step(wished)
        else:
            assert requests > 4
            return


def test_a_missing_account_is_made_waited_for_and_given_its_role(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("newaccount")
    text = Path("share.yaml").read_text()
    Path("share.yaml").write_text(text.replace("source-data-share", "brand-new"))
    refused = lakeport("share", "apply", "--grant")
    assert (refused.status, "there is no data share account 'brand-new'" in refused.err) == (5, True)
    Path("share.yaml").write_text(text.replace("source-data-share", "brand-new\nlocation: westeurope"))
    made = lakeport("share", "apply", "--grant", "--json")
    assert made.status == 0, made.err
    assert [(row["verb"], row["kind"]) for row in made.rows[:3]] == [
        ("create", "account"),
        ("grant", "role"),
        ("create", "share"),
    ]
    assert lakeport("share", "apply").out == "already in step\n"


def test_what_the_provider_changes_is_followed(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("changing")
    assert lakeport("share", "apply", "--grant").status == 0
    assert lakeport("receive", "apply", "--grant").status == 0
    text = Path("share.yaml").read_text()
    Path("share.yaml").write_text(text.replace("02:00Z", "03:30Z").replace("share-data/gold", "share-data/silver"))
    assert lakeport("share", "apply").status == 0
    status = lakeport("receive", "status", "--json")
    assert status.rows[-1]["drift"] == 4
    changed = lakeport("receive", "apply", "--json")
    done = [(row["verb"], row["kind"]) for row in changed.rows[:-1]]
    assert sorted(done) == [("create", "mapping"), ("create", "trigger"), ("delete", "mapping"), ("delete", "trigger")]
    assert lakeport("receive", "apply").out == "already in step\n"


def test_without_a_schedule_everything_else_is_done(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("unscheduled")
    text = Path("share.yaml").read_text()
    Path("share.yaml").write_text(text.replace('{every: day, at: "02:00Z"}', "none"))
    assert lakeport("share", "apply", "--grant").status == 0
    received = lakeport("receive", "apply", "--grant")
    assert received.status == 0
    assert "has no schedule" in received.err
    assert "trigger" not in received.out


def test_a_revoked_share_is_refused_and_reinstated(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("revoked")
    assert lakeport("share", "apply", "--grant").status == 0
    assert lakeport("receive", "apply", "--grant").status == 0
    assert lakeport("share", "revoke", "--dry-run").out.startswith("would be revoked")
    revoked = lakeport("share", "revoke", "--to", "fabrikam")
    assert (revoked.status, "undo: lakeport share reinstate share.yaml --to fabrikam" in revoked.err) == (0, True)
    assert lakeport("share", "revoke").out == "already in step\n"
    refused = lakeport("receive", "sync")
    assert (refused.status, "revoked by its provider" in refused.err) == (4, True)
    held = lakeport("receive", "apply")
    assert (held.status, "held: share revoked of contoso was revoked" in held.err) == (3, True)
    assert lakeport("share", "reinstate").status == 0
    assert lakeport("receive", "sync").status == 0


def test_a_role_that_is_taken_away_fails_the_snapshot_and_is_given_again(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("roleless")
    assert lakeport("share", "apply", "--grant").status == 0
    assert lakeport("receive", "apply", "--grant").status == 0
    found, _ = session(read_receive_file(Path("receive.yaml")))
    (store,) = found.wished.stores if isinstance(found.wished, Consumer) else ()
    account = resources.read(resources.Account, found.control.get("account") or {})
    name = assignment_name(CONTRIBUTOR, account.principal_id, store)
    found.roles._client.role_assignments.delete(store.scope, name)
    failed = lakeport("receive", "sync")
    assert failed.status == 1
    assert "ended as Failed: data set" in failed.err
    assert "Missing permissions for DataShareAccount" in failed.err
    assert lakeport("receive", "apply").status == 4
    assert lakeport("receive", "apply", "--grant").status == 0
    assert lakeport("receive", "sync").status == 0


def test_both_sides_are_removed_in_the_right_order(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("removed")
    assert lakeport("share", "apply", "--grant").status == 0
    assert lakeport("receive", "apply", "--grant").status == 0
    assert lakeport("share", "destroy").status == 0
    assert lakeport("share", "destroy").out == "already gone\n"
    gone = lakeport("receive", "sync")
    assert (gone.status, "was deleted by its provider" in gone.err) == (4, True)
    assert lakeport("receive", "destroy", "--share", "removed").status == 0
    assert lakeport("receive", "sync").status == 5


def test_an_invitation_nobody_listed_is_not_accepted(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    sides("unlisted")
    assert lakeport("share", "apply", "--grant").status == 0
    text = Path("receive.yaml").read_text()
    Path("receive.yaml").write_text(text.replace("from: contoso", "from: fabrikam"))
    received = lakeport("receive", "apply", "--grant")
    assert (received.status, "no accept rule names it" in received.err) == (0, True)
    listed = lakeport("receive", "list", "--json")
    assert [row["wanted"] for row in listed.rows if row.get("share") == "unlisted"] == [False]
    Path("receive.yaml").unlink()
    assert "unlisted of contoso" in lakeport("receive", "list", "--profile", "local:consumer").out
