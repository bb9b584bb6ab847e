"""Accept what was shared with us, map it to our lake, follow its schedule, copy it now, and look at what arrived."""

import contextlib
import hashlib
import os
import time
import uuid

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare.models import (
    ADLSGen2FileSystemDataSetMapping,
    ScheduledTrigger,
    ShareSubscription,
    Synchronize,
)
from azure.storage.filedatalake import DataLakeServiceClient

SUBSCRIPTION = os.environ["DATA_SHARE_AZURE_SUBSCRIPTION_ID"]
GROUP = os.environ["DATA_SHARE_RESOURCE_GROUP"]
ACCOUNT = os.environ["DATA_SHARE_ACCOUNT_NAME"]
STORAGE_SUBSCRIPTION = os.environ["STORAGE_AZURE_SUBSCRIPTION_ID"]
STORAGE_GROUP = os.environ["STORAGE_RESOURCE_GROUP"]
STORAGE = os.environ["STORAGE_ACCOUNT_NAME"]
RECEIVED = os.environ["RECEIVED_SHARE_NAME"]
MODE = os.environ.get("SYNCHRONIZATION_MODE", "FullSync")

BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def accept(client):
    for invitation in client.consumer_invitations.list_invitations():
        if invitation.invitation_status == "Pending":
            client.share_subscriptions.create(
                GROUP,
                ACCOUNT,
                RECEIVED,
                ShareSubscription(invitation_id=invitation.invitation_id, source_share_location=invitation.location),
            )
            print("accepted", invitation.share_name, "from", invitation.provider_tenant_name)
            return
    client.share_subscriptions.get(GROUP, ACCOUNT, RECEIVED)


def let_write(credential, principal_id):
    scope = (
        f"/subscriptions/{STORAGE_SUBSCRIPTION}/resourceGroups/{STORAGE_GROUP}"
        f"/providers/Microsoft.Storage/storageAccounts/{STORAGE}"
    )
    role = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_DATA_CONTRIBUTOR}"
    client = AuthorizationManagementClient(credential, STORAGE_SUBSCRIPTION)
    with contextlib.suppress(ResourceExistsError):
        client.role_assignments.create(
            scope,
            str(uuid.uuid4()),
            RoleAssignmentCreateParameters(
                role_definition_id=role, principal_id=principal_id, principal_type="ServicePrincipal"
            ),
        )


def map_data_set(client, source):
    mapping = ADLSGen2FileSystemDataSetMapping(
        data_set_id=source.data_set_id,
        file_system=source.data_set_path,
        resource_group=STORAGE_GROUP,
        storage_account_name=STORAGE,
        subscription_id=STORAGE_SUBSCRIPTION,
    )
    for _ in range(10):
        try:
            return client.data_set_mappings.create(GROUP, ACCOUNT, RECEIVED, source.data_set_name, mapping)
        except HttpResponseError as error:
            if error.error is None or error.error.code != "5006":
                raise
            time.sleep(3)
    raise SystemExit("the share account may still not write to the storage account")


def follow(client):
    for setting in client.share_subscriptions.list_source_share_synchronization_settings(GROUP, ACCOUNT, RECEIVED):
        trigger = ScheduledTrigger(
            recurrence_interval=setting.recurrence_interval,
            synchronization_time=setting.synchronization_time,
            synchronization_mode="Incremental",
        )
        client.triggers.begin_create(GROUP, ACCOUNT, RECEIVED, "follow", trigger).result()


def synchronize(client):
    poller = client.share_subscriptions.begin_synchronize(
        GROUP, ACCOUNT, RECEIVED, Synchronize(synchronization_mode=MODE)
    )
    print("run", poller.result().status)
    run = next(iter(client.share_subscriptions.list_synchronizations(GROUP, ACCOUNT, RECEIVED)))
    details = client.share_subscriptions.list_synchronization_details(
        GROUP, ACCOUNT, RECEIVED, {"synchronizationId": run.synchronization_id}
    )
    for detail in details:
        print("copied", detail.files_written, "files", detail.size_written, "bytes", detail.status)


def look(credential, file_systems):
    service = DataLakeServiceClient(f"https://{STORAGE}.dfs.core.windows.net", credential=credential)
    for name in file_systems:
        file_system = service.get_file_system_client(name)
        for path in file_system.get_paths(recursive=True):
            if not path.is_directory:
                content = file_system.get_file_client(path.name).download_file().readall()
                print("file", path.name, len(content), hashlib.md5(content).hexdigest())


def main():
    credential = DefaultAzureCredential()
    client = DataShareManagementClient(credential, SUBSCRIPTION)
    let_write(credential, client.accounts.get(GROUP, ACCOUNT).identity.principal_id)
    accept(client)
    sources = list(client.consumer_source_data_sets.list_by_share_subscription(GROUP, ACCOUNT, RECEIVED))
    for source in sources:
        map_data_set(client, source)
    follow(client)
    synchronize(client)
    look(credential, [source.data_set_path for source in sources])


if __name__ == "__main__":
    main()
