"""What is refused is one clear line that names the thing and the next move, and the right exit status."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.mgmt.storage import StorageManagementClient
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from lakeport import identity, profiles
from lakeport.profiles import local

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

LOCAL = """\
[profiles.me]
cloud = "local"
tenant_id = "{tenant_id}"
client_id = "{client_id}"
client_secret = {{env = "MY_SECRET"}}
storage_account = "sourcestorage"
"""


@pytest.fixture
def me(running: LocalAzure, here: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The provider's ids; a test writes them, or wrong ones, as profile `me`."""
    found = running.credentials("provider")
    monkeypatch.setenv("MY_SECRET", found["client_secret"])
    return {key: str(value) for key, value in found.items()}


def write(**ids: str) -> None:
    Path("lakeport.toml").write_text(LOCAL.format(**ids))


def test_a_profile_with_its_secret_in_the_environment_signs_in(me: dict[str, str], lakeport: Lakeport) -> None:
    write(**me)
    tested = lakeport("profile", "test", "me", "--json")
    assert tested.status == 0, tested.err
    assert tested.rows[0]["object_id"] == me["object_id"]
    shown = lakeport("profile", "show", "me", "--origins")
    assert 'client_secret = {env = "MY_SECRET"}' in shown.out
    assert me["client_secret"] not in shown.out + shown.err


def test_a_certificate_signs_in(running: LocalAzure, lakeport: Lakeport) -> None:
    tested = lakeport("profile", "test", "local:provider-certificate")
    assert tested.status == 0, tested.err
    assert "credential = client_certificate" in lakeport("profile", "show", "local:provider-certificate").out


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"secret": "no"}, "AADSTS7000215). Check the client secret"),
        ({"tenant_id": "nobody.onmicrosoft.com"}, "there is no tenant 'nobody.onmicrosoft.com'"),
        ({"tenant_id": "fabrikam.onmicrosoft.com"}, "AADSTS700016). The application is not in this tenant"),
    ],
    ids=["secret", "no tenant", "other tenant"],
)
@pytest.mark.parametrize("command", [("profile", "test", "me"), ("ls", "me:share-data")], ids=["test", "ls"])
def test_a_wrong_sign_in_is_refused_at_once(
    me: dict[str, str],
    lakeport: Lakeport,
    monkeypatch: pytest.MonkeyPatch,
    wrong: dict[str, str],
    said: str,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setenv("MY_SECRET", wrong.get("secret", me["client_secret"]))
    write(**{**me, **wrong})
    refused = lakeport(*command)
    assert (refused.status, refused.out, refused.err.count("\n")) == (4, "", 1)
    assert refused.err.startswith("lakeport: profile 'me' cannot sign in: ")
    assert said in refused.err
    assert me["client_secret"] not in refused.err


def test_verbose_adds_the_causes_and_json_ends_with_a_summary(me: dict[str, str], lakeport: Lakeport) -> None:
    write(**{**me, "tenant_id": "nobody.onmicrosoft.com"})
    refused = lakeport("profile", "test", "me", "--verbose", "--json")
    assert "\n  because: ClientAuthenticationError: " in refused.err
    assert (refused.rows[-1]["error"], refused.rows[-1]["exit_status"]) == ("WrongTenant", 4)


def test_another_organisation_s_lake_is_forbidden(running: LocalAzure, lakeport: Lakeport) -> None:
    refused = lakeport("ls", "abfss://share-data@sourcestorage.dfs.core.windows.net/", "--profile", "local:consumer")
    assert (refused.status, "this belongs to tenant" in refused.err) == (4, True)


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        (("ls", "local:consumer:none"), 5, "there is no file system none in deststorage"),
        (("ls", "local:nobody:x"), 5, "no principal 'nobody'"),
        (("ls", "nosuch:x"), 5, "there is no profile 'nosuch'"),
        (("share", "apply", "none.yaml"), 2, "cannot read none.yaml: No such file"),
        (("share", "apply", "--env", "none.env"), 2, "cannot read none.env"),
        (("share", "aply"), 2, "No such command 'aply'. Did you mean 'apply'?"),
        (("cp", "a", "b"), 2, "both sides are on this machine, where nothing has to be transferred. Next: cp -r"),
        (("ls", "s3://x/y"), 2, "s3://x/y names no lake"),
        (("profile", "add", "mine", "client_secret=hunter2"), 2, "client_secret is a secret, and arguments are seen"),
        (("profile", "add", "mine", "cleint_id=1"), 2, "unknown key 'cleint_id'"),
        (("profile", "remove", "x"), 5, "there is no profile 'x'"),
        (("receive", "sync", "--share", "none"), 5, "there is no received share 'none'"),
    ],
)
def test_every_refusal_is_one_line(
    running: LocalAzure, lakeport: Lakeport, sides: Sides, command: tuple[str, ...], status: int, said: str
) -> None:
    sides("refused")
    refused = lakeport(*command)
    assert (refused.status, refused.out) == (status, ""), refused
    assert refused.err.startswith("lakeport: ")
    assert refused.err.count("\n") == 1
    assert said in refused.err
    assert "hunter2" not in refused.err


