"""The grants by which an app gets tokens for a person: device code, authorization code, refresh token.

Source: identity.md 1.6 to 1.8, 9.4.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakeport_local.entra.claims import issuer
from lakeport_local.entra.conditional_access import judge_sign_in
from lakeport_local.entra.errors import refusal
from lakeport_local.entra.federation import WRONG_SIGNATURE
from lakeport_local.entra.scopes import user_audience
from lakeport_local.entra.tokens import TokenRefused
from lakeport_local.entra.user_tokens import UserTokens, Visit

if TYPE_CHECKING:
    from lakeport_local.access import Principal
    from lakeport_local.entra.asked import Asked
    from lakeport_local.entra.clients import Client
    from lakeport_local.entra.objects import Tenant, User
    from lakeport_local.entra.realm import Realm
    from lakeport_local.entra.sign_ins import SignIn
_PRESENTED = {"malformed": 50027, "audience": 500131, "expired": 500133, "not_yet_valid": 500133}
"""What an API is told of a person's token that is not to be believed; of other reasons, 50013."""


class UserGrants:
    """Answers the grants of people.

    Args:
        realm: The authority's parts.
    """

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._people = realm.people
        self._user_tokens = UserTokens(realm.tokens, realm.people.refresh_tokens, realm.clock)

    def device_code(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Answer a poll for a device sign-in.

        Raises:
            EntraError: 70016 while it waits; another number when it is over.
        """
        code = asked.form.require("device_code")
        client_id = asked.form.require("client_id").lower()
        found = self._people.sign_ins.find(code)
        if found is None or found.wish.redirect_uri or found.wish.client_id != client_id:
            raise refusal(70018)
        over = {"redeemed": 54005, "declined": 70017, "blocked": 53003}.get(found.state)
        if over is not None:
            raise refusal(over)
        if found.expires_at <= self._realm.clock.now():
            raise refusal(70020)
        if found.state == "pending":
            raise refusal(70016)
        self._people.sign_ins.redeem(code)
        return self._redeem(asked, found)

    def authorization_code(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Answer with the tokens of an authorization code; the first attempt uses it up, right or wrong.

        Raises:
            EntraError: The number says which check failed.
        """
        code = asked.form.require("code")
        found = self._people.sign_ins.find(code)
        if found is None or not found.wish.redirect_uri:
            raise refusal(70000)
        if found.state == "redeemed":
            raise refusal(54005)
        self._people.sign_ins.redeem(code)
        if found.expires_at <= self._realm.clock.now():
            raise refusal(70008)
        if found.wish.client_id != asked.form.require("client_id").lower():
            raise refusal(70000)
        if found.wish.redirect_uri != asked.form.require("redirect_uri"):
            raise refusal(500112, redirect=asked.form.get("redirect_uri"))
        if found.wish.challenge and not _is_verifier(asked.form.get("code_verifier"), found.wish.challenge):
            raise refusal(501481)
        return self._redeem(asked, found)

    def refresh_token(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Answer with new tokens for a person who signed in before, also for another resource or tenant.

        Raises:
            EntraError: The number says which check failed.
        """
        remembered = self._people.refresh_tokens.open(asked.form.require("refresh_token"))
        if remembered.client_id != asked.form.require("client_id").lower():
            raise refusal(70000)
        home = self._home(remembered.tenant_id, remembered.object_id)
        if remembered.issued_at < home.sessions_from:
            raise refusal(50173, issued=_shown(remembered.issued_at), valid_from=_shown(home.sessions_from))
        return self._answer(asked, home, asked.form.get("scope") or remembered.scope, "")

    def password(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Answer with the tokens of a person whose user name and password the app has.

        Raises:
            EntraError: The number says which check failed.
        """
        if asked.tenant is None and asked.tenant_key != "organizations":
            raise refusal(9001023)
        name = asked.form.require("username")
        home = self._people.accounts.home(name)
        is_right = self._realm.directory.password_is(home, asked.form.require("password"))
        if home is None:
            raise refusal(50034, user=name)
        if not is_right:
            raise refusal(50126)
        judge_sign_in(home, asked.tenant or self._realm.directory.tenant(home.tenant_id), "password")
        return self._answer(asked, home, asked.form.get("scope"), "")

    def on_behalf_of(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Answer an API that got a person's token with the person's token for another API.

        Raises:
            EntraError: The number says which check failed.
        """
        if asked.tenant is None:
            raise refusal(9001023)
        if asked.form.require("requested_token_use") != "on_behalf_of":
            raise refusal(9002313)
        client = self._realm.clients.authenticate(asked.form, asked.request, asked.tenant)
        person = self._presented(asked.form.require("assertion"), client, asked.tenant)
        user = self._realm.directory.user(asked.tenant.id, person.object_id)
        if user is None or person.kind != "User":
            raise refusal(7000114, app=client.client_id)
        return self._answer(asked, self._home(user.home_tenant_id, user.home_object_id), asked.form.get("scope"), "")

    def _presented(self, token: str, client: Client, tenant: Tenant) -> Principal:
        """Return whose token an API presents; it must be a token for that API."""
        api = self._realm.directory.apis.of_app(client.client_id)
        try:
            person = self._realm.tokens.verify(token, audiences=api.audiences, version=api.version)
        except TokenRefused as refused:
            number = _PRESENTED.get(refused.kind, 50013)
            names = {"audience": "another", "expected": client.client_id, "app": client.client_id}
            raise refusal(number, reason=WRONG_SIGNATURE, **names) from refused
        if person.tenant_id != tenant.id:
            raise refusal(50013, reason=f"The token is of tenant {person.tenant_id}.")
        return person

    def _redeem(self, asked: Asked, found: SignIn) -> dict[str, Any]:  # Any: a JSON object
        """Give the tokens of a sign-in, at the tenant where it began."""
        if found.wish.tenant_key != (asked.tenant.id if asked.tenant else asked.tenant_key):
            raise refusal(700005)
        home = self._home(found.tenant_id, found.object_id)
        return self._answer(asked, home, found.wish.scope, found.wish.nonce)

    def _home(self, tenant_id: str, object_id: str) -> User:
        home = self._realm.directory.user(tenant_id, object_id)
        if home is None:
            raise refusal(50034, user=object_id)
        if not home.is_enabled:
            raise refusal(50057)
        return home

    def _answer(self, asked: Asked, home: User, scope: str, nonce: str) -> dict[str, Any]:  # Any: a JSON object
        tenant = asked.tenant or self._realm.directory.tenant(home.tenant_id)
        if tenant is None:
            raise refusal(90002, tenant=home.tenant_id)
        client = self._realm.clients.for_user(asked.form, asked.request, tenant)
        user = self._people.accounts.at(tenant, home)
        principal = None if user is None else self._realm.directory.principal(user.tenant_id, user.object_id)
        if user is None or principal is None:
            names = {"user": home.name, "issuer": issuer(home.tenant_id), "tenant": tenant.name, "app": client.name}
            raise refusal(50020, **names)
        audience = asked.form.require("resource") if asked.is_v1 else user_audience(scope)
        api = self._realm.directory.apis.named(tenant.id, audience)
        if api is None:
            raise refusal(500011, resource=audience, tenant=tenant.name)
        visit = Visit(client, home, user, principal, api, audience, scope, nonce, asked.form.get("claims"))
        return self._user_tokens.body(visit, with_client_info=asked.form.get("client_info") == "1")


def _shown(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _is_verifier(verifier: str, challenge: str) -> bool:
    """Tell whether a PKCE verifier belongs to an S256 challenge. Source: RFC 7636, 4.6."""
    digest = hashlib.sha256(verifier.encode(errors="replace")).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(expected, challenge.encode(errors="replace").rstrip(b"="))
