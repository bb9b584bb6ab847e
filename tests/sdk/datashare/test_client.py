"""The flows of azure-mgmt-datashare against the local service: every operation group, unmodified."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.datashare import models as m
from tests.trouble import Trouble, until

GROUP = "data-share-automation"
TWO_AT_NIGHT = dt.datetime(2026, 1, 1, 2, 0, tzinfo=dt.UTC)


def test_an_account_comes_and_goes_by_its_pollers(flow: Any) -> None:
    accounts = flow.provider.client.accounts
    wanted = m.Account(location="westeurope", identity=m.Identity(type="SystemAssigned"), tags={"a": "1"})
    made = accounts.begin_create(GROUP, "short-lived", wanted).result()
    assert made.provisioning_state == "Succeeded"
    assert made.identity.tenant_id == flow.provider.tenant_id
    assert accounts.update(GROUP, "short-lived", m.AccountUpdateParameters(tags={"b": "2"})).tags == {"b": "2"}
    assert "short-lived" in [one.name for one in accounts.list_by_resource_group(GROUP)]
    assert "short-lived" in [one.name for one in accounts.list_by_subscription()]
    assert accounts.begin_delete(GROUP, "short-lived").result().status == "Succeeded"
    with pytest.raises(ResourceNotFoundError):
        accounts.get(GROUP, "short-lived")


def test_the_whole_flow_from_share_to_revocation(flow: Any) -> None:
    provider, consumer, name = flow.provider, flow.consumer, "whole"
    flow.share(name)
    settings = provider.client.synchronization_settings
    settings.create(
        GROUP,
        provider.account,
        name,
        "daily",
        m.ScheduledSynchronizationSetting(recurrence_interval="Day", synchronization_time=TWO_AT_NIGHT),
    )
    flow.invite(name)
    accepted = flow.accept(name)
    assert (accepted.share_subscription_status, accepted.share_terms) == ("Active", "internal")
    flow.map(name, "whole-copy")
    (mapping,) = consumer.client.data_set_mappings.list_by_share_subscription(GROUP, consumer.account, name)
    assert isinstance(mapping, m.ADLSGen2FileSystemDataSetMapping)
    assert mapping.data_set_mapping_status == "Ok"
    (schedule,) = consumer.client.share_subscriptions.list_source_share_synchronization_settings(
        GROUP, consumer.account, name
    )
    trigger = consumer.client.triggers.begin_create(GROUP, consumer.account, name, "daily", schedule).result()
    assert (trigger.trigger_status, trigger.synchronization_mode) == ("Active", "Incremental")
    record = flow.synchronize(name, "FullSync")
    assert (record.status, record.synchronization_mode) == ("Succeeded", "FullSync")
    (view,) = provider.client.provider_share_subscriptions.list_by_share(GROUP, provider.account, name)
    assert (view.consumer_tenant_name, view.name) == ("fabrikam", name)
    views = provider.client.provider_share_subscriptions
    views.begin_revoke(GROUP, provider.account, name, view.share_subscription_object_id).result()
    revoked = views.get_by_share(GROUP, provider.account, name, view.share_subscription_object_id)
    assert revoked.share_subscription_status == "Revoked"
    with pytest.raises(HttpResponseError, match="revoked by its provider"):
        flow.synchronize(name)
    again = views.reinstate(
        GROUP, provider.account, name, view.share_subscription_object_id, m.ProviderShareSubscription()
    )
    assert again.share_subscription_status == "Active"


def test_history_and_details_are_listed_on_both_sides(flow: Any) -> None:
    flow.all("history")
    record = flow.synchronize("history")
    run = m.ShareSubscriptionSynchronization(synchronization_id=record.synchronization_id)
    consumer, provider = flow.consumer, flow.provider
    (detail,) = consumer.client.share_subscriptions.list_synchronization_details(
        GROUP, consumer.account, "history", run
    )
    assert (detail.name, detail.status, detail.data_set_type) == ("raw", "Succeeded", "AdlsGen2FileSystem")
    (seen,) = provider.client.shares.list_synchronizations(GROUP, provider.account, "history")
    assert (seen.synchronization_id, seen.consumer_tenant_name) == (record.synchronization_id, "fabrikam")
    (same,) = provider.client.shares.list_synchronization_details(
        GROUP, provider.account, "history", m.ShareSynchronization(synchronization_id=record.synchronization_id)
    )
    assert same.files_read == detail.files_read
    done = consumer.client.share_subscriptions.begin_cancel_synchronization(GROUP, consumer.account, "history", run)
    assert done.result().status == "Succeeded"


def test_a_snapshot_under_way_is_cancelled(flow: Any) -> None:
    flow.all("stopped")
    consumer = flow.consumer
    at, client = (GROUP, consumer.account, "stopped"), consumer.client.share_subscriptions

    def status() -> str:
        return str(next(iter(client.list_synchronizations(*at))).status)

    with Trouble(consumer.azure).snapshots_held(0):
        taking = client.begin_synchronize(*at, m.Synchronize())
        until(lambda: status() == "InProgress")
        (run,) = client.list_synchronizations(*at)
        wanted = m.ShareSubscriptionSynchronization(synchronization_id=run.synchronization_id)
        assert client.begin_cancel_synchronization(*at, wanted).result().status == "Succeeded"
    assert status() == "Cancelled"
    with pytest.raises(HttpResponseError, match="Canceled"):
        taking.result()
    (detail,) = client.list_synchronization_details(*at, wanted)
    assert (detail.status, detail.files_written) == ("Failed", 0)


def test_a_long_history_is_followed_page_by_page(flow: Any) -> None:
    flow.all("pages")
    client = flow.consumer.client.share_subscriptions
    for _ in range(101):
        client.begin_synchronize(GROUP, flow.consumer.account, "pages", m.Synchronize(), polling=False)
    listed = list(client.list_synchronizations(GROUP, flow.consumer.account, "pages"))
    assert len({one.synchronization_id for one in listed}) == len(listed) == 101


def test_deletions_are_polled_to_their_end(flow: Any) -> None:
    flow.all("deleted")
    consumer, provider = flow.consumer, flow.provider
    assert provider.client.data_sets.begin_delete(GROUP, provider.account, "deleted", "raw").result() is None
    (mapping,) = consumer.client.data_set_mappings.list_by_share_subscription(GROUP, consumer.account, "deleted")
    assert mapping.data_set_mapping_status == "Broken"
    consumer.client.data_set_mappings.delete(GROUP, consumer.account, "deleted", mapping.name)
    assert provider.client.shares.begin_delete(GROUP, provider.account, "deleted").result().status == "Succeeded"
    found = consumer.client.share_subscriptions.get(GROUP, consumer.account, "deleted")
    assert found.share_subscription_status == "SourceDeleted"
    gone = consumer.client.share_subscriptions.begin_delete(GROUP, consumer.account, "deleted").result()
    assert gone.status == "Succeeded"


def test_an_invitation_is_read_rejected_and_refused(flow: Any) -> None:
    flow.share("rejected")
    sent = flow.invite("rejected")
    invitations = flow.consumer.client.consumer_invitations
    assert invitations.get("West Europe", sent.invitation_id).share_name == "rejected"
    rejected = invitations.reject_invitation("westeurope", m.ConsumerInvitation(invitation_id=sent.invitation_id))
    assert rejected.invitation_status == "Rejected"
    with pytest.raises(ResourceNotFoundError, match=r"^\(7001\) Invitation not found"):
        flow.consumer.client.share_subscriptions.create(
            GROUP,
            flow.consumer.account,
            "rejected",
            m.ShareSubscription(invitation_id=sent.invitation_id, source_share_location="westeurope"),
        )


def test_a_second_schedule_is_a_resource_that_exists(flow: Any) -> None:
    flow.share("scheduled")
    settings = flow.provider.client.synchronization_settings
    wanted = m.ScheduledSynchronizationSetting(recurrence_interval="Day", synchronization_time=TWO_AT_NIGHT)
    settings.create(GROUP, flow.provider.account, "scheduled", "one", wanted)
    shown: Any = settings.get(GROUP, flow.provider.account, "scheduled", "one")
    assert (shown.kind, shown.recurrence_interval) == ("ScheduleBased", "Day")
    with pytest.raises(ResourceExistsError):
        settings.create(GROUP, flow.provider.account, "scheduled", "two", wanted)
    assert settings.begin_delete(GROUP, flow.provider.account, "scheduled", "one").result().status == "Succeeded"
    with pytest.raises(ResourceNotFoundError, match=r"^\(13002\)"):
        settings.get(GROUP, flow.provider.account, "scheduled", "one")


def test_a_trigger_without_a_schedule_is_refused_and_not_an_error_of_the_server(flow: Any) -> None:
    flow.all("unscheduled")
    with pytest.raises(HttpResponseError) as refused:
        flow.consumer.client.triggers.begin_create(GROUP, flow.consumer.account, "unscheduled", "none", None)
    assert refused.value.status_code == 400


def test_a_failed_snapshot_raises_with_the_services_code(flow: Any) -> None:
    missing = m.ADLSGen2FileDataSet(file_system="share-data", file_path="never/there.csv", **flow.provider.at)
    data_set_id = flow.share("failing", missing)
    flow.invite("failing")
    flow.accept("failing")
    mapping = m.ADLSGen2FileDataSetMapping(
        data_set_id=data_set_id, file_system="failing", file_path="there.csv", **flow.consumer.at
    )
    flow.consumer.client.data_set_mappings.create(GROUP, flow.consumer.account, "failing", "one", mapping)
    with pytest.raises(HttpResponseError) as failed:
        flow.synchronize("failing")
    assert failed.value.error is not None
    assert failed.value.error.code == "10002"


def test_the_provider_names_its_operations(flow: Any) -> None:
    names = [one.name for one in flow.provider.client.operations.list()]
    assert "Microsoft.DataShare/accounts/shares/dataSets/write" in names


def test_filters_and_orders_reach_the_lists(flow: Any) -> None:
    for name in ("filter-one", "filter-two"):
        flow.share(name)
    shares = flow.provider.client.shares
    listed = shares.list_by_account(
        GROUP, flow.provider.account, filter="name eq 'filter-one' or name eq 'filter-two'", orderby="name desc"
    )
    assert [one.name for one in listed] == ["filter-two", "filter-one"]
