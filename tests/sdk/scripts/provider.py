"""Share a file system with a service principal of another organisation, unattended.

Reads where things are from the environment; signs in as DefaultAzureCredential finds it.
"""

import contextlib
import os
import time
import uuid
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare.models import (
    Account,
    ADLSGen2FileSystemDataSet,
    Identity,
    Invitation,
    ScheduledSynchronizationSetting,
    Share,
)
from azure.storage.filedatalake import DataLakeServiceClient

SUBSCRIPTION = os.environ["DATA_SHARE_AZURE_SUBSCRIPTION_ID"]
GROUP = os.environ["DATA_SHARE_RESOURCE_GROUP"]
ACCOUNT = os.environ["DATA_SHARE_ACCOUNT_NAME"]
SHARE = os.environ["SHARE_NAME"]
DATA_SET = os.environ["DATASET_NAME"]
STORAGE_SUBSCRIPTION = os.environ["STORAGE_AZURE_SUBSCRIPTION_ID"]
STORAGE_GROUP = os.environ["STORAGE_RESOURCE_GROUP"]
STORAGE = os.environ["STORAGE_ACCOUNT_NAME"]
FILE_SYSTEM = os.environ["FILE_SYSTEM_NAME"]

FILES = {
    "readme.txt": b"what is in here\n",
    "2024/01/sales.csv": b"day,amount\n1,10\n2,20\n",
    "2024/02/sales.csv": b"day,amount\n1,30\n" * 5000,
    "empty.bin": b"",
}
BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


def upload(credential):
    service = DataLakeServiceClient(f"https://{STORAGE}.dfs.core.windows.net", credential=credential)
    try:
        file_system = service.create_file_system(FILE_SYSTEM)
    except ResourceExistsError:
        file_system = service.get_file_system_client(FILE_SYSTEM)
    for name, content in FILES.items():
        file = file_system.get_file_client(name)
        if content:
            file.upload_data(content, overwrite=True)
        else:  # upload_data does nothing when there is nothing to send
            file.create_file()
    print("uploaded", len([path for path in file_system.get_paths() if not path.is_directory]), "files")


def let_read(credential, principal_id):
    scope = (
        f"/subscriptions/{STORAGE_SUBSCRIPTION}/resourceGroups/{STORAGE_GROUP}"
        f"/providers/Microsoft.Storage/storageAccounts/{STORAGE}"
    )
    role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_DATA_READER}"
    client = AuthorizationManagementClient(credential, STORAGE_SUBSCRIPTION)
    with contextlib.suppress(ResourceExistsError):
        client.role_assignments.create(
            scope,
            str(uuid.uuid4()),
            RoleAssignmentCreateParameters(
                role_definition_id=role, principal_id=principal_id, principal_type="ServicePrincipal"
            ),
        )


def add_data_set(client):
    data_set = ADLSGen2FileSystemDataSet(
        file_system=FILE_SYSTEM,
        resource_group=STORAGE_GROUP,
        storage_account_name=STORAGE,
        subscription_id=STORAGE_SUBSCRIPTION,
    )
    for _ in range(10):
        try:
            return client.data_sets.create(GROUP, ACCOUNT, SHARE, DATA_SET, data_set)
        except HttpResponseError as error:
            if error.error is None or error.error.code != "5006":
                raise
            time.sleep(3)
    raise SystemExit("the share account may still not read the storage account")


def main():
    credential = DefaultAzureCredential()
    upload(credential)
    client = DataShareManagementClient(credential, SUBSCRIPTION)
    account = client.accounts.begin_create(
        GROUP, ACCOUNT, Account(location="westeurope", identity=Identity(type="SystemAssigned"))
    ).result()
    let_read(credential, account.identity.principal_id)
    client.shares.create(GROUP, ACCOUNT, SHARE, Share(share_kind="CopyBased", description="Sales", terms="Be kind"))
    data_set = add_data_set(client)
    if not list(client.synchronization_settings.list_by_share(GROUP, ACCOUNT, SHARE)):
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        daily = ScheduledSynchronizationSetting(recurrence_interval="Day", synchronization_time=tomorrow)
        client.synchronization_settings.create(GROUP, ACCOUNT, SHARE, "daily", daily)
    invitation = client.invitations.create(
        GROUP,
        ACCOUNT,
        SHARE,
        "to-the-consumer",
        Invitation(
            target_active_directory_id=os.environ["DESTINATION_TENANT_ID"],
            target_object_id=os.environ["DESTINATION_OBJECT_ID"],
        ),
    )
    print("data set", data_set.data_set_id)
    print("invitation", invitation.invitation_status)


if __name__ == "__main__":
    main()
