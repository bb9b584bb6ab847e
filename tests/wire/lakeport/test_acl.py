"""Lists are read and changed by people's names, for one path and for thousands, and judged by trying."""

from __future__ import annotations

import io
from http.client import HTTPSConnection
from ssl import create_default_context
from typing import TYPE_CHECKING

import pytest
from azure.storage.filedatalake import FileSystemClient

from lakeport import identity, profile
from lakeport.access.permissions import Permissions
from lakeport.errors import Ambiguous, Forbidden, LakeportError, Misused, NotFound, WrongIdKind
from lakeport.lake import FileSystem
from lakeport.profiles import local

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport

    from lakeport.access.journal import Progress

TOPOLOGY = """\
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
apps = [{name = "admin"}, {name = "planner"}, {name = "stranger"}]
users = [{name = "ada@contoso.onmicrosoft.com"}]
groups = [{name = "analysts", members = ["planner"]}]

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
"""
LAKE = "abfss://share@contosolake.dfs.core.windows.net"
ADMIN = ("--profile", "local:admin")


@pytest.fixture
def contoso(new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAzure:
    """A lake in which nobody but the administrator has a right."""
    azure = new_azure(topology=TOPOLOGY)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "states"))
    local.forget()
    return azure


def files(who: str) -> FileSystem:
    return FileSystem(profile(f"local:{who}"), "contosolake", "share")


def permissions(who: str, path: str) -> Permissions:
    return Permissions(profile(f"local:{who}"), "contosolake", "share", path)


def may_read(who: str, path: str) -> bool:
    try:
        b"".join(files(who).chunks(path))
    except Forbidden:
        return False
    return True


def stranger_to_lakeport(azure: LocalAzure) -> FileSystemClient:
    """Microsoft's client, as the administrator."""
    opens = identity.credential(profile("local:admin"))
    return FileSystemClient("https://contosolake.dfs.core.windows.net", "share", opens, **azure.sdk)


def many(azure: LocalAzure, directories: int, each: int) -> list[str]:
    """Make files in directories below `tree`, and return their paths."""
    token = identity.credential(profile("local:admin")).get_token("https://storage.azure.com/.default").token
    headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03", "Content-Length": "0"}
    wire = HTTPSConnection("127.0.0.1", azure.port, context=create_default_context(cafile=azure.ca_bundle))
    wire.set_tunnel("contosolake.dfs.core.windows.net")
    paths = [f"tree/{number:02}/{name}.txt" for number in range(directories) for name in range(each)]
    for path in paths:
        wire.request("PUT", f"/share/{path}?resource=file", headers=headers)
        with wire.getresponse() as answer:
            assert answer.status == 201, answer.read()
            answer.read()
    wire.close()
    return paths


def test_people_are_named_and_a_path_is_theirs_until_it_is_taken_back(contoso: LocalAzure, lakeport: Lakeport) -> None:
    files("admin").write("sales/2030/a.csv", io.BytesIO(b"1"))
    url = f"{LAKE}/sales/2030"
    assert not may_read("planner", "sales/2030/a.csv")
    planned = lakeport("acl", "grant", "planner", "read", url, "-r", "--default", "--passage", "--dry-run", *ADMIN)
    assert planned.status == 0, planned.err
    assert "would put in /sales/2030 and everything below: user:planner:r-x" in planned.out
    assert not may_read("planner", "sales/2030/a.csv")
    granted = lakeport("acl", "grant", "planner", "read", url, "-r", "--default", "--passage", "--json", *ADMIN)
    assert granted.status == 0, granted.err
    assert [row["path"] for row in granted.rows[:-1]] == ["", "sales", "sales/2030"]
    assert (granted.rows[-1]["directories"], granted.rows[-1]["files"]) == (1, 1)
    files("admin").write("sales/2030/later/b.csv", io.BytesIO(b"1"))
    assert may_read("planner", "sales/2030/a.csv")
    assert may_read("planner", "sales/2030/later/b.csv")
    assert not may_read("stranger", "sales/2030/a.csv")

    shown = lakeport("acl", "get", url, *ADMIN)
    assert "# owner: admin" in shown.out
    assert "\nuser:planner:r-x\n" in shown.out
    entries = lakeport("acl", "get", url, "--json", *ADMIN).rows[1:-1]
    assert contoso.credentials("planner")["object_id"] in {row["object_id"] for row in entries}
    assert lakeport("acl", "revoke", "planner", url, "-r", *ADMIN).status == 0
    assert not may_read("planner", "sales/2030/a.csv")
    assert lakeport("acl", "revoke", "planner", url, *ADMIN).out == "already so\n"


