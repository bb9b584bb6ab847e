"""A local Azure with its two organisations, and each one's Data Share client as its users make it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare import models as m
from tests.sdk.datashare.forms import Judge
from tests.sdk.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.azure import LocalAzure
    from tests.sdk.conftest import AzureOf

GROUP = "data-share-automation"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


@dataclass
class Side:
    """One organisation: an app with its client, a share account and a store."""

    azure: LocalAzure
    app: str
    account: str
    store: str

    def __post_init__(self) -> None:
        self.principal = Principal(self.azure, self.app)
        self.tenant_id, self.object_id = self.principal.tenant_id, self.principal.object_id
        self.secret, self.credential = self.principal.secret, self.principal.credential
        self.subscription_id = self.principal.subscription_id
        self.client = self.client_of()

    def client_of(self, **more: Any) -> DataShareManagementClient:
        """Return a client, every answer to which is held to its published form."""
        self.judge = Judge()
        return self.principal.client(
            DataShareManagementClient, subscription_id=self.subscription_id, per_retry_policies=[self.judge], **more
        )

    @property
    def at(self) -> dict[str, Any]:
        """Where a data set or mapping of this side's store is."""
        return {
            "subscription_id": self.subscription_id,
            "resource_group": GROUP,
            "storage_account_name": self.store,
        }

    def grant_identity(self, role: str) -> None:
        """Give the share account's identity a role on the store, as every script on record does."""
        identity = self.client.accounts.get(GROUP, self.account).identity
        scope = f"/subscriptions/{self.subscription_id}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts/{self.store}"
        definition = f"/subscriptions/{self.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{identity.principal_id}/{role}"))
        self.principal.client(
            AuthorizationManagementClient, subscription_id=self.subscription_id
        ).role_assignments.create(
            scope,
            name,
            {
                "role_definition_id": definition,
                "principal_id": identity.principal_id,
                "principal_type": "ServicePrincipal",
            },
        )


@dataclass
class Flow:
    """Both sides, and the steps between them under names of one test's own."""

    provider: Side
    consumer: Side

    def share(self, name: str, data_set: m.DataSet | None = None) -> str:
        """Share the provider's file system; return the data set's id."""
        shares = self.provider.client
        shares.shares.create(GROUP, self.provider.account, name, m.Share(share_kind="CopyBased", terms="internal"))
        wanted = data_set or m.ADLSGen2FileSystemDataSet(file_system="share-data", **self.provider.at)
        made = shares.data_sets.create(GROUP, self.provider.account, name, "raw", wanted)
        return str(made.data_set_id)  # type: ignore[attr-defined]  # the base class has it on the wire only

    def invite(self, share: str) -> m.Invitation:
        """Invite the consumer's app."""
        invitation = m.Invitation(
            target_active_directory_id=self.consumer.tenant_id, target_object_id=self.consumer.object_id
        )
        return self.provider.client.invitations.create(GROUP, self.provider.account, share, f"{share}-to", invitation)

    def accept(self, share: str) -> m.ShareSubscription:
        """Accept as the samples do: from the list of invitations."""
        client = self.consumer.client
        (found,) = [one for one in client.consumer_invitations.list_invitations() if one.share_name == share]
        subscription = m.ShareSubscription(invitation_id=found.invitation_id, source_share_location=str(found.location))
        return client.share_subscriptions.create(GROUP, self.consumer.account, share, subscription)

    def map(self, share: str, file_system: str) -> None:
        """Map every source data set to a file system."""
        client = self.consumer.client
        sources = client.consumer_source_data_sets.list_by_share_subscription(GROUP, self.consumer.account, share)
        for source in sources:
            mapping = m.ADLSGen2FileSystemDataSetMapping(
                data_set_id=str(source.data_set_id), file_system=file_system, **self.consumer.at
            )
            client.data_set_mappings.create(GROUP, self.consumer.account, share, str(source.data_set_name), mapping)

    def all(self, share: str) -> None:
        """Share, invite, accept and map."""
        self.share(share)
        self.invite(share)
        self.accept(share)
        self.map(share, f"{share}-copy")

    def synchronize(self, share: str, mode: str = "Incremental") -> m.ShareSubscriptionSynchronization:
        """Run a snapshot to its end and return its record."""
        client = self.consumer.client.share_subscriptions
        client.begin_synchronize(GROUP, self.consumer.account, share, m.Synchronize(synchronization_mode=mode)).result()
        return next(iter(client.list_synchronizations(GROUP, self.consumer.account, share)))


def _flow(azure: LocalAzure) -> Flow:
    """Return both sides of a local Azure, their share accounts' identities allowed."""
    made = Flow(
        Side(azure, "provider", "source-data-share", "sourcestorage"),
        Side(azure, "consumer", "dest-data-share", "deststorage"),
    )
    made.provider.grant_identity(READER)
    made.consumer.grant_identity(CONTRIBUTOR)
    return made


@pytest.fixture(scope="session")
def running(azure_of: AzureOf) -> LocalAzure:
    """A local Azure that these tests share; they use names of their own in it."""
    return azure_of(None)


@pytest.fixture(scope="session")
def flow(running: LocalAzure) -> Flow:
    return _flow(running)


@pytest.fixture
def flow_of() -> Callable[[LocalAzure], Flow]:
    """Makes both sides of a local Azure, with fresh tokens."""
    return _flow
