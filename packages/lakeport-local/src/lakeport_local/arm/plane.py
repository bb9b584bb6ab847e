"""The control plane as a service: admit the call, run its entry's hook, render, add what every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from lakeport_local.access import Principal
from lakeport_local.arm import errors
from lakeport_local.arm.activity import Activity
from lakeport_local.arm.address import Address, parse_address
from lakeport_local.arm.body import WholeBody
from lakeport_local.arm.call import Call
from lakeport_local.arm.entries import Entries, OperationEntry
from lakeport_local.arm.gate import Gate
from lakeport_local.arm.headers import RateLimits, standard_headers
from lakeport_local.arm.longrunning import LongRunning, poll_again
from lakeport_local.arm.paging import page
from lakeport_local.arm.table import Answer, Outcome, Provider, ResourceType, arm_error
from lakeport_local.arm.templates.running import Deployments
from lakeport_local.arm.throttle import Throttle
from lakeport_local.core import BodySink, Headers, Request, Response, ServiceError

if TYPE_CHECKING:
    from lakeport_local.access import Access
    from lakeport_local.arm.containers import Containers
    from lakeport_local.arm.gate import Entry
    from lakeport_local.arm.table import Document
    from lakeport_local.core import Clock, Ids
    from lakeport_local.entra import Directory, Tokens
    from lakeport_local.state import Resource, Resources, Store

_NOBODY = Principal("", "", "", "User", "")
_DEFAULT_REGION = "westeurope"
_READS = frozenset({"GET", "HEAD"})
_JSON = Headers([("Content-Type", "application/json")])


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
        containers: The lake's containers; without them there are none for the control plane.
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
        containers: Containers | None = None,
    ) -> None:
        self.containers = containers
        self.store, self.resources, self.directory, self.access = store, resources, directory, access
        self.clock, self.ids = clock, ids
        self.entries = Entries(providers)
        self.long_running = LongRunning(resources)
        self._gate = Gate(self, self.entries, tokens)
        self._limits = RateLimits()
        self.throttle = Throttle()
        self.activity = Activity(store)
        self.deployments = Deployments(self)
        self._listeners: dict[str, list[Callable[[Resource], None]]] = {}

    def open_body(self, request: Request) -> BodySink | Response:
        """Take every body into memory, up to 4 MiB."""
        return WholeBody()

    def handle(self, request: Request) -> Answer:
        """Answer one call; whatever it changes is committed before the answer is given, or not at all."""
        address = parse_address(request.segments)
        self.deployments.go_on(request)
        admitted: list[tuple[Call, Entry]] = []
        try:
            with self.store.transaction():
                answer = self._answer(request, address, admitted)
        except ServiceError as refusal:
            answer = self._refusal(refusal, address)
        if isinstance(answer, Awaitable):
            return self._finished(answer, request, address, admitted)
        return self._dressed(answer, request, address, admitted)

    async def _finished(
        self, answer: Awaitable[Response], request: Request, address: Address | None, admitted: list[tuple[Call, Entry]]
    ) -> Response:
        try:
            response = await answer
        except ServiceError as refusal:
            response = self._refusal(refusal, address)
        return self._dressed(response, request, address, admitted)

    def _answer(self, request: Request, address: Address | None, admitted: list[tuple[Call, Entry]]) -> Answer:
        if isinstance(request.body, WholeBody) and request.body.is_too_large:
            raise errors.too_large()
        public = self.entries.public(request.method, address)
        if address is not None and public is not None:
            request.operation = ("arm", public.method, public.name)
            return public.handle(Call(self, request, address, request.parameter("api-version") or "", _NOBODY, ""))
        call, entry = self._gate.admit(request, address)
        self.throttle.pass_or_refuse(call)
        admitted.append((call, entry))
        return self._run(call, entry)

    def _note(self, call: Call, entry: Entry, response: Response) -> None:
        """Tell the activity log of a write."""
        action = entry.action(call.request.method)
        if action is not None:
            self.activity.note(call, action, response)

    def _run(self, call: Call, entry: Entry) -> Answer:
        if isinstance(entry, OperationEntry):
            return entry.operation.handle(call)
        if not call.address.is_instance:
            return self._list(call, entry.kind)
        return self._verb(call, entry.kind)

    def perform(
        self, caller: Principal, origin: Request, method: str, path: str, *, version: str, body: Document | None = None
    ) -> Response:
        """Answer a call that the control plane makes to itself for a caller, with that caller's rights, or change nothing.

        Args:
            caller: For whom.
            origin: The request that this is part of.
            method: HTTP method.
            path: Path, not percent-encoded.
            version: The api-version.
            body: A JSON object, or None.

        Raises:
            ServiceError: As a client would be refused.
        """
        sink = WholeBody()
        sink.write(b"" if body is None else orjson.dumps(body))
        request = replace(
            origin,
            method=method,
            raw_path=quote(path),
            raw_query=f"api-version={quote(version)}",
            headers=_JSON,
            body=sink,
        )
        with self.store.transaction():
            call, entry = self._gate.admit(request, parse_address(request.segments), caller)
            answer = self._run(call, entry)
            if isinstance(answer, Awaitable):
                raise errors.wrong_method(method)
            self._note(call, entry, answer)
        return answer

    def seen(self, origin: Request, caller: Principal, resource_id: str) -> Document | None:
        """Return a resource as a client would be shown it, or None; for the control plane itself."""
        found = self.resources.get(resource_id)
        kind = None if found is None else self.entries.kind(found.type)
        address = parse_address(resource_id.strip("/").split("/"))
        if found is None or kind is None or address is None:
            return None
        request = replace(origin, method="GET")
        return kind.render(Call(self, request, address, "", caller, caller.tenant_id), found)

    def tracked_in(self, scope: str) -> list[Resource]:
        """Return the resources that have a region, of a subscription or group, by key."""
        kinds = [
            kind for one in self.entries.providers.values() for kind in one.resource_types if kind.name.count("/") == 1
        ]
        found = [one for kind in kinds for one in self.resources.under(scope, kind.name) if one.location]
        return sorted(found, key=lambda one: one.key)

    def version_of(self, resource_type: str) -> str:
        """Return an api-version that a type takes."""
        provider = self.entries.providers[resource_type.partition("/")[0].lower()]
        return (provider.versions or (provider.newest,))[-1]

    def _verb(self, call: Call, kind: ResourceType) -> Answer:
        """Run a method on one stored resource; the table has made sure that the type takes it."""
        method, current = call.request.method, self._current(call)
        if method == "PUT" and kind.put is not None:
            return self._kept(call, kind, kind.put(call, current))
        if method == "DELETE" and kind.delete is not None:
            return kind.delete(call, current)
        if current is None:
            raise self._gate.missing(call.address)
        if method == "PATCH" and kind.patch is not None:
            return self._kept(call, kind, kind.patch(call, current))
        if method == "HEAD":
            return Response(204)
        shown = kind.render(call, current)
        return call.json(200, shown, poll_again(shown))

    def _current(self, call: Call) -> Resource | None:
        """Return what the address names; what another tenant keeps at tenant level is not there for this one."""
        found = self.resources.get(call.address.id)
        if found is not None and found.internal.get("tenant_id", call.tenant_id) != call.tenant_id:
            raise errors.unknown_path()
        return found

    def _kept(self, call: Call, kind: ResourceType, outcome: Outcome) -> Response:
        """Keep what a PUT or PATCH hook decided and render it; an accepted one with headers is polled, so has no body."""
        kept = self.resources.put(outcome.resource)
        if outcome.status == 204 or (outcome.status == 202 and outcome.headers):
            return Response(outcome.status, list(outcome.headers))
        return call.json(outcome.status, kind.render(call, kept), list(outcome.headers))

    def _list(self, call: Call, kind: ResourceType) -> Response:
        if kind.listed is not None:
            found = list(kind.listed(call))
        elif call.parent is not None:
            found = self.resources.children(call.parent.id, kind.name)
        else:
            found = self.resources.under(call.address.scope, kind.name)
        if call.is_filtered:
            found = [one for one in found if call.may(f"{kind.name}/read", one.id)]
        shown = [kind.render(call, one) for one in found]
        return call.json(200, page(call, [one.key for one in found], shown, size=kind.page_size))

    def shown(self, call: Call, resource_id: str) -> Response:
        """Answer with a resource as it is now; 404 when it left."""
        found = self.resources.get(resource_id)
        kind = None if found is None else self.entries.kind(found.type)
        if found is None or kind is None:
            raise errors.unknown_path()
        return call.json(200, kind.render(call, found))

    def remove(self, resource_id: str) -> None:
        """Remove a resource and all below it, and let each removed one's type know, and whoever listens."""
        for gone in self.resources.delete(resource_id):
            kind = self.entries.kind(gone.type)
            if kind is not None and kind.removed is not None:
                kind.removed(self, gone)
            for listener in self._listeners.get(gone.type.lower(), ()):
                listener(gone)

    def on_removed(self, resource_type: str, listener: Callable[[Resource], None]) -> None:
        """Call `listener` in the same transaction after a resource of this type left: for rooms that keep its data."""
        self._listeners.setdefault(resource_type.lower(), []).append(listener)

    def type_name(self, resource_type: str) -> str:
        """Return a type in its provider's casing."""
        kind = self.entries.kind(resource_type)
        return resource_type if kind is None else kind.name

    def _refusal(self, refusal: ServiceError, address: Address | None) -> Response:
        provider = self.entries.provider_of(address)
        document, content_type = arm_error(refusal), "application/json; charset=utf-8"
        if provider is not None and provider.error is not None:
            document, content_type = provider.error(refusal)
        headers = [("Content-Type", content_type), *refusal.headers.items()]
        if isinstance(refusal, errors.GatewayError):
            headers.append(errors.FAILURE_CAUSE)
        return Response(refusal.status, headers, orjson.dumps(document))

    def _dressed(
        self, response: Response, request: Request, address: Address | None, admitted: list[tuple[Call, Entry]]
    ) -> Response:
        """Note what was written, and add the headers that every answer of ARM carries.

        Headers that the hook has set stay; one it set to nothing is left out. A refusal of ARM's own says nothing of providers or limits.
        """
        if request.method not in _READS:
            for call, entry in admitted:
                with self.store.transaction():
                    self._note(call, entry, response)
        have = {name.lower() for name, _ in response.headers}
        more = standard_headers(request, self._region(address))
        if errors.FAILURE_CAUSE[0] not in have:
            provider = self.entries.provider_of(address)
            more.append(self._limits.header(request, address.subscription_id if address else None))
            more += provider.headers if provider is not None else ()
        more = [(name, value) for name, value in more if name.lower() not in have]
        response.headers = [(name, value) for name, value in (*response.headers, *more) if value]
        return response

    def _region(self, address: Address | None) -> str:
        group = self.resources.get(address.group_id) if address is not None and address.group_id else None
        return (group.location if group is not None else None) or _DEFAULT_REGION
