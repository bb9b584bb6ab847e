"""A SAS in the account's URL: list file systems, write a file and read it back."""

import io
import os

from azure.storage.filedatalake import DataLakeServiceClient

sas = os.environ["SAS"]
service_client = DataLakeServiceClient(account_url=f"https://contosolake.dfs.core.windows.net?{sas}")
print([file_system.name for file_system in service_client.list_file_systems() if file_system.name == "raw"])

file_client = service_client.get_file_client(file_system="raw", file_path="signed/notes.txt")
file_client.upload_data(b"by signature\n", overwrite=True)
stream = io.BytesIO()
file_client.download_file().readinto(stream)
print(stream.getvalue().decode(), end="")
