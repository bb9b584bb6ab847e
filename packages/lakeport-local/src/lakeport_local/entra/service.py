"""Entra's HTTP face: paths to handlers, answers in its own format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import MemorySink, Response
from lakeport_local.entra.asked import Asked
from lakeport_local.entra.authority import (
    AUTHORITY_HOST,
    AUTHORIZE_PATHS,
    DEVICE_CODE_PATHS,
    DEVICE_PAGE_PATH,
    MANY_TENANTS,
    TOKEN_PATHS,
    authority_origin,
    tenant_of,
)
from lakeport_local.entra.authorize import Authorization
from lakeport_local.entra.clients import Clients
from lakeport_local.entra.devices import Devices
from lakeport_local.entra.discovery import instance_discovery, openid_configuration
from lakeport_local.entra.errors import EntraError, error_response, refusal
from lakeport_local.entra.forms import Form
from lakeport_local.entra.grants import Grants
from lakeport_local.entra.realm import Realm

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.core import BodySink, Clock, Request
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.objects import Tenant
    from lakeport_local.entra.people import People
    from lakeport_local.entra.tokens import Tokens
    from lakeport_local.state import Resources

_USER_REALM = "userrealm/"
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_MOST_BODY_BYTES = 256 * 1024
_NEVER_STORED = [("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache"), ("Expires", "-1")]


class EntraService:
    """Answers for `login.microsoftonline.com` and its aliases; a `core.Service`.

    Args:
        directory: Who there is.
        tokens: Issues tokens.
        resources: Knows the federated credentials of managed identities.
        clock: Tells the time.
        people: How people sign in.
    """

    def __init__(
        self, directory: Directory, tokens: Tokens, resources: Resources, clock: Clock, people: People
    ) -> None:
        self._directory = directory
        self._tokens = tokens
        self._clock = clock
        clients = Clients(directory, tokens, resources, clock)
        self._grants = Grants(Realm(directory, people, clients, tokens, clock))
        self._authorization = Authorization(people, clients)
        self._devices = Devices(people, clients)
        self._handlers: dict[str, Callable[[Request, str], Response]] = {
            "/v2.0/.well-known/openid-configuration": _document(self._configuration),
            "/.well-known/openid-configuration": _document(self._configuration),
            "/discovery/instance": _document(self._instance),
            "/discovery/v2.0/keys": _document(self._keys),
            "/discovery/keys": _document(self._keys),
            DEVICE_PAGE_PATH: self._device_page,
            **dict.fromkeys(TOKEN_PATHS, self._token),
            **dict.fromkeys(DEVICE_CODE_PATHS, self._device_code),
            **dict.fromkeys(AUTHORIZE_PATHS, self._authorize),
        }

    def open_body(self, request: Request) -> BodySink | Response:
        """Take the body into memory; one that is announced too large is refused."""
        announced = request.headers.get("content-length") or "0"
        if announced.isdecimal() and int(announced) > _MOST_BODY_BYTES:
            return Response(413)
        return MemorySink(_MOST_BODY_BYTES)

    def handle(self, request: Request) -> Response:
        """Answer a complete request."""
        key, slash, rest = request.path.removeprefix("/").partition("/")
        handler = self._handlers.get(slash + rest, self._realm_of_user if rest.startswith(_USER_REALM) else _nothing)
        request.operation = ("entra", rest)
        try:
            response = handler(request, key)
        except EntraError as refused:
            response = error_response(
                refused, trace_id=request.id, correlation_id=_correlation_id(request), at=self._clock.now()
            )
        return _with_headers(response, request)

    def _token(self, request: Request, key: str) -> Response:
        is_v1 = request.path.endswith(TOKEN_PATHS[1])
        asked = Asked(_posted(request), request, self._tenant(key), key.lower(), is_v1)
        return Response(200, list(_NEVER_STORED), orjson.dumps(self._grants.answer(asked)))

    def _authorize(self, request: Request, key: str) -> Response:
        return self._authorization.answer(request, self._tenant(key), key.lower(), _form(request))

    def _device_page(self, request: Request, _key: str) -> Response:
        return self._devices.page(request, _form(request))

    def _device_code(self, request: Request, key: str) -> Response:
        body = self._devices.begin(_posted(request), self._tenant(key), key.lower(), authority_origin(request))
        return Response(200, list(_NEVER_STORED), orjson.dumps(body))

    def _tenant(self, key: str) -> Tenant | None:
        """Return the tenant a path names, or None for the names that stand for many.

        Raises:
            EntraError: 90002: no such tenant.
        """
        if key.lower() in MANY_TENANTS:
            return None
        tenant = tenant_of(self._directory, key)
        if tenant is None:
            raise refusal(90002, tenant=key)
        return tenant

    def _configuration(self, request: Request, key: str) -> dict[str, Any]:  # Any: a JSON object
        try:
            tenant = self._tenant(key)
        except EntraError as refused:
            raise EntraError(refused.number, "invalid_tenant", refused.message) from None
        is_v1 = not request.path.endswith("/v2.0/.well-known/openid-configuration")
        return openid_configuration(tenant, key.lower(), authority_origin(request), is_v1=is_v1)

    def _instance(self, request: Request, _key: str) -> dict[str, Any]:  # Any: a JSON object
        asked = request.parameter("authorization_endpoint")
        if not asked:
            raise refusal(900144, name="authorization_endpoint")
        return instance_discovery(asked, authority_origin(request))

    def _realm_of_user(self, request: Request, _key: str) -> Response:
        """Say how the people of a domain sign in: by password here, when a tenant has the domain."""
        domain = request.path.rpartition("/")[2].rpartition("@")[2]
        is_known = tenant_of(self._directory, domain) is not None
        names = {"domain_name": domain, "cloud_instance_name": "microsoftonline.com"} if is_known else {}
        body = {"ver": "1.0", "account_type": "Managed" if is_known else "Unknown", **names}
        return Response(200, body=orjson.dumps(body))

    def _keys(self, _request: Request, key: str) -> dict[str, Any]:  # Any: a JSON object
        tenant = self._tenant(key)
        issuer = f"https://{AUTHORITY_HOST}/{tenant.id if tenant else '{tenantid}'}/v2.0"
        return {"keys": [jwk | {"issuer": issuer} for jwk in self._tokens.key.public_jwks()]}


def _document(write: Callable[[Request, str], dict[str, Any]]) -> Callable[[Request, str], Response]:
    """Return the handler that gets a JSON document."""

    def answer(request: Request, key: str) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, [("Allow", "GET, HEAD")])
        return Response(200, body=orjson.dumps(write(request, key)))

    return answer


def _nothing(_request: Request, _key: str) -> Response:
    return Response(404, [("Content-Type", "text/html; charset=utf-8")])


def _form(request: Request) -> Form | None:
    """Return the form of a page, posted, or None when the page is asked for."""
    return Form(request) if request.method == "POST" else None


def _posted(request: Request) -> Form:
    if request.method != "POST":
        raise refusal(900561, method=request.method)
    return Form(request)


def _correlation_id(request: Request) -> str:
    sent = request.headers.get("client-request-id") or ""
    return sent if _GUID.fullmatch(sent) else request.id


def _with_headers(response: Response, request: Request) -> Response:
    """Add what every answer of Entra carries."""
    if response.header("Content-Type") is None:
        response.headers.append(("Content-Type", "application/json; charset=utf-8"))
    if response.status >= 400:
        response.headers += _NEVER_STORED
    response.headers += [("X-Content-Type-Options", "nosniff"), ("x-ms-request-id", request.id)]
    sent = request.headers.get("client-request-id") or ""
    if (request.headers.get("return-client-request-id") or "").lower() == "true" and _GUID.fullmatch(sent):
        response.headers.append(("client-request-id", sent))
    return response
