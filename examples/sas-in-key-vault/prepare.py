"""Put a SAS for the account into the vault, good for an hour: what somebody who administers both does."""

from datetime import UTC, datetime, timedelta

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient
from azure.mgmt.storage import StorageManagementClient
from azure.storage.filedatalake import AccountSasPermissions, ResourceTypes, generate_account_sas

credential = DefaultAzureCredential()
storage = StorageManagementClient(credential, "44444444-4444-4444-8444-444444444444")
key = storage.storage_accounts.list_keys("lake", "contosolake").keys_property[0].value
sas = generate_account_sas(
    "contosolake",
    key,
    ResourceTypes(service=True, file_system=True, object=True),
    AccountSasPermissions(read=True, write=True, delete=True, list=True, create=True),
    datetime.now(UTC) + timedelta(hours=1),
)
SecretClient("https://contosovault.vault.azure.net", credential).set_secret("lake-sas", sas)
