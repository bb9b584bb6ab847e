"""Which app asks for a token, and how it proves that: a secret, or an assertion signed with a certificate's key."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from lakeport_local.entra.assertions import judge_assertion, read_assertion
from lakeport_local.entra.authority import names_token_endpoint
from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Request
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import App, Tenant

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Client:
    """An app that proved who it is.

    Attributes:
        app: The app, with its service principal in the tenant asked.
        appidacr: How it proved it, as the token's claim says: `1` by secret, `2` by certificate.
    """

    app: App
    appidacr: str


class Clients:
    """Authenticates the apps of a directory.

    Args:
        directory: Knows apps and their credentials.
        clock: Says whether assertions are in their time.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def authenticate(self, form: Form, request: Request, tenant: Tenant) -> Client:
        """Return the app that asks.

        An unknown app, a disabled one and a wrong secret take the same time.

        Raises:
            EntraError: The number says which check failed.
        """
        basic = _basic(request)
        client_id, secret = basic or (form.require("client_id"), form.get("client_secret"))
        assertion = form.get("client_assertion")
        if not secret and not assertion:
            raise refusal(7000218)
        app = self._directory.app(tenant.id, client_id)
        state = self._directory.secret_state(client_id.lower(), secret)
        if app is None:
            raise refusal(700016, app=client_id, tenant=tenant.name)
        if not app.is_enabled:
            raise refusal(7000112, app=app.client_id, name=app.name)
        if assertion:
            self._judge(form, assertion, app, tenant)
            return Client(app, "2")
        if state == "expired":
            raise refusal(7000222, app=app.client_id)
        if state == "wrong":
            raise refusal(7000215, app=app.client_id)
        return Client(app, "1")

    def _judge(self, form: Form, text: str, app: App, tenant: Tenant) -> None:
        if form.require("client_assertion_type") != _JWT_BEARER:
            raise refusal(9002313)
        judge_assertion(
            read_assertion(text),
            app,
            self._directory.certificates(app.client_id),
            is_audience=lambda audience: names_token_endpoint(audience, tenant),
            now=self._clock.now(),
        )


def _basic(request: Request) -> tuple[str, str] | None:
    """Return client id and secret of an `Authorization: Basic` header, or None without one.

    Source: RFC 6749, 2.3.1.
    """
    scheme, _, value = (request.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise refusal(9002313) from None
    if not colon:
        raise refusal(9002313)
    return unquote_plus(name), unquote_plus(secret)
