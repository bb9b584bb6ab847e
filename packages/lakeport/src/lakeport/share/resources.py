"""What the service says of its resources, as values.

Every type holds what decisions need; `read` makes one of an answer. Texts stay as they came: a schedule's time is
sent back letter by letter.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Document = dict[str, Any]  # Any: JSON
T = TypeVar("T", bound=msgspec.Struct)


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all have: a name."""

    name: str = ""


class Account(Resource, frozen=True):
    """A data share account, with the identity that reads or writes stores for it."""

    location: str = ""
    provisioning_state: str = ""
    principal_id: str = ""
    tenant_id: str = ""


class Share(Resource, frozen=True):
    """A share, as its provider sees it."""

    description: str = ""
    terms: str = ""
    share_kind: str = "CopyBased"


class DataSet(Resource, frozen=True):
    """A data set in a share; `properties` are those of its kind."""

    kind: str = ""
    data_set_id: str = ""
    properties: Document = {}


class Setting(Resource, frozen=True):
    """A schedule, the provider's or as the consumer sees it."""

    kind: str = ""
    recurrence_interval: str = ""
    synchronization_time: str = ""


class Invitation(Resource, frozen=True):
    """An invitation, as its provider sees it."""

    invitation_id: str = ""
    invitation_status: str = ""
    target_active_directory_id: str = ""
    target_object_id: str = ""
    target_email: str = ""
    sent_at: str = ""
    responded_at: str = ""
    expiration_date: str = ""


class ConsumerInvitation(Resource, frozen=True):
    """An invitation, as whom it is addressed to sees it."""

    invitation_id: str
    share_name: str = ""
    location: str = ""
    invitation_status: str = ""
    provider_tenant_name: str = ""
    provider_name: str = ""
    data_set_count: int = 0
    terms_of_use: str = ""
    sent_at: str = ""


class Subscription(Resource, frozen=True):
    """A received share."""

    invitation_id: str = ""
    share_name: str = ""
    share_subscription_status: str = ""
    provider_tenant_name: str = ""
    provider_name: str = ""
    created_at: str = ""


class Subscriber(Resource, frozen=True):
    """A received share, as its provider sees it."""

    share_subscription_object_id: str = ""
    share_subscription_status: str = ""
    consumer_name: str = ""
    consumer_tenant_name: str = ""
    created_at: str = ""
    shared_at: str = ""
    expiration_date: str = ""


class SourceDataSet(Resource, frozen=True):
    """A data set that a provider offers, as the consumer sees it; `created_by` is who made it at the provider's."""

    data_set_name: str = ""
    data_set_id: str = ""
    data_set_path: str = ""
    data_set_type: str = ""
    created_by: str = ""
    created_by_type: str = ""


class Mapping(Resource, frozen=True):
    """Where a received data set goes."""

    kind: str = ""
    data_set_id: str = ""
    data_set_mapping_status: str = ""
    properties: Document = {}


class Trigger(Resource, frozen=True):
    """A consumer's consent to the provider's schedule."""

    kind: str = ""
    recurrence_interval: str = ""
    synchronization_time: str = ""
    synchronization_mode: str = ""
    trigger_status: str = ""
    provisioning_state: str = ""


class Run(Resource, frozen=True):
    """A snapshot run."""

    synchronization_id: str = ""
    synchronization_mode: str = ""
    status: str = ""
    start_time: str = ""
    end_time: str = ""
    duration_ms: int = 0
    message: str = ""
    consumer_tenant_name: str = ""


class Detail(Resource, frozen=True):
    """What a run did to one data set."""

    data_set_id: str = ""
    data_set_type: str = ""
    status: str = ""
    message: str = ""
    files_read: int = 0
    files_written: int = 0
    size_read: int = 0
    size_written: int = 0


def read(into: type[T], document: Document) -> T:
    """Return an answer as a value: names and properties side by side, nulls left out, the unknown ignored."""
    inner = document.get("properties") or {}
    identity, system_data = document.get("identity") or {}, document.get("systemData") or {}
    flat = {**system_data, **document, **inner, **identity, "properties": inner}
    flat["type"] = flat["id"] = None
    return msgspec.convert({key: value for key, value in flat.items() if value is not None}, into, strict=False)
