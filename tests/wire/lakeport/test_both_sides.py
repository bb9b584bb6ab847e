"""Applying both sides: once, again, and after every interruption."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sides import Killed, Wire, side, wire

from lakeport import read_receive_file, read_share_file
from lakeport.access.roles import CONTRIBUTOR
from lakeport.share import Consumer, consumer, provider, resources, revocation
from lakeport.share.apply import Worker
from lakeport.share.invite_book import InviteBook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

    from lakeport.share import Session, Step


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    with wire(monkeypatch) as found:
        yield found


def assert_in_step(session: Session, heard: Wire) -> None:
    heard.reset()
    assert session.apply(lambda step: None).steps == ()
    assert heard.writes == []


@pytest.fixture
def book(running: LocalAzure) -> InviteBook:
    from lakeport import profiles

    return InviteBook(profiles.resolve("local:provider"))


def test_applying_twice_sends_nothing_the_second_time(
    running: LocalAzure, lakeport: Lakeport, sides: Sides, heard: Wire
) -> None:
    sides("twice")
    for group in ("share", "receive"):
        first = lakeport(group, "apply", "--grant")
        assert (first.status, first.out.splitlines()[-1]) == (0, "in step"), first.err
        assert "undo: lakeport" in first.err
        again = lakeport(group, "apply")
        assert (again.status, again.out) == (0, "already in step\n"), again.err
    assert_in_step(side(read_share_file(Path("share.yaml"))), heard)
    assert_in_step(side(read_receive_file(Path("receive.yaml"))), heard)


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


def removed(session: Session, steps: list[Step]) -> None:
    worker = Worker(session.control, session.roles, session.clock, session.talk)
    for step in steps:
        worker.do(step)


def completed(session: Session, heard: Wire, requests: int) -> bool:
    """Apply a side whose process ends after so many requests, then again; tell if it ended before its end."""
    heard.reset(dies_after=requests)
    try:
        session.apply(lambda step: None)
    except Killed:
        heard.reset()
        session.apply(lambda step: None)
    else:
        return False
    assert_in_step(session, heard)
    return True


@pytest.mark.timeout(360)
def test_a_provider_killed_at_any_request_boundary_is_completed_by_the_next_run(
    running: LocalAzure, sides: Sides, book: InviteBook, heard: Wire
) -> None:
    sides("killedprovider")
    session = side(read_share_file(Path("share.yaml"), book=book))
    for requests in range(1, 200):
        if not completed(session, heard, requests):
            break
        seen = provider.observe(session.wished, session.control, session.roles)  # type: ignore[arg-type]
        assert (len(seen.data_sets), len(seen.schedules), len(seen.invitations)) == (2, 1, 1), "made once each"
        removed(session, revocation.share_removal(session.control, "killedprovider"))
    assert requests > 20


@pytest.mark.timeout(360)
def test_a_consumer_killed_at_any_request_boundary_is_completed_by_the_next_run(
    running: LocalAzure, sides: Sides, book: InviteBook, heard: Wire
) -> None:
    sides("killedconsumer")
    giving = side(read_share_file(Path("share.yaml"), book=book))
    session = side(read_receive_file(Path("receive.yaml")))
    for requests in range(1, 200):
        heard.reset()
        giving.apply(lambda step: None)
        if not completed(session, heard, requests):
            break
        [taken] = consumer.observe(session.wished, session.control, session.roles).received  # type: ignore[arg-type]
        assert (len(taken.mappings), len(taken.triggers)) == (2, 1), "made once each"
        removed(session, revocation.subscription_removal(session.control, taken.subscription.name))
        [invitation] = giving.control.all("invitation", "killedconsumer")
        giving.control.delete("invitation", "killedconsumer", invitation["name"])
    assert requests > 20


def test_a_missing_account_is_made_waited_for_and_given_its_role(
    alone: LocalAzure, lakeport: Lakeport, sides: Sides
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
    found = side(read_receive_file(Path("receive.yaml")))
    (store,) = found.wished.stores if isinstance(found.wished, Consumer) else ()
    account = resources.read(resources.Account, found.control.get("account") or {})
    found.roles.take(CONTRIBUTOR, account.principal_id, store)
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


def test_a_rule_for_anybody_is_told_as_the_risk_that_it_is(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("anybody")
    assert "from anybody" not in lakeport("receive", "plan", "--grant").err
    Path("receive.yaml").write_text(Path("receive.yaml").read_text().replace("from: contoso", 'from: "*"'))
    told = [line for line in lakeport("receive", "plan", "--grant").err.splitlines() if "from anybody" in line]
    assert len(told) == 1
    assert told[0].startswith("note: receive.yaml: accept[0] takes invitations from anybody: a stranger's data")


def test_several_shares_are_applied_at_once_and_what_fails_for_one_does_not_stop_the_others(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    for name in ("several1", "several2"):
        sides(name)
        Path("share.yaml").rename(f"{name}.yaml")
    both = ("share", "apply", "several1.yaml", "several2.yaml")
    assert lakeport(*both, "--grant").status == 0
    assert lakeport(*both).out == "already in step\n"
    text = Path("several1.yaml").read_text()
    Path("several1.yaml").write_text(text.replace("account: source-data-share", "account: nobodys"))
    Path("several2.yaml").write_text(text.replace("several1", "several2").replace("02:00Z", "03:00Z"))
    partly = lakeport(*both)
    assert partly.status == 3
    assert "lakeport: several1.yaml: there is no data share account 'nobodys'" in partly.err
    assert "created schedule several2/schedule" in partly.out
