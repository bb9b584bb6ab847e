"""Lists are read and changed by people's names, for one path and for thousands, and judged by trying."""

from __future__ import annotations

import io
import json
import shlex
from dataclasses import dataclass
from http.client import HTTPSConnection
from ssl import create_default_context
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from azure.mgmt.authorization.v2022_04_01 import AuthorizationManagementClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.filedatalake import FileSystemClient
from tests.azure import LocalAzure

import lakeport
from lakeport import identity, profile
from lakeport.access.permissions import Permissions
from lakeport.errors import Ambiguous, Forbidden, LakeportError, Misused, NotFound, WrongIdKind
from lakeport.lake import FileSystem
from lakeport.profiles import local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.wire.lakeport.conftest import Lakeport

    from lakeport.access.journal import Progress

TOPOLOGY = """\
[[tenants]]
name = "contoso"
domain = "contoso.onmicrosoft.com"
apps = [{name = "admin"}, {name = "planner"}, {name = "stranger"}, {name = "keeper"}, {name = "twin"}]
users = [{name = "ada@contoso.onmicrosoft.com"}]
groups = [{name = "analysts", members = ["planner"]}, {name = "keepers", members = ["keeper"]}]

  [[tenants.subscriptions]]
  name = "main"

    [[tenants.subscriptions.resource_groups]]
    name = "group"
    location = "westeurope"
    storage_accounts = [{name = "contosolake", file_systems = []}]

  [[tenants.role_assignments]]
  principal = "admin"
  role = "Owner"
  scope = "/subscriptions/main"

  [[tenants.role_assignments]]
  principal = "admin"
  role = "Storage Blob Data Owner"
  scope = "/subscriptions/main"
"""
ADMIN = ("--profile", "local:admin")


@dataclass(frozen=True)
class Place:
    """A file system of one test, in which nobody but the administrator has a right."""

    azure: LocalAzure
    name: str

    def url(self, path: str = "") -> str:
        return f"abfss://{self.name}@contosolake.dfs.core.windows.net/{path}"

    def files(self, who: str) -> FileSystem:
        return FileSystem(profile(f"local:{who}"), "contosolake", self.name)

    def permissions(self, who: str, path: str = "") -> Permissions:
        return Permissions(profile(f"local:{who}"), "contosolake", self.name, path)

    def write(self, who: str, path: str) -> None:
        self.files(who).write(path, io.BytesIO(b"1"))

    def may_read(self, who: str, path: str) -> bool:
        try:
            b"".join(self.files(who).chunks(path))
        except Forbidden:
            return False
        return True

    def id_of(self, who: str) -> str:
        return str(self.azure.credentials(who)["object_id"])

    @property
    def microsofts(self) -> FileSystemClient:
        """Microsoft's client, as the administrator."""
        opens = identity.credential(profile("local:admin"))
        return FileSystemClient("https://contosolake.dfs.core.windows.net", self.name, opens, **self.azure.sdk)

    def many(self, directories: int, each: int) -> list[str]:
        """Make files in directories below `tree`, and return their paths."""
        token = identity.credential(profile("local:admin")).get_token("https://storage.azure.com/.default").token
        headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03", "Content-Length": "0"}
        trusting = create_default_context(cafile=self.azure.ca_bundle)
        wire = HTTPSConnection("127.0.0.1", self.azure.port, context=trusting)
        wire.set_tunnel("contosolake.dfs.core.windows.net")
        paths = [f"tree/{number:02}/{name}.txt" for number in range(directories) for name in range(each)]
        for path in paths:
            wire.request("PUT", f"/{self.name}/{path}?resource=file", headers=headers)
            with wire.getresponse() as answer:
                assert answer.status == 201, answer.read()
                answer.read()
        wire.close()
        return paths


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """A local Azure whose tests have a file system each."""
    one = LocalAzure(tmp_path_factory.mktemp("contoso"), topology=TOPOLOGY)
    yield one
    one.stop()


@pytest.fixture
def lake(contoso: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(contoso.state))
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "states"))
    local.forget()
    place = Place(contoso, f"fs{uuid4().hex[:12]}")
    place.microsofts.create_file_system()
    return place


def as_json(body: Mapping[str, object]) -> io.BytesIO:
    return io.BytesIO(json.dumps(body).encode())


