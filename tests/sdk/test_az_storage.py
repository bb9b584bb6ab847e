"""`az storage`, unmodified: file systems and their lists, containers and their policies, blobs and what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.azure import LocalAzure
from tests.sdk.az import Az, AzShell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.witness, pytest.mark.timeout(600)]

GROUP = "data-share-automation"
LAKE = "--account-name sourcestorage --auth-mode login"
FLAT = "--account-name flatbyaz"
SOMEBODY = "user:11111111-1111-4111-8111-111111111111"


@pytest.fixture(scope="module")
def az(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzShell]:
    """`az` at a local Azure that no other file changes; the tests have names of their own."""
    azure = LocalAzure(tmp_path_factory.mktemp("azure"))
    shell = AzShell(Az(azure, "provider"))
    yield shell
    shell.close()
    azure.stop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "up.csv"
    path.write_text("a,b\n1,2\n")
    return path


def names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(one["name"] for one in found)


def test_file_systems_directories_and_files(az: AzShell, file: Path) -> None:
    az(f"storage fs create -n byaz --metadata a=1 {LAKE}")
    assert az(f"storage fs metadata show -n byaz {LAKE}") == {"a": "1"}
    az(f"storage fs directory create -f byaz -n d/e --metadata x=1 {LAKE}")
    assert az(f"storage fs directory metadata show -f byaz -n d/e {LAKE}")["x"] == "1"
    assert az(f"storage fs directory show -f byaz -n d/e {LAKE}")["acl"] == "user::rwx,group::r-x,other::---"
    az(f"storage fs file upload -f byaz -p d/e/a.csv -s {file} --overwrite true {LAKE}")
    az(f"storage fs file create -f byaz -p d/e/b.csv {LAKE}")
    for content in ("hello", ", you"):
        az(f"storage fs file append -f byaz -p d/e/b.csv {LAKE} --content", content)
    az(f"storage fs file move -f byaz -p d/e/b.csv --new-path byaz/d/c.csv {LAKE}")
    az(f"storage fs directory move -f byaz -n d --new-directory byaz/moved {LAKE}")
    assert names(az(f"storage fs file list -f byaz {LAKE}")) == ["moved", "moved/c.csv", "moved/e", "moved/e/a.csv"]
    assert names(az(f"storage fs file list -f byaz --path moved --recursive false --exclude-dir {LAKE}")) == [
        "moved/c.csv"
    ]
    assert names(az(f"storage fs directory list -f byaz {LAKE}")) == ["moved", "moved/e"]
    az(f"storage fs file metadata update -f byaz -p moved/c.csv --metadata m=1 {LAKE}")
    assert az(f"storage fs file metadata show -f byaz -p moved/c.csv {LAKE}") == {"m": "1"}
    back = file.with_name("back")
    az(f"storage fs file download -f byaz -p moved/c.csv -d {back} {LAKE}")
    assert back.read_text() == "hello, you"
    az(f"storage fs file set-expiry -f byaz -p moved/c.csv --expiry-options RelativeToNow --expires-on 100000 {LAKE}")
    assert az(f"storage fs file exists -f byaz -p none {LAKE}") == {"exists": False}
    assert "PathNotFound" in az.refused(f"storage fs file delete -f byaz -p none --yes {LAKE}")


def test_lists_of_one_path_and_of_a_tree(az: AzShell, file: Path) -> None:
    az(f"storage fs create -n listed {LAKE}")
    for name in ("d/a.csv", "d/e/b.csv"):
        az(f"storage fs file upload -f listed -p {name} -s {file} {LAKE}")
    az(f"storage fs access set -f listed -p d --permissions rwxr-x--x {LAKE}")
    assert az(f"storage fs access show -f listed -p d {LAKE}")["permissions"] == "rwxr-x--x"
    wide = "user::rwx,group::rwx,other::--x,default:user::rwx,default:group::r-x,default:other::---"
    set_all = az(f"storage fs access set-recursive -f listed -p d --acl {wide} {LAKE}")
    assert set_all["counters"] == {"directoriesSuccessful": 2, "failureCount": 0, "filesSuccessful": 2}
    az(f"storage fs access update-recursive -f listed -p d --acl {SOMEBODY}:r-x {LAKE}")
    shown = az(f"storage fs access show -f listed -p d/e/b.csv {LAKE}")
    assert shown["acl"] == f"user::rwx,{SOMEBODY}:r-x,group::rwx,mask::rwx,other::--x"
    az(f"storage fs access remove-recursive -f listed -p d --acl {SOMEBODY} {LAKE}")
    assert SOMEBODY not in az(f"storage fs access show -f listed -p d/e/b.csv {LAKE}")["acl"]
    assert "InvalidHeaderValue" in az.refused(f"storage fs access set -f listed -p d --acl nonsense {LAKE}")


def test_what_was_deleted_of_a_lake_is_listed_and_comes_back(az: AzShell, file: Path) -> None:
    az(f"storage fs create -n kept {LAKE}")
    az(f"storage fs service-properties update --delete-retention true --delete-retention-period 5 {LAKE}")
    assert az(f"storage fs service-properties show {LAKE}")["delete_retention_policy"]["days"] == 5
    az(f"storage fs file upload -f kept -p d/a.csv -s {file} {LAKE}")
    az(f"storage fs file delete -f kept -p d/a.csv --yes {LAKE}")
    (gone,) = az(f"storage fs list-deleted-path -f kept {LAKE}")
    assert (gone["name"], gone["remainingRetentionDays"]) == ("d/a.csv", 5)
    az(f"storage fs undelete-path -f kept --deleted-path-name d/a.csv --deletion-id {gone['deletionId']} {LAKE}")
    assert az(f"storage fs file exists -f kept -p d/a.csv {LAKE}") == {"exists": True}
    az(f"storage fs directory delete -f kept -n d --yes {LAKE}")
    assert names(az(f"storage fs list-deleted-path -f kept --path-prefix d {LAKE}")) == ["d"]
    az(f"storage fs delete -n kept --yes {LAKE}")
    assert az(f"storage fs exists -n kept {LAKE}") == {"exists": False}


def test_signatures_made_by_az_open_what_they_name(az: AzShell, file: Path) -> None:
    az(f"storage fs create -n signed {LAKE}")
    az(f"storage fs file upload -f signed -p d/a.csv -s {file} {LAKE}")
    until = "--expiry 2030-01-01T00:00Z"
    bare = "--account-name sourcestorage"
    of_file = az(f"storage fs file generate-sas -p d/a.csv -f signed --permissions r {until} {bare}")
    of_account = az(f"storage account generate-sas --services b --resource-types sco --permissions rl {until} {bare}")
    of_all = az(f"storage fs generate-sas -n signed --permissions rl {until} {bare}")
    for sas in (of_file, of_account, of_all):
        back = file.with_name("back")
        az(f"storage fs file download -f signed -p d/a.csv -d {back} --overwrite true {bare} --sas-token", sas)
        assert back.read_bytes() == file.read_bytes()
    assert "Authentication failure" in az.refused(f"storage fs file list -f signed {bare} --sas-token", of_file)


@pytest.fixture(scope="module")
def flat(az: AzShell) -> AzShell:
    az(f"storage account create -g {GROUP} -n flatbyaz -l westeurope --sku Standard_LRS --kind StorageV2")
    az(
        f"storage account blob-service-properties update -g {GROUP} -n flatbyaz --enable-delete-retention true"
        " --delete-retention-days 5 --enable-container-delete-retention true --container-delete-retention-days 5"
    )
    return az


def test_containers_with_policies_leases_and_undelete(flat: AzShell) -> None:
    az = flat
    az(f"storage container create -n one {FLAT}")
    az(f"storage container metadata update -n one --metadata a=1 {FLAT}")
    assert az(f"storage container show -n one {FLAT}")["metadata"] == {"a": "1"}
    az(f"storage container policy create -c one -n readers --permissions rl --expiry 2030-01-01 {FLAT}")
    az(f"storage container policy update -c one -n readers --permissions r {FLAT}")
    assert az(f"storage container policy show -c one -n readers {FLAT}")["permission"] == "r"
    assert list(az(f"storage container policy list -c one {FLAT}")) == ["readers"]
    sas = az(f"storage container generate-sas -n one --policy-name readers {FLAT}")
    assert "si=readers" in sas
    az(f"storage container policy delete -c one -n readers {FLAT}")
    assert az(f"storage container show-permission -n one {FLAT}") == {"publicAccess": "off"}
    lease = az(f"storage container lease acquire -c one --lease-duration 60 {FLAT}")
    assert "LeaseIdMissing" in az.refused(f"storage container delete -n one {FLAT}")
    az(f"storage container lease renew -c one --lease-id {lease} {FLAT}")
    az(f"storage container lease release -c one --lease-id {lease} {FLAT}")
    az(f"storage container delete -n one {FLAT}")
    (gone,) = [one for one in az(f"storage container list --include-deleted {FLAT}") if one["deleted"]]
    assert gone["name"] == "one"
    az(f"storage container restore -n one --deleted-version {gone['version']} {FLAT}")
    assert az(f"storage container exists -n one {FLAT}") == {"exists": True}


def test_blobs_with_snapshots_tiers_copies_leases_and_undelete(flat: AzShell, file: Path) -> None:
    az = flat
    az(f"storage container create -n two {FLAT}")
    at = f"-c two -n d/a.csv {FLAT}"
    az(f"storage blob upload {at} -f {file} --metadata k=v --content-type text/csv")
    assert "BlobAlreadyExists" in az.refused(f"storage blob upload {at} -f {file}")
    az(f"storage blob upload {at} -f {file} --overwrite --content-type text/csv")
    az(f"storage blob upload -c two -n log --type append -f {file} {FLAT}")
    assert names(az(f"storage blob list -c two --delimiter / {FLAT}")) == ["d/", "log"]
    az(f"storage blob metadata update {at} --metadata q=1")
    az(f"storage blob update {at} --content-type text/plain")
    az(f"storage blob set-tier {at} --tier Cool")
    shown = az(f"storage blob show {at}")
    assert (shown["metadata"], shown["properties"]["blobTier"]) == ({"q": "1"}, "Cool")
    snapshot = az(f"storage blob snapshot {at}")["snapshot"]
    assert az(f"storage blob show {at} --snapshot {snapshot}")["snapshot"] == snapshot
    lease = az(f"storage blob lease acquire -c two -b d/a.csv {FLAT}")
    assert "LeaseIdMissing" in az.refused(f"storage blob delete {at} --delete-snapshots include")
    az(f"storage blob lease break -c two -b d/a.csv {FLAT}")
    az(f"storage blob lease release -c two -b d/a.csv --lease-id {lease} {FLAT}")
    az(f"storage blob copy start -c two -b copied --source-container two --source-blob d/a.csv {FLAT}")
    until = "--expiry 2030-01-01T00:00Z"
    link = az(f"storage blob generate-sas -c two -n copied --permissions r {until} --full-uri {FLAT}")
    az(f"storage blob copy start -c two -b again --requires-sync true {FLAT} --source-uri", link)
    back = file.with_name("back")
    az(f"storage blob download -c two -n again -f {back} {FLAT}")
    assert back.read_bytes() == file.read_bytes()
    az(f"storage blob delete -c two -n again {FLAT}")
    az(f"storage blob undelete -c two -n again {FLAT}")
    assert az(f"storage blob exists -c two -n again {FLAT}") == {"exists": True}
    az(f"storage blob upload-batch -d two -s {file.parent} --destination-path batch --pattern up.* {FLAT}")
    az(f"storage blob delete-batch -s two --pattern batch/* {FLAT}")
    az(f"storage blob delete {at} --delete-snapshots include")
    assert names(az(f"storage blob list -c two {FLAT}")) == ["again", "copied", "log"]


def test_rules_for_browsers_and_networks(flat: AzShell) -> None:
    az = flat
    az(f"storage cors add --services b --methods GET --origins https://example.com {FLAT}")
    assert [one["AllowedOrigins"] for one in az(f"storage cors list --services b {FLAT}")] == ["https://example.com"]
    az(f"storage cors clear --services b {FLAT}")
    resource = (
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/x/providers/Microsoft.DataShare/accounts/y"
    )
    rule = f"storage account network-rule add -g {GROUP} {FLAT}"
    az(f"{rule} --ip-address 203.0.113.9")
    az(f"{rule} --resource-id {resource} --tenant-id 11111111-1111-4111-8111-111111111111")
    az(f"storage account update -n flatbyaz -g {GROUP} --bypass None --default-action Deny")
    found = az(f"storage account show -n flatbyaz -g {GROUP} --query networkRuleSet")
    assert (found["bypass"], found["defaultAction"]) == ("None", "Deny")
    assert [one["resourceId"] for one in found["resourceAccessRules"]] == [resource]
    assert [one["ipAddressOrRange"] for one in found["ipRules"]] == ["203.0.113.9"]
    assert az.refused(f"storage container list {FLAT}")
    az(f"storage account update -n flatbyaz -g {GROUP} --default-action Allow")
    az(f"storage container list {FLAT}")
