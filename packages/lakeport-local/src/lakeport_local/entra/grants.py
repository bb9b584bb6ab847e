"""What the token endpoint does with a request that names a tenant: one entry for each grant.

Source: identity.md 1.2 (request), 1.5 (response).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeport_local.entra.audiences import api_named
from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from lakeport_local.core import Clock, Request
    from lakeport_local.entra.clients import Clients
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import Tenant
    from lakeport_local.entra.tokens import Tokens
    from lakeport_local.state import Resources

_DEFAULT = "/.default"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a token.

    Attributes:
        form: What was posted.
        request: The request that carried it.
        tenant: The tenant in its path; None for `common`, `organizations` and `consumers`.
        tenant_key: How the path names the tenant.
        is_v1: True on the older endpoint, which takes `resource` and answers with texts only.
    """

    form: Form
    request: Request
    tenant: Tenant | None
    tenant_key: str
    is_v1: bool


class Grants:
    """Answers the grants.

    Args:
        directory: Who there is.
        clients: Authenticates apps.
        tokens: Issues tokens.
        resources: Knows the storage accounts, which are resources too.
        clock: Tells the time.
    """

    def __init__(
        self, directory: Directory, clients: Clients, tokens: Tokens, resources: Resources, clock: Clock
    ) -> None:
        self._directory = directory
        self._clients = clients
        self._tokens = tokens
        self._resources = resources
        self._clock = clock
        self._grants: dict[str, Callable[[Asked], dict[str, Any]]] = {"client_credentials": self._client_credentials}

    def answer(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        """Return the body of the answer.

        Raises:
            EntraError: The refusal.
        """
        name = asked.form.require("grant_type")
        grant = self._grants.get(name)
        if grant is None:
            raise refusal(70003, grant=name)
        return grant(asked)

    def _client_credentials(self, asked: Asked) -> dict[str, Any]:  # Any: a JSON object
        if asked.tenant is None:
            raise refusal(50059) if asked.tenant_key == "organizations" else refusal(9001023)
        audience = asked.form.require("resource") if asked.is_v1 else _default_scope(asked.form.require("scope"))
        client = self._clients.authenticate(asked.form, asked.request, asked.tenant)
        if api_named(audience, self._resources) is None:
            raise refusal(500011, resource=audience, tenant=asked.tenant.name)
        principal = self._directory.principal(asked.tenant.id, client.app.object_id)
        if principal is None:
            raise refusal(700016, app=client.app.client_id, tenant=asked.tenant.name)
        lifetime = self._tokens.lifetime()
        token = self._tokens.issue(principal, audience, lifetime=lifetime, appidacr=client.appidacr)
        return self._v1_body(token, audience, lifetime) if asked.is_v1 else _v2_body(token, lifetime)

    def _v1_body(self, token: str, resource: str, lifetime: timedelta) -> dict[str, Any]:  # Any: a JSON object
        now = int(self._clock.now().timestamp())
        seconds = int(lifetime.total_seconds()) - 1
        return {
            "token_type": "Bearer",
            "expires_in": str(seconds),
            "ext_expires_in": str(seconds),
            "expires_on": str(now + seconds),
            "not_before": str(now - 300),
            "resource": resource,
            "access_token": token,
        }


def _v2_body(token: str, lifetime: timedelta) -> dict[str, Any]:  # Any: a JSON object
    seconds = int(lifetime.total_seconds()) - 1
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _default_scope(scope: str) -> str:
    """Return the audience of a client-credentials scope: one resource, `/.default` stripped and nothing else.

    Raises:
        EntraError: 70011 or 1002012.
    """
    scopes = scope.split()
    if len(scopes) != 1:
        raise refusal(70011, scope=scope)
    if not scopes[0].endswith(_DEFAULT) or scopes[0] == _DEFAULT:
        raise refusal(1002012, scope=scope)
    return scopes[0].removesuffix(_DEFAULT)
