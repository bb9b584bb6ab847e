"""Access tiers: which one a blob is in, what it takes to come back from the archive, and what that means for reads.

A blob leaves the archive in time: what is due is read off the clock when somebody looks.

Source: "Set Blob Tier", "Blob rehydration from the archive tier".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from lakeport_local.core import http_date, parse_http_date
from lakeport_local.storage.errors import refusal
from lakeport_local.storage.settings import default_tier, sku_of
from lakeport_local.storage.stamps import instant, microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.core import Headers
    from lakeport_local.state import Resource
    from lakeport_local.storage.answers import Fields
    from lakeport_local.storage.paths import Path

_TIERS = {"Hot", "Cool", "Cold", "Archive", "Smart"}
_PAGE_TIERS = {f"P{number}" for number in (4, 6, 10, 15, 20, 30, 40, 50, 60, 70, 80)}
_DISKS = [
    (f"P{number}", gib << 30) for number, gib in ((10, 128), (20, 512), (30, 1 << 10), (40, 2 << 10), (50, 4 << 10))
]
_DISKS.append(("P60", 8 << 40))
"""The tiers that lengths of page blobs are put into; the ones between and below are only had by asking for them."""
_LASTS = {"High": timedelta(hours=1), "Standard": timedelta(hours=15)}
"""How long a blob takes to come back: the most that the service says."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The tier of a blob at an instant.

    Attributes:
        name: The tier.
        is_inferred: It is the account's, because nobody set one.
        target: The tier to which the blob is on its way from the archive; empty when it is not.
        priority: How it is brought back.
        changed: When the tier was set, in microseconds since 1970; None for never.
    """

    name: str
    is_inferred: bool = False
    target: str = ""
    priority: str = ""
    changed: int | None = None

    @property
    def status(self) -> str:
        """`x-ms-archive-status`; empty for none."""
        return f"rehydrate-pending-to-{self.target.lower()}" if self.target else ""


def tier_of(path: Path, now: datetime) -> Tier:
    """Return the tier of a blob."""
    kept: dict[str, str] = path.detail("rehydrating") or {}
    name, changed = path.detail("tier"), path.detail("tiered")
    if not name:
        return Tier("Hot", is_inferred=True, changed=changed)
    if not kept:
        return Tier(name, changed=changed)
    due = instant(int(kept["begun"])) + _LASTS[kept["priority"]]
    if now >= due:
        return Tier(kept["to"], changed=microseconds(due))
    return Tier(name, target=kept["to"], priority=kept["priority"], changed=changed)


def checked_tier(name: str | None, *, is_page: bool = False) -> str:
    """Return a tier that a blob may be put into.

    Raises:
        ServiceError: 400 `MissingRequiredHeader`, `InvalidHeaderValue`.
    """
    if name is None:
        raise refusal("MissingRequiredHeader", HeaderName="x-ms-access-tier")
    if name not in (_PAGE_TIERS if is_page else _TIERS):
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-access-tier", HeaderValue=name)
    return name


def asked_priority(headers: Headers) -> str:
    """Return how a request wants a blob brought back.

    Raises:
        ServiceError: 400 `InvalidHeaderValue`.
    """
    asked = headers.get("x-ms-rehydrate-priority") or "Standard"
    if asked not in _LASTS:
        raise refusal("InvalidHeaderValue", HeaderName="x-ms-rehydrate-priority", HeaderValue=asked)
    return asked


def with_tier(path: Path, name: str, priority: str, now: datetime) -> str:
    """Return the details of a blob put into a tier: out of the archive it only sets out.

    Raises:
        ServiceError: 409 `BlobBeingRehydrated`: it is on its way to another one.
    """
    current, kept = tier_of(path, now), orjson.loads(path.details)
    if current.target and name not in {current.target, "Archive"}:
        raise refusal("BlobBeingRehydrated")
    begun = kept.pop("rehydrating", None)
    if current.name == "Archive" and name != "Archive":
        at = int(begun["begun"]) if begun and current.target else microseconds(now)
        kept["rehydrating"] = {"to": name, "priority": priority, "begun": at}
        name = "Archive"
    return orjson.dumps(kept | {"tier": name, "tiered": microseconds(now)}).decode()


def check_online(path: Path, now: datetime) -> None:
    """Refuse to read or change what lies in the archive.

    Raises:
        ServiceError: 409 `BlobArchived` or `BlobBeingRehydrated`.
    """
    if '"tier"' not in path.details:
        return
    tier = tier_of(path, now)
    if tier.name == "Archive":
        raise refusal("BlobBeingRehydrated" if tier.target else "BlobArchived")


def _shown(path: Path, now: datetime, account: Resource) -> Tier:
    """Return the tier that is told of a blob; one without a name for none, as of page blobs unless they are on premium disks."""
    tier = tier_of(path, now)
    if path.made_by != "page":
        return replace(tier, name=default_tier(account)) if tier.is_inferred else tier
    if not sku_of(account).startswith("Premium"):
        return Tier("")
    return Tier(_disk(path.size_bytes), is_inferred=True) if tier.is_inferred else tier


def _disk(size_bytes: int) -> str:
    """Return the smallest tier that a page blob of a length fits into."""
    return next((name for name, most in _DISKS if size_bytes <= most), _DISKS[-1][0])


def tier_fields(path: Path, now: datetime, account: Resource) -> Fields:
    """Return the headers that tell a blob's tier."""
    tier = _shown(path, now, account)
    given = [
        ("x-ms-access-tier", tier.name),
        ("x-ms-access-tier-inferred", "true" if tier.is_inferred else ""),
        ("x-ms-smart-access-tier", "Hot" if tier.name == "Smart" else ""),
        ("x-ms-archive-status", tier.status),
        ("x-ms-rehydrate-priority", tier.priority),
        ("x-ms-access-tier-change-time", "" if tier.changed is None else http_date(instant(tier.changed))),
    ]
    return [(name, value) for name, value in given if value]


def tier_elements(path: Path, now: datetime, account: Resource) -> Fields:
    """Return the elements that tell a blob's tier in a listing."""
    tier = _shown(path, now, account)
    given = [
        ("AccessTier", tier.name),
        ("AccessTierInferred", "true" if tier.is_inferred else ""),
        ("SmartAccessTier", "Hot" if tier.name == "Smart" else ""),
        ("ArchiveStatus", tier.status),
        ("RehydratePriority", tier.priority),
        ("AccessTierChangeTime", "" if tier.changed is None else http_date(instant(tier.changed))),
    ]
    return [(name, value) for name, value in given if value]


def check_tier_conditions(path: Path, headers: Headers, now: datetime) -> None:
    """Refuse a deletion whose conditions on the change of the tier do not hold.

    Raises:
        ServiceError: 412 `AccessTierChangeTimeConditionNotMet`; 400 `InvalidHeaderValue`.
    """
    for name, is_since in (("modified", True), ("unmodified", False)):
        header = f"x-ms-access-tier-if-{name}-since"
        text = headers.get(header)
        if not text:
            continue
        try:
            limit = parse_http_date(text)
        except (ValueError, TypeError):
            raise refusal("InvalidHeaderValue", HeaderName=header, HeaderValue=text) from None
        changed = tier_of(path, now).changed
        at = instant(path.created if changed is None else changed)
        if (at > limit) != is_since:
            raise refusal("AccessTierChangeTimeConditionNotMet")