def test_people_are_named_and_a_path_is_theirs_until_it_is_taken_back(lake: Place, lakeport: Lakeport) -> None:
    lake.write("admin", "sales/2030/a.csv")
    url = lake.url("sales/2030")
    assert not lake.may_read("planner", "sales/2030/a.csv")
    planned = lakeport("acl", "grant", "planner", "read", url, "-r", "--default", "--passage", "--dry-run", *ADMIN)
    assert planned.status == 0, planned.err
    assert "would put in /sales/2030 and everything below: user:planner:r-x" in planned.out
    assert not lake.may_read("planner", "sales/2030/a.csv")
    granted = lakeport("acl", "grant", "planner", "read", url, "-r", "--default", "--passage", "--json", *ADMIN)
    assert granted.status == 0, granted.err
    assert [row["path"] for row in granted.rows[:-1]] == ["", "sales", "sales/2030"]
    assert (granted.rows[-1]["directories"], granted.rows[-1]["files"]) == (1, 1)
    lake.write("admin", "sales/2030/later/b.csv")
    assert lake.may_read("planner", "sales/2030/a.csv")
    assert lake.may_read("planner", "sales/2030/later/b.csv")
    assert not lake.may_read("stranger", "sales/2030/a.csv")

    shown = lakeport("acl", "get", url, *ADMIN)
    assert "# owner: admin" in shown.out
    assert "\nuser:planner:r-x\n" in shown.out
    entries = lakeport("acl", "get", url, "--json", *ADMIN).rows[1:-1]
    assert lake.id_of("planner") in {row["object_id"] for row in entries}
    assert lakeport("acl", "revoke", "planner", url, "-r", *ADMIN).status == 0
    assert not lake.may_read("planner", "sales/2030/a.csv")
    assert lakeport("acl", "revoke", "planner", url, *ADMIN).out == "already so\n"


def test_a_list_is_replaced_as_a_whole_and_the_undo_that_is_printed_undoes(lake: Place, lakeport: Lakeport) -> None:
    lake.files("admin").make_directory("inbox")
    before = lake.permissions("admin", "inbox").get()
    wished = "user::rwx,group::r-x,group:analysts:write,user:ada@contoso.onmicrosoft.com:r,other::--x"
    done = lakeport("acl", "set", wished, lake.url("inbox"), *ADMIN)
    assert done.status == 0, done.err
    after = {str(one).partition(":")[0] + ":" + one.can for one in lake.permissions("admin", "inbox").get().entries}
    assert after == {"user:rwx", "user:r--", "group:r-x", "group:rwx", "mask:rwx", "other:--x"}
    undo = done.err.splitlines()[0].removeprefix("undo: lakeport ").replace("'", "").split(" ")
    assert lakeport(*undo).status == 0
    assert lake.permissions("admin", "inbox").get() == before
    refused = lakeport("acl", "set", "user:ada@contoso.onmicrosoft.com:r", lake.url("inbox"), *ADMIN)
    assert (refused.status, "must say user::, group::, other::" in refused.err) == (2, True)


def test_a_mask_lets_through_what_is_granted_and_nothing_more(lake: Place) -> None:
    lake.files("admin").make_directory("masked")
    there = lake.permissions("admin", "masked")
    there.do(there.set("user::rwx,group::r-x,user:stranger:rwx,mask::r--,other::---"))
    there.do(there.grant("planner", "r-x"))
    found = {str(one) for one in there.get().entries}
    stranger = lake.id_of("stranger")
    assert {"mask::r-x", f"user:{stranger}:rwx"} <= found
    with pytest.raises(Forbidden):
        lake.write("stranger", "masked/a")


def test_wrong_names_and_ids_are_refused_with_the_right_ones(lake: Place) -> None:
    there = lake.permissions("admin")
    planner = lake.azure.credentials("planner")
    there.people.make_group("twin", "of an application's name")
    with pytest.raises(Ambiguous, match=r"group .*; servicePrincipal "):
        there.grant("twin", "r")
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
    lake.write("admin", "a.csv")
    with pytest.raises(Misused, match="is a file, in which nothing is made"):
        lake.permissions("admin", "a.csv").grant("planner", "r", default=True)
    with pytest.raises(NotFound, match=r"there is no fs[0-9a-f]{12}/nowhere"):
        lake.permissions("admin", "nowhere").grant("planner", "r")