def test_a_missing_role_is_named_before_anything_is_sent(
    new_azure: NewAzure, here: Path, monkeypatch: pytest.MonkeyPatch, lakeport: Lakeport, sides: Sides
) -> None:
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(new_azure().state))
    local.forget()
    sides("norole")
    refused = lakeport("share", "apply")
    assert (refused.status, refused.out) == (4, "")
    assert "lacks Storage Blob Data Reader on storage account 'sourcestorage'" in refused.err
    assert "--grant, or: az role assignment create --assignee-object-id" in refused.err
    assert lakeport("share", "status", "--json").rows[0].get("drift"), "nothing was made"
    refused = lakeport("receive", "apply")
    assert (refused.status, "lacks Storage Blob Data Contributor" in refused.err) == (4, True)


def test_a_local_azure_that_is_gone_is_named(
    here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(tmp_path / "none"))
    local.forget()
    refused = lakeport("ls", "local:provider:x")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "Next: lakeport local up" in refused.err


def test_a_proxy_that_does_not_answer_is_named(here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID"):
        monkeypatch.setenv(name, "11111111-1111-4111-8111-111111111111")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hunter2")
    refused = lakeport("profile", "test")
    assert refused.err == f"lakeport: the proxy at 127.0.0.1:{port} does not answer. Check HTTPS_PROXY\n"
    assert refused.status == 1


def test_a_transfer_that_is_forbidden_all_of_it_ends_as_any_forbidden_command_does(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = profiles.resolve("local:provider")
    arm = StorageManagementClient(identity.credential(provider), provider.subscription_id, **running.sdk)
    keys = arm.storage_accounts.list_keys(provider.text("resource_group"), "sourcestorage").keys_property
    key = str(keys[0].value)  # type: ignore[index]
    may = ContainerSasPermissions(read=True, list=True)
    sas = generate_container_sas(
        "sourcestorage", "share-data", account_key=key, permission=may, expiry=datetime.now(UTC) + timedelta(days=1)
    )
    monkeypatch.setenv("READING_SAS", sas)
    (here / "lakeport.toml").write_text(
        '[profiles.reading]\ncloud = "local"\nstorage_account = "sourcestorage"\nsas = {env = "READING_SAS"}\n'
    )
    (here / "tree").mkdir()
    for name in ("one", "two"):
        (here / "tree" / name).write_text(name)
    for arguments in (("cp", "tree/one"), ("cp", "-r", "tree"), ("sync", "tree")):
        refused = lakeport(*arguments, "reading:share-data/forbidden/", "--json")
        assert (refused.status, refused.rows[-1]["status"]) == (4, "failed"), refused
        assert "may not" in refused.out or "not authorized" in refused.out, refused.out
    assert lakeport("mkdir", "reading:share-data/forbidden").status == 4

    (here / "back" / "one").mkdir(parents=True)  # where a file should arrive
    assert lakeport("cp", "-r", "tree", "local:provider:share-data/allowed").status == 0
    partly = lakeport("cp", "-r", "reading:share-data/allowed", "back", "--json")
    assert (partly.status, partly.rows[-1]["failed"]) == (3, 1), "what failed here is not a right that is missing"
