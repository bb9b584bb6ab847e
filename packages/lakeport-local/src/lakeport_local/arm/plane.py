"""The control plane as a service: authenticate, find the entry, check, call its hook, render."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from lakeport_local.access import Action, Principal, Target
from lakeport_local.arm import errors
from lakeport_local.arm.address import Address, parse_address
from lakeport_local.arm.call import Call
from lakeport_local.arm.longrunning import LongRunning
from lakeport_local.arm.paging import page
from lakeport_local.arm.quota import RateLimits
from lakeport_local.arm.table import Answer, Operation, Provider, ResourceType, arm_error
from lakeport_local.core import BodySink, MemorySink, Request, Response, ServiceError
from lakeport_local.entra import TokenRefused

if TYPE_CHECKING:
    from lakeport_local.access import Access
    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra import Directory, Tokens
    from lakeport_local.state import Resource, Resources, Store

AUDIENCES = frozenset(
    {
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net",
        "https://management.core.windows.net/",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    }
)
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-(preview|alpha|beta|privatepreview))?", re.IGNORECASE | re.ASCII)
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a method and address lead to: a stored type or an operation, and its provider."""

    provider: Provider
    resource_type: ResourceType | None = None
    operation: Operation | None = None


class ControlPlane:
    """Azure Resource Manager over a table of providers; a `core.Service`.

    Args:
        store: The state folder; every call is one transaction in it.
        resources: The documents.
        directory: Tenants and principals.
        tokens: Verifies bearer tokens.
        access: Decides.
        clock: The local Azure's clock.
        ids: Request ids, names, keys.
        providers: The table.
    """

    def __init__(
        self,
        *,
        store: Store,
        resources: Resources,
        directory: Directory,
        tokens: Tokens,
        access: Access,
        clock: Clock,
        ids: Ids,
        providers: Sequence[Provider],
    ) -> None:
        self.store, self.resources, self.directory, self.access = store, resources, directory, access
        self.clock, self.ids = clock, ids
        self.providers = {provider.namespace.lower(): provider for provider in providers}
        self.long_running = LongRunning(resources)
        self._tokens = tokens
        self._limits = RateLimits()
        self._types = {
            one.name.lower(): _Entry(provider, resource_type=one)
            for provider in providers
            for one in provider.resource_types
        }
        self._operations = {
            (one.method, one.name.lower()): _Entry(provider, operation=one)
            for provider in providers
            for one in provider.operations
        }

    def open_body(self, request: Request) -> BodySink | Response:
        """Take every body into memory, up to 4 MiB."""
        return MemorySink()

    def handle(self, request: Request) -> Answer:
        """Answer one call; whatever it changes is committed before the answer is given, or not at all."""
        address = parse_address(request.segments)
        try:
            with self.store.transaction():
                answer = self._answer(request, address)
        except ServiceError as refusal:
            answer = self._refusal(refusal, address)
        if isinstance(answer, Awaitable):
            return self._finished(answer, request, address)
        return self._dressed(answer, request, address)

    async def _finished(self, answer: Awaitable[Response], request: Request, address: Address | None) -> Response:
        try:
            response = await answer
        except ServiceError as refusal:
            response = self._refusal(refusal, address)
        return self._dressed(response, request, address)

    def _answer(self, request: Request, address: Address | None) -> Answer:
        public = self._operations.get((request.method, address.type.lower())) if address is not None else None
        if address is not None and public is not None and public.operation is not None and public.operation.is_public:
            return public.operation.handle(self._anonymous(request, address))
        caller = self._authenticate(request)
        version = self._version(request)
        if address is None:
            raise errors.unknown_path()
        tenant_id = self._tenant(address, caller)
        entry = self._find(request.method, address)
        self._check_version(entry.provider, address, version)
        name = (
            entry.resource_type.name
            if entry.resource_type
            else entry.operation.name
            if entry.operation
            else address.type
        )
        call = Call(self, request, address, name, version, caller, tenant_id)
        self._authorize(call, entry)
        self._check_surroundings(call, entry)
        return self._operate(call, entry)

    def _authenticate(self, request: Request) -> Principal:
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.no_token()
        try:
            return self._tokens.verify(token.strip(), audiences=AUDIENCES)
        except TokenRefused as refused:
            raise errors.token_refused(refused) from refused

    @staticmethod
    def _version(request: Request) -> str:
        version = request.parameter("api-version")
        if not version:
            raise errors.missing_version()
        if not _VERSION.fullmatch(version):
            raise errors.bad_version(version, "", None)
        return version

    def _check_version(self, provider: Provider, address: Address, version: str) -> None:
        if provider.versions is not None and version.lower() not in provider.versions:
            raise errors.bad_version(version, address.type, provider.versions)

    def _tenant(self, address: Address, caller: Principal) -> str:
        """Return the tenant that owns the address, which must be the token's."""
        if address.subscription_id is None:
            return caller.tenant_id
        subscription = self.resources.get(f"/subscriptions/{address.subscription_id}")
        if subscription is None:
            raise errors.subscription_missing(address.subscription_id)
        owner = str(subscription.internal["tenant_id"])
        if owner != caller.tenant_id:
            raise errors.wrong_tenant(caller.tenant_id, owner)
        return owner

    def _find(self, method: str, address: Address) -> _Entry:
        name = address.type.lower()
        stored = self._types.get(name)
        operation = self._operations.get((method, name))
        if operation is not None:
            return operation
        if stored is not None and (method == "GET" or (address.is_instance and method in _VERBS)):
            return stored
        if stored is not None or any(known == name for _, known in self._operations):
            raise errors.wrong_method(method)
        raise errors.unknown_type(address)

    def _authorize(self, call: Call, entry: _Entry) -> None:
        scope = _scope(call.address)
        action = entry.operation.action if entry.operation else f"{call.type_name}/{_VERBS[call.request.method]}"
        if action is None:
            return
        decision = self.access.decide(
            call.caller, Action(action), Target(scope or "/", call.tenant_id), request_id=call.request.id
        )
        if not decision.allowed:
            raise errors.forbidden(decision, scope or "/")

    def _check_surroundings(self, call: Call, entry: _Entry) -> None:
        """Require the registration, the resource group and every ancestor; give the call its parent."""
        subscription_id = call.address.subscription_id
        if subscription_id and entry.provider.needs_registration:
            registered = self.resources.get(f"/subscriptions/{subscription_id}")
            names = registered.internal.get("registered", ["*"]) if registered else []
            if "*" not in names and entry.provider.namespace.lower() not in (str(name).lower() for name in names):
                raise errors.not_registered(subscription_id, entry.provider.namespace)
        group = call.address.group_id
        if group and call.address.id.lower() != group.lower() and self.resources.get(group) is None:
            raise errors.group_missing(call.address.resource_group or "")
        call.parent = self._parent(call.address)

    def _parent(self, address: Address) -> Resource | None:
        above = address.above
        if above is None or above.type.lower() not in self._types:
            return None
        self._parent(above)
        parent = self.resources.get(above.id)
        if parent is None:
            raise self._missing(above)
        return parent

    def _missing(self, address: Address) -> ServiceError:
        entry = self._types.get(address.type.lower())
        missing = entry.resource_type.missing if entry and entry.resource_type else None
        return (missing or errors.resource_missing)(address)

    def _operate(self, call: Call, entry: _Entry) -> Answer:
        if entry.operation is not None:
            return entry.operation.handle(call)
        kind = entry.resource_type
        if kind is None:
            raise errors.unknown_type(call.address)
        if not call.address.is_instance:
            return self._list(call, kind)
        current = self.resources.get(call.address.id)
        method = call.request.method
        if method == "DELETE":
            return kind.delete(call, current) if kind.delete else self._delete(call, current)
        if method == "PUT" and kind.put is not None:
            return self._kept(call, kind, current)
        if current is None:
            raise self._missing(call.address)
        if method in {"GET", "HEAD"}:
            return call.json(200, kind.render(call, current)) if method == "GET" else Response(204)
        if method == "PATCH" and kind.patch is not None:
            return self._kept(call, kind, current)
        raise errors.wrong_method(method)

    def _kept(self, call: Call, kind: ResourceType, current: Resource | None) -> Response:
        """Run the PUT or PATCH hook, keep what it decided, render it."""
        if call.request.method == "PUT":
            outcome = kind.put(call, current) if kind.put else None
        else:
            outcome = kind.patch(call, current) if kind.patch and current else None
        if outcome is None:
            raise errors.wrong_method(call.request.method)
        kept = self.resources.put(outcome.resource)
        if outcome.status == 204 or (outcome.status == 202 and outcome.headers):
            return Response(outcome.status, list(outcome.headers))
        return call.json(outcome.status, kind.render(call, kept), list(outcome.headers))

    def _list(self, call: Call, kind: ResourceType) -> Response:
        if not kind.is_listed:
            raise errors.wrong_method(call.request.method)
        if kind.listed is not None:
            found = list(kind.listed(call))
        elif call.parent is not None:
            found = self.resources.children(call.parent.id, kind.name)
        else:
            found = self.resources.under(call.address.scope, kind.name)
        shown = [kind.render(call, one) for one in found]
        return call.json(200, page(call, [one.key for one in found], shown, size=kind.page_size))

    def _delete(self, call: Call, current: Resource | None) -> Response:
        if current is None:
            return Response(204)
        self.remove(current.id)
        return Response(200)

    def remove(self, resource_id: str) -> None:
        """Remove a resource and all below it, and let each removed one's type know."""
        for gone in self.resources.delete(resource_id):
            entry = self._types.get(gone.type.lower())
            if entry is not None and entry.resource_type is not None and entry.resource_type.removed is not None:
                entry.resource_type.removed(self, gone)

    def type_name(self, resource_type: str) -> str:
        """Return a type in its provider's casing."""
        entry = self._types.get(resource_type.lower())
        return entry.resource_type.name if entry and entry.resource_type else resource_type

    def _anonymous(self, request: Request, address: Address) -> Call:
        nobody = Principal("", "", "", "User", "")
        return Call(self, request, address, address.type, request.parameter("api-version") or "", nobody, "")

    def _refusal(self, refusal: ServiceError, address: Address | None) -> Response:
        provider = self.providers.get(address.namespace.lower()) if address is not None else None
        document, content_type = arm_error(refusal), "application/json; charset=utf-8"
        if provider is not None and provider.error is not None:
            document, content_type = provider.error(refusal)
        return Response(
            refusal.status, [("Content-Type", content_type), *refusal.headers.items()], msgspec.json.encode(document)
        )

    def _dressed(self, response: Response, request: Request, address: Address | None) -> Response:
        """Add the headers that every answer of ARM carries."""
        provider = self.providers.get(address.namespace.lower()) if address is not None else None
        have = {name.lower() for name, _ in response.headers}
        region = "WESTEUROPE"
        common = (
            ("Cache-Control", "no-cache"),
            ("Pragma", "no-cache"),
            ("Expires", "-1"),
            ("x-ms-request-id", request.id),
            ("x-ms-correlation-request-id", request.headers.get("x-ms-correlation-request-id") or request.id),
            ("x-ms-routing-request-id", f"{region}:{request.at:%Y%m%dT%H%M%SZ}:{request.id}"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("X-Content-Type-Options", "nosniff"),
            *(provider.headers if provider is not None else ()),
            *self._limits.headers(request, address),
        )
        response.headers += [(name, value) for name, value in common if name.lower() not in have]
        return response


def _scope(address: Address) -> str:
    """Return the id that RBAC looks at: the resource's own, or what an action or a collection lies in."""
    if address.is_instance:
        return address.id
    return address.above.id if address.above is not None else address.scope