def test_an_interrupted_change_of_a_tree_goes_on_where_it_stopped(lake: Place) -> None:
    paths = lake.many(20, 100)
    there = lake.permissions("admin", "tree")
    edits = there.grant("planner", "read", recursive=True)
    heard: list[int] = []

    def fail_after_some(progress: Progress) -> None:
        heard.append(progress.files + progress.directories)
        if len(heard) == 3:
            lake.azure.command("fault", "add", "429", "--method", "PATCH", "--count", "0")

    with pytest.raises(LakeportError) as stopped:
        there.do(edits, told=fail_after_some, at_most=300)
    assert stopped.value.retryable
    assert heard == [300, 600, 900]
    assert stopped.value.hint == "Next: the same command with --resume"
    lake.azure.command("fault", "clear")

    again: list[int] = []
    there.do(edits, told=lambda progress: again.append(progress.files + progress.directories), resume=True, at_most=300)
    assert again == [1200, 1500, 1800, 2021]
    planner = lake.id_of("planner")
    listed = [there.get(path) for path in (paths[0], paths[899], paths[1000], paths[-1])]
    assert all(one.entry("user", planner) is not None for one in listed)
    with pytest.raises(NotFound, match="no interrupted change"):
        there.do(edits, resume=True)


def test_paths_that_refuse_are_listed_and_tried_again_by_a_resume(lake: Place, lakeport: Lakeport) -> None:
    admin = lake.permissions("admin")
    admin.do(admin.grant("planner", "rwx"))
    lake.write("planner", "mine/a.csv")
    there = lake.permissions("planner", "mine")
    there.do(there.grant("admin", "rwx"))
    lake.write("admin", "mine/theirs.csv")
    command = ("acl", "grant", "group:analysts", "r-x", lake.url("mine"), "-r", "--profile", "local:planner")
    partly = lakeport(*command, "--json")
    assert (partly.status, partly.rows[-1]["status"], partly.rows[-1]["failed"]) == (3, "partly", 1), partly.err
    assert [row["path"] for row in partly.rows if row.get("status") == "failed"] == ["mine/theirs.csv"]
    assert "--resume" in partly.err
    assert lakeport(*command, "--resume").status == 3
    theirs = lake.microsofts.get_file_client("mine/theirs.csv")
    theirs.set_access_control(owner=lake.id_of("planner"))
    assert lakeport(*command, "--resume").status == 0
    assert lakeport(*command, "--resume").status == 5


def test_a_path_and_a_tree_are_given_away_and_the_undo_that_is_printed_takes_them_back(
    lake: Place, lakeport: Lakeport
) -> None:
    paths = lake.many(3, 4)
    url, planner, analysts = lake.url("tree"), lake.id_of("planner"), lake.permissions("admin").people.find("analysts")
    before = lake.permissions("admin", "tree").lists.shown("tree")
    planned = lakeport("acl", "set", "1770", "--owner", "planner", "--group", "analysts", url, "--dry-run", *ADMIN)
    assert planned.status == 0, planned.err
    assert "would give /tree: owner planner, group analysts, permissions 1770" in planned.out
    done = lakeport("acl", "set", "1770", "--owner", "planner", "--group", "analysts", url, *ADMIN)
    assert done.status == 0, done.err
    given = lake.microsofts.get_directory_client("tree").get_access_control(upn=False)
    assert [given[key] for key in ("owner", "group", "permissions")] == [planner, analysts.object_id, "rwxrwx--T"]
    assert "already so" in lakeport("acl", "set", "1770", "--owner", "planner", url, *ADMIN).out
    undo = next(line for line in done.err.splitlines() if line.startswith("undo: "))
    assert lakeport(*shlex.split(undo.removeprefix("undo: lakeport "))).status == 0, undo
    assert lake.permissions("admin", "tree").lists.shown("tree") == before

    command = ("acl", "set", "u+x,o+r,+t", "--owner", "planner", url, "-r", "--batch", "5", "--json", *ADMIN)
    tree = lakeport(*command)
    assert (tree.status, tree.rows[-1]["directories"], tree.rows[-1]["files"]) == (0, 4, len(paths)), tree.err
    found = {one.name: one for one in lake.microsofts.get_paths("tree", recursive=True)}
    assert {one.owner for one in found.values()} == {planner}
    assert {one.permissions for one in found.values() if one.is_directory} == {"rwxr-xr-T"}
    assert {found[path].permissions for path in paths} == {"rwxr--r--"}


