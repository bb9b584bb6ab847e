"""Who may see what: brought about by a file, and judged by trying as those who may and may not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sides import Killed, wire

from lakeport import profile
from lakeport.access import files
from lakeport.access.bringing import Access
from lakeport.errors import Forbidden
from lakeport.lake import FileSystem
from lakeport.profiles import local

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

TOPOLOGY = """\
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
apps = [{name = "admin"}, {name = "planner"}, {name = "stranger"}]
users = [{name = "ada@contoso.onmicrosoft.com"}, {name = "grace@fabrikam.onmicrosoft.com", guest_from = "fabrikam"}]
groups = [{name = "everyone", members = ["ada@contoso.onmicrosoft.com"]}]

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "group"
    location = "westeurope"
    storage_accounts = [{name = "contosolake", file_systems = ["share"]}]

  [[tenants.role_assignments]]
  principal = "admin"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "admin"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"

[[tenants]]
name = "fabrikam"
domain = "fabrikam.onmicrosoft.com"
users = [{name = "grace@fabrikam.onmicrosoft.com"}]
"""
WISHED = """\
profile: local:admin
storage_account: contosolake
file_system: share
consumers:
  analysts: {sales/2026: read, inbox: write}
members:
  analysts: [planner, grace@fabrikam.onmicrosoft.com, everyone]
"""


@pytest.fixture
def contoso(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """A lake with files, and nobody who may read them but the administrator."""
    azure = new_azure(topology=TOPOLOGY)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    local.forget()
    write("admin", "sales/2026/old/a.csv")
    write("admin", "sales/2026/b.csv")
    write("admin", "sales/2025/c.csv")
    (here / "access.yaml").write_text(WISHED)
    return azure


def write(who: str, path: str) -> None:
    import io

    FileSystem(profile(f"local:{who}"), "contosolake", "share").write(path, io.BytesIO(b"1"))


def may(who: str, path: str, *, writing: bool = False) -> bool:
    try:
        if writing:
            write(who, path)
        else:
            b"".join(FileSystem(profile(f"local:{who}"), "contosolake", "share").chunks(path))
    except Forbidden:
        return False
    return True


def test_consumers_get_their_folders_and_nothing_else(contoso: LocalAzure, lakeport: Lakeport) -> None:
    assert not may("planner", "sales/2026/b.csv")
    planned = lakeport("access", "plan", "--json")
    assert planned.status == 0, planned.err
    applied = lakeport("access", "apply", "--json")
    assert applied.status == 0, applied.err
    assert {row["kind"] for row in applied.rows[:-1]} == {"group", "member", "folder", "list", "passage"}
    assert lakeport("access", "apply").out == "already in step\n"
    assert may("planner", "sales/2026/b.csv")
    assert may("planner", "sales/2026/old/a.csv")
    assert not may("planner", "sales/2025/c.csv")
    assert not may("planner", "sales/2026/new.csv", writing=True)
    assert may("planner", "inbox/mine.csv", writing=True)
    write("admin", "sales/2026/later/d.csv")
    assert may("planner", "sales/2026/later/d.csv")
    assert not may("stranger", "sales/2026/b.csv")


def test_what_the_file_no_longer_gives_is_taken_back(contoso: LocalAzure, lakeport: Lakeport) -> None:
    assert lakeport("access", "apply").status == 0
    text = WISHED.replace("sales/2026: read, inbox: write", "sales/2026/old: read").replace(", everyone", "")
    Path("access.yaml").write_text(text)
    changed = lakeport("access", "apply", "--json")
    assert changed.status == 0, changed.err
    assert lakeport("access", "apply").out == "already in step\n"
    assert may("planner", "sales/2026/old/a.csv")
    assert not may("planner", "sales/2026/b.csv")
    assert not may("planner", "inbox/mine.csv", writing=True)
    Path("access.yaml").write_text(WISHED.replace("{sales/2026: read, inbox: write}", '{"/": read}'))
    assert lakeport("access", "apply").status == 0
    assert lakeport("access", "apply").out == "already in step\n"
    assert may("planner", "sales/2025/c.csv")
    Path("access.yaml").write_text(WISHED.replace("{sales/2026: read, inbox: write}", "{}"))
    assert lakeport("access", "apply").status == 0
    assert not may("planner", "sales/2026/b.csv")


def test_it_is_explained_and_audited_by_rule_guests_included(contoso: LocalAzure, lakeport: Lakeport) -> None:
    assert lakeport("access", "apply").status == 0
    may_read = lakeport("access", "explain", "access.yaml", "grace@fabrikam.onmicrosoft.com", "sales/2026", "--json")
    assert (may_read.status, may_read.rows[-1]["allowed"]) == (0, True), may_read.err
    assert [row["place"] for row in may_read.rows[:-1]] == ["/", "/sales", "/sales/2026"]
    assert all("lake contosolake/share analysts" in str(row["rule"]) for row in may_read.rows[:-1])
    refused = lakeport("access", "explain", "access.yaml", "planner", "sales/2026", "--write")
    assert (refused.status, "planner may not write /sales/2026" in refused.err) == (4, True)
    assert "It ends at /sales/2026" in refused.err
    stranger = lakeport("access", "explain", "access.yaml", "stranger", "sales/2026")
    assert (stranger.status, "everybody else" in stranger.out) == (4, True)
    owner = lakeport("access", "explain", "access.yaml", "admin", "sales/2025", "--write")
    assert (owner.status, "Storage Blob Data Owner" in owner.out) == (0, True), owner.err
    audited = lakeport("access", "audit", "access.yaml", "sales/2026", "--json")
    readers = {(str(row["name"]), row["right"]) for row in audited.rows[:-1]}
    assert ("planner", "read") in readers
    assert ("ada@contoso.onmicrosoft.com", "read") in readers, "in a group that is in the group"
    assert any(name.startswith("grace_fabrikam") for name, _ in readers)
    assert ("admin", "write") in readers
    assert "stranger" not in {name for name, _ in readers}


@pytest.mark.timeout(360)
def test_an_apply_killed_at_any_change_is_completed_by_the_next(
    contoso: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    access, kills = Access(files.read(Path("access.yaml"))), 0

    def told(_change: object) -> None:
        raise Killed

    while kills < 40:
        try:
            access.apply(told)
        except Killed:
            kills += 1
        else:
            break
    assert 6 < kills < 40
    with wire(monkeypatch) as heard:
        assert access.apply(lambda change: None) == []
        assert heard.writes == []
    assert may("planner", "sales/2026/old/a.csv")
