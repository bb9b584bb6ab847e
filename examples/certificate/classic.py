"""An application with its certificate."""

import os

from azure.identity import CertificateCredential
from azure.storage.filedatalake import DataLakeServiceClient

credential = CertificateCredential(
    tenant_id=os.environ["AZURE_TENANT_ID"],
    client_id=os.environ["AZURE_CLIENT_ID"],
    certificate_path=os.environ["AZURE_CLIENT_CERTIFICATE_PATH"],
)
service_client = DataLakeServiceClient("https://contosolake.dfs.core.windows.net", credential=credential)
file_client = service_client.get_file_client("raw", "batch/out.txt")
file_client.upload_data(b"by certificate\n", overwrite=True)
print(file_client.download_file().readall().decode(), end="")
