"""What both sides should be, ready to be compared with what is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lakeport.share import kinds

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport.profiles import Profile
    from lakeport.share.resources import Document, SourceDataSet
    from lakeport.share.roles import Store
    from lakeport.share.schedules import Schedule
    from lakeport.types import ObjectId, SubscriptionId, TenantId


@dataclass(frozen=True)
class Place:
    """Where a data share account is."""

    subscription_id: SubscriptionId
    resource_group: str
    account: str


@dataclass(frozen=True)
class WishedDataSet:
    """A data set that should be in the share; `properties` are complete, as they are sent."""

    name: str
    kind: str
    properties: Document
    store: Store | None


@dataclass(frozen=True)
class Invitee:
    """Whom an invitation should reach: a principal of a tenant, or an e-mail address."""

    name: str
    shown: str
    tenant_id: TenantId | None = None
    object_id: ObjectId | None = None
    email: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Provider:
    """What the providing side should be.

    Attributes:
        location: Where to make the account if there is none; empty: it must exist.
        schedule: The wished schedule, `none` for no schedule at all, or `None` to leave it alone.
        where: What names this file on a command line.
    """

    profile: Profile
    place: Place
    share: str
    data_sets: tuple[WishedDataSet, ...]
    invitees: tuple[Invitee, ...] = ()
    description: str = ""
    terms: str = ""
    location: str = ""
    schedule: Schedule | str | None = None
    where: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accept:
    """Whose invitations to which shares are accepted; both are patterns."""

    sender: str
    share: str = "*"

    def fits(self, provider_tenant_name: str, share_name: str) -> bool:
        """Tell if this rule accepts that share of that provider."""
        return fnmatchcase(provider_tenant_name.lower(), self.sender.lower()) and fnmatchcase(
            share_name.lower(), self.share.lower()
        )


@dataclass(frozen=True)
class Destination:
    """Where data sets that fit a pattern go: a template of file system and path in a store."""

    store: Store
    file_system: str
    path: str = ""
    data_set: str = "*"
    share: str = "*"

    def fits(self, share: str, source: SourceDataSet) -> bool:
        """Tell if this rule is meant for a data set."""
        return fnmatchcase(source.data_set_name.lower(), self.data_set.lower()) and fnmatchcase(
            share.lower(), self.share.lower()
        )

    def body(self, share: str, source: SourceDataSet) -> Document:
        """Return the mapping to send for a data set.

        Raises:
            ValueError: Its kind does not go into a lake's folder, or the result is no file system's name.
        """
        root, _, below = source.data_set_path.strip("/").partition("/")
        is_file = source.data_set_type in kinds.BY_WIRE and kinds.BY_WIRE[source.data_set_type].is_file
        folder, _, file_name = below.rpartition("/") if is_file else (below, "", "")
        values = {"file_system": root, "folder": folder, "path": below, "dataset": source.data_set_name, "share": share}
        file_system = self.file_system.format_map(values)
        kind, target = kinds.target(source.data_set_type, file_system, self.path.format_map(values), file_name)
        if not FILE_SYSTEM.fullmatch(file_system):
            raise ValueError(f"{file_system!r} is no name of a file system (3 to 63 of a-z, 0-9 and -)")
        where = {
            "subscriptionId": self.store.subscription_id,
            "resourceGroup": self.store.resource_group,
            "storageAccountName": self.store.name,
        }
        return {"kind": kind, "properties": {"dataSetId": source.data_set_id, **where, **target}}


FILE_SYSTEM = re.compile(r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]|\$root|\$web")
PLACEHOLDERS = ("file_system", "folder", "path", "dataset", "share")


@dataclass(frozen=True)
class Consumer:
    """What the receiving side should be.

    Attributes:
        follow: Each received share's schedule is followed; otherwise triggers are left alone.
        mode: `Incremental` or `FullSync`.
        where: What names this file on a command line.
    """

    profile: Profile
    place: Place
    accept: tuple[Accept, ...]
    destinations: tuple[Destination, ...]
    location: str = ""
    follow: bool = True
    mode: str = "Incremental"
    verify: bool = False
    where: str = ""
    notes: tuple[str, ...] = field(default=())

    def wants(self, provider_tenant_name: str, share_name: str) -> bool:
        """Tell if a share of a provider is one of ours."""
        return any(rule.fits(provider_tenant_name, share_name) for rule in self.accept)

    @property
    def stores(self) -> tuple[Store, ...]:
        """The stores that anything may be written to, each once."""
        return tuple(dict.fromkeys(one.store for one in self.destinations))
