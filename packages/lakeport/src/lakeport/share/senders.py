"""Who may be behind an invitation: what an accept rule means, and what proves that a share is its tenant's.

The service shows a consumer the provider's display name, which anybody can give a tenant, and no tenant id. What it
shows besides, and nobody can choose, is who made the offered data sets: an object id, or a sign-in name whose domain
belongs to one tenant. So a name lets an invitation in, and nothing is mapped before its maker is placed in the tenant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport.errors import BadFile, LakeportError, Unproven
from lakeport.identity.directory import tenant_name
from lakeport.identity.tenants import tenant_id
from lakeport.share.desired import ANYBODY, Accept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakeport.profiles import Profile
    from lakeport.share.invite_book import InviteBook
    from lakeport.share.resources import SourceDataSet, Subscription
    from lakeport.share.schema import AcceptEntry
    from lakeport.types import TenantId


class SenderBook:
    """What this machine can find out of tenants that share, asked once each."""

    def __init__(self, profile: Profile, book: InviteBook) -> None:
        self._profile = profile
        self._book = book
        self._places: dict[str, TenantId | None] = {}

    def rule(self, entry: AcceptEntry, where: str) -> Accept:
        """Return what an accept entry means.

        Raises:
            BadFile: It is a pattern, or nobody here can tell which tenant it is or what that one is called.
        """
        creators = (entry.creator,) if isinstance(entry.creator, str) else tuple(entry.creator or ())
        if entry.sender == ANYBODY:
            return Accept(ANYBODY, entry.share, invitation=entry.invitation, creators=creators)
        if "*" in entry.sender or "?" in entry.sender:
            hint = 'Write a tenant id, a domain, a name known here, or "*" for anybody'
            raise BadFile(f"{where}: {entry.sender!r} is a pattern of names, and anybody can take a name", hint=hint)
        found = self._book.tenant(entry.sender)
        names = (entry.named,) if entry.named else self._names(found)
        if not names:
            hint = "Write named: as lakeport receive list shows the sender"
            raise BadFile(f"{where}: nobody here can tell what tenant {entry.sender} is called", hint=hint)
        return Accept(entry.sender, entry.share, found, names, entry.invitation, creators)

    def _names(self, tenant: TenantId) -> tuple[str, ...]:
        known = self._book.names(tenant)
        if known:
            return known
        asked = tenant_name(self._profile, tenant)
        return (asked,) if asked else ()

    def places(self, creators: Iterable[str]) -> dict[str, TenantId | None]:
        """Return the tenant of each maker of data sets; `None` for those whom nobody here can place."""
        for one in creators:
            if one not in self._places:
                self._places[one] = self._place(one)
        return {one: self._places[one] for one in creators}

    def _place(self, creator: str) -> TenantId | None:
        known = self._book.home(creator)
        if known is not None or "@" not in creator:
            return known
        try:
            return tenant_id(self._profile.cloud, creator.rpartition("@")[2])
        except LakeportError:
            return None  # nobody has that domain, or it cannot be asked from here: then it proves nothing


def doubt(
    rule: Accept, one: Subscription, offered: Iterable[SourceDataSet], origins: Mapping[str, TenantId | None]
) -> LakeportError | None:
    """Return why a received share is not known to be its rule's tenant's, or `None` when it is.

    Args:
        rule: The rule by which it was accepted.
        one: The received share.
        offered: What it offers.
        origins: The tenants of the makers of data sets, as far as they can be placed.
    """
    creators = {source.created_by.lower() for source in offered if source.created_by}
    is_pinned = bool(rule.invitation) and one.invitation_id.lower() == rule.invitation.lower()
    if rule.tenant_id is None or is_pinned or creators & {creator.lower() for creator in rule.creators}:
        return None
    homes = {origins.get(creator) for creator in creators} - {None}
    what = f"share {one.share_name}"
    if rule.tenant_id in homes:
        return None
    if homes:
        other = ", ".join(sorted(str(home) for home in homes))
        hint = f"Somebody may be posing as {rule.sender}; lakeport receive destroy --share {one.name} forgets it"
        return Unproven(
            f"{what} is not mapped: its data sets were made in tenant {other}, not in {rule.tenant_id}", hint=hint
        )
    makers = ", ".join(sorted(creators)) or "nobody the service names"
    first = min(creators, default="OBJECT-ID")
    hint = f"Ask {rule.sender} if that is theirs; if so, write creator: {first} beside from: in the accept rule"
    return Unproven(
        f"{what} is not mapped: it was made by {makers}, whom nobody here can place in tenant {rule.tenant_id}",
        hint=hint,
    )
