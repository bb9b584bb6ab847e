"""Snapshots past and under way, over both sides."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sides import side
from tests.trouble import Trouble, until

from lakeport import read_receive_file

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

    from lakeport.share.resources import Detail


@pytest.fixture
def shared(running: LocalAzure, lakeport: Lakeport, sides: Sides, request: pytest.FixtureRequest) -> str:
    """A share with a manifest of a folder of its own, received."""
    name = f"snap{abs(hash(request.node.name)) % 10**8}"
    sides(name)
    text = Path("share.yaml").read_text().replace("  - {name: raw, file_system: share-data}\n", "manifest: true\n")
    text = text.replace("manifest: true\n  - ", "  - ").replace("schedule:", "manifest: true\nschedule:")
    Path("share.yaml").write_text(text.replace("share-data/gold", f"share-data/{name}"))
    for number in (1, 2):
        Path("file.csv").write_text("x" * number)
        done = lakeport("cp", "file.csv", f"local:provider:share-data/{name}/{number}.csv")
        assert done.status == 0, done.err
    for group in ("share", "receive"):
        done = lakeport(group, "apply", "--grant")
        assert done.status == 0, done.err
    return name


def test_what_arrived_is_compared_with_the_manifest_and_deletions_are_mirrored_on_request(
    shared: str, lakeport: Lakeport
) -> None:
    assert lakeport("receive", "sync").status == 0
    verified = lakeport("receive", "verify", "--json")
    assert (verified.status, verified.rows[0]["files"]) == (0, 2), verified.err
    assert "the provider's manifest" in str(verified.rows[0]["compared"])
    from lakeport import profile
    from lakeport.lake import FileSystem

    source = FileSystem(profile("local:provider"), "sourcestorage", "share-data")
    source.remove(f"{shared}/1.csv")
    published = lakeport("share", "publish-manifest", "--json")
    assert (published.status, published.rows[0]["files"]) == (0, 1), published.err
    assert lakeport("receive", "sync").status == 0
    planned = lakeport("receive", "prune", "--json")
    assert [row["path"] for row in planned.rows[:-1]] == [f"{shared}/gold/1.csv"], planned.err
    assert lakeport("receive", "prune", "--yes").status == 0
    assert lakeport("receive", "prune").out == "nothing is too much\n"
    after = lakeport("receive", "verify", "--json")
    assert (after.rows[0]["files"], after.rows[0]["extra"]) == (1, [])


def test_a_difference_from_the_manifest_is_named(shared: str, lakeport: Lakeport) -> None:
    assert lakeport("receive", "sync").status == 0
    Path("file.csv").write_text("tampered")
    assert lakeport("cp", "file.csv", f"local:consumer:{shared}/gold/2.csv").status == 0
    verified = lakeport("receive", "verify")
    assert (verified.status, "data set gold: 2.csv arrived different" in verified.err) == (1, True)


def test_both_sides_see_the_history_and_an_archive_keeps_it(shared: str, lakeport: Lakeport) -> None:
    assert lakeport("receive", "history").out == "no snapshot was taken yet\n"
    for mode in ("full", "incremental"):
        assert lakeport("receive", "sync", "--mode", mode).status == 0
    ours = lakeport("receive", "history", "--archive", "kept", "--json")
    assert [row["mode"] for row in ours.rows[:-1]] == ["FullSync", "Incremental"]
    theirs = lakeport("share", "history", "--json")
    assert [row["synchronization_id"] for row in theirs.rows[:-1]] == [
        row["synchronization_id"] for row in ours.rows[:-1]
    ]
    assert {row["tenant"] for row in theirs.rows[:-1]} == {"fabrikam"}
    assert list(Path("kept").rglob("*.parquet"))
    assert lakeport("receive", "cancel").out == "nothing is under way\n"


def test_a_snapshot_under_way_is_cancelled_and_told_as_such(
    shared: str, running: LocalAzure, lakeport: Lakeport
) -> None:
    session = side(read_receive_file(Path("receive.yaml")))

    def copied() -> list[Detail]:
        [run] = session.taker().runs(shared)
        found = session.taker().details(shared, run.synchronization_id)
        return [one for one in found if one.name == "gold" and one.files_written == 1]

    with Trouble(running).snapshots_held(1):
        command = [sys.executable, "-m", "lakeport", "receive", "sync"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as syncing:
            until(lambda: bool(session.taker().runs(shared)) and bool(copied()))
            [run] = session.taker().runs(shared)
            wrong = lakeport("receive", "cancel", "--dry-run", "--id", str(uuid.uuid4()))
            assert (wrong.status, "is not under way" in wrong.err) == (5, True)
            planned = lakeport("receive", "cancel", "--dry-run", "--id", run.synchronization_id.upper(), "--json")
            assert [row["status"] for row in planned.rows[:-1]] == ["InProgress"], planned.err
            assert "last one: InProgress" in lakeport("receive", "status").out
            ended = lakeport("receive", "cancel", "--id", run.synchronization_id, "--json")
            assert [row["status"] for row in ended.rows[:-1]] == ["Cancelled"], ended.err
            told = syncing.communicate()[1]
        assert (syncing.returncode, f"the snapshot of {shared} ended as Cancelled" in told) == (1, True), told
    status = lakeport("receive", "status")
    assert "newest snapshot: never  last one: Cancelled" in status.out, status.err
    assert [row["status"] for row in lakeport("receive", "history", "--json").rows[:-1]] == ["Cancelled"]
    assert lakeport("receive", "cancel").out == "nothing is under way\n"
    assert lakeport("receive", "sync").status == 0, "what was copied stays, and the next one brings the rest"
    verified = lakeport("receive", "verify", "--json")
    assert (verified.status, verified.rows[0]["files"]) == (0, 2), verified.err


def test_a_revocation_is_proven_by_trying(shared: str, lakeport: Lakeport) -> None:
    revoked = lakeport("share", "revoke", "--prove", "local:consumer")
    assert revoked.status == 0, revoked.err
    assert f"proven: a snapshot of {shared} is refused" in revoked.out
    assert lakeport("share", "reinstate").status == 0


def test_a_share_that_no_snapshot_reached_for_too_long_is_told_by_status_and_webhook(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("stale")
    for group in ("share", "receive"):
        assert lakeport(group, "apply", "--grant").status == 0
    fresh = lakeport("receive", "status", "--json")
    assert (fresh.status, fresh.rows[-1]["stale"]) == (0, 0), fresh.err
    text = Path("receive.yaml").read_text()
    Path("receive.yaml").write_text(f"{text}sync: {{stale_after: 0m}}\n")
    old = lakeport("receive", "status", "--webhook", "http://127.0.0.1:1/x", "--json")
    assert (old.status, old.rows[0]["stale"]) == (1, True)
    assert "no good snapshot yet" in old.err
    assert "note: the webhook at 127.0.0.1 cannot be reached" in old.err
    assert lakeport("share", "status").status == 0
