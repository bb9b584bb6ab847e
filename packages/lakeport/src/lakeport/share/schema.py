"""What `share.yaml` and `receive.yaml` may say."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  (msgspec reads the annotations)
from typing import Any, Literal

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any part of a file: a key it does not know is refused."""


class DataSetEntry(Entry, frozen=True):
    """A data set: a name, what it is, and where it lies when that differs from the share."""

    name: str
    file_system: str | None = None
    folder: str | None = None
    file: str | None = None
    container: str | None = None
    blob_folder: str | None = None
    blob: str | None = None
    kind: str | None = None
    properties: dict[str, Any] | None = None
    storage_account: str | None = None
    resource_group: str | None = None
    subscription_id: str | None = None


class ScheduleEntry(Entry, frozen=True):
    """A schedule: `every` hour or day, `at` a time in UTC."""

    every: Literal["hour", "day"]
    at: str | None = None


class InviteEntry(Entry, frozen=True):
    """Whom to invite: a principal of a tenant, or an e-mail address."""

    tenant: str | None = None
    principal: str | None = None
    email: str | None = None
    name: str | None = None
    expires: datetime | None = None
    again: bool = False


class ShareFile(Entry, frozen=True):
    """`share.yaml`: one share, as its provider wants it."""

    share: str
    datasets: list[DataSetEntry]
    profile: str | None = None
    account: str | None = None
    resource_group: str | None = None
    subscription_id: str | None = None
    location: str = ""
    description: str = ""
    terms: str = ""
    schedule: ScheduleEntry | Literal["none"] | None = None
    invite: list[InviteEntry] = []
    manifest: bool = False
    stale_after: str | None = None


class AcceptEntry(Entry, frozen=True):
    """Whose invitations are accepted: a tenant, shares by pattern, and what proves the tenant where nobody here can."""

    sender: str = msgspec.field(name="from")
    share: str = "*"
    named: str = ""
    invitation: str = ""
    creator: str | list[str] | None = None


class MapEntry(Entry, frozen=True):
    """Where data sets go: patterns of what it is for, and a template of the place; or a kind with its properties."""

    to: str | None = None
    dataset: str = "*"
    share: str = "*"
    resource_group: str | None = None
    subscription_id: str | None = None
    kind: str | None = None
    properties: dict[str, Any] | None = None


class SyncEntry(Entry, frozen=True):
    """How snapshots are taken."""

    mode: Literal["incremental", "full"] = "incremental"
    verify: bool = False
    stale_after: str | None = None


class ReceiveFile(Entry, frozen=True):
    """`receive.yaml`: what a consumer accepts and where it goes."""

    accept: list[AcceptEntry]
    map: list[MapEntry]
    profile: str | None = None
    account: str | None = None
    resource_group: str | None = None
    subscription_id: str | None = None
    location: str = ""
    schedule: Literal["follow", "ignore"] = "follow"
    sync: SyncEntry = SyncEntry()