def test_owners_of_a_tree_that_refuse_are_listed_and_tried_again_by_a_resume(lake: Place, lakeport: Lakeport) -> None:
    admin = lake.permissions("admin")
    admin.do(admin.grant("planner", "rwx"))
    lake.write("planner", "mine/a.csv")
    there = lake.permissions("planner", "mine")
    there.do(there.grant("admin", "rwx"))
    lake.write("admin", "mine/theirs.csv")
    command = ("acl", "set", "g+w", lake.url("mine"), "-r", "--profile", "local:planner")
    partly = lakeport(*command, "--json")
    assert (partly.status, partly.rows[-1]["status"], partly.rows[-1]["failed"]) == (3, "partly", 1), partly.err
    assert (partly.rows[-1]["directories"], partly.rows[-1]["files"]) == (1, 1)
    assert [row["path"] for row in partly.rows if row.get("status") == "failed"] == ["mine/theirs.csv"]
    lake.microsofts.get_file_client("mine/theirs.csv").set_access_control(owner=lake.id_of("planner"))
    again = lakeport(*command, "--resume", "--json")
    assert (again.status, again.rows[-1]["files"]) == (0, 2), again.err
    assert lakeport(*command, "--resume").status == 5


def test_an_interrupted_change_of_owners_goes_on_with_the_page_where_it_stopped(lake: Place) -> None:
    paths = lake.many(4, 5)
    there, planner = lake.permissions("admin", "tree"), lake.id_of("planner")
    change = there.own(owner="planner", recursive=True)
    heard: list[int] = []

    def enough(progress: Progress) -> None:
        heard.append(progress.files)
        if len(heard) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        there.do([change], told=enough, at_most=6)
    mine = [one.name for one in lake.microsofts.get_paths("tree", recursive=True) if one.owner == planner]
    assert len(mine) == 12
    rest: list[int] = []
    done = there.do([change], told=lambda progress: rest.append(progress.files), resume=True, at_most=6)
    assert done is not None
    assert (done.directories, done.files, len(rest)) == (5, len(paths), 2)
    assert {one.owner for one in lake.microsofts.get_paths("tree", recursive=True)} == {planner}


def test_what_is_no_owner_and_no_permissions_is_refused_before_anything_is_sent(
    lake: Place, lakeport: Lakeport
) -> None:
    for words, status, said in (
        (("789",), 2, "'789' is no permissions"),
        (("u+w", "g+w"), 2, "'g+w' is one word too many"),
        ((), 2, "nothing is said that is to be set"),
        (("--owner", "nobody there"), 5, "has nobody called 'nobody there'"),
        (("--owner", "other::"), 2, "other:: is nobody in particular"),
        (("--group", "twice"), 5, "has nobody called 'twice'"),
        (("750", "--resume"), 2, "--resume goes on with a recursive change"),
    ):
        refused = lakeport("acl", "set", *words, lake.url(), *ADMIN)
        assert (refused.status, said in refused.err, refused.out) == (status, True, ""), refused
    assert lakeport("acl", "set", "750", lake.url("not there"), *ADMIN).status == 5


def test_it_is_explained_and_the_commands_that_are_named_let_it_pass(lake: Place, lakeport: Lakeport) -> None:
    lake.write("admin", "deep/down/a.csv")
    url = lake.url("deep/down/a.csv")
    before = lakeport("acl", "explain", "planner", url, "--to", "read", "--json", *ADMIN)
    assert (before.status, before.rows[0]["allowed"], before.rows[0]["is_certain"]) == (4, False, True), before.err
    commands = before.rows[0]["grant"]
    assert isinstance(commands, list)
    assert [one.split(" ")[4:6] for one in commands] == [
        ["x", lake.url("")],
        ["x", lake.url("deep")],
        ["x", lake.url("deep/down")],
        ["r", url],
    ]
    for one in commands:
        assert lakeport(*one.split(" ")[1:]).status == 0
    assert lake.may_read("planner", "deep/down/a.csv")
    after = lakeport("acl", "explain", "planner", url, *ADMIN)
    assert after.status == 0
    assert "may      read         /deep/down/a.csv  user:'planner':r-- has r" in after.out
    assert "may not  write        /deep/down/a.csv  user:'planner':r-- lacks rw" in after.out
    assert lakeport("acl", "explain", "planner", url, "--to", "list", *ADMIN).status == 2


