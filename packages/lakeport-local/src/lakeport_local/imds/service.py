"""The HTTP face of managed identity: two endpoints, each with its own rules and its own shape of error.

A page in a browser must not be able to get tokens, nor a request that somebody forwards.

Source: identity.md 2.1, 2.2, 9.5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import MemorySink, Response, ServiceError
from lakeport_local.imds.identity import Identities, IdentityTokens, identities_of
from lakeport_local.imds.instance import instance_metadata, part_of
from lakeport_local.imds.throttle import Throttle

if TYPE_CHECKING:
    from lakeport_local.core import BodySink, Clock, Request
    from lakeport_local.entra import Directory, ManagedIdentity, Tokens
    from lakeport_local.gateway import Callers
    from lakeport_local.state import Resources

_TOKEN_PATH = ["metadata", "identity", "oauth2", "token"]
_INSTANCE_PATH = ["metadata", "instance"]
_APP_SERVICE_PATH = ["msi", "token"]
_API_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")
_OLDEST_API = {"identity": "2018-02-01", "instance": "2017-04-02"}
_MOST_BODY_BYTES = 64 * 1024
_APP_SERVICE_API = "2019-08-01"
_SECRET_HEADERS = {_APP_SERVICE_API: "x-identity-header", "2017-09-01": "secret"}
"""The versions of App Service's endpoint, and the header that each is opened with; Azure ML speaks the older one."""

_APP_SERVICE_MEMBERS = ("access_token", "client_id", "expires_on", "not_before", "resource", "token_type")


class ImdsService:
    """Answers for 169.254.169.254, and for the same paths and `/msi/token` on the explicit endpoint; a `core.Service`.

    Args:
        directory: Knows the identities.
        tokens: Issues tokens.
        resources: Knows the regions of resources.
        clock: Tells the time.
        callers: Checks the identity header of App Service: `OBJECT_ID:callers.token(OBJECT_ID)`.

    Attributes:
        throttle: How much the metadata address takes of one machine.
    """

    def __init__(
        self, directory: Directory, tokens: Tokens, resources: Resources, clock: Clock, callers: Callers
    ) -> None:
        self._directory = directory
        self._identity_tokens = IdentityTokens(directory, tokens, clock)
        self._resources = resources
        self._callers = callers
        self._clock = clock
        self.throttle = Throttle()

    def open_body(self, request: Request) -> BodySink | Response:
        """Take no body with a GET, and a small one with a method that is refused anyway."""
        return MemorySink(0 if request.method == "GET" else _MOST_BODY_BYTES)

    def handle(self, request: Request) -> Response:
        """Answer a complete request."""
        path = [part.lower() for part in request.segments]
        request.operation = ("imds", "/".join(path[:2]))
        if path == _APP_SERVICE_PATH and request.explicit:
            return self._app_service(request)
        try:
            return self._metadata(request, path)
        except ServiceError as refused:
            return _json(refused.status, {"error": refused.code, "error_description": refused.message})

    def _metadata(self, request: Request, path: list[str]) -> Response:
        _judge_metadata_request(request)
        self.throttle.pass_or_refuse(request.caller or request.client, self._clock.now())
        identities = identities_of(self._directory, request.caller)
        if path == _TOKEN_PATH:
            _judge_api_version(request, _OLDEST_API["identity"])
            return _json(200, self._identity_tokens.answer(identities, request))
        if path[:2] == _INSTANCE_PATH:
            _judge_api_version(request, _OLDEST_API["instance"])
            return self._instance(request, next(iter(identities.all), None), path[2:])
        return _json(404, {"error": "Not found"})

    def _instance(self, request: Request, identity: ManagedIdentity | None, path: list[str]) -> Response:
        if identity is None:
            raise ServiceError(400, "invalid_request", "Identity not found")
        part = part_of(instance_metadata(identity, self._resources), path)
        if part is None:
            return _json(404, {"error": "Not found"})
        if isinstance(part, str) and request.parameter("format") == "text":
            return Response(200, [("Content-Type", "text/plain; charset=utf-8")], part.encode())
        return _json(200, part)

    def _app_service(self, request: Request) -> Response:
        try:
            body = self._identity_tokens.answer(self._app_service_identity(request), request)
        except ServiceError as refused:
            return _json(refused.status, {"statusCode": refused.status, "message": refused.message})
        return _json(200, {name: body[name] for name in _APP_SERVICE_MEMBERS})

    def _app_service_identity(self, request: Request) -> Identities:
        _judge_not_a_page(request)
        version = request.parameter("api-version") or ""
        header = _SECRET_HEADERS.get(version, "x-identity-header")
        object_id, colon, secret = (request.headers.get(header) or "").partition(":")
        if not self._callers.check(object_id, secret) or not colon:
            raise ServiceError(401, "unauthorized", f"The {header.upper()} header is missing or wrong.")
        if version not in _SECRET_HEADERS:
            raise ServiceError(400, "bad_request", f"The api-version parameter must be {_APP_SERVICE_API}.")
        return identities_of(self._directory, object_id)


def _judge_not_a_page(request: Request) -> None:
    """Refuse what only a browser sends, and every method but GET."""
    if request.method != "GET":
        raise ServiceError(405, "method_not_allowed", "Only GET is supported.")
    if any(name == "origin" or name.startswith("sec-fetch-") for name, _ in request.headers):
        raise ServiceError(403, "forbidden", "Requests from a browser are refused.")


def _judge_metadata_request(request: Request) -> None:
    _judge_not_a_page(request)
    if "x-forwarded-for" in request.headers:
        raise ServiceError(400, "invalid_request", "Requests with an X-Forwarded-For header are refused")
    if request.headers.get_all("metadata") != ["true"]:
        raise ServiceError(400, "invalid_request", "Required metadata header not specified")


def _judge_api_version(request: Request, oldest: str) -> None:
    version = request.parameter("api-version")
    if not version:
        raise ServiceError(400, "invalid_request", "Required query variable 'api-version' is missing")
    if not _API_VERSION.fullmatch(version) or version < oldest:
        raise ServiceError(400, "invalid_request", f"The api-version is not supported; the oldest is {oldest}")


def _json(status: int, body: Any) -> Response:  # Any: a JSON value
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Pragma", "no-cache"),
    ]
    return Response(status, headers, orjson.dumps(body))
