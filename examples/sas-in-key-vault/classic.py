"""A SAS that a vault keeps, fetched by whoever runs this."""

from azure.identity import ChainedTokenCredential, DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from azure.storage.filedatalake import DataLakeServiceClient

credential = ChainedTokenCredential(DefaultAzureCredential())
secret_client = SecretClient(vault_url="https://contosovault.vault.azure.net/", credential=credential)
sas = secret_client.get_secret("lake-sas").value

service_client = DataLakeServiceClient(account_url=f"https://contosolake.dfs.core.windows.net?{sas}")
file_client = service_client.get_file_client("raw", "kept/notes.txt")
file_client.upload_data(b"by a signature from the vault\n", overwrite=True)
print(file_client.download_file().readall().decode(), end="")
