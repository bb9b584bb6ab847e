"""Every operation group of azure-mgmt-datashare by its async client, and every document in all five versions of the service."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity.aio import ClientSecretCredential
from azure.mgmt.datashare import models as m
from azure.mgmt.datashare.aio import DataShareManagementClient
from tests.sdk.datashare.forms import Judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

GROUP = "data-share-automation"
VERSIONS = ("2018-11-01-preview", "2019-11-01", "2020-09-01", "2020-10-01-preview", "2021-08-01")
AT_TWO = dt.datetime(2026, 1, 1, 2, 0, tzinfo=dt.UTC)
Item = TypeVar("Item")


async def whole(items: AsyncIterable[Item]) -> list[Item]:
    return [one async for one in items]


class AsyncSide:
    """One organisation by the async client."""

    def __init__(self, side: Any) -> None:
        self.side = side
        self.at = (GROUP, side.account)
        self.credential = ClientSecretCredential(**side.secret, **side.azure.sdk)
        self.client = DataShareManagementClient(
            self.credential, side.subscription_id, per_retry_policies=[Judge()], **side.azure.sdk
        )

    async def __aenter__(self) -> AsyncSide:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        await self.credential.close()


async def test_the_async_client_drives_every_operation_group(flow: Any) -> None:
    async with AsyncSide(flow.provider) as provider, AsyncSide(flow.consumer) as consumer:
        await _share(provider, consumer)
        await _receive(provider, consumer)
        await _end(provider, consumer)


async def _share(provider: AsyncSide, consumer: AsyncSide) -> None:
    ours, at = provider.client, provider.at
    assert "source-data-share" in [one.name for one in await whole(ours.accounts.list_by_subscription())]
    assert await whole(ours.accounts.list_by_resource_group(GROUP))
    assert (await ours.accounts.update(*at, m.AccountUpdateParameters(tags={"a": "b"}))).tags == {"a": "b"}
    made = await ours.accounts.begin_create(
        GROUP, "async-account", m.Account(location="westeurope", identity=m.Identity(type="SystemAssigned"))
    )
    assert (await made.result()).identity.principal_id
    assert (await (await ours.accounts.begin_delete(GROUP, "async-account")).result()).status == "Succeeded"
    await ours.shares.create(*at, "async", m.Share(share_kind="CopyBased", terms="internal", description="all of it"))
    assert "async" in [one.name for one in await whole(ours.shares.list_by_account(*at))]
    lake = m.ADLSGen2FileSystemDataSet(file_system="share-data", **provider.side.at)
    assert (await ours.data_sets.create(*at, "async", "raw", lake)).kind == "AdlsGen2FileSystem"
    assert [one.name for one in await whole(ours.data_sets.list_by_share(*at, "async"))] == ["raw"]
    daily = m.ScheduledSynchronizationSetting(recurrence_interval="Day", synchronization_time=AT_TWO)
    await ours.synchronization_settings.create(*at, "async", "daily", daily)
    assert [one.name for one in await whole(ours.synchronization_settings.list_by_share(*at, "async"))] == ["daily"]
    target = m.Invitation(target_active_directory_id=consumer.side.tenant_id, target_object_id=consumer.side.object_id)
    for name in ("one", "two"):
        await ours.invitations.create(*at, "async", name, target)
    assert len(await whole(ours.invitations.list_by_share(*at, "async"))) == 2
    assert "Microsoft.DataShare/accounts/write" in [one.name for one in await whole(ours.operations.list())]
    with pytest.raises(HttpResponseError, match="guest"):
        await ours.email_registrations.register_email("westeurope")


async def _receive(provider: AsyncSide, consumer: AsyncSide) -> None:
    theirs, at = consumer.client, consumer.at
    seen = [one for one in await whole(theirs.consumer_invitations.list_invitations()) if one.share_name == "async"]
    first, second = sorted(seen, key=lambda one: str(one.name))
    assert (await theirs.consumer_invitations.get("westeurope", str(first.invitation_id))).terms_of_use == "internal"
    rejected = await theirs.consumer_invitations.reject_invitation(
        "West Europe", m.ConsumerInvitation(invitation_id=str(second.invitation_id))
    )
    assert rejected.invitation_status == "Rejected"
    accepted = m.ShareSubscription(invitation_id=str(first.invitation_id), source_share_location=str(first.location))
    await theirs.share_subscriptions.create(*at, "async", accepted)
    assert "async" in [one.name for one in await whole(theirs.share_subscriptions.list_by_account(*at))]
    (source,) = await whole(theirs.consumer_source_data_sets.list_by_share_subscription(*at, "async"))
    mapping = m.ADLSGen2FileSystemDataSetMapping(
        data_set_id=str(source.data_set_id), file_system="async-copy", **consumer.side.at
    )
    await theirs.data_set_mappings.create(*at, "async", "raw", mapping)
    assert len(await whole(theirs.data_set_mappings.list_by_share_subscription(*at, "async"))) == 1
    (offered,) = await whole(theirs.share_subscriptions.list_source_share_synchronization_settings(*at, "async"))
    await (await theirs.triggers.begin_create(*at, "async", "daily", offered)).result()  # type: ignore[call-overload]  # the same shape
    assert (await theirs.triggers.get(*at, "async", "daily")).kind == "ScheduleBased"
    assert len(await whole(theirs.triggers.list_by_share_subscription(*at, "async"))) == 1
    run = await theirs.share_subscriptions.begin_synchronize(*at, "async", m.Synchronize())
    assert (await run.result()).status == "Succeeded"
    (record,) = await whole(theirs.share_subscriptions.list_synchronizations(*at, "async"))
    wanted = m.ShareSubscriptionSynchronization(synchronization_id=record.synchronization_id)
    (detail,) = await whole(theirs.share_subscriptions.list_synchronization_details(*at, "async", wanted))
    asked = m.ShareSynchronization(synchronization_id=record.synchronization_id)
    (same,) = await whole(provider.client.shares.list_synchronization_details(*provider.at, "async", asked))
    assert (same.name, same.files_written) == (detail.name, detail.files_written)
    cancelled = await theirs.share_subscriptions.begin_cancel_synchronization(*at, "async", wanted)
    assert (await cancelled.result()).status == "Succeeded"


async def _end(provider: AsyncSide, consumer: AsyncSide) -> None:
    ours, theirs = provider.client, consumer.client
    (view,) = await whole(ours.provider_share_subscriptions.list_by_share(*provider.at, "async"))
    at = (*provider.at, "async", str(view.share_subscription_object_id))
    await (await ours.provider_share_subscriptions.begin_revoke(*at)).result()
    assert (await ours.provider_share_subscriptions.get_by_share(*at)).share_subscription_status == "Revoked"
    until = m.ProviderShareSubscription(expiration_date=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    assert (await ours.provider_share_subscriptions.reinstate(*at, until)).share_subscription_status == "Active"
    assert (await ours.provider_share_subscriptions.adjust(*at, until)).expiration_date == until.expiration_date
    assert (await (await theirs.triggers.begin_delete(*consumer.at, "async", "daily")).result()).status == "Succeeded"
    await theirs.data_set_mappings.delete(*consumer.at, "async", "raw")
    await (await theirs.share_subscriptions.begin_delete(*consumer.at, "async")).result()
    await (await ours.data_sets.begin_delete(*provider.at, "async", "raw")).result()
    await ours.invitations.delete(*provider.at, "async", "one")
    setting = await ours.synchronization_settings.begin_delete(*provider.at, "async", "daily")
    assert (await setting.result()).status == "Succeeded"
    assert (await (await ours.shares.begin_delete(*provider.at, "async")).result()).status == "Succeeded"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_has_its_form_in_every_version(flow: Any, version: str) -> None:
    """The clients' own policy judges each answer; here they ask for everything there is."""
    name = f"forms-{VERSIONS.index(version)}"
    kinds = [
        m.BlobContainerDataSet(container_name="share-data", **flow.provider.at),
        m.BlobFolderDataSet(container_name="share-data", prefix="a/b", **flow.provider.at),
        m.BlobDataSet(container_name="share-data", file_path="a/b.csv", **flow.provider.at),
        m.ADLSGen2FolderDataSet(file_system="share-data", folder_path="a", **flow.provider.at),
        m.ADLSGen2FileDataSet(file_system="share-data", file_path="a/b.csv", **flow.provider.at),
    ]
    flow.share(name)
    ours = flow.provider.client_of(api_version=version)
    for number, one in enumerate(kinds):
        ours.data_sets.create(GROUP, flow.provider.account, name, f"set{number}", one)
    daily = m.ScheduledSynchronizationSetting(recurrence_interval="Day", synchronization_time=AT_TWO)
    ours.synchronization_settings.create(GROUP, flow.provider.account, name, "daily", daily)
    flow.invite(name)
    theirs = flow.consumer.client_of(api_version=version)
    (found,) = [one for one in theirs.consumer_invitations.list_invitations() if one.share_name == name]
    place = {"invitation_id": found.invitation_id, "source_share_location": str(found.location)}
    theirs.share_subscriptions.create(GROUP, flow.consumer.account, name, m.ShareSubscription(**place))
    for source in theirs.consumer_source_data_sets.list_by_share_subscription(GROUP, flow.consumer.account, name):
        at = {"data_set_id": str(source.data_set_id), **flow.consumer.at}
        is_file = str(source.data_set_type) in {"Blob", "AdlsGen2File"}
        mapping = (
            m.BlobDataSetMapping(container_name=f"{name}-blob", file_path=str(source.name), **at)
            if is_file
            else m.BlobFolderDataSetMapping(container_name=f"{name}-copy", prefix=str(source.name), **at)
        )
        theirs.data_set_mappings.create(GROUP, flow.consumer.account, name, str(source.name), mapping)
    (offered,) = theirs.share_subscriptions.list_source_share_synchronization_settings(
        GROUP, flow.consumer.account, name
    )
    theirs.triggers.begin_create(GROUP, flow.consumer.account, name, "daily", offered).result()
    with pytest.raises(HttpResponseError, match="10002"):
        theirs.share_subscriptions.begin_synchronize(
            GROUP, flow.consumer.account, name, m.Synchronize(synchronization_mode="FullSync")
        ).result()
    (view,) = ours.provider_share_subscriptions.list_by_share(GROUP, flow.provider.account, name)
    ours.provider_share_subscriptions.get_by_share(
        GROUP, flow.provider.account, name, str(view.share_subscription_object_id)
    )
    for listed in (
        ours.accounts.list_by_resource_group(GROUP),
        ours.shares.list_by_account(GROUP, flow.provider.account),
        ours.invitations.list_by_share(GROUP, flow.provider.account, name),
        ours.shares.list_synchronizations(GROUP, flow.provider.account, name),
        theirs.share_subscriptions.list_by_account(GROUP, flow.consumer.account),
        theirs.share_subscriptions.list_synchronizations(GROUP, flow.consumer.account, name),
        theirs.triggers.list_by_share_subscription(GROUP, flow.consumer.account, name),
        theirs.data_set_mappings.list_by_share_subscription(GROUP, flow.consumer.account, name),
    ):
        assert list(listed)
    assert flow.provider.judge.held > 10
    assert flow.consumer.judge.held > 10
