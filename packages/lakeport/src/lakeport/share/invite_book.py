"""Who can be invited from this machine by what name: a running local Azure's principals, and those of profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport import identity, profiles
from lakeport.errors import BadFile, LakeportError
from lakeport.identity.caller import caller
from lakeport.identity.directory import look_up
from lakeport.identity.tenants import tenant_id
from lakeport.profiles import local
from lakeport.share.invitees import UNASKED, Known, choose
from lakeport.types import ClientId, TenantId, is_guid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lakeport.identity.directory import Entry
    from lakeport.profiles import Profile
    from lakeport.share.invitees import Found, Unasked
    from lakeport.types import ObjectId


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
        where = self.tenant(tenant)
        found = choose(
            where,
            tenant,
            principal,
            self._known(),
            only_object_ids=only_object_ids,
            ask=lambda: self._ask(where, tenant, principal),
        )
        if found.note:
            self.notes.append(found.note)
        return found

    def tenant(self, named: str) -> TenantId:
        """Return the id of a tenant that is named by its id, a domain of it, or a name known here.

        Raises:
            BadFile: The name is not known here.
            WrongTenant: No tenant has that domain.
        """
        if is_guid(named):
            return TenantId(named.lower())
        known = self._known_tenants()
        if named.lower() in known:
            return known[named.lower()]
        if "." in named:
            return tenant_id(self._profile.cloud, named)
        hint = f"Give its id or a domain of it; known here: {', '.join(sorted(known)) or 'none'}"
        raise BadFile(f"the tenant {named!r} is not known on this machine", hint=hint)

    def names(self, tenant: TenantId) -> tuple[str, ...]:
        """Return what a tenant is called, as far as this machine knows by itself."""
        if self._given_alone:
            return tuple(name for name, one in self._known_tenants().items() if one == tenant)
        return tuple(dict.fromkeys(one.tenant for one in _local_things() if one.tenant and one.tenant_id == tenant))

    def home(self, object_id: str) -> TenantId | None:
        """Return the tenant of a principal that this machine knows by its object id."""
        known = (one for one in self._known() if (one.object_id or "").lower() == object_id.lower())
        return next((one.tenant_id for one in known), None)

    def _ask(self, tenant_id: TenantId, tenant: str, principal: str) -> Entry | Unasked | None:
        """Ask the tenant's directory, as the first profile of this machine that can."""
        for profile in self._askers({tenant_id.lower(), tenant.lower()}):
            try:
                return look_up(profile.cloud, identity.credential(profile), principal)
            except LakeportError:
                continue  # it may not, or cannot from here: perhaps another one
        return UNASKED

    def _askers(self, tenants: set[str]) -> Iterator[Profile]:
        if self._given_alone:
            return
        if self._profile.tenant_id.lower() in tenants:
            yield self._profile
        for one in self._known():
            if one.profile and one.tenant_id.lower() in tenants:
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
