"""The client that Microsoft generates from the dfs API's own description, as it lies inside azure-storage-file-datalake.

The package's upper half asks the blob API for much of this; other languages' clients and Hadoop's driver ask dfs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from azure.storage.filedatalake import DataLakeServiceClient, FileSystemClient

    Lakes = Any  # conftest's; test modules do not import one another

LEASE = "11111111-2222-4333-8444-555555555555"


def generated(client: Any) -> Any:  # Any: the generated client has no types of its own
    """Return the generated client under a handwritten one, with its pipeline, at the dfs host."""
    return client._client


def test_the_dfs_api_makes_describes_lists_and_deletes_file_systems(lakes: Lakes) -> None:
    service: DataLakeServiceClient = lakes.dfs()
    name = f"{lakes.new_file_system()}-dfs"
    client = generated(service.get_file_system_client(name))
    seen: list[Any] = []
    client.file_system.create(properties="Owner=YWRh", cls=lambda _, __, headers: seen.append(headers))
    client.file_system.get_properties(cls=lambda _, __, headers: seen.append(headers))
    assert seen[1]["x-ms-namespace-enabled"] == "true"
    assert (seen[1]["ETag"], seen[1]["x-ms-properties"]) == (seen[0]["ETag"], "Owner=YWRh")
    client.file_system.set_properties(properties="Owner=Z3JhY2U=")
    client.file_system.get_properties(cls=lambda _, __, headers: seen.append(headers))
    assert seen[2]["x-ms-properties"] == "Owner=Z3JhY2U="
    listed = generated(service).service.list_file_systems(prefix=name)
    assert [one.name for one in listed] == [name]
    client.file_system.delete()
    with pytest.raises(HttpResponseError):
        client.file_system.get_properties()


def test_the_dfs_api_reads_describes_and_leases_paths(fs: FileSystemClient) -> None:
    fs.get_file_client("d/f").upload_data(b"0123456789", overwrite=True)
    path = generated(fs.get_file_client("d/f")).path
    assert b"".join(path.read()) == b"0123456789"
    seen: list[Any] = []

    def keep(_: object, __: object, headers: Any) -> None:
        seen.append(headers)

    path.get_properties(cls=keep)
    assert (seen[0]["x-ms-resource-type"], seen[0]["Content-Length"]) == ("file", 10)
    path.get_properties(action="getStatus", cls=keep)
    assert seen[1]["x-ms-resource-type"] == "file"
    path.get_properties(action="checkAccess", params={"fsAction": "rw-"}, cls=keep)
    path.update(action="setProperties", mode="set", body=b"", properties="Kind=dGVzdA==", cls=keep)
    path.get_properties(cls=keep)
    assert seen[-1]["x-ms-properties"] == "Kind=dGVzdA=="
    path.lease("acquire", proposed_lease_id=LEASE, headers={"x-ms-lease-duration": "15"}, cls=keep)
    assert seen[-1]["x-ms-lease-id"] == LEASE
    path.get_properties(cls=keep)
    assert seen[-1]["x-ms-lease-state"] == "leased"


def test_account_information_is_told_of_an_account_a_container_and_a_blob(lakes: Lakes) -> None:
    container = lakes.blob().get_container_client(lakes.new_file_system())
    container.upload_blob("b", b"x")
    told = [one.get_account_information() for one in (lakes.blob(), container, container.get_blob_client("b"))]
    assert {one["account_kind"] for one in told} == {"StorageV2"}
    assert {one["is_hns_enabled"] for one in told} == {True}
