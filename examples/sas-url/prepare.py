"""Make a SAS for the account, good for an hour: what somebody who administers it hands out."""

from datetime import UTC, datetime, timedelta

from azure.identity import DefaultAzureCredential
from azure.mgmt.storage import StorageManagementClient
from azure.storage.filedatalake import AccountSasPermissions, ResourceTypes, generate_account_sas

storage = StorageManagementClient(DefaultAzureCredential(), "44444444-4444-4444-8444-444444444444")
key = storage.storage_accounts.list_keys("lake", "contosolake").keys_property[0].value
print(
    generate_account_sas(
        "contosolake",
        key,
        ResourceTypes(service=True, file_system=True, object=True),
        AccountSasPermissions(read=True, write=True, delete=True, list=True, create=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
)
