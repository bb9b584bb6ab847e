"""The files of the scripts that came before, both sides, with and without `lakeport local exec`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.identity import asking, credential
from lakeport.profiles import local, resolve

if TYPE_CHECKING:
    import pytest
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

SOURCE = """\
# the provider's side
DATA_SHARE_AZURE_SUBSCRIPTION_ID={source[subscription_id]}
DATA_SHARE_RESOURCE_GROUP=data-share-automation
DATA_SHARE_ACCOUNT_NAME="source-data-share"
export SHARE_NAME={name}
DATASET_NAME=files
STORAGE_AZURE_SUBSCRIPTION_ID={source[subscription_id]}
STORAGE_RESOURCE_GROUP=data-share-automation
STORAGE_ACCOUNT_NAME=sourcestorage
FILE_SYSTEM_NAME=share-data
DESTINATION_TENANT_ID={consumer[tenant_id]}
DESTINATION_OBJECT_ID={consumer[object_id]}
"""
DEST = """\
DATA_SHARE_AZURE_SUBSCRIPTION_ID={dest[subscription_id]}
DATA_SHARE_RESOURCE_GROUP=data-share-automation
DATA_SHARE_ACCOUNT_NAME=dest-data-share
STORAGE_AZURE_SUBSCRIPTION_ID={dest[subscription_id]}
STORAGE_RESOURCE_GROUP=data-share-automation
STORAGE_ACCOUNT_NAME=deststorage
FILE_SYSTEM_NAME={name}
SHARE_NAME={name}
"""
IDENTITY = "AZURE_CLIENT_ID={client_id}\nAZURE_CLIENT_SECRET='{client_secret}'\nAZURE_TENANT_ID={tenant_id}\n"


def write(running: LocalAzure, name: str, *, with_identity: bool) -> None:
    accounts = {one.name: {"subscription_id": one.subscription_id} for one in local.things()}
    consumer = running.credentials("consumer")
    things = {"source": accounts["source-data-share"], "dest": accounts["dest-data-share"], "consumer": consumer}
    more = [IDENTITY.format(**running.credentials(app)) if with_identity else "" for app in ("provider", "consumer")]
    Path("source.env").write_text(SOURCE.format(name=name, **things) + more[0])
    Path("dest.env").write_text(DEST.format(name=name, **things) + more[1])


def test_both_files_work_with_their_own_identities(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(running, "envfiles", with_identity=True)
    monkeypatch.setenv("LAKEPORT_CLOUD", "local")
    for command in (("share", "apply", "--env", "source.env"), ("receive", "apply", "--env", "dest.env")):
        first = lakeport(*command, "--grant")
        assert (first.status, first.out.splitlines()[-1]) == (0, "in step"), first.err
        assert lakeport(*command).out == "already in step\n"
    assert "create trigger" not in first.out
    assert "created trigger envfiles/follow: the provider's schedule is every day at 00:00Z" in first.out
    assert lakeport("receive", "sync", "--env", "dest.env").status == 0
    assert lakeport("receive", "verify", "--env", "dest.env", "--against", "local:provider").status == 0


def test_both_files_work_under_exec_with_the_default_chain(running: LocalAzure, here: Path) -> None:
    write(running, "execfiles", with_identity=False)
    for app, command in (
        ("provider", ("share", "apply", "--env", "source.env", "--grant")),
        ("consumer", ("receive", "apply", "--env", "dest.env", "--grant")),
        ("consumer", ("receive", "sync", "--env", "dest.env", "--mode", "full")),
    ):
        done = running.run_as(app, "python", "-m", "lakeport", *command)
        assert done.returncode == 0, done.stderr


def test_a_client_id_as_destination_object_id_is_refused(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(running, "wrongkind", with_identity=True)
    monkeypatch.setenv("LAKEPORT_CLOUD", "local")
    consumer = running.credentials("consumer")
    text = Path("source.env").read_text().replace(consumer["object_id"], consumer["client_id"])
    Path("source.env").write_text(text)
    refused = lakeport("share", "apply", "--env", "source.env", "--grant")
    assert (refused.status, refused.out) == (2, "")
    assert f"{consumer['client_id']} is the client id of 'consumer'" in refused.err
    assert f"Its object id is {consumer['object_id']}" in refused.err


def test_an_id_that_nobody_can_check_goes_through_and_is_told(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(running, "unknownid", with_identity=True)
    monkeypatch.setenv("LAKEPORT_CLOUD", "local")
    consumer = running.credentials("consumer")
    unknown, elsewhere = "99999999-9999-4999-8999-999999999999", "88888888-8888-4888-8888-888888888888"
    text = Path("source.env").read_text().replace(consumer["object_id"], unknown)
    Path("source.env").write_text(text.replace(consumer["tenant_id"], elsewhere))
    done = lakeport("share", "apply", "--env", "source.env", "--grant")
    assert done.status == 0, done.err
    assert f"could not check that {unknown} is an object id in tenant {elsewhere}" in done.err
    status = lakeport("share", "status", "--env", "source.env", "--json")
    assert f"{unknown} in tenant {elsewhere}" in [row.get("to") for row in status.rows]


def test_a_domain_is_looked_up_and_the_directory_is_asked(
    running: LocalAzure, here: Path, lakeport: Lakeport, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(running, "asked", with_identity=True)
    monkeypatch.setenv("LAKEPORT_CLOUD", "local")
    consumer = running.credentials("consumer")
    text = Path("source.env").read_text().replace(consumer["tenant_id"], "fabrikam.onmicrosoft.com", 1)
    Path("source.env").write_text(text)
    assert lakeport("share", "apply", "--env", "source.env", "--grant").status == 0

    Path("source.env").write_text(text.replace(consumer["object_id"], "99999999-9999-4999-8999-999999999999"))
    refused = lakeport("share", "apply", "--env", "source.env")
    assert (refused.status, "has no principal '99999999" in refused.err) == (5, True), refused.err

    profile = resolve("local:consumer")
    listed = asking.get(
        profile.cloud,
        f"https://graph.microsoft.com/v1.0/applications?$filter=appId%20eq%20'{consumer['client_id']}'",
        credential(profile),
        "https://graph.microsoft.com/.default",
    )
    application_object_id = listed.json()["value"][0]["id"]
    Path("source.env").write_text(text.replace(consumer["object_id"], application_object_id))
    refused = lakeport("share", "apply", "--env", "source.env")
    assert (refused.status, refused.out) == (2, "")
    assert f"{application_object_id} is the application object id of 'consumer'" in refused.err
    assert f"Its object id is {consumer['object_id']}" in refused.err
