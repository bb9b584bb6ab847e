"""The identity of the machine, container or function that this runs on."""

from azure.identity import ManagedIdentityCredential
from azure.storage.filedatalake import DataLakeServiceClient

service_client = DataLakeServiceClient(
    account_url="https://contosolake.dfs.core.windows.net", credential=ManagedIdentityCredential()
)
file_system_client = service_client.get_file_system_client("raw")
file_system_client.get_file_client("node/done.txt").upload_data(b"done\n", overwrite=True)
print([path.name for path in file_system_client.get_paths(path="node")])
