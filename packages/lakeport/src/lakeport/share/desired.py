"""What both sides should be, ready to be compared with what is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lakeport.share import kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

    from lakeport.access.roles import Store
    from lakeport.profiles import Profile
    from lakeport.share.resources import ConsumerInvitation, Document, SourceDataSet, Subscription
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
    """Whom an invitation should reach: a principal of a tenant, or an e-mail address.

    Attributes:
        expires_at: When access ends; `None` leaves alone what is there.
        again: Invited anew after having accepted and left.
    """

    name: str
    shown: str
    tenant_id: TenantId | None = None
    object_id: ObjectId | None = None
    email: str = ""
    expires_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True)
class Provider:
    """What the providing side should be.

    Attributes:
        location: Where to make the account if there is none; empty: it must exist.
        schedule: The wished schedule, `none` for no schedule at all, or `None` to leave it alone.
        where: What names this file on a command line.
        stale_after: How old a newest good snapshot may be; `None`: the schedule tells.
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
    stale_after: timedelta | None = None


ANYBODY = "*"


@dataclass(frozen=True)
class Accept:
    """Whose invitations to which shares are accepted.

    Attributes:
        sender: The tenant as the file names it, or `*` for anybody.
        share: A pattern of share names.
        tenant_id: The sender's id; `None` for anybody.
        names: What that tenant is called, as an invitation shows it.
        invitation: The one invitation that is meant, or empty.
        creators: Object ids or sign-in names that prove the sender as makers of its data sets.
    """

    sender: str
    share: str = "*"
    tenant_id: TenantId | None = None
    names: tuple[str, ...] = ()
    invitation: str = ""
    creators: tuple[str, ...] = ()

    def fits(self, one: Subscription | ConsumerInvitation) -> bool:
        """Tell if this rule is about an invitation, or what was received by it."""
        if self.invitation and self.invitation.lower() != one.invitation_id.lower():
            return False
        is_named = one.provider_tenant_name.lower() in {name.lower() for name in self.names}
        return (self.sender == ANYBODY or is_named) and fnmatchcase(one.share_name.lower(), self.share.lower())


@dataclass(frozen=True)
class Destination:
    """Where data sets that fit a pattern go: a template of file system and path in a store.

    Attributes:
        store: `None` when `kind` and `properties` say it all.
        in_blob: The place is a container, of an account that may have no hierarchical namespace.
        kind: The mapping's kind as the wire spells it, sent as it is with `properties`; empty: follows from the place.
    """

    store: Store | None
    file_system: str = ""
    path: str = ""
    data_set: str = "*"
    share: str = "*"
    in_blob: bool = False
    kind: str = ""
    properties: Document = field(default_factory=dict)

    def fits(self, share: str, source: SourceDataSet) -> bool:
        """Tell if this rule is meant for a data set."""
        return fnmatchcase(source.data_set_name.lower(), self.data_set.lower()) and fnmatchcase(
            share.lower(), self.share.lower()
        )

    def body(self, share: str, source: SourceDataSet) -> Document:
        """Return the mapping to send for a data set.

        Raises:
            ValueError: Its kind does not go into a lake's folder, or the result is no file system's name or path.
        """
        root, _, below = source.data_set_path.strip("/").partition("/")
        is_file = source.data_set_type in kinds.BY_WIRE and kinds.BY_WIRE[source.data_set_type].is_file
        folder, _, file_name = below.rpartition("/") if is_file else (below, "", "")
        values = {"file_system": root, "folder": folder, "path": below, "dataset": source.data_set_name, "share": share}
        if self.store is None:
            return {
                "kind": self.kind,
                "properties": {"dataSetId": source.data_set_id, **_filled(self.properties, values)},
            }
        place, path = self.file_system.format_map(values), self.path.format_map(values)
        kind, target = kinds.target(source.data_set_type, place, path, file_name, in_blob=self.in_blob)
        if not FILE_SYSTEM.fullmatch(place):
            raise ValueError(f"{place!r} is no name of a file system (3 to 63 of a-z, 0-9 and -)")
        return {"kind": kind, "properties": {"dataSetId": source.data_set_id, **self.store.properties, **target}}


def _filled(properties: Document, values: dict[str, str]) -> Document:
    return {key: value.format_map(values) if isinstance(value, str) else value for key, value in properties.items()}


FILE_SYSTEM = re.compile(r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]|\$root|\$web")
PLACEHOLDERS = ("file_system", "folder", "path", "dataset", "share")


def _unplaced(_creators: Iterable[str]) -> Mapping[str, TenantId | None]:
    return {}


@dataclass(frozen=True)
class Consumer:
    """What the receiving side should be.

    Attributes:
        follow: Each received share's schedule is followed; otherwise triggers are left alone.
        mode: `Incremental` or `FullSync`.
        where: What names this file on a command line.
        stale_after: How old a newest good snapshot may be; `None`: the schedule tells.
        places: Finds the tenants of the makers of data sets, as far as this machine can.
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
    stale_after: timedelta | None = None
    notes: tuple[str, ...] = field(default=())
    places: Callable[[Iterable[str]], Mapping[str, TenantId | None]] = field(default=_unplaced, compare=False)

    def rule_for(self, one: Subscription | ConsumerInvitation) -> Accept | None:
        """Return the rule that wants an invitation, or what was received by it.

        Args:
            one: A received share, or an invitation.

        Example:
            >>> wished.rule_for(invitation)  # doctest: +SKIP
            Accept(tenant='contoso', share='sales*')
        """
        return next((rule for rule in self.accept if rule.fits(one)), None)

    @property
    def stores(self) -> tuple[Store, ...]:
        """The stores that anything may be written to, each once."""
        return tuple(dict.fromkeys(one.store for one in self.destinations if one.store is not None))
