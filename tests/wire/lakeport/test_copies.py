"""Copies from lake to lake: by the accounts themselves, and through this machine where they cannot."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lakeport as package
from lakeport import parse_url, transfer
from lakeport.clock import SystemClock
from lakeport.errors import Misused
from lakeport.transfer.blobs import Blobs

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

BIG = 9 * (1 << 20) + 5
NAMES = ("a.csv", "two words #1?.txt", "50%25.txt", "deep/er/naïve.bin", "empty")


@pytest.fixture(autouse=True)
def journals(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))


@pytest.fixture
def source(running: LocalAzure) -> package.Lake:
    return package.connect("local:provider", account="sourcestorage", file_system="share-data")


@pytest.fixture
def target(running: LocalAzure) -> package.Lake:
    lake = package.connect("local:consumer", account="deststorage", file_system="copies")
    lake.create()
    return lake


def carried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the parts that go through this machine."""
    read, seen = Blobs.read, list[int]()

    def counting(self: Blobs, *arguments: object) -> object:
        seen.append(1)
        return read(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Blobs, "read", counting)
    return seen


def test_a_folder_goes_from_tenant_to_tenant_with_headers_and_metadata_and_not_through_here(
    source: package.Lake, target: package.Lake, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, through = source.directory("between"), carried(monkeypatch)
    for name in NAMES:
        folder.file(name).write_bytes(b"" if name == "empty" else name.encode() * 9)
    big = os.urandom(BIG)
    folder.file("big.bin").write_bytes(big)
    for name in ("big.bin", "a.csv"):
        folder.file(name).set_metadata({"owner": "ada"})
    done = lakeport("cp", "-r", "local:provider:share-data/between", "local:consumer:copies/arrived", "--json")
    assert done.status == 0, done.err
    assert {"files": len(NAMES) + 1, "through_here": False}.items() <= done.rows[-1].items()
    arrived = target.directory("arrived")
    for name in NAMES:
        assert arrived.file(name).read_bytes() == folder.file(name).read_bytes()
    assert arrived.file("big.bin").read_bytes() == big
    assert through == []
    for name in ("big.bin", "a.csv"):
        assert arrived.file(name).metadata() == {"owner": "ada"}
        assert arrived.file(name).checksum() == folder.file(name).checksum()


def test_a_sync_between_lakes_copies_what_changed_and_deletes_on_request(
    source: package.Lake, target: package.Lake, lakeport: Lakeport
) -> None:
    folder, mirror = source.directory("lake to lake"), target.directory("mirror")
    for name in ("a", "b", "c"):
        folder.file(name).write_text(name)
    words = ("sync", "local:provider:share-data/lake to lake", "local:consumer:copies/mirror")
    assert lakeport(*words, "--json").rows[-1]["files"] == 3
    assert lakeport(*words, "--json").rows[-1]["files"] == 0
    folder.file("b").write_text("another")
    folder.file("c").remove()
    mirror.file("own").write_text("own")
    done = lakeport(*words, "--delete", "--checksum", "--json").rows[-1]
    assert (done["files"], done["deleted"]) == (1, 2)
    assert sorted(one.path for one in mirror.entries()) == ["mirror/a", "mirror/b"]
    assert mirror.file("b").read_text() == "another"


def test_a_copy_goes_on_where_it_stopped_and_notices_a_source_that_changed(
    source: package.Lake, target: package.Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data = source.file("resumed/big.bin"), os.urandom(BIG)
    file.write_bytes(data)
    decided = transfer.copy(
        parse_url("local:provider:share-data/resumed/big.bin"), parse_url("local:consumer:copies/resumed.bin")
    )
    stage, calls = Blobs.stage_from, iter(range(100))

    def breaks(self: Blobs, *arguments: object) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        stage(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "stage_from", breaks)
        with pytest.raises(KeyboardInterrupt):
            decided.run(workers=1)
    assert not target.exists("resumed.bin")
    outcome = transfer.resume(decided.header.transfer).run()
    assert (outcome.failures, outcome.size_bytes) == ({}, BIG - (4 << 20))
    assert target.file("resumed.bin").read_bytes() == data

    again = transfer.copy(
        parse_url("local:provider:share-data/resumed/big.bin"), parse_url("local:consumer:copies/changed.bin")
    )
    file.write_bytes(data[::-1])
    assert "resumed/big.bin" in again.run().failures
    assert not target.exists("changed.bin")
    assert transfer.resume(again.header.transfer).run().failures == {}
    assert target.file("changed.bin").read_bytes() == data[::-1]


def test_where_the_target_cannot_read_the_source_the_bytes_go_through_here_and_it_is_said(
    source: package.Lake, target: package.Lake, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, through = os.urandom(BIG), carried(monkeypatch)
    for name, size in (("big.bin", BIG), ("small.bin", 5), ("empty", 0)):
        source.file(f"walled/{name}").write_bytes(data[:size])
        source.file(f"walled/{name}").set_metadata({"kept": "yes"})
    forged = {"x-ms-copy-source": "https://sourcestorage.blob.core.windows.net/share-data/none"}
    monkeypatch.setattr("lakeport.transfer.copying.lender", lambda *_: lambda _path: forged)
    done = lakeport("cp", "-r", "local:provider:share-data/walled", "local:consumer:copies/carried", "--jobs", "1")
    assert done.status == 0, done.err
    assert "the bytes went through this machine" in done.err
    assert through
    for name, size in (("big.bin", BIG), ("small.bin", 5), ("empty", 0)):
        assert target.file(f"carried/{name}").read_bytes() == data[:size]
        assert target.file(f"carried/{name}").metadata() == {"kept": "yes"}


def test_a_copy_to_itself_is_refused_and_one_within_a_file_system_is_not(
    source: package.Lake, lakeport: Lakeport
) -> None:
    source.file("within/a").write_text("a")
    for into in ("within", "within/below"):
        with pytest.raises(Misused, match="below itself"):
            transfer.copy(
                parse_url("local:provider:share-data/within"),
                parse_url(f"local:provider:share-data/{into}"),
                recursive=True,
            )
    assert lakeport("cp", "local:provider:share-data/within/a", "local:provider:share-data/within/b").status == 0
    assert source.file("within/b").read_text() == "a"
    assert lakeport("cp", "local:provider:share-data/within", "local:provider:share-data/other").status == 2


def test_accounts_opened_by_key_or_sas_lend_a_signature(
    new_azure: NewAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = base64.b64encode(bytes(range(64))).decode()
    azure = new_azure(
        topology=f"""
[[tenants]]
name = "contoso"
[[tenants.subscriptions]]
name = "main"
[[tenants.subscriptions.resource_groups]]
name = "lakes"
location = "westeurope"
[[tenants.subscriptions.resource_groups.storage_accounts]]
name = "deep"
key = "{key}"
file_systems = ["data"]
[[tenants.subscriptions.resource_groups.storage_accounts]]
name = "flat"
key = "{key}"
hns = false
file_systems = ["data"]
"""
    )
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    monkeypatch.setenv("THE_KEY", key)
    (here / "lakeport.toml").write_text(
        "".join(
            f'[profiles.{name}]\ncloud = "local"\ncredential = "account_key"\nstorage_account = "{name}"\n'
            'file_system = "data"\naccount_key = { env = "THE_KEY" }\n'
            for name in ("deep", "flat")
        )
    )
    package.connect("deep").file("x/two words.bin").write_bytes(b"12345")
    through = carried(monkeypatch)
    done = lakeport("cp", "-r", "deep:data/x", "flat:data/y")
    assert done.status == 0, done.err
    assert through == []
    assert package.connect("flat").file("y/two words.bin").read_bytes() == b"12345"


def test_a_pattern_and_several_sources_are_copied_by_their_names(
    source: package.Lake, target: package.Lake, here: Path, lakeport: Lakeport
) -> None:
    for name in ("2029/a.csv", "2030/a.csv", "2030/b.json", "2030/01/c.csv", "odd/[x].csv"):
        source.file(f"several/{name}").write_text(name)
    tree = "local:provider:share-data/several"
    refused = lakeport("cp", f"{tree}/**/*.csv", "tables")
    assert (refused.status, "would both be tables/a.csv" in refused.err, (here / "tables").exists()) == (2, True, False)
    done = lakeport("cp", f"{tree}/{{2030,odd}}/**/*.csv", "tables")
    assert done.status == 0, done.err
    assert {one.name for one in (here / "tables").iterdir()} == {"a.csv", "c.csv", "[x].csv"}
    refused = lakeport("cp", f"{tree}/2030/*", "whole")
    assert (refused.status, (here / "whole").exists()) == (2, False)
    assert lakeport("cp", "-r", f"{tree}/2030/*", f"{tree}/odd/[x].csv", "whole").status == 0
    files = {str(one.relative_to(here / "whole")) for one in (here / "whole").rglob("*") if one.is_file()}
    assert files == {"01/c.csv", "a.csv", "b.json", "[x].csv"}
    assert lakeport("cp", "-r", "whole/01", "whole/a.csv", f"{tree}/back").status == 0
    assert sorted(one.path for one in source.glob("several/back/**/*.csv")) == [
        "several/back/01/c.csv",
        "several/back/a.csv",
    ]
    assert lakeport("cp", f"{tree}/2030/*.csv", "local:consumer:copies/between/").status == 0
    assert target.file("between/a.csv").read_text() == "2030/a.csv"
    assert lakeport("cp", f"{tree}/odd/[x].csv", "one.csv").status == 0
    assert (here / "one.csv").read_text() == "odd/[x].csv"
    for wrong in (
        ("one.csv", f"{tree}/2030/a.csv", "whole"),
        ("one.csv", "whole/a.csv", "whole"),
        ("-r", tree, "one.csv"),
    ):
        assert lakeport("cp", *wrong).status in {2, 3}
    nothing = lakeport("cp", f"{tree}/none*", "whole")
    assert (nothing.status, "nothing matches" in nothing.err) == (5, True)


def test_a_range_longer_than_what_one_answer_can_prove_is_read_in_several(source: package.Lake) -> None:
    data = os.urandom(BIG)
    source.file("ranges/big.bin").write_bytes(data)
    side = transfer.copy(parse_url("local:provider:share-data/ranges/big.bin"), Path("back.bin")).side
    blobs = Blobs(side, SystemClock())
    into = bytearray(BIG - 3)
    blobs.read(blobs.find("ranges/big.bin"), 3, memoryview(into))
    blobs.close()
    assert bytes(into) == data[3:]
