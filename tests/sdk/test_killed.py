"""The local Azure is killed after each call of the flow: what it acknowledged is there when it is up again."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare.models import (
    ADLSGen2FileSystemDataSet,
    ADLSGen2FileSystemDataSetMapping,
    Invitation,
    Share,
    ShareSubscription,
    Synchronize,
)
from azure.storage.filedatalake import DataLakeServiceClient, LinearRetry

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
GROUP = "data-share-automation"
SMALL, LARGE = b"a few bytes", bytes(range(256)) * 4096


class Side:
    """One organisation's clients, which outlive every crash of the server."""

    def __init__(self, azure: LocalAzure, app: str, storage: str, account: str) -> None:
        who = azure.credentials(app)
        self.tenant_id, self.object_id = who["tenant_id"], who["object_id"]
        self.storage, self.account = storage, account
        credential = ClientSecretCredential(who["tenant_id"], who["client_id"], who["client_secret"], **azure.sdk)
        (self.subscription_id,) = (
            one["subscription_id"] for one in azure.things("storage_account") if one["name"] == storage
        )
        # a poller may be asking while the server is down, for as long as a busy machine takes to start it again
        patient: dict[str, Any] = {"retry_total": 60, "retry_connect": 60, "retry_backoff_max": 1}
        self.shares = DataShareManagementClient(credential, self.subscription_id, **patient, **azure.sdk)
        self.roles = AuthorizationManagementClient(credential, self.subscription_id, **azure.sdk)
        self.lake = DataLakeServiceClient(
            f"https://{storage}.dfs.core.windows.net", credential, retry_policy=LinearRetry(0), **azure.sdk
        )

    @property
    def place(self) -> dict[str, str]:
        return {
            "resource_group": GROUP,
            "storage_account_name": self.storage,
            "subscription_id": self.subscription_id,
        }

    def grant(self, role: str) -> Any:
        scope = f"/subscriptions/{self.subscription_id}/resourceGroups/{GROUP}"
        scope += f"/providers/Microsoft.Storage/storageAccounts/{self.storage}"
        identity = self.shares.accounts.get(GROUP, self.account).identity
        return self.roles.role_assignments.create(
            scope,
            str(uuid.uuid4()),
            RoleAssignmentCreateParameters(
                role_definition_id=f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                principal_id=str(identity.principal_id),
                principal_type="ServicePrincipal",
            ),
        )


@pytest.mark.timeout(360)
def test_nothing_acknowledged_is_lost_by_a_kill_after_any_call(new_azure: NewAzure) -> None:
    azure = new_azure(memory=False)
    here = Side(azure, "provider", "sourcestorage", "source-data-share")
    there = Side(azure, "consumer", "deststorage", "dest-data-share")
    mine, yours = (GROUP, here.account), (GROUP, there.account)
    invited = Invitation(target_active_directory_id=there.tenant_id, target_object_id=there.object_id)

    def acknowledged(answer: Any) -> Any:
        azure.kill9()
        azure.restart()
        return answer

    files = here.lake.get_file_system_client("share-data")
    acknowledged(files.get_file_client("small.txt").upload_data(SMALL, overwrite=True))
    acknowledged(files.get_file_client("deep/er/large.bin").upload_data(LARGE, overwrite=True, chunk_size=300_000))
    half = files.get_file_client("half.bin")
    acknowledged(half.create_file())
    acknowledged(half.append_data(SMALL, 0))
    acknowledged(half.flush_data(len(SMALL)))
    acknowledged(here.grant(READER))
    acknowledged(here.shares.shares.create(*mine, "sales", Share(share_kind="CopyBased")))
    data_set = ADLSGen2FileSystemDataSet(file_system="share-data", **here.place)
    data_set_id = acknowledged(here.shares.data_sets.create(*mine, "sales", "raw", data_set)).data_set_id
    invitation = acknowledged(here.shares.invitations.create(*mine, "sales", "one", invited))
    acknowledged(there.grant(CONTRIBUTOR))
    accepted = ShareSubscription(invitation_id=invitation.invitation_id, source_share_location="westeurope")
    acknowledged(there.shares.share_subscriptions.create(*yours, "received", accepted))
    mapping = ADLSGen2FileSystemDataSetMapping(data_set_id=data_set_id, file_system="landing", **there.place)
    acknowledged(there.shares.data_set_mappings.create(*yours, "received", "raw", mapping))
    run = acknowledged(there.shares.share_subscriptions.begin_synchronize(*yours, "received", Synchronize()))
    assert run.result().status == "Succeeded"

    landing = there.lake.get_file_system_client("landing")
    arrived = {
        path.name: landing.get_file_client(path.name).download_file().readall()
        for path in landing.get_paths()
        if not path.is_directory
    }
    assert arrived == {"small.txt": SMALL, "deep/er/large.bin": LARGE, "half.bin": SMALL}
    assert [one.invitation_status for one in here.shares.invitations.list_by_share(*mine, "sales")] == ["Accepted"]
