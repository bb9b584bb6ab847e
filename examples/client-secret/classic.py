"""An application with its secret: make a file system, list them all, write a file and read it back."""

import io
import os

from azure.core.exceptions import ResourceExistsError
from azure.identity import ClientSecretCredential
from azure.storage.filedatalake import DataLakeServiceClient

credential = ClientSecretCredential(
    tenant_id=os.environ["AZURE_TENANT_ID"],
    client_id=os.environ["AZURE_CLIENT_ID"],
    client_secret=os.environ["AZURE_CLIENT_SECRET"],
)
service_client = DataLakeServiceClient(account_url="https://contosolake.dfs.core.windows.net", credential=credential)
try:
    file_system_client = service_client.create_file_system(file_system="reports")
except ResourceExistsError:
    file_system_client = service_client.get_file_system_client("reports")
print([file_system.name for file_system in service_client.list_file_systems()])

directory_client = file_system_client.get_directory_client("2030")
file_client = directory_client.create_file("sales.csv")
file_client.upload_data(b"id,amount\n1,10\n", overwrite=True)

stream = io.BytesIO()
file_client.download_file().readinto(stream)
print(stream.getvalue().decode(), end="")