def test_roles_count_through_nested_groups_and_roles_of_ones_own_by_what_they_open(
    lake: Place, lakeport: Lakeport
) -> None:
    there = lake.permissions("admin")
    people, keepers = there.people, there.people.find("keepers")
    outer = people.make_group("outer", "a group around another")
    people.add(outer.object_id, keepers.object_id)
    admin = profile("local:admin")
    subscription = f"/subscriptions/{admin.subscription_id}"
    arm = AuthorizationManagementClient(identity.credential(admin), str(admin.subscription_id), **lake.azure.sdk)
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    permission = {"actions": [], "dataActions": [f"{blobs}/*"], "notDataActions": [f"{blobs}/delete"]}
    body = {"properties": {"roleName": "Keeper", "type": "CustomRole", "permissions": [permission]}}
    body["properties"]["assignableScopes"] = [subscription]
    role = arm.role_definitions.create_or_update(subscription, str(uuid4()), as_json(body))
    given = {"roleDefinitionId": role.id, "principalId": outer.object_id, "principalType": "Group"}
    arm.role_assignments.create(subscription, str(uuid4()), as_json({"properties": given}))
    lake.write("admin", "kept.csv")

    answers = lake.permissions("admin", "kept.csv").explain("keeper")
    allowed = {name for name, one in answers.items() if one.allowed}
    assert allowed == {"read", "write", "overwrite", "rename", "permissions", "ownership"}
    gate = answers["read"].deciding
    assert gate is not None
    assert gate.rule == "Keeper by group 'outer'"
    assert lake.may_read("keeper", "kept.csv")
    with pytest.raises(Forbidden):
        lake.files("keeper").remove("kept.csv")
    member = lake.permissions("admin", "kept.csv").explain("group:keepers", "read", "delete")
    assert (member["read"].allowed, member["delete"].allowed) == (True, False)


def test_a_lake_hands_out_a_paths_permissions(lake: Place) -> None:
    lake.write("admin", "x/a.csv")
    there = lakeport.connect("local:admin", account="contosolake", file_system=lake.name).acl("/x/a.csv")
    there.do(there.grant("planner", "read", passage=True))
    assert lake.may_read("planner", "x/a.csv")
    assert there.explain("planner", "read")["read"].allowed


def test_whoever_has_only_the_accounts_key_names_people_by_their_ids(
    lake: Place, lakeport: Lakeport, here: Path
) -> None:
    admin = profile("local:admin")
    arm = StorageManagementClient(identity.credential(admin), str(admin.subscription_id), **lake.azure.sdk)
    key = str(arm.storage_accounts.list_keys("group", "contosolake").keys_property[0].value)  # type: ignore[index]
    (here / "key").write_text(key)
    (here / "lakeport.toml").write_text(f"""[profiles.keyed]
cloud = "local"
storage_account = "contosolake"
account_key = {{file = "{here / "key"}"}}
""")
    lake.write("admin", "x.csv")
    url, gone = f"keyed:{lake.name}/x.csv", str(uuid4())
    assert lakeport("acl", "get", url).out.startswith(f"# owner: {lake.id_of('admin')}\n")
    granted = lakeport("acl", "grant", f"user:{gone.upper()}", "r", url)
    assert (granted.status, granted.out) == (0, f"set /x.csv: user:{gone}:r--\n"), granted.err
    assert lakeport("acl", "revoke", f"user:{gone}", url).status == 0
    refused = lakeport("acl", "grant", "planner", "r", url)
    assert (refused.status, "Write user:OBJECT_ID or group:OBJECT_ID" in refused.err) == (2, True)


def test_what_cannot_be_seen_is_not_called_certain(lake: Place, lakeport: Lakeport) -> None:
    admin = lake.permissions("admin")
    admin.do(admin.grant("stranger", "rwx"))
    lake.write("stranger", "mine/a.csv")
    seen = lake.permissions("stranger", "mine/a.csv").explain("planner", "read")["read"]
    assert (seen.allowed, seen.is_certain) == (False, False)
    refused = lakeport(
        "acl", "explain", "planner", lake.url("mine/a.csv"), "--to", "read", "--profile", "local:stranger"
    )
    assert (refused.status, "a role may allow it all the same" in refused.err) == (4, True)
