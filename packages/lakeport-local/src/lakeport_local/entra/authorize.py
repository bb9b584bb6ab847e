"""The authorization endpoint: a person signs in, the app gets a code.

Where the app or the redirect URI is wrong, nothing is sent anywhere: the person sees why.

Source: identity.md 1.7, 9.4; RFC 6749 4.1; RFC 7636.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from lakeport_local.core import Response
from lakeport_local.entra.claims import issuer
from lakeport_local.entra.errors import EntraError, refusal
from lakeport_local.entra.pages import form_post_page, sign_in_page, trouble_page
from lakeport_local.entra.scopes import user_audience
from lakeport_local.entra.sign_ins import Wish
from lakeport_local.entra.user_tokens import client_info

if TYPE_CHECKING:
    from lakeport_local.core import Request
    from lakeport_local.entra.clients import Clients
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import Tenant, User
    from lakeport_local.entra.people import People

_MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True, slots=True)
class _Way:
    """The checked way back to the app."""

    redirect_uri: str
    mode: str
    state: str

    def send(self, fields: dict[str, str]) -> Response:
        """Send the app an answer."""
        fields = fields | ({"state": self.state} if self.state else {})
        if self.mode == "form_post":
            return form_post_page(self.redirect_uri, fields)
        mark = "#" if self.mode == "fragment" else "&" if "?" in self.redirect_uri else "?"
        return Response(302, [("Location", f"{self.redirect_uri}{mark}{urlencode(fields)}")])


class Authorization:
    """Answers the authorization endpoint.

    Args:
        people: How people sign in.
        clients: Knows the apps.
    """

    def __init__(self, people: People, clients: Clients) -> None:
        self._people = people
        self._clients = clients

    def answer(self, request: Request, tenant: Tenant | None, tenant_key: str, form: Form | None) -> Response:
        """Show the sign-in form, or take it; whoever is signed in already goes straight back to the app.

        Args:
            request: Says in its query which app asks for what.
            tenant: The tenant of the path, or None for the names that stand for many.
            tenant_key: How the path names it.
            form: The sign-in form, posted; None when it is to be shown.
        """
        asked = dict(reversed(request.query))
        try:
            name = self._clients.app_name(_required(asked, "client_id"), tenant, tenant_key)
            way = self._way_back(asked)
        except EntraError as refused:
            return trouble_page(f"{refused.code}: {refused.message}")
        try:
            _judge_question(asked)
            home = self._people.signed_in(request) or (self._people.by_password(form) if form else None)
            if home is None and asked.get("prompt") == "none":
                raise refusal(50146)
            if home is not None:
                return way.send(self._code(asked, home, tenant, tenant_key))
        except EntraError as refused:
            if form is not None:
                return sign_in_page(name, login=form.get("login"), problem=f"{refused.code}: {refused.message}")
            return way.send({"error": refused.error, "error_description": f"{refused.code}: {refused.message}"})
        return sign_in_page(name, login=asked.get("login_hint", ""))

    def _way_back(self, asked: dict[str, str]) -> _Way:
        """Return where the answer goes: to a redirect URI that the app has registered."""
        redirect_uri = _required(asked, "redirect_uri")
        if self._clients.redirect_kind(asked["client_id"], redirect_uri) is None:
            raise refusal(50011, redirect=redirect_uri, app=asked["client_id"])
        mode = asked.get("response_mode") or "query"
        if mode not in _MODES:
            raise refusal(9002313)
        return _Way(redirect_uri, mode, asked.get("state", ""))

    def _code(self, asked: dict[str, str], home: User, tenant: Tenant | None, tenant_key: str) -> dict[str, str]:
        """Return what the app is sent for a person who signed in."""
        if self._people.accounts.at(tenant, home) is None:
            names = {
                "user": home.name,
                "issuer": issuer(home.tenant_id),
                "tenant": tenant_key,
                "app": asked["client_id"],
            }
            raise refusal(50020, **names)
        wish = Wish(
            asked["client_id"].lower(),
            tenant.id if tenant else tenant_key,
            asked["scope"],
            asked["redirect_uri"],
            asked.get("code_challenge", ""),
            asked.get("nonce", ""),
        )
        fields = {"code": self._people.sign_ins.add_code(wish, home), "session_state": self._people.new_session()}
        return fields | ({"client_info": client_info(home)} if asked.get("client_info") == "1" else {})


def _required(asked: dict[str, str], name: str) -> str:
    value = asked.get(name)
    if not value:
        raise refusal(900144, name=name)
    return value


def _judge_question(asked: dict[str, str]) -> None:
    """Refuse what an app may not ask."""
    if _required(asked, "response_type") != "code":
        raise refusal(700054, value=asked["response_type"])
    user_audience(_required(asked, "scope"))
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        raise refusal(9002313)
