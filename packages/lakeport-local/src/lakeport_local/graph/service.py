"""Graph's HTTP face: the door, the table, the envelope.

Source: identity.md 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.core import MemorySink, Response, ServiceError
from lakeport_local.entra import GRAPH, Catalog, TokenRefused
from lakeport_local.graph import errors
from lakeport_local.graph.batch import PATH, answer_batch
from lakeport_local.graph.call import Call
from lakeport_local.graph.documents import Documents
from lakeport_local.graph.query import read_query
from lakeport_local.graph.rights import may_read, may_write
from lakeport_local.graph.routes import Route, find, segments_of

if TYPE_CHECKING:
    from lakeport_local.access import Access, Principal
    from lakeport_local.core import BodySink, Clock, Ids, Request
    from lakeport_local.entra import Directory, Tokens
    from lakeport_local.state import Resources, Store

_VERSION = "/v1.0/"
_MOST_BODY_BYTES = 1024 * 1024


class GraphService:
    """Answers for `graph.microsoft.com`; a `core.Service`.

    Args:
        store: Where the directory is kept.
        directory: Who there is.
        tokens: Verifies bearer tokens.
        resources: Knows the tenants' subscriptions, which say who administers a directory.
        access: Decides, and logs the decisions.
        ids: Gives ids and secrets.
        clock: Tells the time.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        tokens: Tokens,
        resources: Resources,
        access: Access,
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._catalog = Catalog(directory, store)
        self._documents = Documents(directory, self._catalog)
        self._tokens = tokens
        self._resources = resources
        self._access = access
        self._ids = ids
        self._clock = clock

    def open_body(self, request: Request) -> BodySink | Response:
        """Take the body into memory; one that is announced too large is refused."""
        announced = request.headers.get("content-length") or "0"
        if announced.isdecimal() and int(announced) > _MOST_BODY_BYTES:
            return Response(413)
        return MemorySink(_MOST_BODY_BYTES)

    def handle(self, request: Request) -> Response:
        """Answer a complete request, or a batch of them."""
        client_id = request.headers.get("client-request-id") or request.id
        try:
            is_batch = (request.method, request.raw_path) == ("POST", PATH)
            response = answer_batch(request, self._one) if is_batch else self._one(request)
        except ServiceError as refused:
            response = errors.error_response(refused, request.id, client_id[:128], self._clock.now())
        if response.body and response.header("Content-Type") is None:
            media_type = (
                "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
            )
            response.headers.append(("Content-Type", media_type))
        response.headers += [("request-id", request.id), ("client-request-id", client_id[:128])]
        response.headers += [("OData-Version", "4.0"), ("Cache-Control", "no-cache")]
        return response

    def _one(self, request: Request) -> Response:
        """Answer one request, refusals too; what it changes is kept as one, or not at all."""
        try:
            with self._store.transaction():
                return self._answer(request)
        except ServiceError as refused:
            client_id = request.headers.get("client-request-id") or request.id
            return errors.error_response(refused, request.id, client_id[:128], self._clock.now())

    def _answer(self, request: Request) -> Response:
        caller = self._authenticate(request)
        if not request.raw_path.startswith(_VERSION):
            raise errors.unknown_segment(request.raw_path.strip("/").partition("/")[0])
        route, key, member = find(request.method, segments_of(request.raw_path.removeprefix(_VERSION)))
        request.operation = route.words
        self._authorize(request, route, caller, key)
        return route.handler(
            Call(
                request,
                caller,
                key,
                member,
                read_query(request),
                self._directory,
                self._catalog,
                self._documents,
                self._ids,
                self._clock,
            )
        )

    def _authenticate(self, request: Request) -> Principal:
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.no_token()
        try:
            return self._tokens.verify(token.strip(), audiences=GRAPH.audiences)
        except TokenRefused as refused:
            raise errors.token_refused(refused) from refused

    def _authorize(self, request: Request, route: Route, caller: Principal, key: str) -> None:
        """Ask `rights`; whoever is asked about themselves needs no right.

        Raises:
            ServiceError: 403.
        """
        if route.right == "self" or (route.right == "read" and key.lower() == caller.object_id):
            return
        if route.right == "read" and may_read(caller, self._directory):
            return
        if route.right == "write" and may_write(caller, self._directory, self._resources, self._access, request.id):
            return
        raise errors.denied()
