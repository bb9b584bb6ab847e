"""Key Vault's refusals, in its own words, and the envelope they come in.

Source: identity.md 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lakeport_local.core import Response, ServiceError

if TYPE_CHECKING:
    from lakeport_local.access import Decision, Principal
    from lakeport_local.state import Resource

_NO_BODY_MESSAGE = "The request body is not a valid JSON object."


def error_response(refused: ServiceError) -> Response:
    """Return a refusal in Key Vault's envelope."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}  # Any: a JSON object
    if "innererror" in refused.detail:
        error["innererror"] = {"code": refused.detail["innererror"]}
    return Response(refused.status, list(refused.headers.items()), orjson.dumps({"error": error}))


def refusal(status: int, code: str, message: str, inner: str = "") -> ServiceError:
    """Return a refusal with an inner code."""
    return ServiceError(status, code, message, detail={"innererror": inner} if inner else {})


def unauthorized(message: str, tenant_id: str) -> ServiceError:
    """401 with the challenge that tells clients the tenant and the resource to get a token for."""
    challenge = (
        f'Bearer authorization="https://login.microsoftonline.com/{tenant_id}", resource="https://vault.azure.net"'
    )
    return ServiceError(401, "Unauthorized", message, headers={"WWW-Authenticate": challenge})


def no_such_vault(name: str) -> ServiceError:
    """404 for a host that is no vault; the real service has no such host."""
    return refusal(404, "VaultNotFound", f"The vault '{name[:64]}' was not found.")


def bad_parameter(message: str) -> ServiceError:
    """400 for a value that makes no sense."""
    return refusal(400, "BadParameter", message)


def bad_body() -> ServiceError:
    """400 for a body that is no JSON object."""
    return bad_parameter(_NO_BODY_MESSAGE)


def not_found(noun: str, name: str) -> ServiceError:
    """404 for a secret or certificate that is not there, or deleted."""
    return refusal(
        404,
        f"{noun}NotFound",
        f"A {noun.lower()} with (name/id) {name} was not found in this key vault. If you recently deleted this {noun.lower()} you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def not_deleted(noun: str, name: str) -> ServiceError:
    """404 for a secret or certificate that is not among the deleted ones."""
    return refusal(404, f"{noun}NotFound", f"Deleted {noun} not found: {name}")


def disabled(noun: str) -> ServiceError:
    """403 for the value of a disabled version."""
    return refusal(403, "Forbidden", f"Operation get is not allowed on a disabled {noun.lower()}.", f"{noun}Disabled")


def name_in_deleted_state(noun: str, name: str) -> ServiceError:
    """409 for a name that a deleted secret or certificate still has."""
    return refusal(
        409,
        "Conflict",
        f"{noun} {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the "
        f"{noun.lower()} can only be recovered or purged.",
        "ObjectIsDeletedButRecoverable",
    )


def no_purge() -> ServiceError:
    """403 for a purge in a vault that protects against it."""
    return refusal(403, "Forbidden", 'Operation "purge" is not enabled for this vault.')


def forbidden(decision: Decision, caller: Principal, vault: Resource) -> ServiceError:
    """403 for a caller without the role, in the lines that Key Vault writes."""
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
        f"Caller: {_described(caller)}",
        f"Action: '{decision.action.name}'",
        f"Resource: '{decision.target.scope.lower()}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: null ",
        f"Vault: {vault.name};location={vault.location}",
        "",
    )
    return refusal(403, "Forbidden", "\r\n".join(lines), "ForbiddenByRbac")


def forbidden_by_policy(caller: Principal, vault: Resource, permission: str) -> ServiceError:
    """403 for a caller whom no access policy of the vault names."""
    message = (
        f"The user, group or application '{_described(caller)}' does not have {permission} permission on key vault "
        f"'{vault.name};location={vault.location}'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    return refusal(403, "Forbidden", message, "AccessDenied")


def forbidden_by_firewall(client: str, vault: Resource) -> ServiceError:
    """403 for an address that the vault's network rules do not let in."""
    message = (
        f"Client address is not authorized and caller is not a trusted service.\r\nClient address: {client}\r\n"
        f"Vault: {vault.name};location={vault.location}"
    )
    return refusal(403, "Forbidden", message, "ForbiddenByFirewall")


def _described(caller: Principal) -> str:
    return f"appid={caller.client_id};oid={caller.object_id};iss=https://sts.windows.net/{caller.tenant_id}/"
