"""What a call must pass before any hook sees it: token, api-version, tenant, table, role, registration, parents.

Source: identity.md 4.1, 4.4, 4.5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from lakeport_local.arm import errors
from lakeport_local.arm.call import Call
from lakeport_local.arm.entries import OperationEntry, StoredEntry
from lakeport_local.arm.locks import require_unlocked
from lakeport_local.entra import TokenRefused

if TYPE_CHECKING:
    from lakeport_local.access import Principal
    from lakeport_local.arm.address import Address
    from lakeport_local.arm.entries import Entries
    from lakeport_local.arm.plane import ControlPlane
    from lakeport_local.arm.table import Provider
    from lakeport_local.core import Request, ServiceError
    from lakeport_local.entra import Tokens
    from lakeport_local.state import Resource

Entry: TypeAlias = StoredEntry | OperationEntry

AUDIENCES = frozenset(
    {
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net",
        "https://management.core.windows.net/",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    }
)
_VERSION = re.compile(r"(\d{4}-\d\d-\d\d)(-(preview|alpha|beta|privatepreview))?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Gate:
    """Admits calls.

    Args:
        plane: The control plane.
        entries: Its table.
        tokens: Verifies bearer tokens.
    """

    plane: ControlPlane
    entries: Entries
    tokens: Tokens

    def admit(self, request: Request, address: Address | None, caller: Principal | None = None) -> tuple[Call, Entry]:
        """Return the call and its entry, all checks passed.

        Args:
            request: The call.
            address: What it names.
            caller: Who calls, when that is known without a token: the control plane itself calls for them.

        Raises:
            ServiceError: As ARM refuses.
        """
        subscription = self._subscription(address)
        caller = caller or self._authenticate(request, subscription)
        version = _version(request)
        if address is None:
            raise errors.unknown_path()
        tenant_id = _tenant(address, subscription, caller)
        entry = self.entries.find(request.method, address)
        request.operation = ("arm", entry.verb(request.method, address), entry.name)
        _check_version(entry.provider, address, version)
        call = Call(self.plane, request, address.spelled(entry.name), version, caller, tenant_id)
        self._authorize(call, entry)
        _check_registration(entry.provider, subscription)
        self._check_surroundings(call, entry)
        require_unlocked(self.plane, request.method, call.address)
        return call, entry

    def _subscription(self, address: Address | None) -> Resource | None:
        if address is None or address.subscription_id is None:
            return None
        return self.plane.resources.get(f"/subscriptions/{address.subscription_id}")

    def _authenticate(self, request: Request, subscription: Resource | None) -> Principal:
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.no_token(None if subscription is None else str(subscription.internal["tenant_id"]))
        try:
            return self.tokens.verify(token.strip(), audiences=AUDIENCES)
        except TokenRefused as refused:
            raise errors.token_refused(refused) from refused

    def _authorize(self, call: Call, entry: Entry) -> None:
        """Ask for the role; a collection of a group or subscription is shown as far as the caller's roles reach into it."""
        name = entry.action(call.request.method)
        if name is None:
            return
        scope = _scope(call.address) or "/"
        is_collection = isinstance(entry, StoredEntry) and not call.address.is_instance and call.address.above_is_scope
        if is_collection and not call.may(name, scope):
            inner = self._scope_inside(call, name, scope)
            call.is_filtered, scope = inner is not None, inner or scope
        call.require(name, scope)

    def _scope_inside(self, call: Call, action: str, scope: str) -> str | None:
        """Return a scope inside `scope` where the caller may do this, or None."""
        below = scope.lower() + "/"
        held = self.plane.access.assignments_of(call.caller)
        inside = (one.scope for one in held if one.scope.startswith(below))
        return next((one for one in inside if call.may(action, one)), None)

    def _check_surroundings(self, call: Call, entry: Entry) -> None:
        """Require the resource group, the scope and every ancestor; give the call its parent."""
        group = call.address.group_id
        if group and call.address.id.lower() != group.lower() and self.plane.resources.get(group) is None:
            raise errors.group_missing(call.address.resource_group or "")
        if call.address.level == "resource":
            self._require(call.address.around, is_scope=True)
        call.parent = self._parent(call, entry)

    def _parent(self, call: Call, entry: Entry) -> Resource | None:
        """Return the resource above, which must exist; a deletion may do with the topmost one, where the provider says so."""
        above = call.address.above
        if above is not None and isinstance(entry, OperationEntry) and entry.operation.makes_parent:
            self._require(above.above)
            return self.plane.resources.get(above.id)
        if call.request.method == "DELETE" and above is not None and entry.provider.forgets_children:
            self._require(above.topmost)
            return self.plane.resources.get(above.id)
        return self._require(above)

    def _require(self, address: Address | None, *, is_scope: bool = False) -> Resource | None:
        """Require an instance and its ancestors, as far as the table knows their types; the top of a scope it must know."""
        if address is None or not address.is_instance:
            return None
        self._require(address.above, is_scope=is_scope)
        found = self.plane.resources.get(address.id)
        is_known = self.entries.kind(address.type) is not None
        if found is None and (is_known or (is_scope and address.above is None)):
            raise self.missing(address)
        return found

    def missing(self, address: Address) -> ServiceError:
        """Return the refusal for an instance that does not exist, in its type's words."""
        kind = self.entries.kind(address.type)
        return (kind.missing if kind and kind.missing else errors.resource_missing)(address)


def _version(request: Request) -> str:
    version = request.parameter("api-version")
    if not version:
        raise errors.missing_version()
    match = _VERSION.fullmatch(version)
    try:
        date.fromisoformat(match[1] if match else "")
    except ValueError:
        raise errors.bad_version(version, "", None) from None
    return version


def _check_version(provider: Provider, address: Address, version: str) -> None:
    if provider.versions is not None and version.lower() not in provider.versions:
        raise errors.bad_version(version, address.type, provider.versions)


def _tenant(address: Address, subscription: Resource | None, caller: Principal) -> str:
    """Return the tenant that owns the address, which must be the token's."""
    if address.subscription_id is None:
        return caller.tenant_id
    if subscription is None:
        raise errors.subscription_missing(address.subscription_id)
    owner = str(subscription.internal["tenant_id"])
    if owner != caller.tenant_id:
        raise errors.wrong_tenant(caller.tenant_id, owner)
    return owner


def _check_registration(provider: Provider, subscription: Resource | None) -> None:
    if subscription is None or not provider.needs_registration:
        return
    names = [str(name).lower() for name in subscription.internal.get("registered", ["*"])]
    if "*" not in names and provider.namespace.lower() not in names:
        raise errors.not_registered(subscription.name, provider.namespace)


def _scope(address: Address) -> str:
    """Return the id that RBAC looks at: the resource's own, or what an action or a collection lies in."""
    if address.is_instance:
        return address.id
    return address.above.id if address.above is not None else address.scope
