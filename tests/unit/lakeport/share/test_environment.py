"""`source.env` and `dest.env` taken as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakeport import clouds
from lakeport.errors import BadFile, WrongIdKind
from lakeport.profiles import Profile
from lakeport.share import environment
from lakeport.share.invite_book import InviteBook
from lakeport.share.invitees import Known
from lakeport.share.resources import Subscription
from lakeport.types import ClientId, ObjectId, TenantId

if TYPE_CHECKING:
    from pathlib import Path

TENANT, OBJECT, CLIENT = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
COMMON = """\
DATA_SHARE_AZURE_SUBSCRIPTION_ID=sub
DATA_SHARE_RESOURCE_GROUP=group
DATA_SHARE_ACCOUNT_NAME="acc"
STORAGE_AZURE_SUBSCRIPTION_ID=sub2
STORAGE_RESOURCE_GROUP=group2
STORAGE_ACCOUNT_NAME=lake
"""
SOURCE = f"""{COMMON}export SHARE_NAME=sales
DATASET_NAME=raw
FILE_SYSTEM_NAME=share-data # where it lies
DESTINATION_TENANT_ID={TENANT}
DESTINATION_OBJECT_ID={OBJECT}
AZURE_CLIENT_ID=c
AZURE_CLIENT_SECRET='s3cret'
AZURE_TENANT_ID=t
"""


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "LAKEPORT_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def book(*known: Known) -> InviteBook:
    return InviteBook(Profile("x", clouds.PUBLIC), known, {})


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_source_env_says_one_file_system_for_one_principal(tmp_path: Path) -> None:
    found = environment.provider(write(tmp_path / "source.env", SOURCE), book=book())
    (data_set,) = found.data_sets
    assert data_set.properties == {
        "subscriptionId": "sub2",
        "resourceGroup": "group2",
        "storageAccountName": "lake",
        "fileSystem": "share-data",
    }
    assert (found.invitees[0].tenant_id, found.invitees[0].object_id) == (TENANT, OBJECT)
    assert (found.profile.client_id, found.profile.credential) == ("c", "client_secret")
    assert found.profile.values["client_id"].origin.endswith("source.env")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("key", environment.SOURCE)
def test_a_missing_key_is_one_clear_line(tmp_path: Path, key: str) -> None:
    lines = [line for line in SOURCE.splitlines() if key not in line]
    with pytest.raises(BadFile, match=rf"source.env: the key {key} is missing. Write {key}=VALUE") as caught:
        environment.provider(write(tmp_path / "source.env", "\n".join(lines)), book=book())
    assert "\n" not in str(caught.value)


def test_a_client_id_as_destination_object_id_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    known = Known(("consumer",), TenantId(TENANT), ClientId(OBJECT), ObjectId(CLIENT))
    with pytest.raises(WrongIdKind, match=rf"{OBJECT} is the client id of 'consumer'.*{CLIENT}"):
        environment.provider(write(tmp_path / "source.env", SOURCE), book=book(known))


def test_without_azure_keys_the_default_chain_signs_in(tmp_path: Path) -> None:
    text = "\n".join(line for line in SOURCE.splitlines() if not line.startswith("AZURE_"))
    assert environment.provider(write(tmp_path / "source.env", text), book=book()).profile.credential == "default"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("share-data #", "Share/Data #", "FILE_SYSTEM_NAME 'Share/Data' is no name of a file system"),
        ("share-data #", "'{x}' #", "FILE_SYSTEM_NAME '{x}' is no name of a file system"),
        ("SHARE_NAME=sales", "SHARE_NAME=sa/les", "'sa/les' is no name for a share"),
        ("DATASET_NAME=raw", "DATASET_NAME=r", "'r' is no name for a data set"),
    ],
)
def test_a_name_that_the_service_would_refuse_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        environment.provider(write(tmp_path / "source.env", SOURCE.replace(old, new)), book=book())


def test_half_a_credential_is_refused(tmp_path: Path) -> None:
    text = SOURCE.replace("AZURE_CLIENT_SECRET='s3cret'\n", "")
    with pytest.raises(BadFile, match="AZURE_CLIENT_SECRET is missing"):
        environment.provider(write(tmp_path / "source.env", text), book=book())


@pytest.mark.parametrize(("more", "expected"), [("", "{file_system}"), ("FILE_SYSTEM_NAME=landing\n", "landing")])
def test_a_dest_env_takes_all_that_is_offered(tmp_path: Path, more: str, expected: str) -> None:
    found = environment.consumer(write(tmp_path / "dest.env", COMMON + more))
    assert found.rule_for(Subscription(provider_tenant_name="anybody", share_name="anything"))
    assert (found.destinations[0].file_system, found.destinations[0].path) == (expected, "{path}")
