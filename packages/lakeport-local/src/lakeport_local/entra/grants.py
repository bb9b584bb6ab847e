"""What the token endpoint does with a request that names a tenant: one entry for each grant.

Source: identity.md 1.2 (request), 1.5 (response).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.entra.capabilities import capabilities_of
from lakeport_local.entra.errors import refusal
from lakeport_local.entra.scopes import default_scope
from lakeport_local.entra.user_grants import UserGrants

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport_local.entra.asked import Asked
    from lakeport_local.entra.realm import Realm


class Grants:
    """Answers the grants.

    Args:
        realm: The authority's parts.
    """

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        of_people = UserGrants(realm)
        self._grants: dict[str, Callable[[Asked], dict[str, Any]]] = {
            "client_credentials": self._client_credentials,
            "authorization_code": of_people.authorization_code,
            "refresh_token": of_people.refresh_token,
            "urn:ietf:params:oauth:grant-type:device_code": of_people.device_code,
            "device_code": of_people.device_code,
            "password": of_people.password,
            "urn:ietf:params:oauth:grant-type:jwt-bearer": of_people.on_behalf_of,
        }

    def answer(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Return the body of the answer.

        Raises:
            EntraError: The refusal.
        """
        name = asked.form.require("grant_type")
        grant = self._grants.get(name)
        if grant is None:
            raise refusal(70003, grant=name)
        by = [word for word in ("client_secret", "client_assertion") if asked.form.get(word)]
        asked.request.operation = ("entra", "token", name.rpartition(":")[2], *by)
        body = grant(asked)
        return self._as_v1(body, asked.form.get("resource")) if asked.is_v1 else body

    def _client_credentials(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        if asked.tenant is None:
            raise refusal(50059) if asked.tenant_key == "organizations" else refusal(9001023)
        audience = asked.form.require("resource") if asked.is_v1 else default_scope(asked.form.require("scope"))
        client = self._realm.clients.authenticate(asked.form, asked.request, asked.tenant)
        api = self._realm.directory.apis.named(asked.tenant.id, audience)
        if api is None:
            raise refusal(500011, resource=audience, tenant=asked.tenant.name)
        principal = self._realm.directory.principal(asked.tenant.id, client.object_id)
        if principal is None:
            raise refusal(700016, app=client.client_id, tenant=asked.tenant.name)
        lifetime = self._realm.tokens.lifetime()
        seconds = int(lifetime.total_seconds()) - 1
        return {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": self._realm.tokens.issue(
                principal,
                api.audience(audience),
                lifetime=lifetime,
                appidacr=client.appidacr,
                version=api.version,
                capabilities=capabilities_of(asked.form.get("claims")),
            ),
        }

    def _as_v1(self, body: dict[str, Any], resource: str) -> dict[str, Any]:  # Any: JSON objects
        """Give an answer the older endpoint's shape: texts only, and what it adds."""
        now = int(self._realm.clock.client_now().timestamp())
        more = {"expires_on": now + body["expires_in"], "not_before": now - 300, "resource": resource}
        return {name: str(value) for name, value in (body | more).items()}
