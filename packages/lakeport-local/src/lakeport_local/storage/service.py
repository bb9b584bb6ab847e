"""The service behind `ACCOUNT.dfs` and `ACCOUNT.blob`: from a request to its operation and back.

The order of the checks is the real service's: account, network rules, version, who, operation, permission.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lakeport_local.access import Principal, lets_resource_in
from lakeport_local.core import MemorySink, Response, ServiceError
from lakeport_local.state import Grouping
from lakeport_local.storage.address import address_of, told_api
from lakeport_local.storage.answers import JSON
from lakeport_local.storage.authentication import Authentication, tenant_of
from lakeport_local.storage.blob import operation_of as blob_operation
from lakeport_local.storage.call import Call
from lakeport_local.storage.chunks import INLINE_BYTES, ChunkSink
from lakeport_local.storage.cors import cross_origin_fields, preflight
from lakeport_local.storage.dfs import operation_of as dfs_operation
from lakeport_local.storage.errors import blob_body, dfs_body, in_blob_words, refusal
from lakeport_local.storage.public import level_of
from lakeport_local.storage.retention import refused_change
from lakeport_local.storage.sas import Signatures
from lakeport_local.storage.settings import cors_rules, is_hierarchical
from lakeport_local.storage.structured import HEADER, StructuredSink, is_structured

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from concurrent.futures import Future

    from lakeport_local.access import Access
    from lakeport_local.core import BodySink, Request
    from lakeport_local.entra import Directory, Tokens
    from lakeport_local.state import Resource
    from lakeport_local.storage.address import Address
    from lakeport_local.storage.lake import Lake
    from lakeport_local.storage.operations import Operation

_LOG = logging.getLogger(__name__)
ACCOUNTS = "Microsoft.Storage/storageAccounts"
NEWEST_VERSION = "2026-10-06"
_VERSION = re.compile(r"20\d\d-[01]\d-[0-3]\d", re.ASCII)
_TIMEOUT = re.compile(r"\d*", re.ASCII)
_ECHO = re.compile(r"[\x20-\x7e]{1,1024}", re.ASCII)
_SERVERS = {
    "blob": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
    "dfs": "Windows-Azure-HDFS/1.0 Microsoft-HTTPAPI/2.0",
}
_MOST_ADMITTED = 10_000
_TIDY_DELAY_S = 0.05


class Opened:
    """A request's body on its way, with the operation that waits for it.

    A body that is refused on the way is dropped to its end, so that the refusal is answered in the service's words.
    """

    def __init__(self, call: Call, operation: Operation, sink: BodySink) -> None:
        self.call = call
        self.operation = operation
        self.refusal: ServiceError | None = None
        self._sink = sink
        call.sink = sink.inner if isinstance(sink, StructuredSink) else sink

    def write(self, data: bytes | memoryview) -> None:
        """Pass on the next bytes."""
        if self.refusal is not None:
            return
        try:
            self._sink.write(data)
        except ServiceError as error:
            self.refusal = error
            self._sink.abort()

    def finish(self) -> None:
        """The body is complete."""
        if self.refusal is not None:
            return
        try:
            self._sink.finish()
        except ServiceError as error:
            self.refusal = error
            self._sink.abort()

    @property
    def changes(self) -> bool:
        """Whether it is answered in a transaction: it is no read, and has none of its own."""
        return not (self.call.method in {"GET", "HEAD"} or self.operation.commits)

    def answer(self) -> Response:
        """Run the operation.

        Raises:
            ServiceError: Its refusal, or its body's.
        """
        if self.refusal is not None:
            raise self.refusal
        kept = refused_change(self.call) if self.changes else None
        response = self.operation.handle(self.call)
        if kept is not None:  # told to nobody who may not change it; what was done is undone
            raise kept
        return response

    def abort(self) -> None:
        """Release everything that was not kept."""
        self._sink.abort()


class StorageService:
    """Answers the dfs and blob APIs of every storage account.

    Args:
        lake: The namespace.
        access: Decides.
        tokens: Verifies bearer tokens.
        directory: Knows the principals behind user delegation keys.
    """

    def __init__(self, lake: Lake, access: Access, tokens: Tokens, directory: Directory) -> None:
        self._lake = lake
        self._access = access
        self._directory = directory
        signatures = Signatures(lake.delegation_keys, directory, self._policy)
        self._authentication = Authentication(tokens, signatures, lake.clock, access, level=self._level)
        self._accounts: dict[str, Resource] = {}
        self._admitted: set[tuple[int, str]] = set()
        self._generation = -1
        self._is_tidying = False
        self._grouping = Grouping(lake.store)

    # The two methods of a service

    def open_body(self, request: Request) -> BodySink | Response:
        """Say where a body goes, for a request whose sender, network and operation are in order; or refuse it."""
        try:
            if request.method == "OPTIONS":
                return self._preflight(request)
            call = self._call(request)
            operation = (dfs_operation if call.address.api == "dfs" else blob_operation)(call)
            if operation.admit is not None and _is_large(request):
                operation.admit(replace(call))  # a call of its own: what it looked up may be another thing by the end
            return Opened(call, operation, operation.open_body(call))
        except ServiceError as error:
            return self._refused(request, error)

    def handle(self, request: Request) -> Response | Awaitable[Response]:
        """Answer a complete request; a change is answered with those of the same moment, and when its body is hashed."""
        opened = request.body
        if not isinstance(opened, Opened) or not opened.changes:
            return self._answer(request)
        sink = opened.call.sink
        if isinstance(sink, ChunkSink) and sink.hashing is not None and not sink.hashing.done():
            return self._answer_later(request, opened, sink.hashing)
        return self._change(request, opened)

    async def _answer_later(self, request: Request, opened: Opened, hashing: Future[None]) -> Response:
        await asyncio.wait([asyncio.wrap_future(hashing)])  # what failed is told to whoever asks for the hash
        return await self._change(request, opened)

    def _change(self, request: Request, opened: Opened) -> asyncio.Future[Response]:
        return self._grouping.run(opened.answer, partial(self._finish, request, opened))

    def _answer(self, request: Request) -> Response:
        """Answer at once: what changes nothing, commits by itself, or is a part of another request."""
        opened: BodySink | Response = request.body
        if not isinstance(opened, Opened):
            opened = self._opened_late(request)
        if isinstance(opened, Response):
            return opened
        if not isinstance(opened, Opened):
            raise TypeError("open_body gives its own sink or an answer")
        outcome: Response | Exception
        try:
            with self._lake.store.transaction() if opened.changes else nullcontext():
                outcome = opened.answer()
        except Exception as error:  # noqa: BLE001  raised below unless it is a refusal
            outcome = error
        return self._finish(request, opened, outcome)

    def _opened_late(self, request: Request) -> BodySink | Response:
        """Open a request that came complete, its body in memory."""
        opened = self.open_body(request)
        if not isinstance(opened, Response) and isinstance(request.body, MemorySink):
            opened.write(request.body.data)
            opened.finish()
        return opened

    def _finish(self, request: Request, opened: Opened, outcome: Response | Exception) -> Response:
        """Return what is answered after the commit."""
        try:
            if isinstance(outcome, Response):
                return self._completed(opened, outcome)
            if isinstance(outcome, ServiceError):
                return self._refused(request, outcome)
            raise outcome
        finally:
            opened.abort()
            self._tidy_later()

    def _completed(self, opened: Opened, response: Response) -> Response:
        call = opened.call
        if opened.changes and isinstance(call.sink, ChunkSink):
            call.sink.settle()
            if is_structured(call.request.headers):
                response.headers.append((HEADER, call.header(HEADER) or ""))
        response.headers += self._common(call.request, call.version, call.address.api)
        rules = cors_rules(call.account)
        if rules:
            response.headers += cross_origin_fields(rules, call.request.headers.get("origin"), call.method)
        return response

    def _preflight(self, request: Request) -> Response:
        """Answer a browser's question, which carries no credentials."""
        address = address_of(request, lambda name: self._account(name) is not None, self._is_flat)
        account = self._account(address.account)
        if account is None:
            raise refusal("ResourceNotFound")
        self._admit(request, account, address)
        response = preflight(cors_rules(account), request.headers)
        response.headers += self._common(request, _version(request), address.api)
        return response

    # From a request to a call

    def _call(self, request: Request) -> Call:
        address = address_of(request, lambda name: self._account(name) is not None, self._is_flat)
        account = self._account(address.account)
        if account is None:
            raise refusal("ResourceNotFound")
        self._admit(request, account, address)
        if request.scheme == "http" and not request.explicit and account.properties.get("supportsHttpsTrafficOnly"):
            raise refusal("AccountRequiresHttps")
        version = _version(request)
        if address.is_secondary and request.method not in {"GET", "HEAD"}:
            raise refusal("InsufficientAccountPermissions")
        authenticate = self._authentication.caller
        caller = authenticate(request, account, address)
        self._lake.expire(request.at)
        if request.raw_query and not _TIMEOUT.fullmatch(request.parameter("timeout") or ""):
            raise refusal("InvalidQueryParameterValue", QueryParameterName="timeout")
        return Call(
            self._lake, self._access, request, address, account, caller, version, authenticate, self._answer, self._upn
        )

    def _admit(self, request: Request, account: Resource, address: Address) -> None:
        """Refuse a peer whom the network rules keep out; those let in are remembered until any account changes."""
        key = (account.uid, request.client)
        if key in self._admitted or self._is_resource(request, account, address):
            return
        if not self._access.admit(request.client, account, request_id=request.id).allowed:
            raise refusal("AuthorizationFailure")
        if len(self._admitted) < _MOST_ADMITTED:
            self._admitted.add(key)

    def _is_resource(self, request: Request, account: Resource, address: Address) -> bool:
        """Tell whether the identity of a resource asks whom the account's rules let in from anywhere."""
        has_rules = (account.properties.get("networkAcls") or {}).get("resourceAccessRules")
        if not has_rules or not (request.headers.get("authorization") or "").lower().startswith("bearer "):
            return False
        try:
            caller = self._authentication.caller(request, account, address)
        except ServiceError:
            return False
        identity = self._directory.managed_identity(caller.object_id) if isinstance(caller, Principal) else None
        return identity is not None and lets_resource_in(identity.resource_id, identity.tenant_id, account.properties)

    def _account(self, name: str) -> Resource | None:
        """Return a storage account; those asked for are remembered until any account changes."""
        generation = self._lake.resources.generation(ACCOUNTS)
        if generation != self._generation:
            self._accounts.clear()
            self._admitted.clear()
            self._generation = generation
        found = self._accounts.get(name)
        if found is None and name:
            found = self._lake.resources.named(ACCOUNTS, name)
            if found is not None:
                self._accounts[name] = found
        return found

    def _upn(self, account: Resource, object_id: str) -> str | None:
        user = self._directory.user(tenant_of(account), object_id)
        return user.name if user is not None and user.object_id == object_id else None

    def _is_flat(self, name: str) -> bool:
        account = self._account(name)
        return account is not None and not is_hierarchical(account)

    def _level(self, account: Resource, address: Address) -> str:
        found = self._lake.file_systems.find(account.uid, address.file_system)
        return "" if found is None else level_of(found)

    def _policy(self, account: int, container: str, name: str) -> dict[str, str] | None:
        found = self._lake.file_systems.find(account, container)
        policies: dict[str, dict[str, str]] = (found.detail("policies") if found else None) or {}
        return policies.get(name)

    # Answers

    def _common(self, request: Request, version: str, api: str) -> list[tuple[str, str]]:
        fields = [("Server", _SERVERS[api]), ("x-ms-request-id", request.id), ("x-ms-version", version)]
        echo = request.headers.get("x-ms-client-request-id")
        if echo and _ECHO.fullmatch(echo):
            fields.append(("x-ms-client-request-id", echo))
        return fields

    def _refused(self, request: Request, error: ServiceError) -> Response:
        api = self._api(request)
        given = request.headers.get("x-ms-version") or ""
        error = in_blob_words(error) if api == "blob" else error
        version = given if _VERSION.fullmatch(given) else NEWEST_VERSION
        headers = [("x-ms-error-code", error.code), *error.headers.items(), *self._common(request, version, api)]
        reason = error.message.partition("\n")[0]
        if request.method == "HEAD" or error.status == 304:
            return Response(error.status, headers, reason=reason)
        is_dfs = api == "dfs"
        body = (dfs_body if is_dfs else blob_body)(error, request.id, request.at)
        return Response(error.status, [("Content-Type", JSON if is_dfs else "application/xml"), *headers], body, reason)

    def _api(self, request: Request) -> str:
        if request.explicit:
            return told_api(request)
        return "dfs" if ".dfs." in request.host else "blob"

    # Housekeeping

    def _tidy_later(self) -> None:
        if self._is_tidying:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._is_tidying = True
        loop.call_later(_TIDY_DELAY_S, self._tidy)

    def _tidy(self) -> None:
        self._is_tidying = False
        if self._lake.reclaimer.step():
            self._tidy_later()


def _is_large(request: Request) -> bool:
    length = request.headers.get("content-length") or ""
    return "transfer-encoding" in request.headers or len(length) > len(str(INLINE_BYTES))


def _version(request: Request) -> str:
    """Return the service version that a request speaks.

    Raises:
        ServiceError: 400 `UnsupportedRestVersion`: it is malformed.
    """
    given = request.headers.get("x-ms-version") or request.parameter("api-version") or request.parameter("sv")
    if not given:
        return NEWEST_VERSION
    if not _VERSION.fullmatch(given):
        raise refusal("UnsupportedRestVersion", HeaderName="x-ms-version", HeaderValue=given)
    return given
