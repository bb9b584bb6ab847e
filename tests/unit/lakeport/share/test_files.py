"""`share.yaml` and `receive.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakeport import clouds
from lakeport.errors import BadFile
from lakeport.profiles import Profile
from lakeport.share import files
from lakeport.share.invite_book import InviteBook
from lakeport.share.invitees import Known
from lakeport.share.resources import SourceDataSet, Subscription
from lakeport.types import ClientId, ObjectId, TenantId

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.share import Consumer, Provider

TENANT = TenantId("1" * 8 + "-0000-4000-8000-000000000000")
BOOK = InviteBook(
    Profile("x", clouds.PUBLIC),
    [Known(("consumer",), TENANT, ClientId("c"), ObjectId("o"))],
    {"fabrikam": TENANT, "contoso": TENANT},
)
SHARE = """\
share: sales
account: acc
resource_group: group
subscription_id: sub
datasets:
  - {name: raw, file_system: share-data, storage_account: lake}
  - {name: gold, folder: share-data/gold, storage_account: lake, resource_group: other}
schedule: {every: day, at: "02:00Z"}
invite:
  - {tenant: fabrikam, principal: consumer}
"""
RECEIVE = """\
account: acc
resource_group: group
subscription_id: sub
accept: [{from: contoso, share: "sales*"}]
map: [{dataset: "*", to: "abfss://{file_system}@deststorage.dfs.core.windows.net/in/{folder}"}]
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def share(tmp_path: Path, *change: str) -> Provider:
    (tmp_path / "share.yaml").write_text(SHARE.replace(*change) if change else SHARE)  # type: ignore[arg-type]
    return files.provider(tmp_path / "share.yaml", book=BOOK)


def receive(tmp_path: Path, *change: str) -> Consumer:
    (tmp_path / "receive.yaml").write_text(RECEIVE.replace(*change) if change else RECEIVE)  # type: ignore[arg-type]
    return files.consumer(tmp_path / "receive.yaml", book=BOOK)


def test_a_share_file_becomes_what_is_sent(tmp_path: Path) -> None:
    found = share(tmp_path)
    assert [one.kind for one in found.data_sets] == ["AdlsGen2FileSystem", "AdlsGen2Folder"]
    assert found.data_sets[1].properties == {
        "subscriptionId": "sub",
        "resourceGroup": "other",
        "storageAccountName": "lake",
        "fileSystem": "share-data",
        "folderPath": "gold",
    }
    assert found.invitees[0].object_id == "o"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("share: sales", "share: sa/les", "'sa/les' is no name for a share"),
        ("name: gold", "name: RAW", "two data sets named 'RAW'"),
        ("folder: share-data/gold", "folder: share-data", "folder 'share-data' must be FILE_SYSTEM/PATH"),
        ("folder: share-data/gold", "folder: share-data/../gold", "'../gold' is no path in a lake"),
        (
            "gold, storage_account: lake",
            "gold, storage_account: My_Lake",
            "no name of a storage account",
        ),
        ("folder: share-data/gold", "folder: a/b, file: a/c", "must say one thing that it is, and says folder, file"),
        ("account: acc\n", "", "says account. Write account: in the file"),
        ("02:00Z", "02:00", "schedule.at '02:00' is no time of day in UTC"),
        ("tenant: fabrikam", "tenant: fabricam", "the tenant 'fabricam' is not known on this machine"),
        ("principal: consumer", "email: x@y.z", "must say tenant and principal, or email alone"),
    ],
)
def test_a_wrong_share_file_is_refused_before_anything_is_sent(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadFile) as caught:
        share(tmp_path, old, new)
    assert said in str(caught.value)


def test_a_receive_file_becomes_rules(tmp_path: Path) -> None:
    found = receive(tmp_path)
    assert (found.follow, found.mode) == (True, "Incremental")
    rule = found.rule_for(Subscription(provider_tenant_name="CONTOSO", share_name="sales-eu"))
    assert rule is not None
    assert rule.tenant_id == TENANT
    assert found.rule_for(Subscription(provider_tenant_name="contoso-evil", share_name="sales")) is None
    assert found.stores[0].name == "deststorage"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{folder}", "{foldr}", "unknown placeholder {foldr}. Placeholders: {file_system}, {folder}"),
        ("{folder}", "{folder.__class__}", "unknown placeholder {folder.__class__}"),
        ("{folder}", "{folder", "is no template"),
        ("abfss://{file_system}@deststorage.dfs.core.windows.net", "lake", "is no place in a lake"),
        ("in/{folder}", "in/../{folder}", "is no path in a lake"),
        ("from: contoso", 'from: "con*"', "'con*' is a pattern of names, and anybody can take a name"),
        ("from: contoso", "from: tailspin", "the tenant 'tailspin' is not known on this machine"),
        ("to:", "kind: SqlDBTable, to:", "is no place in a lake"),
        ("accept:", "accepts:", "unknown key 'accepts'. Did you mean 'accept'?"),
    ],
)
def test_a_wrong_receive_file_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadFile) as caught:
        receive(tmp_path, old, new)
    assert said in str(caught.value)


def test_a_kind_of_no_folder_is_carried_through_with_its_properties(tmp_path: Path) -> None:
    to = 'to: "abfss://{file_system}@deststorage.dfs.core.windows.net/in/{folder}"'
    found = receive(tmp_path, to, 'kind: SqlDBTable, properties: {databaseName: "db-{share}", port: 1433}')
    source = SourceDataSet(data_set_id="D", data_set_path="dbo.t", data_set_type="SqlDBTable")
    body = found.destinations[0].body("sales", source)
    assert body == {"kind": "SqlDBTable", "properties": {"dataSetId": "D", "databaseName": "db-sales", "port": 1433}}
    assert found.stores == ()


def test_a_provider_cannot_lead_what_it_shares_out_of_the_place_it_is_given(tmp_path: Path) -> None:
    (place,) = receive(tmp_path).destinations
    for path in ("raw/../../other", "raw/a/./b", "raw/.."):
        with pytest.raises(ValueError, match="is no path in a lake"):
            place.body("sales", SourceDataSet(data_set_id="D", data_set_path=path, data_set_type="AdlsGen2Folder"))
    bare = SourceDataSet(data_set_id="D", data_set_path="raw", data_set_type="AdlsGen2FileSystem")
    assert place.body("sales", bare)["properties"]["folderPath"] == "in"


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("AdlsGen2Folder", "raw/a", ("BlobFolder", {"containerName": "raw", "prefix": "in/a"})),
        ("Blob", "raw/a/b.csv", ("Blob", {"containerName": "raw", "filePath": "in/a"})),
    ],
)
def test_a_place_in_a_container_is_mapped_as_one(
    tmp_path: Path, kind: str, path: str, expected: tuple[str, dict[str, str]]
) -> None:
    found = receive(tmp_path, "abfss", "wasbs")
    body = found.destinations[0].body("sales", SourceDataSet(data_set_path=path, data_set_type=kind))
    assert body["kind"] == expected[0]
    assert expected[1].items() <= body["properties"].items()
