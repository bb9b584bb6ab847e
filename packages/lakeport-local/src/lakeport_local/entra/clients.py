"""Which app asks for a token, and how it proves that: a secret, or an assertion signed with a certificate's key."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from lakeport_local.entra.assertions import judge_assertion, read_assertion
from lakeport_local.entra.authority import names_token_endpoint
from lakeport_local.entra.errors import refusal
from lakeport_local.entra.federated_credentials import of_identity
from lakeport_local.entra.federation import Federation, is_federated
from lakeport_local.entra.public_clients import PUBLIC_CLIENTS, PUBLIC_REDIRECTS
from lakeport_local.entra.redirects import matches

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Request
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import App, Tenant
    from lakeport_local.entra.tokens import Tokens
    from lakeport_local.state import Resources

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PUBLIC_KINDS = ("publicClient", "spa")
_KINDS = (*_PUBLIC_KINDS, "web")
"""The kinds of redirect URIs, by the names of the parts of a registration that hold them."""


@dataclass(frozen=True, slots=True)
class Client:
    """An app that asks, and how it proved who it is.

    Attributes:
        client_id: Its application id.
        name: Its display name.
        appidacr: As the token's claim says: `0` not at all (a public client), `1` by secret, `2` by certificate.
        object_id: Its service principal in the tenant asked; empty for Microsoft's own public clients.
    """

    client_id: str
    name: str
    appidacr: str
    object_id: str = ""


class Clients:
    """Authenticates the apps of a directory.

    Args:
        directory: Knows apps and their credentials.
        tokens: Knows the tokens of this local Azure, with which an app may sign in as another.
        resources: Knows the federated credentials of managed identities.
        clock: Says whether assertions are in their time.
    """

    def __init__(self, directory: Directory, tokens: Tokens, resources: Resources, clock: Clock) -> None:
        self._directory = directory
        self._resources = resources
        self._clock = clock
        self._federation = Federation(directory.issuers, tokens, clock)

    def authenticate(self, form: Form, request: Request, tenant: Tenant) -> Client:
        """Return the app that asks.

        An unknown app, a disabled one and a wrong secret take the same time.

        Raises:
            EntraError: The number says which check failed.
        """
        basic = _basic(request)
        client_id, secret = basic or (form.require("client_id"), form.get("client_secret"))
        if form.get("client_id").lower() not in ("", client_id.lower()):
            raise refusal(9002313)
        assertion = form.get("client_assertion")
        if not secret and not assertion:
            raise refusal(7000218)
        app = self._directory.app(tenant.id, client_id)
        state = self._directory.secret_state(client_id.lower(), secret)
        if app is None:
            identity = self._by_identity(form, assertion, client_id, tenant) if assertion else None
            if identity is None:
                raise refusal(700016, app=client_id, tenant=tenant.name)
            return identity
        if not app.is_enabled:
            raise refusal(7000112, app=app.client_id, name=app.name)
        if assertion:
            self._judge(form, assertion, app, tenant)
            return Client(app.client_id, app.name, "2", app.object_id)
        if state == "expired":
            raise refusal(7000222, app=app.client_id)
        if state == "wrong":
            raise refusal(7000215, app=app.client_id)
        return Client(app.client_id, app.name, "1", app.object_id)

    def for_user(self, form: Form, request: Request, tenant: Tenant) -> Client:
        """Return the app through which a person signs in: public, or one that proves who it is.

        Raises:
            EntraError: The number says which check failed.
        """
        client_id = form.get("client_id").lower()
        offered = form.get("client_secret") or form.get("client_assertion") or request.headers.get("authorization")
        name = self.public_name(client_id, tenant, form.get("redirect_uri"))
        if name is None:
            return self.authenticate(form, request, tenant)
        if offered:
            raise refusal(700025)
        return Client(client_id, name, "0")

    def public_name(self, client_id: str, tenant: Tenant, redirect_uri: str = "") -> str | None:
        """Return the name of a public client, which proves nothing, or None.

        It is one of Microsoft's, or an app of the tenant that says so of itself or of the redirect URI, or one without
        credentials.
        """
        known = PUBLIC_CLIENTS.get(client_id.lower())
        app = None if known else self._directory.app(tenant.id, client_id)
        if app is None or not app.is_enabled:
            return known
        kind = self.redirect_kind(client_id, redirect_uri) if redirect_uri else None
        says_so = kind in _PUBLIC_KINDS or self._directory.apis.profile(client_id).get("isFallbackPublicClient") is True
        return app.name if says_so or not self._directory.has_credential(app.client_id) else None

    def redirect_kind(self, client_id: str, uri: str) -> str | None:
        """Return which kind of redirect URI an app has registered this as, or None when it has not.

        Raises:
            EntraError: 500113: it has registered none at all.
        """
        if client_id.lower() in PUBLIC_CLIENTS:
            return "publicClient" if any(matches(uri, one) for one in PUBLIC_REDIRECTS) else None
        profile = self._directory.apis.profile(client_id)
        registered = [(kind, one) for kind in _KINDS for one in (profile.get(kind) or {}).get("redirectUris", ())]
        if not registered:
            raise refusal(500113)
        return next((kind for kind, one in registered if matches(uri, one)), None)

    def app_name(self, client_id: str, tenant: Tenant | None, tenant_key: str) -> str:
        """Return the display name of an app that a person is to sign in to.

        Raises:
            EntraError: 700016: the tenant does not know it. 7000112: it is disabled.
        """
        known = PUBLIC_CLIENTS.get(client_id.lower())
        if known is not None:
            return known
        app = self._directory.app(tenant.id, client_id) if tenant else None
        if app is None:
            raise refusal(700016, app=client_id, tenant=tenant.name if tenant else tenant_key)
        if not app.is_enabled:
            raise refusal(7000112, app=app.client_id, name=app.name)
        return app.name

    def _by_identity(self, form: Form, text: str, client_id: str, tenant: Tenant) -> Client | None:
        """Return the user-assigned identity that signs in with another issuer's token, or None when there is none."""
        found = self._directory.find(tenant.id, client_id)
        identity = self._directory.managed_identity(found.object_id) if found is not None else None
        if identity is None or identity.client_id != client_id.lower():
            return None
        if form.require("client_assertion_type") != _JWT_BEARER:
            raise refusal(9002313)
        credentials = of_identity(identity.resource_id, self._resources)
        self._federation.judge(read_assertion(text), text, credentials, f"'{identity.client_id}'({identity.name})")
        return Client(identity.client_id, identity.name, "2", identity.object_id)

    def _judge(self, form: Form, text: str, app: App, tenant: Tenant) -> None:
        if form.require("client_assertion_type") != _JWT_BEARER:
            raise refusal(9002313)
        assertion = read_assertion(text)
        if is_federated(assertion):
            credentials = self._directory.federated.of_app(app.client_id)
            self._federation.judge(assertion, text, credentials, f"'{app.client_id}'({app.name})")
            return
        judge_assertion(
            assertion,
            app,
            self._directory.certificates(app.client_id),
            is_audience=lambda audience: names_token_endpoint(audience, tenant),
            clock=self._clock,
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
