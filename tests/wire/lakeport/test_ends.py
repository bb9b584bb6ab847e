"""When access ends as the file says, and what a provider hears of a consumer that left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sides import side
from tests.trouble import Trouble

from lakeport import read_share_file
from lakeport.identity import broker

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides


def invite(more: str) -> None:
    lines = Path("share.yaml").read_text().splitlines()[:-1]
    Path("share.yaml").write_text("\n".join([*lines, f"  - {{tenant: fabrikam, principal: consumer{more}}}", ""]))


def ends(kind: str, share: str) -> list[str | None]:
    control = side(read_share_file(Path("share.yaml"))).control
    return [one["properties"].get("expirationDate") for one in control.all(kind, share)]


def test_another_end_is_drift_that_apply_mends_before_and_after_it_was_accepted(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("ending")
    assert lakeport("share", "apply", "--grant").status == 0
    for kind, end in (("invitation", "2099-01-31T00:00:00Z"), ("subscriber", "2098-06-30T12:00:00Z")):
        if kind == "subscriber":
            assert lakeport("receive", "apply", "--grant").status == 0
            assert lakeport("share", "apply").out == "already in step\n", "what was accepted ends with its invitation"
        invite(f", expires: {end}")
        drifted = lakeport("share", "status", "--json")
        assert [row["kind"] for row in drifted.rows if row.get("drift") is True] == [kind], drifted.err
        assert f"the file wants {end}" in lakeport("share", "plan").out
        assert lakeport("share", "apply").status == 0
        assert ends(kind, "ending") == [end]
        assert lakeport("share", "apply").out == "already in step\n"
    invite("")
    assert lakeport("share", "apply").out == "already in step\n", "a file that names no end leaves it alone"
    assert ends("subscriber", "ending") == ["2098-06-30T12:00:00Z"]


def test_access_that_ended_is_given_again_until_another_date(
    alone: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("expired")
    now = datetime.now(UTC).replace(microsecond=0)
    first, second, third = (f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (1, 3, 5))
    invite(f", expires: {first}")
    for group in ("share", "receive"):
        assert lakeport(group, "apply", "--grant").status == 0
    Trouble(alone).advance(2 * 86400)
    broker.private.cache_clear()  # a command is a process of its own: it has no token from before
    assert lakeport("receive", "sync").status != 0
    invite("")
    unsaid = lakeport("share", "reinstate")
    assert (unsaid.status, f"ended on {first}" in unsaid.err, "--until" in unsaid.err) == (1, True, True), unsaid.err
    assert lakeport("share", "reinstate", "--until", second).status == 0
    assert (ends("subscriber", "expired"), lakeport("receive", "sync").status) == ([second], 0)
    assert lakeport("share", "revoke").status == 0
    invite(f", expires: {third}")
    assert lakeport("share", "reinstate").status == 0
    assert ends("subscriber", "expired") == [third], "the file says until when"
    assert lakeport("share", "apply").out == "already in step\n"


def test_several_files_at_once_mend_the_ends_too(running: LocalAzure, lakeport: Lakeport, sides: Sides) -> None:
    for name in ("endingone", "endingtwo"):
        sides(name)
        Path("share.yaml").rename(f"{name}.yaml")
    both = ("share", "apply", "endingone.yaml", "endingtwo.yaml")
    assert lakeport(*both, "--grant").status == 0
    sides("endingtwo")
    assert lakeport("receive", "apply", "--grant").status == 0
    invite(", expires: 2099-01-31T00:00:00Z")
    Path("share.yaml").rename("endingtwo.yaml")
    assert lakeport(*both).status == 0
    Path("endingtwo.yaml").rename("share.yaml")
    assert ends("subscriber", "endingtwo") == ["2099-01-31T00:00:00Z"]


def test_a_consumer_that_left_is_shown_and_invited_again_only_on_request(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("leaving")
    for group in ("share", "receive"):
        assert lakeport(group, "apply", "--grant").status == 0
    staying = lakeport("share", "status", "--json")
    assert [row["left"] for row in staying.rows if row.get("kind") == "invitation"] == [False]
    assert lakeport("receive", "destroy", "--share", "leaving").status == 0
    gone = lakeport("share", "status")
    assert "Accepted and left" in gone.out
    assert "accepted and left; again: true beside it under invite: sends another invitation" in gone.err
    assert lakeport("share", "apply").out == "already in step\n"
    invite(", again: true")
    invited = lakeport("share", "apply", "--json")
    assert [row["verb"] for row in invited.rows[:-1]] == ["create"], invited.err
    assert lakeport("share", "apply").out == "already in step\n", "one invitation, not one a run"
    assert lakeport("receive", "apply", "--grant").status == 0
    back = lakeport("share", "status", "--json")
    assert sorted(bool(row["left"]) for row in back.rows if row.get("kind") == "invitation") == [False, True]
    assert lakeport("share", "apply").out == "already in step\n"


@pytest.mark.parametrize("answered", ["2026-01-02T00:00:01Z", "2026-01-02T00:00:01.0000000+00:00"])
def test_who_accepted_is_told_by_when_it_was_sent_and_answered_however_that_is_spelled(answered: str) -> None:
    from lakeport.share import invitations
    from lakeport.share.provider import Observed
    from lakeport.share.resources import Invitation, Subscriber

    sent = "2026-01-01T00:00:00Z"
    first = Invitation(name="one", invitation_status="Accepted", sent_at=sent, responded_at="2026-01-02T00:00:01Z")
    second = Invitation(name="two", invitation_status="Accepted", sent_at=sent, responded_at="2026-01-03T00:00:00Z")
    taken = Subscriber(name="s", shared_at=sent, created_at=answered)
    other = Subscriber(name="t", shared_at=sent, created_at="2026-01-09T00:00:00Z")
    seen = Observed(invitations=(first, second), subscribers=(taken, other))
    assert invitations.acceptance(first, seen) == taken
    assert not invitations.has_left(second, seen), "somebody is unaccounted for: it may be them"
    assert not invitations.has_left(second, Observed(invitations=(second,), asked_subscribers=False))
    assert invitations.has_left(second, Observed(invitations=(second,)))
