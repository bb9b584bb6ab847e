"""Whom an invitation is meant for, checked before it is sent.

The service takes any id and never finds the wrong ones again; so an id is looked up among the principals that this
machine knows, those of a running local Azure and those of its profiles; and in the target tenant's directory, where one of
them can ask it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport import identity, profiles
from lakeport.errors import BadFile, LakeportError, NotFound, WrongIdKind
from lakeport.identity.caller import caller
from lakeport.identity.directory import Entry, look_up
from lakeport.identity.tenants import tenant_id
from lakeport.profiles import local
from lakeport.types import ClientId, ObjectId, TenantId, is_guid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lakeport.profiles import Profile


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


class InviteBook:
    """Who can be invited by what name.

    Attributes:
        notes: What could not be checked, for people.
    """

    def __init__(
        self, profile: Profile, known: Iterable[Known] | None = None, tenants: dict[str, TenantId] | None = None
    ) -> None:
        self._profile = profile
        self._given_alone = known is not None
        self._given = list(known) if known is not None else None
        self._tenants = tenants
        self.notes: list[str] = []

    def find(self, tenant: str, principal: str, *, only_object_ids: bool = False) -> Found:
        """Return the object id that an invitation to a principal needs.

        Args:
            tenant: The tenant: its id, a domain of it, or a name known here.
            principal: An object id, a client id or a name.
            only_object_ids: Refuse a client id instead of resolving it.

        Raises:
            WrongIdKind: It is known to be an id of another kind, or of another tenant.
            BadFile: The name or the tenant is not known here.
        """
        where = self._tenant(tenant)
        found = choose(
            where,
            tenant,
            principal,
            self._known(),
            only_object_ids=only_object_ids,
            ask=lambda: self._ask(where, principal),
        )
        if found.note:
            self.notes.append(found.note)
        return found

    def _tenant(self, named: str) -> TenantId:
        if is_guid(named):
            return TenantId(named.lower())
        known = self._known_tenants()
        if named.lower() in known:
            return known[named.lower()]
        if "." in named:
            return tenant_id(self._profile.cloud, named)
        hint = f"Give its id or a domain of it; known here: {', '.join(sorted(known)) or 'none'}"
        raise BadFile(f"the tenant {named!r} is not known on this machine", hint=hint)

    def _ask(self, tenant_id: TenantId, principal: str) -> Entry | Unasked | None:
        """Ask the tenant's directory, as the first profile of this machine that can."""
        for profile in self._askers(tenant_id):
            try:
                return look_up(profile.cloud, identity.credential(profile), principal)
            except LakeportError:
                continue  # it may not, or cannot from here: perhaps another one
        return UNASKED

    def _askers(self, tenant_id: TenantId) -> Iterator[Profile]:
        if self._given_alone:
            return
        if self._profile.tenant_id.lower() == tenant_id.lower():
            yield self._profile
        for one in self._known():
            if one.profile and one.tenant_id.lower() == tenant_id.lower():
                try:
                    yield profiles.resolve(one.profile, environment={})
                except LakeportError:
                    continue

    def _known(self) -> list[Known]:
        if self._given is None:
            self._given = [*_local_principals(), *_profile_principals()]
        return self._given

    def _known_tenants(self) -> dict[str, TenantId]:
        if self._tenants is None:
            things = {one.tenant.lower(): one.tenant_id for one in _local_things() if one.tenant_id}
            self._tenants = _profile_tenants() | things
        return self._tenants


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
    here = [one for one in known if one.tenant_id.lower() == tenant_id.lower()]
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


def _local_things() -> tuple[local.Thing, ...]:
    try:
        return local.things()
    except LakeportError:
        return ()  # none is running, or none is installed: then nobody of it is known


def _local_principals() -> list[Known]:
    return [
        Known(
            (one.name,),
            one.tenant_id or TenantId(""),
            one.client_id or ClientId(""),
            one.object_id,
            _local_profile(one),
        )
        for one in _local_things()
        if one.object_id
    ]


def _local_profile(one: local.Thing) -> str:
    return f"{local.PREFIX}{one.name}" if one.kind == "app" else ""


def _profile_principals() -> list[Known]:
    found = []
    for file in profiles.profile_files():
        for name, values in file.profiles.items():
            if "client_id" in values and "tenant_id" in values:
                tenant, client = str(values["tenant_id"].value), str(values["client_id"].value)
                found.append(Known((name,), TenantId(tenant), ClientId(client), profile=name, ask=_asker(name)))
    return found


def _asker(name: str) -> Callable[[], ObjectId | None]:
    def ask() -> ObjectId | None:
        try:
            profile = profiles.resolve(name, environment={})
            return caller(identity.credential(profile), profile).object_id
        except LakeportError:
            return None  # it cannot sign in from here: then its object id is not known

    return ask


def _profile_tenants() -> dict[str, TenantId]:
    return {
        name.lower(): TenantId(str(values["tenant_id"].value))
        for file in profiles.profile_files()
        for name, values in file.profiles.items()
        if "tenant_id" in values and is_guid(str(values["tenant_id"].value))
    }
