"""Whom an invitation is meant for, decided before it is sent.

The service takes any id and never finds the wrong ones again; so an id is compared with the principals that this machine
knows, and with what the target tenant's directory says, where it can be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.errors import BadFile, NotFound, WrongIdKind
from lakeport.identity.directory import Entry
from lakeport.types import ClientId, ObjectId, TenantId, is_guid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakeport.identity.caller import Caller


@dataclass(frozen=True)
class Known:
    """A principal that this machine knows.

    Attributes:
        names: What it may be called.
        object_id: Its object id, when it is at hand.
        profile: The profile that signs in as it, or empty.
        ask: Finds its object id out by signing in, or `None` when that cannot be.
    """

    names: tuple[str, ...]
    tenant_id: TenantId
    client_id: ClientId
    object_id: ObjectId | None = None
    profile: str = ""
    ask: Callable[[], ObjectId | None] = lambda: None

    def found_object_id(self) -> ObjectId | None:
        """Return the object id, signing in if need be."""
        return self.object_id or self.ask()


@dataclass(frozen=True)
class Found:
    """The principal that an invitation will name."""

    tenant_id: TenantId
    object_id: ObjectId
    shown: str
    note: str = ""


class Unasked:
    """Nobody here can ask the directory."""


UNASKED = Unasked()


def choose(
    tenant_id: TenantId,
    tenant: str,
    principal: str,
    known: Iterable[Known],
    *,
    only_object_ids: bool = False,
    ask: Callable[[], Entry | Unasked | None] = lambda: UNASKED,
) -> Found:
    """Decide which object id a principal's id or name means in a tenant.

    Args:
        tenant_id: The tenant.
        tenant: What it was called.
        principal: An object id, a client id or a name.
        known: Who is known here, of any tenant.
        only_object_ids: Refuse a client id instead of resolving it.
        ask: Asks the tenant's directory, when nobody here is meant.

    Raises:
        WrongIdKind: It is known to be an id of another kind, or of another tenant.
        NotFound: The tenant's directory has no such principal.
        BadFile: It is a name that nobody here has.
    """
    here = [one for one in known if one.tenant_id.lower() in {tenant_id.lower(), tenant.lower()}]
    for one in here:
        if principal.lower() in {one.client_id.lower(), *(name.lower() for name in one.names)}:
            return _by_other_id(one, tenant_id, tenant, principal, only_object_ids=only_object_ids)
        if principal.lower() == (one.found_object_id() or "").lower():
            return Found(tenant_id, ObjectId(principal.lower()), f"{one.names[0]} of {tenant}")
    for one in known:
        if principal.lower() in {one.client_id.lower(), (one.object_id or "").lower()}:
            raise WrongIdKind(f"{principal} is {one.names[0]!r} of tenant {one.tenant_id}, not of {tenant!r}")
    entry = ask()
    if isinstance(entry, Entry):
        return _by_entry(entry, tenant_id, tenant, principal, only_object_ids=only_object_ids)
    names = ", ".join(sorted({name for one in here for name in one.names})) or "none"
    if entry is None:
        raise NotFound(f"tenant {tenant!r} has no principal {principal!r}", hint=f"Known in that tenant: {names}")
    if not is_guid(principal):
        hint = f"Give its object id; known in that tenant: {names}"
        raise BadFile(f"no principal {principal!r} of tenant {tenant!r} is known on this machine", hint=hint)
    note = f"could not check that {principal} is an object id in tenant {tenant}: nobody here knows it"
    return Found(tenant_id, ObjectId(principal.lower()), f"{principal} of {tenant}", note)


def compare(sent_to: str, who: Caller) -> None:
    """Do nothing when an id that an invitation was sent to is the caller's object id.

    Raises:
        WrongIdKind: It is another of the caller's ids, or somebody else's.
    """
    right = f"Ask the provider to invite object id {who.object_id} in tenant {who.tenant_id}"
    given = sent_to.lower()
    if given == who.object_id.lower():
        return
    if given == who.client_id.lower():
        raise WrongIdKind(f"{sent_to} is your client id; an invitation needs an object id", hint=right)
    if given == who.tenant_id.lower():
        raise WrongIdKind(f"{sent_to} is your tenant; an invitation needs an object id in it", hint=right)
    hint = f"{right}; an application has an object id of its own, which is not its service principal's"
    raise WrongIdKind(f"{sent_to} is none of your ids", hint=hint)


def _by_entry(entry: Entry, tenant_id: TenantId, tenant: str, principal: str, *, only_object_ids: bool) -> Found:
    is_wrong = entry.asked_by == "application object id" or (only_object_ids and entry.asked_by != "object id")
    if is_wrong:
        what = f"{principal} is the {entry.asked_by} of {entry.name!r}; an invitation needs an object id"
        raise WrongIdKind(what, hint=f"Its object id is {entry.object_id}")
    return Found(tenant_id, entry.object_id, f"{entry.name} of {tenant}")


def _by_other_id(one: Known, tenant_id: TenantId, tenant: str, principal: str, *, only_object_ids: bool) -> Found:
    object_id = one.found_object_id()
    if only_object_ids:
        right = f"Its object id is {object_id}" if object_id else "Use the object id of its service principal"
        raise WrongIdKind(
            f"{principal} is the client id of {one.names[0]!r}; an invitation needs an object id", hint=right
        )
    if object_id is None:
        raise WrongIdKind(f"the object id of {one.names[0]!r} is not known on this machine", hint="Give its object id")
    return Found(tenant_id, ObjectId(object_id.lower()), f"{one.names[0]} of {tenant}")
