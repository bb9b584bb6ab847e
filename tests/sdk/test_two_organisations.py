"""Two strangers' scripts, a provider's and a consumer's: real host names, DefaultAzureCredential, no flag."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess

    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

SCRIPTS = Path(__file__).parent / "scripts"
GROUP = "data-share-automation"


def environment(azure: LocalAzure, storage: str, share_account: str, **more: str) -> dict[str, str]:
    (account,) = (one for one in azure.things("storage_account") if one["name"] == storage)
    return {
        "DATA_SHARE_AZURE_SUBSCRIPTION_ID": account["subscription_id"],
        "DATA_SHARE_RESOURCE_GROUP": GROUP,
        "DATA_SHARE_ACCOUNT_NAME": share_account,
        "STORAGE_AZURE_SUBSCRIPTION_ID": account["subscription_id"],
        "STORAGE_RESOURCE_GROUP": GROUP,
        "STORAGE_ACCOUNT_NAME": storage,
        **more,
    }


def provide(azure: LocalAzure, name: str) -> subprocess.CompletedProcess[str]:
    consumer = azure.credentials("consumer")
    variables = environment(
        azure,
        "sourcestorage",
        "source-data-share",
        SHARE_NAME="sales",
        DATASET_NAME="raw",
        FILE_SYSTEM_NAME="share-data",
        DESTINATION_TENANT_ID=consumer["tenant_id"],
        DESTINATION_OBJECT_ID=consumer["object_id"],
    )
    return azure.run_as(name, "python", str(SCRIPTS / "provider.py"), env=variables)


def consume(azure: LocalAzure, name: str) -> subprocess.CompletedProcess[str]:
    variables = environment(azure, "deststorage", "dest-data-share", RECEIVED_SHARE_NAME="received")
    return azure.run_as(name, "python", str(SCRIPTS / "consumer.py"), env=variables)


def succeeded(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def file_line(name: str, content: bytes) -> str:
    return f"file {name} {len(content)} {hashlib.md5(content).hexdigest()}"


@pytest.mark.timeout(360)
@pytest.mark.parametrize("kind", ["", "-certificate"], ids=["secret", "certificate"])
def test_a_provider_shares_and_a_consumer_receives_every_byte(new_azure: NewAzure, kind: str) -> None:
    azure = new_azure()
    said = succeeded(provide(azure, f"provider{kind}"))
    assert said[0] == "uploaded 4 files"
    assert said[-1] == "invitation Pending"
    received = succeeded(consume(azure, "consumer"))
    assert received[0] == "accepted sales from contoso"
    assert received[1] == "run Succeeded"
    assert {line for line in received if line.startswith("file ")} == {
        file_line("readme.txt", b"what is in here\n"),
        file_line("2024/01/sales.csv", b"day,amount\n1,10\n2,20\n"),
        file_line("2024/02/sales.csv", b"day,amount\n1,30\n" * 5000),
        file_line("empty.bin", b""),
    }
    assert azure.log() == ""


@pytest.mark.timeout(360)
def test_both_scripts_may_be_run_again(new_azure: NewAzure) -> None:
    azure = new_azure()
    succeeded(provide(azure, "provider"))
    first = succeeded(consume(azure, "consumer"))
    succeeded(provide(azure, "provider"))
    again = succeeded(consume(azure, "consumer"))
    assert [line for line in again if line.startswith("file ")] == [line for line in first if line.startswith("file ")]
