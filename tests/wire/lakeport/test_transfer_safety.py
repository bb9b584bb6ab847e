"""What a transfer must not do: delete by half a list, mix two transfers, hang, or leave what nobody can go on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas
from tests.trouble import Trouble

from lakeport import identity, parse_url, profiles, transfer
from lakeport.clock import FixedClock
from lakeport.errors import LakeportError, Misused, Unreachable
from lakeport.storage.retrying import Patience
from lakeport.transfer import Rules, disk, journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

PART = 4 << 20
BIG = 3 * PART + 5
SOON = Patience(tries=3, first=timedelta(milliseconds=1))
STALLED = Patience(tries=3, first=timedelta(milliseconds=1), stall=timedelta(seconds=0.4))


@pytest.fixture(autouse=True)
def journals(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Journals of this test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))
    return here / "state" / "lakeport" / "transfers"


@pytest.fixture
def trouble(running: LocalAzure) -> Iterator[Trouble]:
    """The operator of the local Azure that these tests share: what a test sets ends with it."""
    one = Trouble(running)
    yield one
    one.clear()


@pytest.fixture
def tree(here: Path) -> Path:
    folder = here / "tree"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    return folder


def test_delete_is_refused_for_an_empty_source_and_for_a_list_that_cannot_be_had(
    trouble: Trouble, here: Path, lakeport: Lakeport, tree: Path
) -> None:
    to = "local:provider:share-data/kept"
    assert lakeport("sync", "tree", to).status == 0
    (here / "empty").mkdir()
    refused = lakeport("sync", "empty", to, "--delete")
    assert (refused.status, "3 of the target would be deleted" in refused.err) == (2, True)
    only = Rules(transfer.Filter(include=["*.none"]), deletes=True)
    assert transfer.sync(tree, parse_url(to), only).plan.deletions == (), "what is not meant is not deleted"
    (tree / "dark").mkdir(mode=0)
    if os.geteuid():
        with pytest.raises(LakeportError, match="cannot read"):
            transfer.sync(tree, parse_url(to), Rules(deletes=True))
    (tree / "dark").chmod(0o700)
    for kind in ("500", "truncate", "corrupt"):
        with trouble.of(kind, host="*.dfs.*", method="GET", count=0, after_bytes=0), pytest.raises(LakeportError):
            transfer.sync(parse_url(to), tree, Rules(deletes=True), patience=SOON)
    assert sorted(path.name for path in tree.iterdir()) == ["a", "b", "c", "dark"]
    emptied = lakeport("sync", "empty", to, "--delete", "--force", "--json").rows[-1]
    assert emptied["deleted"] == 3


def test_nothing_is_deleted_when_something_did_not_arrive_and_a_resume_deletes_what_is_still_gone(
    trouble: Trouble, here: Path, lakeport: Lakeport, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = "local:provider:share-data/partly"
    assert lakeport("sync", "tree", to).status == 0
    (tree / "a").unlink()
    (tree / "b").unlink()
    (tree / "new").write_text("new")
    decided = transfer.sync(Path("tree"), parse_url(to), Rules(deletes=True))
    with trouble.of("500", method="PUT", count=0):
        outcome = decided.run(patience=SOON)
    assert (len(outcome.failures), outcome.deleted) == (1, 0)
    (tree / "b").write_text("it came back")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    assert transfer.resume(decided.header.transfer).run().deleted == 1
    left = lakeport("ls", to, "--json").rows
    assert sorted(str(row["path"]).rpartition("/")[2] for row in left if "path" in row) == ["b", "c", "new"]


def test_two_transfers_of_one_file_never_mix_their_parts(trouble: Trouble, here: Path, lakeport: Lakeport) -> None:
    to = parse_url("local:provider:share-data/mixed/f")
    first, second = here / "first", here / "second"
    first.write_bytes(b"1" * BIG)
    second.write_bytes(b"2" * BIG)
    one, two = transfer.copy(first, to), transfer.copy(second, to)
    with trouble.of("500", method="PUT", skip=3, count=0):
        assert one.run(workers=1, patience=SOON).failures
    with trouble.of("500", method="PUT", skip=2, count=0):
        assert two.run(workers=1, patience=SOON).failures
    assert transfer.resume(one.header.transfer).run().failures == {}
    assert lakeport("cp", "local:provider:share-data/mixed/f", "back").status == 0
    assert Path("back").read_bytes() == first.read_bytes()

    down = [transfer.copy(to, here / "down") for _ in range(2)]
    with trouble.of("500", method="GET", skip=2, count=0):
        assert down[0].run(workers=1, patience=SOON).failures
    second_up = transfer.copy(second, to).run()
    assert second_up.failures == {}
    again = transfer.copy(to, here / "down")
    with trouble.of("500", method="GET", skip=1, count=0):
        assert again.run(workers=1, patience=SOON).failures
    assert transfer.resume(again.header.transfer).run().failures == {}
    assert Path("down").read_bytes() == second.read_bytes()
    assert transfer.resume(down[0].header.transfer).run().failures == {}, "its source changed: it began anew"
    assert Path("down").read_bytes() == second.read_bytes()
    assert not list(here.rglob(f"*{disk.ASIDE}"))


def test_what_was_done_and_not_answered_is_no_failure(trouble: Trouble, here: Path, lakeport: Lakeport) -> None:
    (here / "f").write_bytes(os.urandom(BIG))
    for operation in ("blob * blob", "blob * block", "blob * blocklist", "*"):
        to = parse_url("local:provider:share-data/lost/f")
        with trouble.of("reset-answer", method="PUT", operation=operation, count=3):
            outcome = transfer.copy(here / "f", to).run(patience=Patience(5, timedelta(milliseconds=1)))
        assert outcome.failures == {}, operation
        assert lakeport("cp", "local:provider:share-data/lost/f", "back").status == 0
        assert Path("back").read_bytes() == Path("f").read_bytes()


def test_a_damaged_byte_is_found_either_way_and_sent_again(trouble: Trouble, here: Path) -> None:
    for size in (1000, BIG):
        (here / "f").write_bytes(os.urandom(size))
        to = parse_url("local:provider:share-data/damaged/f")
        with trouble.of("corrupt-request", method="PUT", operation="blob * blo[bc]*", count=2):
            assert transfer.copy(here / "f", to, patience=SOON).run().failures == {}
        with trouble.of("corrupt", method="GET", count=2):
            assert transfer.copy(to, here / "back", patience=SOON).run().failures == {}
        assert Path("back").read_bytes() == Path("f").read_bytes()
        with trouble.of("corrupt", method="GET", count=0):
            outcome = transfer.copy(to, here / "bad", patience=SOON).run()
        assert "not those that were sent" in outcome.failures["damaged/f"]
        assert not Path("bad").exists()


@pytest.mark.parametrize("kind", ["timeout", "stall-body"])
def test_what_stalls_is_told_after_the_time_that_was_given(
    trouble: Trouble, here: Path, lakeport: Lakeport, kind: str
) -> None:
    (here / "f").write_bytes(os.urandom(1000))
    assert lakeport("cp", "f", "local:provider:share-data/stalls/f").status == 0
    decided = transfer.copy(parse_url("local:provider:share-data/stalls/f"), here / "back")
    with trouble.of(kind, method="GET", count=0, delay_s=3600):
        outcome = decided.run(patience=STALLED)
    assert list(outcome.failures) == ["stalls/f"]
    assert transfer.resume(decided.header.transfer).run().failures == {}


def test_an_interrupt_ends_a_stalled_transfer_at_once_with_130_and_a_journal(
    trouble: Trouble, here: Path, lakeport: Lakeport, journals: Path
) -> None:
    (here / "f").write_bytes(os.urandom(BIG))
    trouble.add("timeout", method="PUT", skip=1, count=0, delay_s=3600)
    command = [sys.executable, "-m", "lakeport", "cp", "f", "local:provider:share-data/stopped/f", "--jobs", "2"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  whoever runs the tests in the background has it ignored
    )
    waiting = threading.Event()
    while trouble.struck().get("timeout", 0) < 2:  # both workers stand still, for an hour
        assert process.poll() is None
        waiting.wait(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=40)
    assert (process.returncode, "Next: lakeport transfer resume" in said) == (130, True), said
    trouble.clear()
    name = journal.listed()[0]
    assert (journal.read(name)[2].ended, journal.read(name)[2].failed) == ("", {})
    assert lakeport("transfer", "resume", name).status == 0
    assert lakeport("cp", "local:provider:share-data/stopped/f", "back").status == 0
    assert Path("back").read_bytes() == Path("f").read_bytes()


def test_a_full_disk_is_told_with_what_to_do_and_a_resume_completes(
    running: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    (here / "f").write_bytes(os.urandom(BIG))
    assert lakeport("cp", "f", "local:provider:share-data/full/f").status == 0
    limited = (
        "import resource,signal,sys; from lakeport.cli import main; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    )
    limited += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({2 * PART}, {2 * PART})); sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", limited, "cp", "local:provider:share-data/full/f", "back", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3, done.stderr
    assert f"cannot write {here / 'back'}" in done.stdout or "cannot write back" in done.stdout
    assert "make room" in done.stdout
    assert not Path("back").exists()
    resumed = lakeport("transfer", "resume", journal.listed()[-1])
    assert resumed.status == 0, resumed.err
    assert Path("back").read_bytes() == Path("f").read_bytes()
    assert not list(here.rglob(f"*{disk.ASIDE}"))


def test_a_token_that_ended_before_its_time_is_asked_for_again(alone: LocalAzure, here: Path) -> None:
    trouble = Trouble(alone)
    (here / "f").write_bytes(os.urandom(BIG))
    to = parse_url("local:provider:share-data/tokens/f")
    assert transfer.copy(here / "f", to).run(workers=1).failures == {}
    decided = transfer.copy(here / "f", to)
    trouble.advance(2 * 3600)
    assert decided.run(patience=SOON).failures == {}
    with trouble.of("expired", count=1, method="PUT"):
        assert transfer.copy(here / "f", to).run(workers=1, patience=SOON).failures == {}
    with trouble.of("503", service="entra", count=2, retry_after_s=0):
        trouble.advance(2 * 3600)
        assert transfer.copy(here / "f", to).run(patience=SOON).failures == {}


def test_a_target_that_somebody_else_writes_meanwhile_is_told_and_a_resume_sends_it_again(
    trouble: Trouble, here: Path, lakeport: Lakeport
) -> None:
    (here / "f").write_bytes(os.urandom(BIG))
    (here / "other").write_bytes(os.urandom(BIG))
    to = parse_url("local:provider:share-data/raced/f")
    decided = transfer.copy(here / "f", to)

    def race(_outcome: object, _item: object) -> None:
        if not raced:
            raced.append(transfer.copy(here / "other", to).run())

    raced: list[transfer.Outcome] = []
    outcome = decided.run(workers=1, told=race)
    assert "somebody else" in outcome.failures[str(here / "f")]
    assert transfer.resume(decided.header.transfer).run().failures == {}
    assert lakeport("cp", "local:provider:share-data/raced/f", "back").status == 0
    assert Path("back").read_bytes() == Path("f").read_bytes()


def test_a_source_that_vanishes_is_told(trouble: Trouble, here: Path, lakeport: Lakeport) -> None:
    (here / "f").write_bytes(os.urandom(BIG))
    to = parse_url("local:provider:share-data/vanishes/f")
    up = transfer.copy(here / "f", to)
    assert up.run().failures == {}
    down = transfer.copy(to, here / "back")
    assert lakeport("rm", "local:provider:share-data/vanishes/f").status == 0
    assert list(down.run().failures) == ["vanishes/f"]
    again = transfer.copy(here / "f", to)
    (here / "f").unlink()
    assert list(again.run().failures) == [str(here / "f")]
    assert not Path("back").exists()


def test_a_limit_holds_for_all_workers_together(trouble: Trouble, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "f").write_bytes(os.urandom(BIG))
    clock = FixedClock(datetime(2030, 1, 1, tzinfo=UTC))
    decided = transfer.copy(here / "f", parse_url("local:provider:share-data/limited/f"))
    assert decided.run(workers=1, bytes_per_second=PART, clock=clock).failures == {}
    assert timedelta(seconds=3) <= sum(clock.slept, timedelta()) < timedelta(seconds=4)


def test_a_patience_that_is_at_its_end_is_an_error_of_its_own(trouble: Trouble, here: Path) -> None:
    with trouble.of("reset", count=0), pytest.raises(Unreachable):
        transfer.copy(parse_url("local:provider:share-data/nothing"), here / "x", patience=SOON)
    with pytest.raises(Misused):
        transfer.copy(here, here)


def test_a_transfer_outlives_the_key_that_its_signature_was_made_with_and_without_a_new_one_says_so(
    alone: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = next(one for one in alone.things("storage_account") if one["name"] == "sourcestorage")
    token = identity.credential(profiles.resolve("local:provider")).get_token("https://management.azure.com/.default")
    ids = alone.credentials("provider")

    def key(verb: str, **body: str) -> str:
        answer = requests.post(
            f"https://management.azure.com{account['id']}/{verb}?api-version=2023-01-01",
            json=body,
            headers={"Authorization": f"Bearer {token.token}"},
            proxies={"https": alone.proxy},
            verify=alone.ca_bundle,
            timeout=10,
        )
        return str(answer.json()["keys"][0]["value"])

    def sas(of: str) -> str:
        kinds, rights = (
            ResourceTypes(container=True, object=True),
            AccountSasPermissions(True, True, list=True, create=True),
        )
        return generate_account_sas("sourcestorage", of, kinds, rights, datetime.now(UTC) + timedelta(hours=1))

    vault = SecretClient(
        "https://contoso-vault.vault.azure.net", identity.credential(profiles.resolve("local:provider")), **alone.sdk
    )
    vault.set_secret("lake-sas", sas(key("listKeys")))
    for name in ("tenant_id", "client_id", "client_secret"):
        monkeypatch.setenv(f"MOVER_{name}", ids[name])
    monkeypatch.setenv("LAKE_KEY", key("listKeys"))
    folder = here / "config" / "lakeport"
    folder.mkdir(parents=True)
    (folder / "profiles.toml").write_text(
        f"""
