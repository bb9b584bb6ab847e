"""Device sign-in: an app shows a code, a person types it on a page, the app polls.

Source: identity.md 1.6; RFC 8628.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.entra.authority import DEVICE_PAGE_PATH
from lakeport_local.entra.errors import EntraError
from lakeport_local.entra.pages import device_page, page
from lakeport_local.entra.scopes import user_audience
from lakeport_local.entra.sign_ins import DEVICE_LIFETIME, POLL_INTERVAL, Wish

if TYPE_CHECKING:
    from lakeport_local.core import Request, Response
    from lakeport_local.entra.clients import Clients
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import Tenant
    from lakeport_local.entra.people import People


class Devices:
    """Begins device sign-ins and lets people decide about them.

    Args:
        people: How people sign in.
        clients: Knows the apps.
    """

    def __init__(self, people: People, clients: Clients) -> None:
        self._people = people
        self._clients = clients

    def begin(
        self, form: Form, tenant: Tenant | None, tenant_key: str, origin: str
    ) -> dict[str, Any]:  # Any: a JSON object
        """Return the codes of a new device sign-in.

        Args:
            form: Names the app and the scopes.
            tenant: The tenant of the path, or None for the names that stand for many.
            tenant_key: How the path names it.
            origin: What the page's address begins with.

        Raises:
            EntraError: The refusal.
        """
        client_id = form.require("client_id")
        self._clients.app_name(client_id, tenant, tenant_key)
        scope = form.get("scope") or f"{form.require('resource')}/.default"
        user_audience(scope)
        wish = Wish(client_id.lower(), tenant.id if tenant else tenant_key, scope)
        device_code, user_code = self._people.sign_ins.begin_device(wish)
        address = f"{origin}/common{DEVICE_PAGE_PATH}"
        return {
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": address,
            "expires_in": int(DEVICE_LIFETIME.total_seconds()),
            "interval": int(POLL_INTERVAL.total_seconds()),
            "message": f"To sign in, use a web browser to open the page {address} and enter the code {user_code} to"
            " authenticate.",
        }

    def page(self, request: Request, form: Form | None) -> Response:
        """Show the page that takes a code, or take the code.

        Args:
            request: May come from a session in which somebody is signed in already.
            form: The page's form, posted; None when it is to be shown.
        """
        home = self._people.signed_in(request)
        name = home.mail if home else ""
        if form is None:
            return device_page(user_code=request.parameter("otc") or "", name=name)
        try:
            home = home or self._people.by_password(form)
            self._people.decide(form.get("user_code"), home, is_approved=form.get("decision") == "approve")
        except EntraError as refused:
            return device_page(user_code=form.get("user_code"), name=name, problem=f"{refused.code}: {refused.message}")
        return page("Done", "<p>You can close this window and go back to your app.</p>")
