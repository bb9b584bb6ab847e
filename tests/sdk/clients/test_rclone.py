"""rclone (Debian's), its azureblob backend configured as its users do: by a signed URL, and by account and key under `exec`."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

pytestmark = [pytest.mark.witness, pytest.mark.timeout(360)]

KEY = base64.b64encode(bytes(range(64))).decode()
TOPOLOGY = f"""
[[tenants]]
name = "contoso"
  [[tenants.subscriptions]]
  name = "main"
    [[tenants.subscriptions.resource_groups]]
    name = "lakes"
    location = "westeurope"
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "rclonelake"
      key = "{KEY}"
      file_systems = ["signed", "keyed"]
      [[tenants.subscriptions.resource_groups.storage_accounts]]
      name = "rcloneflat"
      hns = false
      key = "{KEY}"
"""
UNTIL = timedelta(hours=1)


@pytest.fixture(scope="module")
def azure(azure_of: AzureOf) -> LocalAzure:
    return azure_of(TOPOLOGY)


def rclone(azure: LocalAzure, config: Path, *arguments: str) -> str:
    done = azure.run_as(None, "rclone", "--config", str(config), "--retries", "1", *arguments, timeout=240)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def works(azure: LocalAzure, config: Path, remote: str, folder: Path) -> None:
    """Copy up, compare, list, change, sync, copy between, delete."""
    (folder / "sub/deep").mkdir(parents=True)
    (folder / "one.txt").write_bytes(b"one")
    (folder / "sub/deep/two.bin").write_bytes(bytes(range(256)) * 40_000)
    rclone(azure, config, "copy", str(folder), remote, "--azureblob-chunk-size", "4M")
    rclone(azure, config, "check", str(folder), remote, "--download")
    assert rclone(azure, config, "lsf", "-R", "--files-only", remote).split() == ["one.txt", "sub/deep/two.bin"]
    (folder / "one.txt").unlink()
    (folder / "sub/three").write_bytes(b"3")
    rclone(azure, config, "sync", str(folder), remote)
    assert rclone(azure, config, "lsf", "-R", "--files-only", remote).split() == ["sub/deep/two.bin", "sub/three"]
    rclone(azure, config, "copyto", f"{remote}/sub/three", f"{remote}/copied")
    assert rclone(azure, config, "cat", f"{remote}/copied") == "3"
    rclone(azure, config, "moveto", f"{remote}/copied", f"{remote}/moved")
    assert '"bytes":' in rclone(azure, config, "size", "--json", remote)
    rclone(azure, config, "deletefile", f"{remote}/moved")
    rclone(azure, config, "delete", remote)
    assert rclone(azure, config, "lsf", "-R", "--files-only", remote) == ""


def test_a_signed_url_of_a_container_on_the_explicit_endpoint(azure: LocalAzure, tmp_path: Path) -> None:
    permission = ContainerSasPermissions(read=True, write=True, create=True, delete=True, list=True)
    query = generate_container_sas("rclonelake", "signed", KEY, permission=permission, expiry=datetime.now(UTC) + UNTIL)
    url = f"http://127.0.0.1:{azure.port}/rclonelake/signed?{query}"
    (tmp_path / "rclone.conf").write_text(f"[lake]\ntype = azureblob\nsas_url = {url}\n")
    works(azure, tmp_path / "rclone.conf", "lake:signed", tmp_path / "data")


@pytest.mark.parametrize("account", ["rclonelake", "rcloneflat"])
def test_account_and_key_by_the_real_host_name(azure: LocalAzure, tmp_path: Path, account: str) -> None:
    config = tmp_path / "rclone.conf"
    config.write_text(f"[lake]\ntype = azureblob\naccount = {account}\nkey = {KEY}\n")
    rclone(azure, config, "mkdir", "lake:keyed")
    works(azure, config, "lake:keyed", tmp_path / "data")
    rclone(azure, config, "purge", "lake:keyed")


def test_a_signed_url_of_an_account_by_the_real_host_name(azure: LocalAzure, tmp_path: Path) -> None:
    permission = AccountSasPermissions(read=True, write=True, create=True, delete=True, list=True, add=True)
    types = ResourceTypes(service=True, container=True, object=True)
    query = generate_account_sas("rcloneflat", KEY, types, permission, datetime.now(UTC) + UNTIL)
    url = f"https://rcloneflat.blob.core.windows.net/?{query}"
    (tmp_path / "rclone.conf").write_text(f"[lake]\ntype = azureblob\nsas_url = {url}\n")
    rclone(azure, tmp_path / "rclone.conf", "mkdir", "lake:bysas")
    works(azure, tmp_path / "rclone.conf", "lake:bysas", tmp_path / "data")
