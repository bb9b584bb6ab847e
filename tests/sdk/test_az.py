"""The real Azure CLI, unmodified, under `exec`: signs in, manages, shares through `az rest`, moves blobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sdk.az import Az

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

pytestmark = [pytest.mark.witness, pytest.mark.timeout(600)]

GROUP = "data-share-automation"


@pytest.fixture(scope="module")
def pair(azure: LocalAzure) -> tuple[Az, Az]:
    return Az(azure, "provider"), Az(azure, "consumer")


def test_a_service_principal_signs_in_and_sees_its_own_subscription(pair: tuple[Az, Az]) -> None:
    seen = [[account["name"] for account in az("account", "list")] for az in pair]
    assert seen == [["contoso-main"], ["fabrikam-main"]]


def test_a_wrong_secret_is_refused_with_its_code(azure: LocalAzure, pair: tuple[Az, Az]) -> None:
    found = azure.credentials("provider")
    secret = ("-u", found["client_id"], "-p", "wrong", "--tenant", found["tenant_id"])
    # a folder of its own: az answers from its token cache whatever secret it is given
    status, _, err = pair[0].raw("login", "--service-principal", *secret, configuration="fresh")
    assert status != 0
    assert "AADSTS7000215" in err


def test_a_storage_account_with_a_namespace_is_made_listed_and_deleted(pair: tuple[Az, Az]) -> None:
    az = pair[0]
    made = az(
        "storage",
        "account",
        "create",
        "-g",
        GROUP,
        "-n",
        "madebyaz",
        "-l",
        "westeurope",
        "--hns",
        "true",
        "--kind",
        "StorageV2",
        "--sku",
        "Standard_LRS",
    )
    assert made["isHnsEnabled"] is True
    assert "madebyaz" in [one["name"] for one in az("storage", "account", "list", "-g", GROUP)]
    keys = az("storage", "account", "keys", "list", "-g", GROUP, "-n", "madebyaz")
    assert [key["keyName"] for key in keys] == ["key1", "key2"]
    az("storage", "account", "delete", "-g", GROUP, "-n", "madebyaz", "--yes")
    assert "madebyaz" not in [one["name"] for one in az("storage", "account", "list", "-g", GROUP)]


def test_blobs_and_files_go_up_and_come_down(pair: tuple[Az, Az], tmp_path: Path) -> None:
    az = pair[0]
    source, back = tmp_path / "up.csv", tmp_path / "down.csv"
    source.write_text("a,b\n1,2\n")
    store = ("--account-name", "sourcestorage", "--auth-mode", "login")
    az("storage", "fs", "create", "-n", "by-az", *store)
    az("storage", "fs", "file", "upload", "-f", "by-az", "-p", "deep/er/up.csv", "-s", str(source), *store)
    az("storage", "blob", "upload", "-c", "by-az", "-n", "top.csv", "-f", str(source), *store)
    listed = {one["name"]: one["isDirectory"] for one in az("storage", "fs", "file", "list", "-f", "by-az", *store)}
    assert listed == {"deep": True, "deep/er": True, "deep/er/up.csv": False, "top.csv": False}
    az("storage", "fs", "file", "download", "-f", "by-az", "-p", "deep/er/up.csv", "-d", str(back), *store)
    assert back.read_bytes() == source.read_bytes()


def test_a_key_made_by_listkeys_opens_the_account(pair: tuple[Az, Az], tmp_path: Path) -> None:
    az = pair[0]
    key = az("storage", "account", "keys", "list", "-g", GROUP, "-n", "sourcestorage")[0]["value"]
    source = tmp_path / "Readme.md"
    source.write_text("# read me\n")
    store = ("--account-name", "sourcestorage", "--account-key", key)
    az("storage", "container", "create", "-n", "by-key", *store)
    az(
        "storage",
        "blob",
        "upload",
        "--container",
        "by-key",
        "-n",
        "Readme.md",
        "-f",
        str(source),
        "--overwrite",
        *store,
    )
    assert [blob["name"] for blob in az("storage", "blob", "list", "-c", "by-key", *store)] == ["Readme.md"]


def test_two_organisations_share_through_az_rest(new_azure: NewAzure, tmp_path: Path) -> None:
    azure = new_azure()
    source, target = Az(azure, "provider"), Az(azure, "consumer")
    account = {
        side.name: f"/subscriptions/{side('account', 'show')['id']}/resourceGroups/{GROUP}/providers/Microsoft.DataShare/accounts/{name}"
        for side, name in ((source, "source-data-share"), (target, "dest-data-share"))
    }
    for side, store, role in (
        (source, "sourcestorage", "Storage Blob Data Reader"),
        (target, "deststorage", "Storage Blob Data Contributor"),
    ):
        identity = side.rest("get", account[side.name])["identity"]["principalId"]
        scope = side("storage", "account", "show", "-g", GROUP, "-n", store)["id"]
        side(
            "role",
            "assignment",
            "create",
            "--assignee-object-id",
            identity,
            "--assignee-principal-type",
            "ServicePrincipal",
            "--role",
            role,
            "--scope",
            scope,
        )
    (tmp_path / "x.csv").write_text("1\n")
    source(
        "storage",
        "blob",
        "upload",
        "-c",
        "share-data",
        "-n",
        "d/x.csv",
        "-f",
        str(tmp_path / "x.csv"),
        "--account-name",
        "sourcestorage",
        "--auth-mode",
        "login",
    )
    _offer(source, target, account)
    _receive(target, account)
    listed = target(
        "storage", "fs", "file", "list", "-f", "arrived", "--account-name", "deststorage", "--auth-mode", "login"
    )
    assert [one["name"] for one in listed] == ["d", "d/x.csv"]


def _store(side: Az, store: str) -> dict[str, str]:
    return {"subscriptionId": side("account", "show")["id"], "resourceGroup": GROUP, "storageAccountName": store}


def _offer(source: Az, target: Az, account: dict[str, str]) -> None:
    share = f"{account['provider']}/shares/byaz"
    source.rest("put", share, {"properties": {"shareKind": "CopyBased", "terms": "none"}})
    data_set = {
        "kind": "AdlsGen2FileSystem",
        "properties": {"fileSystem": "share-data", **_store(source, "sourcestorage")},
    }
    source.rest("put", f"{share}/dataSets/all", data_set)
    tenant = target("account", "show")["tenantId"]
    invitation = {"properties": {"targetActiveDirectoryId": tenant, "targetObjectId": target.object_id}}
    assert source.rest("put", f"{share}/invitations/i", invitation)["properties"]["invitationStatus"] == "Pending"


def _receive(target: Az, account: dict[str, str]) -> None:
    (invitation,) = target.rest("get", "/providers/Microsoft.DataShare/listInvitations")["value"]
    subscription = f"{account['consumer']}/shareSubscriptions/byaz"
    accepted = {
        name: invitation["properties"][source]
        for name, source in (("invitationId", "invitationId"), ("sourceShareLocation", "location"))
    }
    target.rest("put", subscription, {"properties": accepted})
    (data_set,) = target.rest("get", f"{subscription}/consumerSourceDataSets")["value"]
    mapping = {
        "dataSetId": data_set["properties"]["dataSetId"],
        "fileSystem": "arrived",
        **_store(target, "deststorage"),
    }
    target.rest("put", f"{subscription}/dataSetMappings/m", {"kind": "AdlsGen2FileSystem", "properties": mapping})
    run = target.rest("post", f"{subscription}/synchronize", {"synchronizationMode": "FullSync"})
    poll = f"{subscription}/synchronizationOperationResults/{run['synchronizationId']}"
    status = "Accepted"
    for _ in range(30):  # each `az` takes about a second
        status = target.rest("get", poll)["status"]
        if status not in {"Accepted", "InProgress"}:
            break
    assert status == "Succeeded"


def test_this_suite_ran_against_the_pinned_cli(pair: tuple[Az, Az]) -> None:
    pinned = next(
        line for line in Path("requirements/witness.txt").read_text().splitlines() if line.startswith("azure-cli==")
    )
    assert pair[0]("version")["azure-cli"] == pinned.split("==")[1].split()[0]
