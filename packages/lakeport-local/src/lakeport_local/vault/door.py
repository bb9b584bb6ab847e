"""The door of a vault: which one, from where, whose token, and whether they may.

Source: identity.md 0, 5.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import orjson

from lakeport_local.access import Action, Target
from lakeport_local.entra import KEY_VAULT, TokenRefused
from lakeport_local.vault import errors

if TYPE_CHECKING:
    from lakeport_local.access import Access, Principal
    from lakeport_local.core import Request
    from lakeport_local.entra import Tokens
    from lakeport_local.state import Resource, Resources
    from lakeport_local.vault.routes import Route

VAULTS = "Microsoft.KeyVault/vaults"
_ISSUER = "https://sts.windows.net/"


class Door:
    """Admits callers to vaults.

    Args:
        resources: Knows the vaults.
        tokens: Verifies bearer tokens.
        access: Decides, and logs the decisions.
    """

    def __init__(self, resources: Resources, tokens: Tokens, access: Access) -> None:
        self._resources = resources
        self._tokens = tokens
        self._access = access

    def vault(self, request: Request) -> Resource:
        """Return the vault whose host is asked.

        Raises:
            ServiceError: 404: there is none; 403: its network rules do not let this address in.
        """
        name = request.host.partition(".")[0]
        vault = self._resources.named(VAULTS, name)
        if vault is None or request.host.count(".") != 3:
            raise errors.no_such_vault(name)
        if not self._access.admit(request.client, vault, request_id=request.id).allowed:
            raise errors.forbidden_by_firewall(request.client, vault)
        return vault

    def authenticate(self, request: Request, vault: Resource) -> Principal:
        """Return whose token a request carries.

        Raises:
            ServiceError: 401 with the challenge: none, one that is not for Key Vault, or one of another tenant than the vault's.
        """
        tenant_id = str(vault.properties["tenantId"]).lower()
        scheme, _, token = (request.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise errors.unauthorized("AKV10000: Request is missing a Bearer or PoP token.", tenant_id)
        try:
            caller = self._tokens.verify(token.strip(), audiences=KEY_VAULT.audiences)
        except TokenRefused as refused:
            raise errors.unauthorized(_refused(refused, token.strip()), tenant_id) from refused
        if caller.tenant_id != tenant_id:
            raise errors.unauthorized(
                f"AKV10032: Invalid issuer. Expected one of {_ISSUER}{tenant_id}/, found {_ISSUER}{caller.tenant_id}/.",
                tenant_id,
            )
        return caller

    def authorize(self, request: Request, vault: Resource, caller: Principal, route: Route, name: str) -> None:
        """Ask for the role, or for the access policy where the vault goes by them.

        Raises:
            ServiceError: 403.
        """
        if vault.properties.get("enableRbacAuthorization") is False:
            decision = self._access.decide_by_policies(
                caller, route.kind, route.permission, vault, request_id=request.id
            )
            if not decision.allowed:
                raise errors.forbidden_by_policy(caller, vault, f"{route.kind} {route.permission}")
            return
        scope = f"{vault.id}/{route.kind}/{name}" if name else vault.id
        target = Target(scope, str(vault.properties["tenantId"]).lower())
        action = Action(f"{VAULTS}/{route.kind}/{route.action}", is_data=True)
        decision = self._access.decide(caller, action, target, request_id=request.id)
        if not decision.allowed:
            raise errors.forbidden(decision, caller, vault)


def _refused(refused: TokenRefused, token: str) -> str:
    if refused.kind == "audience":
        return f"AKV10022: Invalid audience. Expected {KEY_VAULT.uris[0]}, found: {_audience(token)}."
    if refused.kind == "issuer":
        return "AKV10032: Invalid issuer."
    if refused.kind in ("expired", "not_yet_valid"):
        return "[BearerReadAccessTokenFailed] Error validating token: the token is expired or not yet valid."
    return "[BearerReadAccessTokenFailed] Error validating token: the token is not valid."


def _audience(token: str) -> str:
    """Return the audience that a token says, to tell it to whoever sent it."""
    try:
        payload = token.split(".")[1]
        found = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["aud"]
    except (binascii.Error, ValueError, LookupError, TypeError):
        return ""
    return str(found)[:256]