def test_a_list_is_replaced_as_a_whole_and_the_undo_that_is_printed_undoes(
    contoso: LocalAzure, lakeport: Lakeport
) -> None:
    files("admin").make_directory("inbox")
    before = permissions("admin", "inbox").get()
    wished = "user::rwx,group::r-x,group:analysts:write,user:ada@contoso.onmicrosoft.com:r,other::--x"
    done = lakeport("acl", "set", wished, f"{LAKE}/inbox", *ADMIN)
    assert done.status == 0, done.err
    after = {str(one).partition(":")[0] + ":" + one.can for one in permissions("admin", "inbox").get().entries}
    assert after == {"user:rwx", "user:r--", "group:r-x", "group:rwx", "mask:rwx", "other:--x"}
    undo = done.err.splitlines()[0].removeprefix("undo: lakeport ").replace("'", "").split(" ")
    assert lakeport(*undo).status == 0
    assert permissions("admin", "inbox").get() == before
    refused = lakeport("acl", "set", "user:ada@contoso.onmicrosoft.com:r", f"{LAKE}/inbox", *ADMIN)
    assert (refused.status, "must say user::, group::, other::" in refused.err) == (2, True)


def test_a_mask_lets_through_what_is_granted_and_nothing_more(contoso: LocalAzure) -> None:
    files("admin").make_directory("masked")
    there = permissions("admin", "masked")
    there.do(there.set("user::rwx,group::r-x,user:stranger:rwx,mask::r--,other::---"))
    there.do(there.grant("planner", "r-x"))
    found = {str(one) for one in there.get().entries}
    stranger = contoso.credentials("stranger")["object_id"]
    assert {"mask::r-x", f"user:{stranger}:rwx"} <= found
    with pytest.raises(Forbidden):
        files("stranger").write("masked/a", io.BytesIO(b"1"))


def test_wrong_names_and_ids_are_refused_with_the_right_ones(contoso: LocalAzure) -> None:
    there = permissions("admin", "")
    planner = contoso.credentials("planner")
    there.people.make_group("stranger", "of an application's name")
    with pytest.raises(Ambiguous, match=r"group .*; servicePrincipal "):
        there.grant("stranger", "r")
    with pytest.raises(NotFound, match="nobody called 'nobody'"):
        there.grant("nobody", "r")
    with pytest.raises(WrongIdKind, match="is a group, not a user"):
        there.grant("user:analysts", "r")
    application = there.people._all(f"applications?$filter=appId eq '{planner['client_id']}'")[0]["id"]
    for named in (application, f"user:{application}"):
        with pytest.raises(WrongIdKind, match=planner["object_id"]):
            there.grant(named, "r")
    for named in (planner["client_id"], planner["object_id"], f"user:{planner['object_id']}", "planner"):
        assert planner["object_id"] in {one.who for one in there.grant(named, "r")[0].acl}
    for wrong in ("sometimes", "rrr", "8", ""):
        with pytest.raises(Misused, match="says no rights"):
            there.grant("planner", wrong)
    with pytest.raises(NotFound, match="there is no share/nowhere"):
        permissions("admin", "nowhere").grant("planner", "r")


def test_an_interrupted_change_of_a_tree_goes_on_where_it_stopped(contoso: LocalAzure) -> None:
    paths = many(contoso, 20, 100)
    there = permissions("admin", "tree")
    edits = there.grant("planner", "read", recursive=True)
    heard: list[int] = []

    def fail_after_some(progress: Progress) -> None:
        heard.append(progress.files + progress.directories)
        if len(heard) == 3:
            contoso.command("fault", "add", "429", "--method", "PATCH", "--count", "0")

    with pytest.raises(LakeportError) as stopped:
        there.do(edits, told=fail_after_some, at_most=300)
    assert stopped.value.retryable
    assert heard == [300, 600, 900]
    assert stopped.value.hint == "Next: the same command with --resume"
    contoso.command("fault", "clear")

    again: list[int] = []
    there.do(edits, told=lambda progress: again.append(progress.files + progress.directories), resume=True, at_most=300)
    assert again == [1200, 1500, 1800, 2021]
    planner = contoso.credentials("planner")["object_id"]
    listed = [there.get(path) for path in (paths[0], paths[899], paths[1000], paths[-1])]
    assert all(one.entry("user", planner) is not None for one in listed)
    with pytest.raises(NotFound, match="no interrupted change"):
        there.do(edits, resume=True)


def test_paths_that_refuse_are_listed_and_tried_again_by_a_resume(contoso: LocalAzure, lakeport: Lakeport) -> None:
    admin = permissions("admin", "")
    admin.do(admin.grant("planner", "rwx"))
    files("planner").write("mine/a.csv", io.BytesIO(b"1"))
    there = permissions("planner", "mine")
    there.do(there.grant("admin", "rwx"))
    files("admin").write("mine/theirs.csv", io.BytesIO(b"1"))
    command = ("acl", "grant", "group:analysts", "r-x", f"{LAKE}/mine", "-r", "--profile", "local:planner")
    partly = lakeport(*command, "--json")
    assert (partly.status, partly.rows[-1]["status"], partly.rows[-1]["failed"]) == (3, "partly", 1), partly.err
    assert [row["path"] for row in partly.rows if row.get("status") == "failed"] == ["mine/theirs.csv"]
    assert "--resume" in partly.err
    assert lakeport(*command, "--resume").status == 3
    theirs = stranger_to_lakeport(contoso).get_file_client("mine/theirs.csv")
    theirs.set_access_control(owner=contoso.credentials("planner")["object_id"])
    assert lakeport(*command, "--resume").status == 0
    assert lakeport(*command, "--resume").status == 5