[profiles.kept]
cloud = "local"
storage_account = "sourcestorage"
tenant_id = "{ids["tenant_id"]}"
client_id = "{ids["client_id"]}"
client_secret = {{env = "MOVER_client_secret"}}
credential = "sas_in_key_vault"
sas_secret = "https://contoso-vault.vault.azure.net/secrets/lake-sas"
[profiles.keyed]
cloud = "local"
storage_account = "sourcestorage"
account_key = {{env = "LAKE_KEY"}}
"""
    )
    (here / "f").write_bytes(os.urandom(BIG))

    def rotate(outcome: transfer.Outcome, _item: object) -> None:
        if outcome.size_bytes == PART:
            new.append(key("regenerateKey", keyName="key1"))
            vault.set_secret("lake-sas", sas(new[-1]))

    new: list[str] = []
    kept = transfer.copy(here / "f", parse_url("kept:share-data/rotated/f"))
    assert kept.run(workers=1, told=rotate, patience=SOON).failures == {}
    monkeypatch.setenv("LAKE_KEY", new[-1])
    keyed = transfer.copy(here / "f", parse_url("keyed:share-data/rotated/g"))
    failed = keyed.run(workers=1, told=rotate, patience=SOON)
    assert "AuthenticationFailed" in failed.failures[str(here / "f")]
    monkeypatch.setenv("LAKE_KEY", new[-1])
    outcome = transfer.resume(keyed.header.transfer).run()
    assert (len(new), outcome.failures, outcome.size_bytes) == (2, {}, BIG - PART)
    for name in ("f", "g"):
        assert transfer.copy(parse_url(f"keyed:share-data/rotated/{name}"), here / "back").run().failures == {}
        assert Path("back").read_bytes() == Path("f").read_bytes()
