"""List what arrived in fabrikam's lake, as any program for Azure would."""

from azure.identity import DefaultAzureCredential
from azure.storage.filedatalake import DataLakeServiceClient

lake = DataLakeServiceClient("https://deststorage.dfs.core.windows.net", DefaultAzureCredential())
print([path.name for path in lake.get_file_system_client("share-data").get_paths()])
