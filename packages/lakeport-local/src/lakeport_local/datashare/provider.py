"""Microsoft.DataShare in the control plane's table: its resource types and operations, in one place.

Source: data-share.md 1.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lakeport_local.arm import Operation, Provider
from lakeport_local.datashare import (
    accounts,
    consumer_invitations,
    consumer_source_data_sets,
    data_set_mappings,
    data_sets,
    email_registrations,
    errors,
    invitations,
    operations,
    provider_share_subscriptions,
    results,
    share_subscriptions,
    shares,
    synchronization_settings,
    synchronizations,
    triggers,
)
from lakeport_local.datashare.nouns import (
    NAMESPACE,
    PROVIDER_SUBSCRIPTIONS,
    SHARES,
    SOURCE_DATA_SETS,
    SUBSCRIPTIONS,
    VERSIONS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.arm import Call
    from lakeport_local.core import Response

_TYPES = (
    accounts.ACCOUNT,
    shares.SHARE,
    data_sets.DATA_SET,
    synchronization_settings.SYNCHRONIZATION_SETTING,
    invitations.INVITATION,
    share_subscriptions.SHARE_SUBSCRIPTION,
    data_set_mappings.DATA_SET_MAPPING,
    triggers.TRIGGER,
)


def provider(wake: Callable[[], None] = lambda: None) -> Provider:
    """Return Microsoft.DataShare for the control plane's table.

    Args:
        wake: Called when a run was queued or cancelled.
    """
    actions = (*_tenant_operations(), *_provider_operations(), *_consumer_operations(wake))
    described = partial(operations.list_operations, document=operations.described(_TYPES, actions))
    whole = (*actions, Operation("GET", f"{NAMESPACE}/operations", described))
    return Provider(
        NAMESPACE,
        _TYPES,
        whole,
        versions=VERSIONS,
        newest=VERSIONS[-1],
        error=errors.rendered,
        headers=(("Server", "Kestrel"),),
        forgets_children=True,
    )


def _tenant_operations() -> tuple[Operation, ...]:
    """Return what is asked without a subscription; handlers answer callers about themselves only, so no role is needed."""
    return (
        Operation("GET", f"{NAMESPACE}/listInvitations", consumer_invitations.list_invitations),
        Operation("GET", f"{NAMESPACE}/locations/consumerInvitations", consumer_invitations.get_invitation),
        Operation("POST", f"{NAMESPACE}/locations/rejectInvitation", consumer_invitations.reject_invitation),
        Operation("POST", f"{NAMESPACE}/locations/registerEmail", email_registrations.register),
        Operation("POST", f"{NAMESPACE}/locations/activateEmail", email_registrations.activate),
        Operation("GET", results.LOCATION_RESULTS, results.poll_deletion),
    )


def _provider_operations() -> tuple[Operation, ...]:
    of_one = provider_share_subscriptions
    return (
        _get(PROVIDER_SUBSCRIPTIONS, of_one.look),
        _post(f"{PROVIDER_SUBSCRIPTIONS}/revoke", of_one.revoke),
        _post(f"{PROVIDER_SUBSCRIPTIONS}/reinstate", of_one.reinstate),
        _post(f"{PROVIDER_SUBSCRIPTIONS}/adjust", of_one.adjust),
        *_list(f"{SHARES}/listSynchronizations", synchronizations.list_of_share),
        *_list(f"{SHARES}/listSynchronizationDetails", synchronizations.details_of_share),
        _get(f"{SHARES}/operationResults", results.poll_action),
    )


def _consumer_operations(wake: Callable[[], None]) -> tuple[Operation, ...]:
    one = SUBSCRIPTIONS
    return (
        _get(SOURCE_DATA_SETS, consumer_source_data_sets.list_source_data_sets),
        _post(f"{one}/synchronize", partial(synchronizations.synchronize, wake=wake)),
        _post(f"{one}/cancelSynchronization", partial(synchronizations.cancel_synchronization, wake=wake)),
        *_list(f"{one}/listSynchronizations", synchronizations.list_of_subscription),
        *_list(f"{one}/listSynchronizationDetails", synchronizations.details_of_subscription),
        *_list(f"{one}/listSourceShareSynchronizationSettings", synchronizations.list_source_settings),
        _get(f"{one}/synchronizationOperationResults", synchronizations.poll_run),
        _get(f"{one}/shareSubscriptionSynchronizations", synchronizations.get_run),
        _get(f"{one}/operationResults", synchronizations.poll_cancellation),
    )


def _get(name: str, handle: Callable[[Call], Response]) -> Operation:
    return Operation("GET", name, handle, action=f"{name}/read")


def _post(name: str, handle: Callable[[Call], Response]) -> Operation:
    return Operation("POST", name, handle, action=f"{name}/action")


def _list(name: str, handle: Callable[[Call], Response]) -> tuple[Operation, Operation]:
    """Return a list by POST, and the GET by which clients follow its `nextLink` (data-share.md 1.1)."""
    action = f"{name}/action"
    return Operation("POST", name, handle, action=action), Operation("GET", name, handle, action=action)
