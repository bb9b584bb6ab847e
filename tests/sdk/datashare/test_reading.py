"""What is made is read, listed and deleted again, by azure-mgmt-datashare, on both sides."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.datashare import models as m

GROUP = "data-share-automation"
AT_TWO = dt.datetime(2026, 1, 1, 2, 0, tzinfo=dt.UTC)


def names(items: Any) -> list[str]:
    return [one.name for one in items]


def test_the_providers_resources_are_read_listed_and_deleted(flow: Any) -> None:
    client, account, share = flow.provider.client, flow.provider.account, "read-provider"
    flow.share(share)
    flow.invite(share)
    assert client.shares.get(GROUP, account, share).share_kind == "CopyBased"
    (data_set,) = client.data_sets.list_by_share(GROUP, account, share)
    assert client.data_sets.get(GROUP, account, share, data_set.name).data_set_id == data_set.data_set_id
    (invitation,) = client.invitations.list_by_share(GROUP, account, share)
    found = client.invitations.get(GROUP, account, share, invitation.name)
    assert (found.invitation_id, found.invitation_status) == (invitation.invitation_id, "Pending")
    client.invitations.delete(GROUP, account, share, invitation.name)
    with pytest.raises(ResourceNotFoundError, match="7001"):
        client.invitations.get(GROUP, account, share, invitation.name)


def test_the_consumers_resources_are_read_listed_and_deleted(flow: Any) -> None:
    provider, client, account, share = flow.provider, flow.consumer.client, flow.consumer.account, "read-consumer"
    flow.share(share)
    schedule = m.ScheduledSynchronizationSetting(recurrence_interval="Hour", synchronization_time=AT_TWO)
    provider.client.synchronization_settings.create(GROUP, provider.account, share, "hourly", schedule)
    flow.invite(share)
    flow.accept(share)
    flow.map(share, "read-copy")
    assert share in names(client.share_subscriptions.list_by_account(GROUP, account))
    (mapping,) = client.data_set_mappings.list_by_share_subscription(GROUP, account, share)
    assert client.data_set_mappings.get(GROUP, account, share, mapping.name).data_set_mapping_status == "Ok"
    (offered,) = client.share_subscriptions.list_source_share_synchronization_settings(GROUP, account, share)
    client.triggers.begin_create(GROUP, account, share, "hourly", offered).result()
    assert names(client.triggers.list_by_share_subscription(GROUP, account, share)) == ["hourly"]
    assert client.triggers.begin_delete(GROUP, account, share, "hourly").result().status == "Succeeded"
    assert names(client.triggers.list_by_share_subscription(GROUP, account, share)) == []


def test_a_subscriptions_end_is_moved_by_its_provider(flow: Any) -> None:
    provider, share = flow.provider, "adjusted"
    flow.share(share)
    flow.invite(share)
    flow.accept(share)
    views = provider.client.provider_share_subscriptions
    (view,) = views.list_by_share(GROUP, provider.account, share)
    wanted = m.ProviderShareSubscription(expiration_date=dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    place = (GROUP, provider.account, share, view.share_subscription_object_id)
    assert views.adjust(*place, wanted).expiration_date == wanted.expiration_date
    assert views.get_by_share(*place).expiration_date == wanted.expiration_date
